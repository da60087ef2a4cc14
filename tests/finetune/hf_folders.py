"""Hugging Face folders as their makers write them: a tiny random model by transformers, and a
tokenizer trained here with the pre-tokenizer of a known family."""

import json
from pathlib import Path
from typing import Any

import torch
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from tokenizers.processors import TemplateProcessing

from finetune.export.convert_folder import PROBES
from finetune.export.hf_tokenizer import _LLAMA3
from tests.finetune.lora_bases import tiny_torch

TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SPECIAL = ["<unk>", "<s>", "</s>", "<|im_start|>", "<|im_end|>"]
_TEXTS = [*PROBES, "the sea and the light of the lamps under the sea " * 20] * 3
PRE = {
    "gpt-2": pre_tokenizers.ByteLevel(add_prefix_space=False),
    "smollm": pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    ),
    "qwen2": pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    ),
    "llama-bpe": pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_LLAMA3), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    ),
}


def byte_level(pre: str, *, adds_bos: bool = False) -> Tokenizer:
    """A byte-level BPE of some 600 tokens."""
    made = Tokenizer(models.BPE(ignore_merges=pre == "llama-bpe"))
    made.pre_tokenizer = PRE[pre]
    made.decoder = decoders.ByteLevel()
    if pre == "qwen2":
        made.normalizer = normalizers.NFC()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=600, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    made.train_from_iterator(_TEXTS, trainer)
    if adds_bos:
        made.post_processor = TemplateProcessing(
            single="<s> $A", special_tokens=[("<s>", SPECIAL.index("<s>"))]
        )
    return made


def sentence_pieces(*, adds_space: bool) -> Tokenizer:
    """BPE with SentencePiece's signs and tokens for single bytes, as Llama 2 and Gemma have it."""
    bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
    trained = Tokenizer(models.BPE(unk_token="<unk>"))
    steps: list[Any] = [normalizers.Prepend("▁")] if adds_space else []
    trained.normalizer = normalizers.Sequence([*steps, normalizers.Replace(" ", "▁")])
    trainer = trainers.BpeTrainer(
        vocab_size=600, special_tokens=[*SPECIAL, *bytes_], show_progress=False
    )
    trained.train_from_iterator([text for text in _TEXTS if text.isascii()], trainer)
    raw = json.loads(trained.to_str())
    raw["model"] |= {"byte_fallback": True, "fuse_unk": True}
    raw["added_tokens"] = [one for one in raw["added_tokens"] if one["content"] in SPECIAL]
    return Tokenizer.from_str(json.dumps(raw))


def hf_folder(
    folder: Path, architecture: str, tokenizer: Tokenizer, dtype: Any = torch.float32
) -> Path:
    """A folder with config, weights and tokenizer."""
    model = tiny_torch(architecture, n_vocab=tokenizer.get_vocab_size() + 7)
    model.to(dtype).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "bos_token": "<s>",
        "eos_token": {"content": "<|im_end|>"},
        "unk_token": "<unk>",
        "chat_template": TEMPLATE,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder

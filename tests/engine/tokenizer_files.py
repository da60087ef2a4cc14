"""Small tokenizers of every kind, trained on a few lines or put together by hand: tokenizer.json
files, and vocabulary-only GGUFs."""

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

CORPUS = [
    "The quick brown fox jumps over the lazy dog. It's 12,345 times as lazy, isn't it?",
    "def main(argv):\n    return [x for x in argv if x != '--help']\n\n\tprint('done')\r\n",
    "Größe, naïve café, Ünïcödé: Straße und Öl. Привет, мир!",
    "你好\uff0c世界。今日は、良い天気ですね\uff01",
    "a)\n\n\n b);\n  \n  c\n  \nd\t\t\n\n\n\n{\r\n\r\n  }\n \n\n",
    "🙂👩‍👩‍👧 e\u0301 a  b   c    d\n\n\nend of it all; hello hello world world",
] * 4


def byte_level(**options: Any) -> Tokenizer:
    """As GPT-2's: every byte has a token."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=options.get("space", False))
    made.decoder = decoders.ByteLevel()
    if options.get("normalizer"):
        made.normalizer = options["normalizer"]
    trainer = trainers.BpeTrainer(
        vocab_size=700,
        special_tokens=["<|end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(CORPUS, trainer)
    return made


def across_words() -> Tokenizer:
    """Merged without a look at words: tokens hold letters with a space or a comma after them."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=500, initial_alphabet=alphabet, show_progress=False)
    made.train_from_iterator(CORPUS, trainer)
    return made


def word_piece() -> Tokenizer:
    """As BERT's uncased one: folds letters, drops marks, splits at every Chinese character."""
    made = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.decoder = decoders.WordPiece()
    special = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=300, special_tokens=special, show_progress=False)
    made.train_from_iterator(CORPUS, trainer)
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    return made


def unigram() -> Tokenizer:
    """As T5's: compatibility forms, a space before the text, unknown characters."""
    made = Tokenizer(models.Unigram())
    made.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace("  ", " ")])
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=200, special_tokens=["<unk>", "</s>"], unk_token="<unk>", show_progress=False
    )
    made.train_from_iterator(CORPUS, trainer)
    return made


def sentence_piece() -> Tokenizer:
    """As Llama 2's: BPE over characters, spaces written as a sign, bytes for unknown ones."""
    made = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    made.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    made.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    special = ["<unk>", "<s>", "</s>", *(f"<0x{value:02X}>" for value in range(256))]
    trainer = trainers.BpeTrainer(vocab_size=500, special_tokens=special[:3], show_progress=False)
    made.train_from_iterator([text.replace(" ", "▁") for text in CORPUS], trainer)
    data = json.loads(made.to_str())
    vocabulary = data["model"]["vocab"]
    for name in special[3:]:
        vocabulary.setdefault(name, len(vocabulary))
    return Tokenizer.from_str(json.dumps(data))


JSON_KINDS = {
    "byte level": byte_level,
    "byte level, a space first": lambda: byte_level(space=True),
    "byte level, composed": lambda: byte_level(normalizer=normalizers.NFC()),
    "byte level, small letters": lambda: byte_level(normalizer=normalizers.Lowercase()),
    "byte level, across words": across_words,
    "WordPiece": word_piece,
    "Unigram": unigram,
    "SentencePiece": sentence_piece,
}


def json_file(folder: Path, kind: str) -> Path:
    """A tokenizer.json of that kind."""
    path = folder / "tokenizer.json"
    JSON_KINDS[kind]().save(str(path))
    return path


# ---- GGUFs ----

BPE_NAMES = (
    *("gpt-2", "llama-bpe", "qwen2", "deepseek-llm", "tekken", "smollm", "gpt-4o", "superbpe"),
    *("deepseek-v3", "bloom"),
)
# All other pre-tokenizers that this build of llama.cpp knows by a pattern of their own.
OTHER_BPE_NAMES = (
    *(
        "default",
        "falcon",
        "mpt",
        "starcoder",
        "jais",
        "jais-2",
        "command-r",
        "qwen35",
        "stablelm2",
    ),
    *("deepseek-coder", "youtu", "olmo", "dbrx", "smaug-bpe", "poro-chat", "glm4", "chatglm-bpe"),
    *("viking", "codeshell", "gpt3-finnish", "exaone", "exaone-moe", "chameleon", "minerva-7b"),
    *("megrez", "llama4", "trillion", "granite-docling", "bailingmoe", "seed-coder", "hunyuan"),
    *("hunyuan-dense", "joyai-llm", "kimi-k2", "grok-2", "afmoe", "minimax-m2", "solar-open"),
    *("tiny_aya", "modern-bert", "talkie", "falcon-h1", "lfm2", "gigachat"),
)
_NORMAL, _UNKNOWN, _CONTROL, _USER, _BYTE = 1, 2, 3, 4, 6


@functools.cache
def _bpe_model() -> Any:
    return json.loads(byte_level().to_str())["model"]


def gguf_bpe(folder: Path, pre: str) -> Path:
    """A byte-level BPE with that pre-tokenizer; <think> is user-defined, <|end|> control."""
    model = _bpe_model()
    tokens = sorted(model["vocab"], key=model["vocab"].__getitem__)
    types = [_CONTROL if token == "<|end|>" else _NORMAL for token in tokens]
    merges = [one if isinstance(one, str) else " ".join(one) for one in model["merges"]]
    made = _writer(folder, f"{pre}.gguf", "gpt2", pre)
    made.add_token_list([*tokens, "<think>"])
    made.add_token_types([*types, _USER])
    made.add_token_merges(merges)
    made.add_eos_token_id(0)
    made.add_bos_token_id(0)
    return _written(made, folder / f"{pre}.gguf")


def gguf_spm(folder: Path, *, adds_space: bool = True) -> Path:
    """A SentencePiece vocabulary: pieces with scores, and a token for each byte."""
    data = json.loads(sentence_piece().to_str())["model"]["vocab"]
    plain = [text for text in sorted(data, key=data.__getitem__) if not text.startswith("<")]
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{value:02X}>" for value in range(256)), *plain]
    types = [_UNKNOWN, _CONTROL, _CONTROL, *[_BYTE] * 256, *[_NORMAL] * len(plain)]
    name = f"spm{adds_space:d}.gguf"
    made = _writer(folder, name, "llama", "default")
    made.add_token_list(tokens)
    made.add_token_types(types)
    made.add_token_scores([0.0] * 259 + [-float(index) for index in range(len(plain))])
    made.add_bos_token_id(1)
    made.add_eos_token_id(2)
    made.add_unk_token_id(0)
    made.add_add_bos_token(True)
    made.add_add_space_prefix(adds_space)
    return _written(made, folder / name)


def gguf_wpm(folder: Path) -> Path:
    """A WordPiece vocabulary as BERT's: words carry the sign, what follows in a word does not."""
    data = json.loads(word_piece().to_str())["model"]["vocab"]
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    plain = [text for text in sorted(data, key=data.__getitem__) if text not in special]
    signed = [text[2:] if text.startswith("##") else "▁" + text for text in plain]
    made = _writer(folder, "wpm.gguf", "bert", "default", architecture="bert")
    made.add_token_list([*special, *signed])
    made.add_token_types([_NORMAL, _UNKNOWN, *[_CONTROL] * 3, *[_NORMAL] * len(plain)])
    made.add_bos_token_id(2)
    made.add_unk_token_id(1)
    made.add_sep_token_id(3)
    made.add_pad_token_id(0)
    return _written(made, folder / "wpm.gguf")


def gguf_ugm(folder: Path) -> Path:
    """A Unigram vocabulary as T5's, without a table of rewritten characters."""
    entries = json.loads(unigram().to_str())["model"]["vocab"]
    plain = [(text, score) for text, score in entries if not text.startswith("<")]
    made = _writer(folder, "ugm.gguf", "t5", "default", architecture="t5")
    made.add_token_list(["<pad>", "</s>", "<unk>", *(text for text, _ in plain)])
    made.add_token_types([_CONTROL, _CONTROL, _UNKNOWN, *[_NORMAL] * len(plain)])
    made.add_token_scores([0.0, 0.0, 0.0, *(score for _, score in plain)])
    made.add_eos_token_id(1)
    made.add_unk_token_id(2)
    made.add_pad_token_id(0)
    made.add_add_eos_token(True)
    made.add_add_space_prefix(True)
    return _written(made, folder / "ugm.gguf")


GGUF_KINDS: dict[str, Callable[[Path], Path]] = {
    **{pre: functools.partial(gguf_bpe, pre=pre) for pre in BPE_NAMES},
    "SentencePiece": gguf_spm,
    "SentencePiece without a space": lambda folder: gguf_spm(folder, adds_space=False),
    "WordPiece": gguf_wpm,
    "Unigram": gguf_ugm,
}


def _writer(
    folder: Path, name: str, model: str, pre: str, architecture: str = "llama"
) -> gguf.GGUFWriter:
    made = gguf.GGUFWriter(folder / name, architecture)
    made.add_tokenizer_model(model)
    made.add_tokenizer_pre(pre)
    made.add_context_length(512)
    return made


def _written(made: gguf.GGUFWriter, path: Path) -> Path:
    made.write_header_to_file()
    made.write_kv_data_to_file()
    made.write_tensors_to_file()
    made.close()
    return path

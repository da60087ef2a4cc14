"""What a tokenizer trained here looks like in the formats of others: tokenizers' and transformers'
JSON, and GGUF.

All three kinds are byte-level BPE with GPT-2's pattern, which both engines know: `chars` has the
merges within each character, `bytes` has none. Tokens are bytes here; files write each byte as a
letter (engine/tokens/listed.py has the table).
"""

import json
from collections.abc import Sequence
from typing import Any

import gguf

from engine.tokens.listed import byte_letters
from finetune.export.gguf_entries import entry, integers, texts
from finetune.model.chat_marks import END, MARKS

Pair = tuple[bytes, bytes]

N_MARKS = len(MARKS)
PRE_TOKENIZER = "gpt-2"
_LETTERS = byte_letters()
# llama.cpp wants merges where there are none: two bytes that no text has side by side.
_NO_MERGES: list[Pair] = [(b"\xff", b"\xff")]


def spelled(piece: bytes) -> str:
    """A piece in the letters that stand for bytes."""
    return "".join(map(_LETTERS.__getitem__, piece))


def tokenizer_json(pieces: Sequence[bytes], merges: Sequence[Pair]) -> dict[str, Any]:
    """tokenizer.json, as `tokenizers` reads it.

    Args:
        pieces: every token's bytes by its id, marks (as they are written) first.
        merges: pairs of pieces in the order of their ranks.
    """
    vocab = {mark: token for token, mark in enumerate(MARKS)}
    vocab |= {spelled(piece): token for token, piece in enumerate(pieces) if token >= N_MARKS}
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [_added(token, mark) for token, mark in enumerate(MARKS)],
        "normalizer": None,
        "pre_tokenizer": byte_level | {"use_regex": True},
        "post_processor": None,
        "decoder": byte_level | {"use_regex": True},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": vocab,
            "merges": [[spelled(left), spelled(right)] for left, right in merges],
        },
    }


def _added(token: int, mark: str) -> dict[str, Any]:
    plain = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    return {"id": token, "content": mark, **plain, "special": True}


def tokenizer_config(chat_template: str = "") -> dict[str, Any]:
    """tokenizer_config.json, as transformers reads it."""
    found: dict[str, Any] = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "clean_up_tokenization_spaces": False,
        "bos_token": END,
        "eos_token": END,
        "pad_token": END,
        "add_bos_token": False,
        "add_eos_token": False,
    }
    return found | ({"chat_template": chat_template} if chat_template else {})


def gguf_entries(
    pieces: Sequence[bytes], merges: Sequence[Pair], chat_template: str = ""
) -> list[bytes]:
    """The tokenizer's metadata in a GGUF, encoded."""
    written = [*MARKS, *map(spelled, pieces[N_MARKS:])]
    kinds = [gguf.TokenType.CONTROL] * N_MARKS
    kinds += [gguf.TokenType.NORMAL] * (len(pieces) - N_MARKS)
    pairs = [f"{spelled(left)} {spelled(right)}" for left, right in merges or _NO_MERGES]
    end = MARKS.index(END)
    entries = [
        entry("tokenizer.ggml.model", "gpt2"),
        entry("tokenizer.ggml.pre", PRE_TOKENIZER),
        texts("tokenizer.ggml.tokens", written),
        integers("tokenizer.ggml.token_type", map(int, kinds)),
        texts("tokenizer.ggml.merges", pairs),
        entry("tokenizer.ggml.bos_token_id", end, is_u32=True),
        entry("tokenizer.ggml.eos_token_id", end, is_u32=True),
        entry("tokenizer.ggml.add_bos_token", False),
        entry("tokenizer.ggml.add_eos_token", False),
    ]
    template = [entry("tokenizer.chat_template", chat_template)] if chat_template else []
    return entries + template


def to_json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()

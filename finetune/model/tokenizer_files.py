"""What a tokenizer trained here looks like in the formats of others: tokenizers' and transformers'
JSON, and GGUF.

All three kinds are byte-level BPE with GPT-2's pattern, which both engines know: `chars` has the
merges within each character, `bytes` has none. Tokens are bytes here; files write each byte as a
letter (engine/tokens/listed.py has the table).
"""

import json
import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import gguf
from tokenizers import Regex, pre_tokenizers

from engine.tokens.listed import byte_letters
from finetune.export.gguf_entries import entry, integers, texts
from finetune.model.chat_marks import END, MARKS

Pair = tuple[bytes, bytes]

N_MARKS = len(MARKS)
PRE_TOKENIZER = "gpt-2"
# Letters and numbers that came with Unicode 16: `tokenizers` knows them, llama.cpp's tables (15.1)
# take them for signs. The pattern here does too, so that both cut alike.
_NEW_LETTERS = (
    *("1c89-1c8a", "a7cb-a7cd", "a7da-a7dc", "105c0-105f3", "10d4a-10d65", "10d6f-10d85"),
    *("10ec2-10ec4", "11380-11389", "1138b", "1138e", "11390-113b5", "113b7", "113d1", "113d3"),
    *("11bc0-11be0", "13460-143fa", "16100-1611d", "16d40-16d6c", "18cff", "1e5d0-1e5ed", "1e5f0"),
)
_NEW_NUMBERS = (
    *("10d40-10d49", "116d0-116e3", "11bf0-11bf9", "16130-16139", "16d70-16d79"),
    *("1ccf0-1ccf9", "1e5f1-1e5fa"),
)
_LETTERS = byte_letters()
# llama.cpp wants merges where there are none: two bytes that no text has side by side.
_NO_MERGES: list[Pair] = [(b"\xff", b"\xff")]


def spelled(piece: bytes) -> str:
    """A piece in the letters that stand for bytes."""
    return "".join(map(_LETTERS.__getitem__, piece))


def _pattern() -> str:
    """GPT-2's pattern, with Unicode's tables as llama.cpp has them."""
    new = "".join(re.sub(r"[0-9a-f]+", r"\\x{\g<0>}", one) for one in _NEW_LETTERS + _NEW_NUMBERS)
    letter, number = f"[\\p{{L}}&&[^{new}]]", f"[\\p{{N}}&&[^{new}]]"
    return (
        f"'s|'t|'re|'ve|'m|'ll|'d| ?{letter}+| ?{number}+"
        f"| ?(?:[^\\s\\p{{L}}\\p{{N}}]|[{new}])+|\\s+(?!\\S)|\\s+"
    )


PATTERN = _pattern()


@cache
def pre_tokenizer() -> pre_tokenizers.PreTokenizer:
    """The library's: what cuts a text into words, in the letters that stand for bytes."""
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PATTERN), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


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
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {
                    "type": "Split",
                    "pattern": {"Regex": PATTERN},
                    "behavior": "Isolated",
                    "invert": False,
                },
                byte_level | {"use_regex": False},
            ],
        },
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

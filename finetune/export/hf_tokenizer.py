"""A folder's tokenizer.json as a GGUF's tokenizer: tokens, kinds, merges or scores, the
pre-tokenizer by the name that llama.cpp knows, special tokens, the chat template.

Byte-level BPE by its pattern, which must be one that llama.cpp has; BPE with SentencePiece's signs
as llama.cpp's own SentencePiece, where a token's score is the rank of its merge. All else (Unigram,
WordPiece, unknown patterns, other normalizers) is refused. What is taken for right is proven
afterwards: convert_folder.py compares ids.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gguf

from engine.errors import AppError
from engine.tokens.json_description import Description, read_description
from finetune.export.gguf_entries import entry, floats, integers, texts
from finetune.model.tokenizer_files import PATTERN as RAISED

_MAX_BYTES = 16 * 1024**2
_KIND = gguf.TokenType
_BYTE = re.compile(r"<0x[0-9A-F]{2}>")
_SPACE_SIGN = "▁"

_LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
# A pre-tokenizer's patterns, in order -> its name in llama.cpp. "gpt2" is ByteLevel's own pattern.
_KNOWN: dict[tuple[str, ...], str] = {
    ("gpt2",): "gpt-2",
    (RAISED,): "gpt-2",  # of tokenizers that were trained here
    ("digits", "gpt2"): "smollm",
    (_LLAMA3,): "llama-bpe",
    (_LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}"),): "qwen2",
}


def tokenizer_entries(folder: Path, n_vocab: int) -> list[bytes]:
    """The tokenizer's metadata.

    Args:
        n_vocab: rows of the embedding; ids without a token are marked as unused.

    Raises:
        AppError: there is no tokenizer.json, or one that llama.cpp does not have.
    """
    found = read_description(folder)
    model = found.data["model"]
    if found.kind not in ("BPE", "SentencePiece"):
        raise AppError(
            f"This folder's tokenizer ({found.kind}) cannot be written into a GGUF yet.",
            "Choose a model with a BPE tokenizer.",
        )
    config = _json(folder / "tokenizer_config.json")
    is_pieces = found.kind == "SentencePiece"
    tokens, kinds = _tokens(found, n_vocab, is_pieces)
    parts = [texts("tokenizer.ggml.tokens", tokens), integers("tokenizer.ggml.token_type", kinds)]
    merges = [_merge(one) for one in model.get("merges") or []]
    if is_pieces:
        parts += _pieces(found, tokens, merges)
    else:
        _check_plain(found)
        parts.append(entry("tokenizer.ggml.model", "gpt2"))
        parts.append(entry("tokenizer.ggml.pre", pre_tokenizer(found)))
        parts.append(texts("tokenizer.ggml.merges", [" ".join(one) for one in merges]))
    parts += _special(found, config, tokens)
    template = _template(folder, config)
    return parts + ([entry("tokenizer.chat_template", template)] if template else [])


def pre_tokenizer(found: Description) -> str:
    """llama.cpp's name for how a text is cut before the merges.

    Raises:
        AppError: it is none that llama.cpp is known to have.
    """
    signs: list[str] = []
    for step in _steps(found.data.get("pre_tokenizer")):
        kind = step.get("type")
        if kind == "Split" and step.get("behavior") == "Isolated" and not step.get("invert"):
            signs.append(str((step.get("pattern") or {}).get("Regex", "")))
        elif kind == "Digits" and step.get("individual_digits"):
            signs.append("digits")
        elif kind == "ByteLevel" and not step.get("add_prefix_space"):
            signs += ["gpt2"] if step.get("use_regex", True) else []
        else:
            signs.append(f"{kind}?")
    name = _KNOWN.get(tuple(signs))
    if name is None:
        raise AppError(
            "This tokenizer cuts texts in a way that llama.cpp is not known to have.",
            "Choose another model, or a GGUF that its makers have converted.",
            json.dumps(found.data.get("pre_tokenizer"))[:2000],
        )
    if bool(found.data["model"].get("ignore_merges")) != (name == "llama-bpe"):
        raise AppError(
            "This tokenizer merges in another way than llama.cpp does with its pattern.",
            "Choose another model.",
            f"ignore_merges with {name}",
        )
    return name


def _steps(part: Any) -> list[Mapping[str, Any]]:
    if not part:
        return []
    if part.get("type") == "Sequence":
        inner = part.get("pretokenizers") or part.get("normalizers") or []
        return [step for one in inner for step in _steps(one)]
    return [part]


def _check_plain(found: Description) -> None:
    """Unicode's NFC aside, nothing may rewrite a text: llama.cpp would not."""
    others = [step for step in _steps(found.data.get("normalizer")) if step.get("type") != "NFC"]
    if others:
        raise AppError(
            "This tokenizer rewrites texts before it cuts them, which llama.cpp does not do.",
            "Choose another model.",
            json.dumps(others)[:2000],
        )


def _tokens(found: Description, n_vocab: int, is_pieces: bool) -> tuple[list[str], list[int]]:
    known: dict[int, tuple[str, int]] = {}
    for text, token in found.data["model"]["vocab"].items():
        kind = _KIND.BYTE if is_pieces and _BYTE.fullmatch(text) else _KIND.NORMAL
        known[int(token)] = (text, kind)
    for added in found.data.get("added_tokens") or []:
        kind = _KIND.CONTROL if added.get("special") else _KIND.USER_DEFINED
        known[int(added["id"])] = (str(added["content"]), kind)
    unknown = found.data["model"].get("unk_token")
    n = max(n_vocab, max(known, default=-1) + 1)
    if n > max(2 * n_vocab, n_vocab + 1024) or max(known, default=0) >= n_vocab:
        raise AppError(
            "The tokenizer has tokens that the model has no weights for.",
            "Choose a folder whose tokenizer belongs to its model.",
            f"{max(known, default=0)} of {n_vocab}",
        )
    rows = [known.get(token, (f"[UNUSED{token}]", int(_KIND.UNUSED))) for token in range(n)]
    if is_pieces and unknown is not None:
        rows = [(text, _KIND.UNKNOWN if text == unknown else kind) for text, kind in rows]
    return [text for text, _ in rows], [int(kind) for _, kind in rows]


def _merge(one: Any) -> tuple[str, str]:
    left, right = one.split(" ", 1) if isinstance(one, str) else one
    return str(left), str(right)


def _pieces(found: Description, tokens: list[str], merges: list[tuple[str, str]]) -> list[bytes]:
    """As llama.cpp's SentencePiece: it joins the two pieces whose whole has the highest score, as
    BPE takes the merge of the lowest rank."""
    if not found.data["model"].get("byte_fallback"):
        raise AppError(
            "This tokenizer has no tokens for single bytes, which llama.cpp needs.",
            "Choose another model.",
        )
    ranks: dict[str, int] = {}
    for rank, (left, right) in enumerate(merges):
        ranks.setdefault(left + right, rank)
    scores = [-float(ranks[text]) if text in ranks else -1e6 for text in tokens]
    return [
        entry("tokenizer.ggml.model", "llama"),
        entry("tokenizer.ggml.pre", "default"),
        floats("tokenizer.ggml.scores", scores),
        entry("tokenizer.ggml.add_space_prefix", _adds_space(found)),
    ]


def _adds_space(found: Description) -> bool:
    for step in _steps(found.data.get("normalizer")):
        if step.get("type") == "Prepend":
            return bool(step.get("prepend") == _SPACE_SIGN)
    steps = _steps(found.data.get("pre_tokenizer"))
    return any(
        step.get("type") == "Metaspace" and step.get("prepend_scheme", "always") != "never"
        for step in steps
    )


def _special(found: Description, config: Mapping[str, Any], tokens: list[str]) -> list[bytes]:
    ids = {text: token for token, text in reversed(list(enumerate(tokens)))}
    names = {"bos": "bos", "eos": "eos", "unknown": "unk", "padding": "pad"}
    parts, known = [], {}
    for ours, theirs in names.items():
        value = config.get(f"{theirs}_token")
        text = value.get("content") if isinstance(value, dict) else value
        if isinstance(text, str) and text in ids:
            known[theirs] = ids[text]
            parts.append(entry(f"tokenizer.ggml.{ours}_token_id", ids[text], is_u32=True))
    whole = found.library(special=True).encode("x", add_special_tokens=True).ids
    plain = found.library(special=True).encode("x", add_special_tokens=False).ids
    n_added = len(whole) - len(plain)
    first = n_added > 0 and whole[0] == known.get("bos", -1)
    last = n_added > 0 and whole[-1] == known.get("eos", -1)
    if n_added != first + last:
        raise AppError(
            "This tokenizer puts tokens around a text that llama.cpp would not.",
            "Choose another model.",
            f"{whole} for {plain}",
        )
    parts.append(entry("tokenizer.ggml.add_bos_token", bool(first)))
    parts.append(entry("tokenizer.ggml.add_eos_token", bool(last)))
    return parts


def _template(folder: Path, config: Mapping[str, Any]) -> str:
    file = folder / "chat_template.jinja"
    if file.is_file():
        return _text(file)
    found = config.get("chat_template")
    if isinstance(found, list):
        named = {one.get("name"): one.get("template") for one in found if isinstance(one, dict)}
        found = named.get("default")
    return found if isinstance(found, str) else ""


def _json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        found = json.loads(_text(path))
    except (ValueError, RecursionError) as error:
        raise AppError(f"{path.name} is no JSON.", "Download it again.", str(error)) from error
    return found if isinstance(found, dict) else {}


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise AppError(f"{path.name} is absurdly large.", "Download it again.")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise AppError(f"{path.name} cannot be read.", "Download it again.", str(error)) from error

"""A Hugging Face folder becomes a GGUF, and is proven to be the same model: token ids against the
folder's own tokenizer, distributions against the folder in torch.

A file whose ids differ is not kept: it would answer, and worse.
"""

import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil

from engine.errors import AppError
from engine.models.gguf_header import read_header
from engine.process.tune_messages import Converted, Parity
from engine.tokens.json_description import read_description
from engine.tokens.opened import open_tokenizer
from engine.tokens.tokenizer import Tokenizer
from finetune.data.token_set import TokenSet
from finetune.export.model_gguf import Kind, write_folder

Tell = Callable[[float, str], None]

# Letters of many scripts, signs, digits, white space of every kind, code: where tokenizers part.
PROBES = (
    "The bathysphere sank slowly; at 3,028 feet, 12:45, the lamps showed fish that glow.",
    "I'm sure they'll say we've seen it: it's HE'S 'tis don't I'D can’t",
    "  two spaces,\ttabs\t\t, lines\n\n\nand \r\n ends   \n  \n x",
    "def f(x_1: int) -> dict[str, int]:\n    return {'a': x_1 ** 2}  # 100% != 99.5%\n",
    "Größe, naïve, œuvre, ñandú, Łódź, čeština, İstanbul, ﬁn",
    "Привет, мир! Как дела? Αλφάβητο και λόγος. שלום עולם مرحبا بالعالم",
    "海の底は暗い。深海潜水球。你好。世界、안녕하세요 ไม่เป็นไร नमस्ते दुनिया",
    "emoji 🐙🌊 👩‍🚀 🇫🇷 and signs ©®™ €5.00 £1,000,000 ½ ² ∑∞≠ …—“quoted”",
    "0 00 000 0000 1234567890 3.14159 1e-9 0xFF v2.0.1 2026-11-28T06:45:00Z",
    "a" * 40 + " " * 20 + "!!!???" + "-" * 30 + "\u00a0\u3000\u200b" + "xX" * 20,
)
_N_POSITIONS = 256


def convert_folder(folder: Path, out: Path, tell: Tell, kind: Kind | None = None) -> Converted:
    """Convert and prove.

    Raises:
        AppError: the folder cannot be converted, or what came out is not the same model; no file
            is left then.
    """
    if not folder.is_dir():
        raise AppError("There is no such folder.", "Choose a model's folder.", str(folder))
    if not out.name.endswith(".gguf"):
        raise AppError("A model's file ends in .gguf.", "Give it such a name.", str(out))
    beside = out.with_name(f".{out.name}.new.gguf")
    try:
        written, figures = write_folder(
            folder, beside, kind, lambda done: tell(0.6 * done, "converting")
        )
        check_ids(folder, beside)
        tell(0.6, "comparing")
        parity, words = _parity(folder, beside, tell)
        beside.replace(out)
    finally:
        beside.unlink(missing_ok=True)
    return Converted(
        path=str(out),
        n_bytes=written.n_bytes,
        sha256=written.sha256,
        parity=parity,
        words=" ".join(one for one in (figures.words, words) if one),
    )


def check_ids(folder: Path, path: Path) -> None:
    """Raises AppError where llama.cpp's ids of a text are not the folder's own."""
    library = read_description(folder).library(special=False)
    ours = open_tokenizer(str(path))
    for text in (unicodedata.normalize("NFC", one) for one in PROBES):
        expected = library.encode(text, add_special_tokens=False).ids
        found = ours.encode(text).tolist()
        if found != expected:
            raise AppError(
                "llama.cpp cuts texts into other tokens than this model's own tokenizer.",
                "Choose another model, or a GGUF that its makers have converted.",
                f"{text!r}: {expected} / {found}",
            )


def _parity(folder: Path, path: Path, tell: Tell) -> tuple[list[Parity], str]:
    n_weights = sum(tensor.n_values for tensor in read_header(path).tensors)
    if 6 * n_weights > psutil.virtual_memory().available:
        return [], "There is too little memory free to compare the file with torch."
    import torch

    from finetune.export.parity import measure
    from finetune.model.base import load_base

    model = load_base(folder, dtype=torch.float32).model
    found = measure(
        model,
        probe_tokens(open_tokenizer(str(path))),
        path,
        converted=path,
        n_positions=_N_POSITIONS,
        report=lambda done: tell(0.6 + 0.4 * done, "comparing"),
    )
    return found, ""


def probe_tokens(tokenizer: Tokenizer) -> TokenSet:
    """The probes as rows of tokens, with the BOS that the vocabulary asks for."""
    rows = [tokenizer.encode(text, special=True).astype(np.int32) for text in PROBES]
    ids = np.concatenate(rows)
    starts = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    names = [str(number) for number in range(len(rows))]
    return TokenSet(ids, np.zeros(len(ids), np.uint8), starts, names, {})

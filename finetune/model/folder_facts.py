"""What a Hugging Face folder says of its model, without opening a weight or importing torch."""

from __future__ import annotations

import hashlib
import json
import math
import struct
from pathlib import Path
from typing import Any

from engine.errors import AppError
from engine.models.file_hash import fingerprint
from finetune.memory import Figures

MAX_HEADER_BYTES = 100_000_000
_TELLING = (".json", ".safetensors", ".jinja", ".model")  # what a GGUF is made of
# config.json's model_type -> the architecture of the GGUF that it becomes.
FOLDER_KINDS = {
    "llama": "llama",
    "mistral": "llama",
    "qwen2": "qwen2",
    "qwen3": "qwen3",
    "gemma3_text": "gemma3",
}


def folder_config(folder: Path) -> dict[str, Any]:
    """config.json.

    Raises:
        AppError: it is missing, no JSON, or of a kind that cannot be taught.
    """
    try:
        raw = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        kind = str(raw["model_type"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AppError(
            f"“{folder.name}” is no Hugging Face folder of a model: its config.json says nothing.",
            "Choose the folder that holds config.json and the .safetensors files.",
            str(error),
        ) from error
    if kind not in FOLDER_KINDS:
        known = ", ".join(sorted(FOLDER_KINDS))
        raise AppError(
            f"Folders of the kind “{kind}” cannot be taught here.",
            f"Convert it into a GGUF, or choose a folder of: {known}.",
        )
    if not safetensors_of(folder):
        raise AppError(
            f"“{folder.name}” holds no .safetensors files.",
            "Other formats of weights can run code when they are opened, and are not read.",
        )
    return dict(raw)


def safetensors_of(folder: Path) -> list[Path]:
    """The files of weights."""
    return sorted(folder.glob("*.safetensors"))


def folder_fingerprint(folder: Path) -> str:
    """A sha256 over the names and fingerprints of all files that a GGUF is made of: quick, and
    another one after nearly any change.

    Raises:
        AppError: one cannot be read.
    """
    digest = hashlib.sha256()
    try:
        for path in sorted(folder.iterdir()):
            if path.suffix in _TELLING and path.is_file():
                digest.update(f"{path.name}\0{fingerprint(path)}\n".encode())
    except OSError as error:
        raise AppError(
            f"“{folder.name}” cannot be read.", "Check its permissions.", str(error)
        ) from error
    return digest.hexdigest()


def folder_figures(folder: Path, raw: dict[str, Any], weight_bytes: int) -> Figures:
    """A model's size.

    Args:
        raw: its config.json.
        weight_bytes: of a value while it trains.

    Raises:
        AppError: config.json or a file of weights is damaged.
    """
    try:
        return Figures(
            n_params=sum(_n_values(path) for path in safetensors_of(folder)),
            n_layer=int(raw["num_hidden_layers"]),
            width=int(raw["hidden_size"]),
            inner=int(raw["intermediate_size"]),
            weight_bytes=weight_bytes,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, struct.error) as error:
        raise AppError(
            f"“{folder.name}” is damaged: its config or its weights cannot be read.",
            "Download it again.",
            str(error),
        ) from error


def _n_values(path: Path) -> int:
    """By the header of a file of safetensors: its length in 8 bytes, then JSON."""
    with path.open("rb") as file:
        n_bytes = struct.unpack("<Q", file.read(8))[0]
        if n_bytes > MAX_HEADER_BYTES:
            raise ValueError(f"a header of {n_bytes} bytes")
        header = json.loads(file.read(n_bytes))
    return sum(math.prod(one["shape"]) for name, one in header.items() if name != "__metadata__")

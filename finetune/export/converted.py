"""A Hugging Face folder's GGUF: what it is called beside a person's models, and whether one of them
was made of just this folder before. Light: names and headers alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.errors import AppError
from engine.models.gguf_header import read_header
from finetune.export.provenance import PREFIX
from finetune.run.folder import slug

FINGERPRINT = "source_fingerprint"  # of the folder, in the metadata of what was made of it


def converted_names(models: Path, folder: Path) -> Iterator[Path]:
    """Names for a folder's GGUF, the plain one first."""
    name = slug(folder.name) or "model"
    yield models / f"{name}.gguf"
    yield from (models / f"{name}-{number}.gguf" for number in range(2, 10_000))


def free_name(models: Path, folder: Path) -> Path:
    """The first that no file has."""
    return next(one for one in converted_names(models, folder) if not one.exists())


def made_before(models: Path, folder: Path, fingerprint: str) -> Path | None:
    """The GGUF that was made of a folder whose fingerprint (model/folder_facts.py) this is."""
    for one in sorted(models.glob(f"{slug(folder.name) or 'model'}*.gguf")):
        try:
            if read_header(one).text(PREFIX + FINGERPRINT) == fingerprint:
                return one
        except AppError:
            continue  # damaged, or half copied: another one is made
    return None

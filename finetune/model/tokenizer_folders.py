"""The tokenizers of the user folder: found, kept, deleted and had back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from engine.errors import AppError
from engine.process.pretrain_messages import RaisedTokenizer
from finetune.data.user_folders import folders, into_trash, out_of_trash, sweep_folders
from finetune.model.tokenizer_trained import KINDS, META, TrainedTokenizer
from finetune.run.folder import slug

_WHAT = "tokenizer"
# What meta.json has under the very names of the struct.
_KEPT = (
    *("kind", "n_vocab", "n_merges", "corpus", "bytes_per_token", "curve", "merges", "longest"),
    *("warnings", "seconds", "added_s", "name"),
)


def is_tokenizer(folder: Path) -> bool:
    return (folder / META).is_file()


def find_tokenizers(tokenizers: Path) -> list[RaisedTokenizer]:
    """All of them, the newest first; one that cannot be read is passed over, its folder stays."""
    sweep_folders(tokenizers)
    places = [one for one in folders(tokenizers) if one.name[0] != "." and is_tokenizer(one)]
    found = [info for one in places if (info := _info_or_none(one)) is not None]
    return sorted(found, key=lambda one: (-one.added_s, one.id))


def info_of(folder: Path) -> RaisedTokenizer:
    """What is known of one.

    Raises:
        AppError: its meta.json cannot be read.
    """
    try:
        meta: dict[str, Any] = json.loads((folder / META).read_bytes())
        kept = {key: meta[key] for key in _KEPT if key in meta}
        known = {"name": folder.name, **kept, "id": folder.name, "path": str(folder)}
        if meta["kind"] not in KINDS:
            raise ValueError(meta["kind"])
        return msgspec.convert({"type": RaisedTokenizer.__name__, **known}, RaisedTokenizer)
    except (OSError, ValueError, KeyError, TypeError, msgspec.ValidationError) as error:
        raise AppError(
            f"The tokenizer “{folder.name}” cannot be read.", "Train it again.", str(error)
        ) from error


def _info_or_none(folder: Path) -> RaisedTokenizer | None:
    try:
        return info_of(folder)
    except AppError:  # the list has the others; opening it says what is wrong
        return None


def folder_of(tokenizers: Path, tokenizer_id: str) -> Path:
    """The folder of a tokenizer by its id, or by the path of a folder that is one.

    Raises:
        AppError: there is none.
    """
    path = Path(tokenizer_id)
    folder = path if path.is_absolute() else tokenizers / tokenizer_id
    is_name = tokenizer_id not in ("", ".", "..") and (path.is_absolute() or len(path.parts) == 1)
    if not is_name or not is_tokenizer(folder):
        raise AppError(
            "This tokenizer is not there any more.", "It was deleted, perhaps in another window."
        )
    return folder


def keep(tokenizers: Path, tokenizer: TrainedTokenizer, name: str) -> RaisedTokenizer:
    """Save one in a folder of its own, named like it.

    Raises:
        AppError: the disk refuses.
    """
    stem = slug(name) or _WHAT
    taken = {one.name for one in [*folders(tokenizers), *folders(tokenizers / ".trash")]}
    numbers = (f"{stem}-{number}" if number > 1 else stem for number in range(1, len(taken) + 2))
    folder = tokenizers / next(one for one in numbers if one not in taken)
    tokenizer.save(folder)
    return info_of(folder)


def delete(tokenizers: Path, tokenizer_id: str) -> None:
    """Into the trash; restore() has it back. Raises AppError."""
    into_trash(tokenizers, folder_of(tokenizers, tokenizer_id), _WHAT)


def restore(tokenizers: Path, tokenizer_id: str) -> Path:
    """Back from the trash. Returns its folder. Raises AppError: it is not there any more."""
    return out_of_trash(tokenizers, tokenizer_id, _WHAT, is_tokenizer)

"""Folders of the user folder that hold one thing each (a dataset, a corpus, a tokenizer): written
beside first, named so that none is taken, deleted into a trash and had back from there."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from engine.errors import AppError

TRASH = ".trash"
# What was deleted goes for good after this long.
TRASH_S = 30 * 24 * 3600.0


def part_name(stem: str) -> str:
    """The name of something being written, which tells who writes it."""
    return f".{stem}.{os.getpid()}.{secrets.token_hex(4)}.part"


def is_left(part: Path) -> bool:
    """Whether something was being written by a process that is gone."""
    pieces = part.name.split(".")
    is_part = pieces[-1] == "part" and len(pieces) > 3 and pieces[-3].isdigit()
    return is_part and not psutil.pid_exists(int(pieces[-3]))


def folders(parent: Path) -> list[Path]:
    """What folders there are; none where the parent is not there."""
    try:
        return [one for one in parent.iterdir() if one.is_dir()]
    except OSError:
        return []


def moved(folder: Path, parent: Path, stem: str) -> Path:
    """A folder under another name that is free, in the trash too. Raises OSError."""
    for number in range(1, 100_000):
        name = stem if number == 1 else f"{stem}-{number}"
        target = parent / name
        in_trash = folder.parent.name != TRASH and (parent / TRASH / name).exists()
        if in_trash or target.exists():
            continue
        os.rename(folder, target)
        return target
    raise OSError(f"no free name like {stem}")


def into_trash(parent: Path, folder: Path, what: str) -> None:
    """Delete a folder so that out_of_trash() has it back. what: "dataset", "corpus", ...

    Raises:
        AppError: the disk refuses.
    """
    try:
        (parent / TRASH).mkdir(exist_ok=True)
        shutil.rmtree(parent / TRASH / folder.name, ignore_errors=True)
        os.replace(folder, parent / TRASH / folder.name)
        os.utime(parent / TRASH / folder.name)
    except OSError as error:
        raise AppError(
            f"The {what} could not be deleted.", "Is it in use elsewhere?", str(error)
        ) from error


def out_of_trash(parent: Path, name: str, what: str, is_one: Callable[[Path], bool]) -> Path:
    """Back from the trash. Returns its folder, which has another name where that was taken.

    Raises:
        AppError: it is not there any more.
    """
    folder = parent / TRASH / Path(name).name
    if not is_one(folder):
        raise AppError(f"This {what} is not in the trash any more.", "It stays for 30 days.")
    try:
        return moved(folder, parent, folder.name)
    except OSError as error:
        raise AppError(
            f"The {what} could not be had back.", "Is it in use elsewhere?", str(error)
        ) from error


def sweep_folders(parent: Path) -> None:
    """Let go what was deleted long ago, and what writers that were killed have left."""
    for folder in folders(parent / TRASH):
        if time.time() - folder.stat().st_mtime > TRASH_S:
            shutil.rmtree(folder, ignore_errors=True)
    for folder in filter(is_left, folders(parent)):
        shutil.rmtree(folder, ignore_errors=True)

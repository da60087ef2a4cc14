"""Files written whole or not at all, and what they are by their contents.

No format is known here. A file is written under another name beside its own, flushed to the disk,
and renamed: whoever looks sees the old file or the new one.
"""

import errno
import hashlib
import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from engine.errors import AppError
from engine.models.file_hash import sha256_in_pieces

_counter = itertools.count()
_KEPT_FREE_BYTES = 32 * 1024**2


@contextmanager
def whole(target: Path) -> Iterator[Path]:
    """The name to write to; renamed to the target's when the block ends without an error.

    Raises:
        AppError: the disk refuses; nothing is left behind, an older file stays.
    """
    beside = target.with_name(f".{target.name}.{os.getpid()}-{next(_counter)}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield beside
        with beside.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(beside, target)
    except OSError as error:
        raise disk_error(target.name, error) from error
    finally:
        beside.unlink(missing_ok=True)


def disk_error(name: str, error: OSError) -> AppError:
    """What a refusal of the disk means for the file that was to be written."""
    if error.errno == errno.ENOSPC:
        return AppError(
            f"The disk is full: “{name}” could not be written.",
            "Make room on it, or choose another folder; nothing else was changed.",
            str(error),
        )
    return AppError(
        f"“{name}” could not be written.",
        "Check the folder's permissions and the disk's space.",
        str(error),
    )


def check_room(target: Path, n_bytes: int) -> None:
    """Refuse, before the first byte, what the disk cannot hold.

    Raises:
        AppError: there is too little room.
    """
    folder = next(one for one in target.absolute().parents if one.is_dir())
    free = shutil.disk_usage(folder).free - _KEPT_FREE_BYTES
    if n_bytes > free:
        raise AppError(
            f"“{target.name}” will take {n_bytes / 1e9:,.2f} GB; "
            f"{max(0, free) / 1e9:,.2f} GB are free on that disk.",
            "Make room on it, or choose another folder.",
        )


class Hashed:
    """A file open for writing that knows the sha256 of what went into it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self.n_bytes = 0

    def write(self, data: bytes) -> None:
        self._file.write(data)
        self._digest.update(data)
        self.n_bytes += len(data)

    def pad(self, alignment: int) -> None:
        """Zeros up to the next multiple."""
        self.write(bytes(-self.n_bytes % alignment))

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


def sha256_of(path: Path) -> str:
    """The sha256 of a file's contents, hexadecimal.

    Raises:
        AppError: it is not there, or cannot be read.
    """
    try:
        *_, found = sha256_in_pieces(path)
    except FileNotFoundError as error:
        raise gone(path) from error
    except OSError as error:
        raise AppError(
            f"“{path.name}” cannot be read.", "Check its permissions.", str(error)
        ) from error
    return found


def gone(path: Path) -> AppError:
    return AppError(
        f"“{path.name}” is not there any more.",
        "Put the file back where it was, or choose it anew.",
        str(path),
    )

"""What a person is told when a run could not go on, whatever was raised. Light."""

from __future__ import annotations

import errno
import traceback

from engine.errors import AppError
from finetune.run.log import disk_error

_OUT_OF_MEMORY = ("out of memory", "not enough memory", "can't allocate memory", "bad_alloc")
# What torch and safetensors say of a disk that is full, in errors that are no OSError.
_DISK_FULL = ("no space left", "disk quota", "file write failed", "unexpected pos")


def in_words(error: BaseException) -> AppError:
    """Any error as a sentence, with what to do; one that is in words already is kept."""
    detail = "".join(traceback.format_exception(error))
    said = str(error).lower()
    if isinstance(error, AppError):
        return AppError(error.message, error.hint, error.detail or detail)
    if isinstance(error, MemoryError) or any(words in said for words in _OUT_OF_MEMORY):
        return AppError(
            "The machine has too little memory for this run.",
            "Close other programs, then resume it; or begin one with a smaller batch or length.",
            detail,
        )
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return AppError(*_words(disk_error(error)), detail)
    if any(words in said for words in _DISK_FULL):
        return AppError(*_words(disk_error(OSError(errno.ENOSPC, said))), detail)
    if isinstance(error, OSError):
        name = f" “{error.filename}”" if error.filename else ""
        return AppError(
            f"A file of the run{name} cannot be used: {error.strerror or error}.",
            "Check the disk and its permissions, then resume the run.",
            detail,
        )
    return AppError(
        "The run met an error that it does not know.",
        "Resume it; if it happens again, log.txt in its folder says more.",
        detail,
    )


def _words(error: AppError) -> tuple[str, str]:
    return error.message, error.hint

"""What this machine has for a plan: free memory, free disk, the text where it is no corpus. Waits
for the disk, so it is called behind the window.
"""

from __future__ import annotations

import shutil
from itertools import islice
from pathlib import Path

import psutil

from engine.errors import AppError
from gui.pretrain.model_plan import Machine

MOST_FILES = 10_000


def look(runs: Path, text: str) -> Machine:
    """What there is now.

    Args:
        runs: where the run's folder will be.
        text: path of the text, "" for none.

    Raises:
        AppError: the disk does not answer.
    """
    try:
        there = next(one for one in (runs, *runs.parents) if one.exists())
        disk = shutil.disk_usage(there).free
    except OSError as error:
        raise AppError("The disk could not be looked at.", "", str(error)) from error
    text_bytes = size_of(Path(text)) if text else 0
    return Machine(psutil.virtual_memory().available, disk, text_bytes=text_bytes)


def size_of(text: Path) -> int:
    """Bytes of a file, or of a folder's files; 0 for none that can be read. What is packed in them
    may be more or less text."""
    try:
        if text.is_file():
            return text.stat().st_size
        files = (one for one in islice(text.rglob("*"), MOST_FILES) if one.is_file())
        return sum(one.stat().st_size for one in files)
    except OSError:
        return 0  # said when the run reads it

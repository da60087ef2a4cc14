"""Ending a worker with all that it started, and what it costs; used by gui/process.py only. No Qt.

psutil is imported in the functions: 20 ms that the start of the window need not pay.
"""

import os
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil


def end_tree(pid: int) -> None:
    """Kill a process and everything below it; one that is gone already is fine."""
    import psutil

    for process in _family(pid):
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    end_leftovers(pid)


def end_leftovers(pid: int) -> None:
    """Kill what a worker that is gone left behind: the members of the session that it led (not
    on Windows)."""
    if sys.platform == "win32":
        return
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return  # nobody left; macOS says PermissionError where only zombies are


def rss_bytes(pid: int) -> int:
    """Memory that a process holds in RAM; 0 when it is gone."""
    import psutil

    try:
        return int(psutil.Process(pid).memory_info().rss)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0


def _family(pid: int) -> "list[psutil.Process]":
    import psutil

    try:
        parent = psutil.Process(pid)
        return [*parent.children(recursive=True), parent]
    except psutil.NoSuchProcess:
        return []


def machine_memory_bytes() -> int:
    """How much memory this machine has."""
    import psutil

    return int(psutil.virtual_memory().total)

"""Keeps the machine from going to sleep while a run works: by the system's own means, let go when
the run ends, however it ends.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

_CONTINUOUS, _SYSTEM_REQUIRED = 0x80000000, 0x00000001


@contextlib.contextmanager
def kept_awake(why: str) -> Iterator[bool]:
    """Within this block the machine does not fall asleep by itself; False where the system offers
    no way to ask for that. On Windows the block must stay on one thread."""
    if sys.platform == "win32":
        import ctypes

        state = ctypes.windll.kernel32.SetThreadExecutionState
        is_set = bool(state(_CONTINUOUS | _SYSTEM_REQUIRED))
        yield is_set
        state(_CONTINUOUS)
        return
    command = awake_command(sys.platform, why, os.getpid())
    if not command or not shutil.which(command[0]):
        yield False
        return
    # stdin is a pipe of ours: it closes with this process, also by kill -9, and so ends the helper.
    helper = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield True
    finally:
        assert helper.stdin is not None
        helper.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            helper.wait(0.2)
        helper.kill()
        helper.wait()


def awake_command(platform: str, why: str, pid: int) -> list[str]:
    """The helper that holds the machine awake: until its stdin closes, or until `pid` ends."""
    if platform == "darwin":
        return ["caffeinate", "-i", "-w", str(pid)]
    if platform.startswith("linux"):
        what = ["--what=sleep:idle", "--who=Bathysphere", f"--why={why}", "--mode=block"]
        return ["systemd-inhibit", *what, "cat"]
    return []

"""Starts a run as a process of its own, which lives on when the window dies.

Light: the window calls this. Nothing connects the two but the run folder; runner.py is what runs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

import psutil

from engine.errors import AppError
from finetune.run.folder import RunFolder, write_whole
from finetune.run.queue import put_ticket

RUNNER = (sys.executable, "-m", "finetune.runner")


def start_run(folder: RunFolder, resume: bool = False, command: Sequence[str] = RUNNER) -> int:
    """Start a run, or go on with one. It waits by itself while another has the machine.

    Args:
        resume: whether it has been started before; where it goes on is up to its folder.
        command: for tests.

    Returns:
        Its process's id.

    Raises:
        AppError: it runs already, its run.toml is wrong, or the system refuses.
    """
    if folder.pid():
        raise AppError("This run is running already.", "Stop it first, or wait for its end.")
    folder.require_sound()
    asked_s = time.time()
    arguments = [*command, str(folder.path), "--asked", repr(asked_s)]
    try:
        with folder.log.open("ab") as log:
            process = subprocess.Popen(
                [*arguments, *(["--resume"] if resume else [])],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **_detached(),
            )
    except OSError as error:
        raise AppError(
            "The run could not be started.", "Check the disk's space.", str(error)
        ) from error
    # Somebody has to hear of its end, or it would stay a zombie while the window lives.
    threading.Thread(target=process.wait, name=f"run-{process.pid}", daemon=True).start()
    note_runner(folder, process.pid)
    put_ticket(folder, process.pid, asked_s)
    return process.pid


def note_runner(folder: RunFolder, pid: int) -> None:
    """Note who runs it, so that folder.pid() finds it.

    Raises:
        AppError: the disk refuses.
    """
    try:
        created_s = psutil.Process(pid).create_time()
    except psutil.Error:
        created_s = 0.0  # gone at once: its log says why
    write_whole(folder.runner, json.dumps({"pid": pid, "created_s": created_s}).encode())


def _detached() -> dict[str, Any]:
    """What keeps a child apart: its own session, so that no signal of ours reaches it."""
    if os.name != "nt":
        return {"start_new_session": True}
    # A console of its own that nobody sees: without one, each of its children would open a window.
    flags = ("CREATE_NEW_PROCESS_GROUP", "CREATE_NO_WINDOW")
    return {"creationflags": sum(getattr(subprocess, name, 0) for name in flags)}

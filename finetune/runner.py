"""The process of a run: python -m finetune.runner RUNDIR [--resume]

Waits for its turn, works through the stages (stages.py), and sees to it that the run's folder tells
how that went, whatever happens: an end, a failure in words, or nothing after a kill, from where the
next attempt goes on. Imports nothing heavy before its turn has come.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import FrameType
from typing import Any

import psutil

from engine.errors import AppError
from finetune.run.attempt import AttemptOf, WorkDone
from finetune.run.awake import kept_awake
from finetune.run.control import Control
from finetune.run.events import AnyRunEvent, Began, Ended, RunFailed
from finetune.run.failures import in_words
from finetune.run.folder import RunFolder, RunKind, sweep
from finetune.run.launch import note_runner
from finetune.run.log import RunLog
from finetune.run.queue import Turn
from finetune.run.state import RunState
from finetune.torch_import import import_torch
from finetune.work_folder import sweep_work

Listen = Callable[[AnyRunEvent], None]
Work = Callable[[Any], WorkDone]
STAGES = {"sft": "finetune.stages", "pretrain": "finetune.pretraining.stages"}
_QUEUE_TICK_S = 0.25
_NICENESS = 5  # the window and a reply go first
_PACKAGES = ("bathysphere", "torch", "transformers", "peft", "llama-cpp-python", "gguf", "numpy")


def main(argv: Sequence[str] | None = None, work: Work | None = None) -> int:
    """Run, or go on with, the run of a folder.

    Args:
        work: what is done when its turn has come, the real stages where None.

    Returns:
        0: it came to its end; 1: it failed, which its folder (or stderr) tells.
    """
    parser = argparse.ArgumentParser(prog="finetune.runner")
    parser.add_argument("folder")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--asked", type=float, default=time.time())
    arguments = parser.parse_args(argv)
    _be_nice()
    try:
        folder = RunFolder(Path(arguments.folder).absolute())
        ended = run(folder, asked_s=arguments.asked, work=work)
    except AppError as error:
        sys.stderr.write(f"{error}\n{error.detail}\n")
        return 1
    return 0 if isinstance(ended, Ended) else 1


def run(
    folder: RunFolder,
    *,
    asked_s: float,
    listen: Listen | None = None,
    work: Work | None = None,
) -> Ended | RunFailed:
    """One attempt, from the queue to its end.

    Args:
        asked_s: when a person asked for it; commands from before it are not heeded.
        listen: hears every event.

    Raises:
        AppError: it cannot begin: it runs already, is finished, or its run.toml is wrong. The
            folder is then as it was.
    """
    kind = folder.kind()
    config = folder.pretrain_config() if kind == "pretrain" else folder.config()
    with Turn(folder, asked_s) as turn:
        known = RunState(folder).read()
        if known.how not in (None, "stopped"):
            raise AppError("This run is finished.", "Train further from it, or begin another.")
        sweep(folder.path)
        sweep_work()
        note_runner(folder, os.getpid())
        log = RunLog(folder, known.attempt + 1, listen)
        control = Control(folder, log, asked_s)
        attempt: AttemptOf[Any] = AttemptOf(folder, config, log, control, known.attempt + 1)
        log.step = known.step
        with contextlib.closing(log), _stopped_by_signals(control):
            return _lived(attempt, turn, work or _work_of(kind))


def _lived(attempt: AttemptOf[Any], turn: Turn, work: Work) -> Ended | RunFailed:
    """The attempt's life: its last event."""
    log = attempt.log
    try:
        log.say(Began, pid=os.getpid(), versions=_versions())
        if not _has_turn(attempt, turn):
            return log.say(Ended, how="stopped")
        name = attempt.config.out.name or attempt.folder.path.name
        with kept_awake(f"“{name}” is being trained"):
            done = work(attempt)
        return log.say(Ended, how=done.how, product=done.product, best_step=done.best_step)
    except Exception as error:  # of whatever kind: the folder must tell
        if not isinstance(error, AppError):
            traceback.print_exc()
        told = in_words(error)
        return _say_failed(log, told)


def _say_failed(log: RunLog, told: AppError) -> RunFailed:
    words = {"message": told.message, "hint": told.hint, "detail": told.detail}
    try:
        return log.say(RunFailed, **words)
    except AppError as error:
        # The disk refuses even that: the log's last line has to do, and the folder says it died.
        sys.stderr.write(f"{error} {error.detail}\n")
        return RunFailed(log.attempt, log.step, time.time(), **words)


def _has_turn(attempt: AttemptOf[Any], turn: Turn) -> bool:
    """Wait for the machine; False where it is stopped before."""
    said = -1
    while not turn.is_mine():
        if attempt.control.is_stopping:
            return False
        n_before = len(turn.before())
        if n_before != said:
            said = n_before
            attempt.enter("queued", f"{n_before} before it")
        time.sleep(_QUEUE_TICK_S)
    return True


def _work_of(kind: RunKind) -> Work:
    if kind == "pretrain":  # its stages begin with torch; fine-tuning's are light at first
        import_torch()
    work: Work = importlib.import_module(STAGES[kind]).work
    return work


@contextlib.contextmanager
def _stopped_by_signals(control: Control) -> Iterator[None]:
    """Ctrl+C, and a machine that shuts down, stop and save; a second one ends at once."""
    before: dict[int, Any] = {}

    def stop(number: int, frame: FrameType | None) -> None:
        control.stop()
        signal.signal(number, before[number])

    for one in (signal.SIGINT, signal.SIGTERM):
        before[one] = signal.signal(one, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _be_nice() -> None:
    with contextlib.suppress(psutil.Error, OSError):
        is_windows = os.name == "nt"
        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS if is_windows else _NICENESS)


def _versions() -> dict[str, str]:
    found = {"python": sys.version.split()[0]}
    for name in _PACKAGES:
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


if __name__ == "__main__":
    sys.exit(main())

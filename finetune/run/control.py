"""What a person wants of a run, asked between micro-batches: stop, pause, resume, evaluate; and
whether it stands aside, while a reply streams or while the machine is short of memory.

Commands come through the run's folder; signals (Ctrl+C, a machine that shuts down) through `stop`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Literal

import psutil

from engine.errors import AppError
from finetune.run.events import Paused, Resumed
from finetune.run.folder import HOLD_S, RunFolder, Tail
from finetune.run.log import RunLog

Answer = Literal["go", "stop", "evaluate"]
Why = Literal["asked", "reply", "memory"]
TICK_S = 0.1
_LOOK_S = 0.05  # files are looked at this often at most: a tiny model has 200 batches a second
_LITTLE_BYTES = 192 * 1024**2
_ENOUGH_BYTES = 320 * 1024**2
_MEMORY_PATIENCE_S = 120.0


class Control:
    """One attempt's. since_s: commands from before it are none of its.

    Args:
        free_bytes, sleep: for tests.
    """

    def __init__(
        self,
        folder: RunFolder,
        log: RunLog,
        since_s: float,
        free_bytes: Callable[[], int] = lambda: int(psutil.virtual_memory().available),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._folder, self._log, self._since_s = folder, log, since_s
        self._commands = Tail(folder.commands)
        self._free_bytes, self._sleep = free_bytes, sleep
        self._is_stopping = self._is_paused = self._evaluates = False
        self._looked_s = 0.0
        self.stood_s = 0.0  # how long it stood aside

    def stop(self) -> None:
        """End soon, and save."""
        self._is_stopping = True

    @property
    def is_stopping(self) -> bool:
        """Whether its end was asked for."""
        self._look()
        return self._is_stopping

    def forget_stop(self) -> None:
        """It was heeded; what is asked from now on is about what comes after."""
        self._is_stopping = False

    def before_batch(self) -> Answer:
        """What to do now; waits while the run is to stand aside.

        Raises:
            AppError: the machine stays short of memory.
        """
        self._look()
        why = self._why()
        if why is not None and not self._is_stopping:
            self._wait(why)
        if self._is_stopping:
            return "stop"
        evaluates, self._evaluates = self._evaluates, False
        return "evaluate" if evaluates else "go"

    def _wait(self, why: Why) -> None:
        self._log.say(Paused, why=why)
        began_s = time.monotonic()
        while (now := self._why(waits=True)) is not None and not self._is_stopping:
            if now == "memory" and time.monotonic() - began_s > _MEMORY_PATIENCE_S:
                raise AppError(
                    "The machine has too little memory left for the run to go on.",
                    "Close other programs, or resume it with a smaller batch or length.",
                    f"{self._free_bytes():,} bytes free",
                )
            if now != why:
                why = now
                self._log.say(Paused, why=why)
            self._sleep(TICK_S)
            self._look()
        self.stood_s += time.monotonic() - began_s
        self._log.say(Resumed)

    def _why(self, waits: bool = False) -> Why | None:
        """Why it should stand aside now; a person's wish first."""
        if self._is_paused:
            return "asked"
        if self._is_held():
            return "reply"
        return (
            "memory" if self._free_bytes() < (_ENOUGH_BYTES if waits else _LITTLE_BYTES) else None
        )

    def _is_held(self) -> bool:
        try:
            age_s = time.time() - self._folder.hold.stat().st_mtime
        except OSError:
            return False
        return -HOLD_S < age_s < HOLD_S

    def _look(self) -> None:
        """Read what was asked since the last look."""
        now_s = time.monotonic()
        if now_s - self._looked_s < _LOOK_S:
            return
        self._looked_s = now_s
        for line in self._commands.lines():
            command = _command(line, self._since_s)
            if command == "stop":
                self._is_stopping = True
            elif command in ("pause", "resume"):
                self._is_paused = command == "pause"
            elif command == "evaluate":
                self._evaluates = True


def _command(line: bytes, since_s: float) -> str:
    """ "" for one from before, and for what is none."""
    try:
        asked = json.loads(line)
        return str(asked["command"]) if float(asked["time_s"]) >= since_s else ""
    except (ValueError, KeyError, TypeError):
        return ""

"""The parent's hold on one template child: start it, ask it, and end it beyond its time or memory.

One question at a time; TemplateRenderer sees to that. What is asked and answered is no concern of
this file.
"""

import contextlib
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec
import psutil

from engine.errors import AppError
from engine.generation.template_frames import RenderAnswer, RenderRequest, read_frame, write_frame

_START_S = 30.0
_POLL_S = 0.02
_FOLDER = Path(__file__).resolve().parents[2]
# Nobody's template sends these; 0 is a parent's closed pipe.
_FROM_OUTSIDE = (0, -signal.SIGINT, -signal.SIGTERM, -getattr(signal, "SIGKILL", signal.SIGTERM))
_decoder = msgspec.msgpack.Decoder(RenderAnswer)


class ChildLimitError(Exception):
    """The child went beyond a bound: "time", "memory", "length", or "died".

    is_to_blame: False where the template may not be: it got little of the processor, or the child
    was ended from outside.
    """

    def __init__(self, limit: str, is_to_blame: bool = True) -> None:
        super().__init__(limit)
        self.limit = limit
        self.is_to_blame = is_to_blame


class TemplateProcess:
    """One child. After a ChildLimitError only `kill` may follow."""

    def __init__(self, memory_bytes: int) -> None:
        self._memory_bytes = memory_bytes
        self._start_bytes = 0
        self._is_ready = False
        self._frames: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        try:
            self._popen = _started(memory_bytes)
        except OSError as error:
            raise AppError(
                "The process that renders chat templates did not start.", detail=str(error)
            ) from error
        self._info = psutil.Process(self._popen.pid)
        self._reader = threading.Thread(target=self._read, name="template-reader", daemon=True)
        self._reader.start()

    def is_alive(self) -> bool:
        return self._popen.poll() is None

    def ask(self, request: RenderRequest) -> RenderAnswer:
        """One question, one answer.

        Raises:
            ChildLimitError: time or memory ran out, or the child died of the question.
            AppError: the child does not start.
            ValueError: the request is too large, or holds no text.
        """
        if not self._is_ready:
            self._await_ready()
        used_before_s = self._used_s()
        try:
            assert self._popen.stdin is not None
            write_frame(self._popen.stdin, request)
            return _decoder.decode(self._answer(request.deadline_s))
        except TimeoutError as error:
            share = (self._used_s() - used_before_s) / request.deadline_s
            raise ChildLimitError("time", is_to_blame=share > 0.25) from error
        except (OSError, msgspec.DecodeError, psutil.NoSuchProcess) as error:
            raise ChildLimitError("died", is_to_blame=not self._was_ended_from_outside()) from error

    def kill(self) -> None:
        """End the child at once and wait for it; nothing of it is left."""
        self._popen.kill()
        self._popen.wait()
        self._reader.join()
        for stream in (self._popen.stdin, self._popen.stdout):
            if stream is not None:
                # Closing flushes what the child did not live to read.
                with contextlib.suppress(OSError):
                    stream.close()

    def _await_ready(self) -> None:
        try:
            self._answer(_START_S)
            self._start_bytes = self._info.memory_info().rss
        except (TimeoutError, OSError, psutil.NoSuchProcess) as error:
            raise AppError(
                "The process that renders chat templates did not start.",
                "Try again; if it stays so, install the app anew.",
                f"exit code {self._popen.poll()}",
            ) from error
        self._is_ready = True

    def _answer(self, deadline_s: float) -> bytes:
        """The next frame. Watches memory meanwhile: not every system lets the child do so."""
        until_s = time.monotonic() + deadline_s
        while (left_s := until_s - time.monotonic()) > 0:
            try:
                frame = self._frames.get(timeout=min(_POLL_S, left_s))
            except queue.Empty:
                if self._is_ready and self._is_too_big():
                    raise ChildLimitError("memory") from None
                continue
            if frame is None:
                raise BrokenPipeError("the child ended")
            return frame
        raise TimeoutError

    def _is_too_big(self) -> bool:
        return bool(self._info.memory_info().rss > self._start_bytes + self._memory_bytes)

    def _used_s(self) -> float:
        try:
            times = self._info.cpu_times()
        except psutil.NoSuchProcess:
            return 0.0
        return float(times.user + times.system)

    def _was_ended_from_outside(self) -> bool:
        try:
            return self._popen.wait(timeout=1.0) in _FROM_OUTSIDE
        except subprocess.TimeoutExpired:
            return False

    def _read(self) -> None:
        assert self._popen.stdout is not None
        frame: bytes | None = b""
        while frame is not None:
            frame = read_frame(self._popen.stdout)
            self._frames.put(frame)


def _argument(memory_bytes: int) -> str:
    """The limit that the child sets itself, where it can."""
    return str(memory_bytes)


def _started(memory_bytes: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "engine.generation.template_child", _argument(memory_bytes)],
        cwd=_FOLDER,  # where the package `engine` lies, installed or not
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )

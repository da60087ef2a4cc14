"""What catches a window that reaches beyond itself: Python's own audit events, and a server that
nobody should call and a file that nobody should open, which catch Qt's C++ and child processes too.
"""

import ctypes
import os
import socket
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

import resources

# Python's own modules and the app's own pictures.
_OWN = (*sysconfig.get_paths().values(), sys.prefix, sys.base_prefix, *resources.__path__)
_LIBRARIES = tuple(str(Path(path).resolve()) for path in _OWN)
_ACCESS, _OPEN = 0x1, 0x20  # inotify(7)


class Watch:
    """What Python did that reaches beyond the process. A hook can never be taken off again, so one
    serves a whole process.

    allowed: folders whose files may be opened, as those of the chats themselves.
    """

    def __init__(self) -> None:
        self.is_on = False
        self.allowed: tuple[str, ...] = ()
        self.seen: list[str] = []
        sys.addaudithook(self._hear)

    def begin(self, *allowed: Path) -> None:
        self.seen.clear()
        self.allowed = tuple(str(path.resolve()) for path in allowed)
        self.is_on = True

    def _hear(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self.is_on:
            return
        if event == "open" and isinstance(arguments[0], str):
            path = str(Path(arguments[0]).resolve())
            if not path.startswith((*_LIBRARIES, *self.allowed)) and path != "/dev/null":
                self.seen.append(f"open {path}")
        elif event.startswith(("socket.", "urllib.", "http.", "webbrowser.")):
            self.seen.append(event)


watch = Watch()


class Traps:
    """A server on this machine and a picture in a folder, both to be left alone."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "secret.png"
        self.file.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.setblocking(False)
        self._inotify = _watched(self.file)

    @property
    def port(self) -> int:
        return int(self._server.getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/cat.png"

    def bait(self) -> str:
        """Markdown and HTML that lead to both."""
        file = self.file.as_uri()
        return (
            f'<img src="{file}"><img src="{self.url}"><link rel="stylesheet" href="{self.url}">\n\n'
            f"![a]({self.url}) ![b]({file}) [c]({file}) [d]({self.url})\n\n"
            f'<iframe src="{file}"></iframe> <object data="{self.url}"></object>\n\n'
            f"![e][r] <{self.url}>\n\n[r]: {self.url}\n\n"
        )

    def caught(self) -> list[str]:
        """What was called or opened so far."""
        found = []
        try:
            self._server.accept()[0].close()
            found.append("the server was called")
        except BlockingIOError:
            pass
        if self._inotify >= 0 and _events(self._inotify):
            found.append("the file was opened")
        return found

    def close(self) -> None:
        self._server.close()
        if self._inotify >= 0:
            os.close(self._inotify)


@contextmanager
def traps_in(folder: Path) -> Iterator[Traps]:
    traps = Traps(folder)
    try:
        yield traps
    finally:
        traps.close()


def sockets_of(pid: int) -> list[str]:
    """The inet sockets that a process holds, in words."""
    held = psutil.Process(pid).net_connections(kind="inet")
    return [f"{one.status} {one.laddr} {one.raddr}" for one in held]


def _watched(path: Path) -> int:
    """A descriptor that hears of every opening of a file, whoever does it; -1 where the system
    tells of none."""
    if sys.platform != "linux":
        return -1
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor: int = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    assert descriptor >= 0, os.strerror(ctypes.get_errno())
    added = libc.inotify_add_watch(descriptor, os.fsencode(path), _ACCESS | _OPEN)
    assert added >= 0, os.strerror(ctypes.get_errno())
    return descriptor


def _events(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except BlockingIOError:
        return b""

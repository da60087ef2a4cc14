"""The writing end of a pipe: at once as much as it takes, or all of it, waiting."""

import os
import select
import sys


class Pipe:
    """Owns the file descriptor's mode: where the system can, writes no longer block."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._can_refuse = sys.platform != "win32"
        if self._can_refuse:
            os.set_blocking(fd, False)

    def write_now(self, data: bytes) -> int:
        """Write what the pipe takes at once. Returns how many bytes; 0 where it is full, or where
        the system cannot tell. Raises OSError where the other side is gone."""
        if not self._can_refuse:
            return 0
        try:
            return os.write(self._fd, data)
        except BlockingIOError:
            return 0

    def write(self, data: bytes) -> None:
        """Write everything, waiting for a slow reader. Raises OSError as above."""
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._fd, view) :]
            except BlockingIOError:
                select.select([], [self._fd], [])

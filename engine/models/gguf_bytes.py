"""Reading a file's beginning in small bounded bites, and saying in words what is wrong with it.

Knows lengths, limits and truncation, not what the bytes mean (gguf_header.py does). No mmap on
purpose: a file that shrinks under a mapping ends the process with a bus error.
"""

import os
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from engine.errors import AppError
from engine.models.gguf_types import BEGINNINGS

WINDOW_BYTES = 256 * 1024
MAX_HEADER_BYTES = 128 * 1024 * 1024
# Units of work (about 100 ns) a header may cost: one for a string passed over, more for what is
# built.
MAX_WORK = 850_000
_U64 = struct.Struct("<Q")

FETCH_AGAIN = "Download the file again, or choose another one."


class ByteReader:
    """A place in an open file; lengths are held against its size before anything is read."""

    def __init__(self, file: BinaryIO, file_bytes: int) -> None:
        self.file_bytes = file_bytes
        self.position = 0
        self._file = file
        self._window = b""
        self._window_start = 0
        self._work_left = MAX_WORK

    def spend(self, units: int) -> None:
        """Count work that the file asks for, so that no file can ask for more than a moment."""
        self._work_left -= units
        if self._work_left < 0:
            raise absurd("it lists more entries than any model has", f"over {MAX_WORK} units")

    def check(self, n_bytes: int) -> None:
        """Refuse a length that leaves the file, or the bounds of any header."""
        end = self.position + n_bytes
        if end > self.file_bytes and end <= MAX_HEADER_BYTES:
            raise truncated(end - self.file_bytes, exact=False)
        if end > MAX_HEADER_BYTES:
            raise absurd("a length in it is absurd", f"{n_bytes} bytes at {self.position}")

    def take(self, n_bytes: int) -> bytes:
        """The next bytes."""
        taken = self.peek(n_bytes)
        self.position += n_bytes
        return taken

    def peek(self, n_bytes: int) -> bytes:
        """The next bytes, which stay next."""
        start = self.position - self._window_start
        if start + n_bytes > len(self._window):
            self._fill(n_bytes)
            start = 0
        return self._window[start : start + n_bytes]

    def skip(self, n_bytes: int) -> None:
        self.check(n_bytes)
        self.position += n_bytes

    def u32(self) -> int:
        return int.from_bytes(self.take(4), "little")

    def u64(self) -> int:
        return int.from_bytes(self.take(8), "little")

    def skip_strings(self, count: int) -> None:
        """Pass over length-prefixed strings without building them."""
        self.spend(count)
        self.check(count * 8)
        while count:
            self._fill(8)
            n_passed, offset = _pass_strings(self._window, count)
            count -= n_passed
            # The last length passed may be any number: it is judged here, once per window.
            self.skip(offset)

    def _fill(self, n_bytes: int) -> None:
        self.check(n_bytes)
        self._file.seek(self.position)
        wanted = max(n_bytes, WINDOW_BYTES)
        self._window = self._file.read(wanted)
        self._window_start = self.position
        if len(self._window) < n_bytes:
            raise truncated(n_bytes - len(self._window), exact=False)


def _pass_strings(window: bytes, count: int) -> tuple[int, int]:
    """Pass over at most `count` strings that begin in this window. The longest loop of a header.

    Returns:
        How many, and the offset after them, which may lie anywhere.
    """
    offset = number = 0
    unpack = _U64.unpack_from
    try:
        for number in range(count):  # noqa: B007  # where it stops is the answer
            offset += unpack(window, offset)[0] + 8
    except (struct.error, OverflowError):
        return number, offset
    return count, offset


@contextmanager
def open_regular(path: Path) -> Iterator[tuple[BinaryIO, int]]:
    """A plain file open for reading, and its size in bytes.

    Raises:
        AppError: there is none, it is a folder or a device, or it cannot be read; also from within.
    """
    try:
        # Looked at before it is opened: opening a pipe would wait for ever.
        if "\0" in str(path) or not stat.S_ISREG(os.stat(path).st_mode):
            raise AppError(f"“{path.name}” is not a file.", "Choose a GGUF file.", str(path))
        with open(path, "rb") as file:
            yield file, os.fstat(file.fileno()).st_size
    except FileNotFoundError as error:
        raise AppError(
            f"There is no file “{path.name}”.", "Check the path; the file may have been moved."
        ) from error
    except OSError as error:
        raise AppError(
            f"“{path.name}” cannot be read.",
            "Check the file's permissions, and the disk it lies on.",
            str(error),
        ) from error


def not_gguf(beginning: bytes) -> AppError:
    """Say what a file seems to be that does not begin like a GGUF."""
    seen = _seems(beginning)
    words = f"it seems to be {seen}" if seen else "its first bytes are of no kind known here"
    return AppError(
        f"The file is not a GGUF model: {words}.",
        "Bathysphere runs GGUF files; look for one with “GGUF” in its name.",
        f"first bytes: {beginning[:16]!r}",
    )


def _seems(beginning: bytes) -> str:
    for prefix, words in BEGINNINGS:
        if beginning.startswith(prefix):
            return words
    text = beginning.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html", b"<head")):
        return "a web page: the download was an error page or needs a login"
    if beginning[8:10] in (b'{"', b"{ ", b"{}"):
        return "a safetensors file"
    if text.startswith((b"{", b"[")):
        return "a JSON text"
    if text and not text.strip(b"\0"):
        return "a file of zeros: a download that never filled it"
    return ""


def truncated(n_missing: int, *, exact: bool) -> AppError:
    words = f"{n_missing:,} bytes are missing at its end"
    return AppError(
        f"The file is cut short: {words if exact else 'at least ' + words}.",
        "Download it again; the last download did not finish.",
        f"missing {n_missing} bytes",
    )


def absurd(words: str, detail: str) -> AppError:
    return AppError(f"The file is damaged: {words}.", FETCH_AGAIN, detail)

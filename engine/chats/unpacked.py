"""A zip of chats, as ChatGPT hands its export out, opened in memory and within bounds."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator

from engine.errors import AppError

MAX_FILE_BYTES = 256 * 1024 * 1024
_CONVERSATIONS = re.compile(r"(^|/)conversations[^/]*\.json$")
_CHATS = re.compile(r"\.(json|jsonl|md)$", re.IGNORECASE)


def refuse_large(n_bytes: int, name: str) -> None:
    """Raises: AppError: the file is larger than any that is read whole."""
    if n_bytes > MAX_FILE_BYTES:
        raise AppError(
            f"“{name}” is larger than {MAX_FILE_BYTES // 2**20} MB, the most that can be imported.",
            "Split it, or export fewer chats at a time.",
            f"{n_bytes} bytes",
        )


def is_archive(data: bytes) -> bool:
    return data[:4] == b"PK\x03\x04"


def unpacked(data: bytes, name: str) -> Iterator[bytes]:
    """The files of chats in a zip, one after another.

    Raises:
        AppError: it is damaged, locked, has no such file, or one of them is too large.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for info in _members(archive, name):
                yield _read(archive, info)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        if isinstance(error, RecursionError):
            raise
        raise AppError(
            f"“{name}” is damaged or locked and cannot be unpacked.",
            "Unpack it yourself, then import the files within.",
            str(error),
        ) from error


def _members(archive: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    """The export's conversations, or whatever may hold chats. All of them together are within the
    bound, by what the zip says of them; _read holds each to its word."""
    files = archive.infolist()
    found = [one for one in files if _CONVERSATIONS.search(one.filename)]
    found = found or [one for one in files if _CHATS.search(one.filename)]
    if not found:
        raise AppError(f"“{name}” holds no chats.", "A zip of chats has JSON or Markdown files.")
    refuse_large(sum(one.file_size for one in found), name)
    return found


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    with archive.open(info) as file:
        data = file.read(info.file_size + 1)
    if len(data) > info.file_size:
        raise zipfile.BadZipFile(f"{info.filename} is larger than the zip says")
    return data

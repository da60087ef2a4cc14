"""What is attached to messages not yet sent, on the disk: one file per chat in the folder "drafts".

Runs on the store's thread. A file is written whole or not at all; one that cannot be read is set
aside, so that the chat opens all the same.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from engine.errors import AppError
from gui.chat.attachments import Attachment, Document, Draft, Kind, Part, Unit
from gui.chat.words import tr

VERSION = 1
_ENDING = ".jsonl"


class _KeptOne(msgspec.Struct):
    """A document without its parts, which are lines of their own behind it."""

    name: str
    kind: Kind
    unit: Unit
    n_parts: int
    chosen: list[int]
    head: str = ""
    note: str = ""
    version: int = VERSION


class KeptDrafts:
    """The folder of drafts' attachments."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, chat_id: str) -> Draft:
        """What is attached in a chat; empty where nothing is."""
        path = self._path(chat_id)
        try:
            with path.open("rb") as file:
                return Draft(list(_read(file)))
        except FileNotFoundError:
            return Draft()
        except OSError as error:
            raise _unreadable(error) from error
        except msgspec.DecodeError as error:
            path.replace(path.with_suffix(".damaged"))
            raise _unreadable(error) from error

    def save(self, chat_id: str, draft: Draft) -> None:
        """Keep what is attached; nothing leaves nothing."""
        path = self._path(chat_id)
        try:
            if not draft.items:
                path.unlink(missing_ok=True)
                return
            self._folder.mkdir(parents=True, exist_ok=True)
            _write(path, draft)
        except OSError as error:
            raise AppError(
                tr("What you attached could not be kept for a later start."),
                tr("It is still here now; is the disk full?"),
                str(error),
            ) from error

    def sweep(self, chat_ids: Callable[[], Collection[str]]) -> None:
        """Remove what belongs to chats that are gone for good; asks for the others only where
        there is something."""
        paths = list(self._folder.glob(f"*{_ENDING}")) if self._folder.is_dir() else []
        living = chat_ids() if paths else ()
        for path in paths:
            if path.stem not in living:
                path.unlink(missing_ok=True)

    def _path(self, chat_id: str) -> Path:
        assert chat_id and chat_id.isalnum(), chat_id
        return self._folder / f"{chat_id}{_ENDING}"


def _write(path: Path, draft: Draft) -> None:
    """A line at a time: one call for all of it would hold up the window's thread."""
    beside, encode = path.with_suffix(".new"), msgspec.json.encode
    with beside.open("wb") as file:
        for item in draft.items:
            document = item.document
            n_parts, chosen = len(document.parts), sorted(item.chosen)
            kept = _KeptOne(
                document.name,
                document.kind,
                document.unit,
                n_parts,
                chosen,
                document.head,
                document.note,
            )
            file.write(encode(kept) + b"\n")
            for part in document.parts:
                file.write(encode(part) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _read(file: BinaryIO) -> Iterator[Attachment]:
    """The attachments of a file.

    Raises:
        DecodeError: it is damaged.
    """
    part_of = msgspec.json.Decoder(Part).decode
    while line := file.readline():
        one = msgspec.json.decode(line, type=_KeptOne)
        parts = tuple(part_of(file.readline()) for _ in range(one.n_parts))
        document = Document(one.name, one.kind, one.unit, parts, one.head, one.note)
        chosen = (index for index in one.chosen if 0 <= index < one.n_parts)
        yield Attachment.whole(document).with_chosen(chosen)


def _unreadable(error: Exception) -> AppError:
    return AppError(
        tr("What was attached to this chat's next message cannot be read any more."),
        tr("Attach the files again."),
        str(error),
    )

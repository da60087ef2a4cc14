"""What is attached to messages not yet sent, on the disk: one file per chat in the folder "drafts".

Runs on the store's thread. A file is written whole or not at all; one that cannot be read is set
aside, so that the chat opens all the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from engine.errors import AppError
from gui.chat.attachments import Attachment, Document, Draft
from gui.chat.words import tr

VERSION = 1
_ENDING = ".json"


class _KeptOne(msgspec.Struct):
    document: Document
    chosen: list[int]


class _Kept(msgspec.Struct):
    version: int
    items: list[_KeptOne]


class KeptDrafts:
    """The folder of drafts' attachments."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, chat_id: str) -> Draft:
        """What is attached in a chat; empty where nothing is."""
        path = self._path(chat_id)
        try:
            kept = msgspec.json.decode(path.read_bytes(), type=_Kept)
        except FileNotFoundError:
            return Draft()
        except OSError as error:
            raise _unreadable(error) from error
        except msgspec.DecodeError as error:
            path.replace(path.with_suffix(".damaged"))
            raise _unreadable(error) from error
        return Draft([_attachment(one) for one in kept.items if one.document.parts])

    def save(self, chat_id: str, draft: Draft) -> None:
        """Keep what is attached; nothing leaves nothing."""
        path = self._path(chat_id)
        try:
            if not draft.items:
                path.unlink(missing_ok=True)
                return
            items = [_KeptOne(item.document, sorted(item.chosen)) for item in draft.items]
            self._folder.mkdir(parents=True, exist_ok=True)
            _write(path, msgspec.json.encode(_Kept(VERSION, items)))
        except OSError as error:
            raise AppError(
                tr("What you attached could not be kept for a later start."),
                tr("It is still here now; is the disk full?"),
                str(error),
            ) from error

    def sweep(self, chat_ids: Iterable[str]) -> None:
        """Remove what belongs to chats that are gone for good."""
        living = set(chat_ids)
        if self._folder.is_dir():
            for path in self._folder.glob(f"*{_ENDING}"):
                if path.stem not in living:
                    path.unlink(missing_ok=True)

    def _path(self, chat_id: str) -> Path:
        assert chat_id and chat_id.isalnum(), chat_id
        return self._folder / f"{chat_id}{_ENDING}"


def _write(path: Path, data: bytes) -> None:
    beside = path.with_suffix(".new")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _attachment(kept: _KeptOne) -> Attachment:
    n_parts = len(kept.document.parts)
    return Attachment.whole(kept.document).with_chosen(
        index for index in kept.chosen if 0 <= index < n_parts
    )


def _unreadable(error: Exception) -> AppError:
    return AppError(
        tr("What was attached to this chat's next message cannot be read any more."),
        tr("Attach the files again."),
        str(error),
    )

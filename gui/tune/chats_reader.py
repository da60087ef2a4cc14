"""Reads the chats for the Fine-tune room: which there are, which replies are rated, and rows of
either. Off the window's thread, in a thread that lives while it is needed. Changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from engine.chats.records import ChatRow, Chosen
from engine.errors import AppError
from engine.process.tune_messages import Row, RowMessage
from gui.chat.store_thread import StoreThread
from gui.tune.words import tr

if TYPE_CHECKING:
    from engine.chats.store import ChatStore

OnRows = Callable[[list[Row]], object]
OnError = Callable[[AppError], None]


class ChatsReader(QObject):
    """Answers on the window's thread; the newest question of each kind is the one to listen to."""

    def __init__(self, path: Path, on_error: OnError, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path, self._on_error = path, on_error
        self._thread: StoreThread | None = None

    def list_chats(self, done: Callable[[list[ChatRow]], object]) -> None:
        """Chats that can be picked: those with a chat's turns, not in the trash."""

        def work(store: ChatStore) -> list[ChatRow]:
            return [one for one in store.list_chats() if one.kind == "chat"]

        self._store().call(work, lambda chats: _drop(done(chats)), self._on_error)

    def rated_rows(self, chosen: Chosen, done: OnRows) -> None:
        """Rated replies as rows."""
        self._store().call(
            lambda store: rows_of_rated(store, chosen),
            lambda rows: _drop(done(rows)),
            self._on_error,
        )

    def chat_rows(self, ids: Sequence[str], done: OnRows) -> None:
        """A row for each chat, as it is shown now."""
        wanted = tuple(ids)
        self._store().call(
            lambda store: rows_of_chats(store, wanted),
            lambda rows: _drop(done(rows)),
            self._on_error,
        )

    def _store(self) -> StoreThread:
        if self._thread is None:
            self._thread = StoreThread(self._path, self)
            self._thread.failed.connect(self._on_error)
        return self._thread

    def close(self) -> None:
        """End the thread; the next question begins another."""
        if self._thread is not None:
            self._thread.close()
            self._thread.deleteLater()
            self._thread = None


def _drop(_result: object) -> None:
    """Callbacks of the store return nothing."""


def rows_of_rated(store: ChatStore, chosen: Chosen) -> list[Row]:
    """Rated replies; of each conversation only the rated reply is marked to be learned."""
    from engine.chats.rated import rows_to_learn_from

    rows = []
    for one in rows_to_learn_from(store, chosen):
        last = len(one.messages) - 1
        messages = [
            RowMessage(
                role=message.role,
                content=message.content,
                train=at == last if message.role == "assistant" else None,
            )
            for at, message in enumerate(one.messages)
        ]
        rows.append(Row("", messages, source=tr("rated reply"), tags=list(one.tags)))
    return rows


def rows_of_chats(store: ChatStore, ids: Sequence[str]) -> list[Row]:
    """Chats as rows, with their system prompts; those without an answer are left out."""
    from engine.chats.attached import attached_text
    from engine.chats.system_prompt import system_prompt_of

    rows = []
    for chat_id in ids:
        chat = store.open_chat(chat_id)
        prompt = system_prompt_of(chat.info.settings)
        messages = [RowMessage("system", prompt)] if prompt else []
        for message in chat.path():
            attachments = message.details.get("attachments")
            said = message.correction or message.content
            if attachments:
                said = attached_text(said, attachments)
            messages.append(RowMessage(message.role, said))
        while messages and messages[-1].role != "assistant":
            messages.pop()
        if any(one.role == "assistant" for one in messages):
            source = tr("chat “{title}”").format(title=chat.info.title)
            rows.append(Row("", messages, source=source))
    return rows

"""Searching the chats: what is typed is asked of the store, and what is found is gone to.

A part of ChatOrder (chat_order.py). What words mean is engine/chats/search.py's.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from engine.errors import AppError
from gui.chat.chat_list import ChatList
from gui.chat.session import ChatSession
from gui.chat.store_thread import StoreThread

if TYPE_CHECKING:
    from engine.chats.records import Hit

MOST_HITS = 60


class ChatSearch(QObject):
    """Between the field over the list and the store."""

    def __init__(
        self,
        chats: ChatList,
        store: StoreThread,
        session: ChatSession,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._chats, self._store, self._session = chats, store, session
        self._query = ""
        self._asked = ""  # the query that the store is at work on
        chats.query_changed.connect(self._on_query_changed)
        chats.hit_chosen.connect(self._on_hit_chosen)

    @Slot(str)
    def _on_query_changed(self, query: str) -> None:
        self._query = query
        if not self._asked:
            self._search()

    def _search(self) -> None:
        """Ask for what is in the field; what was typed meanwhile is asked when the answer is here,
        so that no letter waits for more than one search."""
        query = self._asked = self._query
        if query:
            self._store.call(
                lambda store: store.search(query, MOST_HITS),
                partial(self._on_found, query),
                self._on_failed,
            )

    def _on_found(self, query: str, hits: list[Hit]) -> None:
        self._asked = ""
        if query != self._query:
            self._search()
        else:
            self._chats.set_hits(hits)

    def _on_failed(self, error: AppError) -> None:
        # The next letter asks again; asked here, a file that stays broken would be told for ever.
        self._asked = ""
        self._store.failed.emit(error)

    @Slot(str, str)
    def _on_hit_chosen(self, chat_id: str, message_id: str) -> None:
        if message_id:
            self._session.show_message(chat_id, message_id)
        else:
            self._session.open(chat_id)

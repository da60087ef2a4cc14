"""Chats that are in the store before anybody talks: those of the days before, and told ones."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from engine.chats.store import ChatStore
from gui.shots.questions import Said

HOUR_S, DAY_S = 3600.0, 86400.0
# What the list holds beside the chats of the pictures: the first message, and how long ago.
EARLIER_CHATS = (
    ("Plan a week of vegetarian dinners for two", 3 * HOUR_S),
    ("Why do cats purr?", 26 * HOUR_S),
    ("Proofread my cover letter for the harbour museum", 3 * DAY_S),
    ("Explain recursion with a story", 4 * DAY_S),
    ("Regular expression for dates such as 2026-03-01", 6 * DAY_S),
    ("Names for a research submarine", 19 * DAY_S),
)


def add_earlier_chats(path: Path) -> None:
    """Fill a new store with some chats of the days before."""
    with ChatStore(path) as store:
        ages = {_add(store, [Said("user", words)]): age_s for words, age_s in EARLIER_CHATS}
    # The store knows no other time than now.
    with closing(sqlite3.connect(path)) as raw, raw:
        for chat_id, age_s in ages.items():
            raw.execute("UPDATE chats SET updated_s = updated_s - ? WHERE id = ?", (age_s, chat_id))


def add_told_chat(path: Path, messages: Sequence[Said]) -> str:
    """A chat that holds these messages, one after another.

    Returns:
        Its id.
    """
    with ChatStore(path) as store:
        return _add(store, messages)


def _add(store: ChatStore, messages: Sequence[Said]) -> str:
    chat_id, parent_id = store.create_chat(), None
    for one in messages:
        parent_id = store.add_message(
            chat_id, parent_id, one.role, one.content, details=dict(one.details)
        )
    return chat_id

"""The tree of a chat in the tables: read, messages added, taken out, put back, changed and judged.

Functions over an open transaction; store.py begins and ends it. Deleting hides: a row goes for good
only when its chat is purged, or long after.
"""

import time
from collections.abc import Sequence

from engine.chats.database import Run, expect_one, gone, storable
from engine.chats.records import Chat, Message, title_from
from engine.chats.replies import gather_parts, read_parts_of_chat
from engine.chats.rows import (
    ALL_MESSAGES,
    FIND_CHAT,
    INSERT_MESSAGE,
    JUDGED_MESSAGES,
    chat_info,
    message_of,
    message_values,
    tags_text,
    with_judgement,
)
from engine.process.messages import Token

# A message and all that follows it, in one branch or another.
_BELOW = """
    WITH RECURSIVE below (chat_id, id) AS (
        SELECT chat_id, id FROM messages WHERE {first}
        UNION SELECT m.chat_id, m.id FROM below AS b
            JOIN messages AS m ON m.chat_id = b.chat_id AND m.parent_id = b.id {further}
    )"""
_HIDE = (
    _BELOW.format(first="id = ?", further="")
    + "UPDATE messages SET hidden = 1 WHERE id IN (SELECT id FROM below)"
)
_SHOW = (
    _BELOW.format(first="id = ?", further="AND m.deleted_s IS NULL")
    + "UPDATE messages SET hidden = 0 WHERE id IN (SELECT id FROM below)"
)
_PURGE = (
    _BELOW.format(first="deleted_s < ?", further="")
    + "DELETE FROM messages WHERE id IN (SELECT id FROM below)"
)
_NEWEST_BELOW = """
    SELECT id FROM messages WHERE chat_id = ? AND parent_id IS ? AND NOT hidden
    ORDER BY row DESC LIMIT 1"""


def read_chat(run: Run, chat_id: str) -> Chat:
    """A chat with its whole tree; a reply still being written has the text saved so far."""
    found = run(FIND_CHAT, (chat_id,)).fetchone()
    if found is None:
        raise gone()
    rows = run(ALL_MESSAGES, (chat_id,)).fetchall()
    parts = read_parts_of_chat(run, chat_id)
    messages = {row[0]: message_of(row, parts.get(row[0], "")) for row in rows}
    for message_id, *judged in run(JUDGED_MESSAGES, (chat_id,)):
        messages[message_id] = with_judgement(messages[message_id], tuple(judged))
    return Chat(chat_info(found), messages)


def insert(run: Run, chat_id: str, message: Message, writer: str = "") -> None:
    """Write a message and make it the head; a chat without a title takes one from its user."""
    run(INSERT_MESSAGE, message_values(chat_id, message, writer))
    change = "UPDATE chats SET head_id = ?, updated_s = ? WHERE id = ?"
    expect_one(run(change, (message.id, message.created_s, chat_id)))
    if message.role == "user":
        run(
            "UPDATE chats SET title = ? WHERE id = ? AND title = '' AND title_is_auto",
            (storable(title_from(message.content)), chat_id),
        )


def delete(run: Run, message_id: str) -> None:
    """Take a message and what follows it out of sight. A head among them gives way to the newest
    other version, or to what stands before."""
    change = "UPDATE messages SET deleted_s = coalesce(deleted_s, ?) WHERE id = ?"
    expect_one(run(change, (time.time(), message_id)))
    run(_HIDE, (message_id,))
    chat_id, parent_id = _place(run, message_id)
    head = "SELECT 1 FROM chats AS c JOIN messages AS m ON m.id = c.head_id"
    if run(f"{head} WHERE c.id = ? AND m.hidden", (chat_id,)).fetchone():
        head_id = _newest_leaf(run, chat_id, _visible(run, parent_id))
        run("UPDATE chats SET head_id = ? WHERE id = ?", (head_id, chat_id))


def restore(run: Run, message_id: str) -> None:
    """Undo a deletion. What was deleted below on its own stays so, and all stays hidden while
    something before it is."""
    expect_one(run("UPDATE messages SET deleted_s = NULL WHERE id = ?", (message_id,)))
    _, parent_id = _place(run, message_id)
    if parent_id == _visible(run, parent_id):
        run(_SHOW, (message_id,))


def purge(run: Run, before_s: float) -> None:
    """Remove for good what was deleted before a time, with what follows it."""
    # One statement: the parents' key is looked at when all of them are gone.
    if run(_PURGE, (before_s,)).rowcount:
        run(
            "UPDATE chats SET head_id = NULL WHERE head_id IS NOT NULL AND NOT EXISTS"
            " (SELECT 1 FROM messages AS m WHERE m.id = head_id)"
        )


def set_content(run: Run, message_id: str, content: str, tokens: Sequence[Token] | None) -> None:
    """Put another text into a message; without tokens those there are left alone. The same text
    with other tokens was measured, not written: the chat keeps its time."""
    chat_id, _ = _place(run, message_id)
    text = run("SELECT content FROM messages WHERE id = ?", (message_id,)).fetchone()[0]
    gather_parts(run, message_id, content, tokens)
    if text != content or tokens is None:
        run("UPDATE chats SET updated_s = ? WHERE id = ?", (time.time(), chat_id))


def judge(run: Run, message_id: str, column: str, value: int | str) -> None:
    """Set a rating or a correction."""
    expect_one(run(f"UPDATE messages SET {column} = ? WHERE id = ?", (value, message_id)))


def tag(run: Run, message_id: str, tags: Sequence[str]) -> None:
    judge(run, message_id, "tags", tags_text(tags))


def _place(run: Run, message_id: str) -> tuple[str, str | None]:
    """The chat and the parent of a message."""
    question = "SELECT chat_id, parent_id FROM messages WHERE id = ?"
    row: tuple[str, str | None] | None = run(question, (message_id,)).fetchone()
    if row is None:
        raise gone()
    return row


def _visible(run: Run, message_id: str | None) -> str | None:
    """The message, or the nearest before it that is there to see; None: the beginning."""
    while message_id is not None:
        question = "SELECT hidden, parent_id FROM messages WHERE id = ?"
        is_hidden, parent_id = run(question, (message_id,)).fetchone()
        if not is_hidden:
            break
        message_id = parent_id
    return message_id


def _newest_leaf(run: Run, chat_id: str, message_id: str | None) -> str | None:
    """The end of the newest branch below a message; None: below the beginning."""
    while (row := run(_NEWEST_BELOW, (chat_id, message_id)).fetchone()) is not None:
        message_id = row[0]
    return message_id

"""A reply in the tables while it is written: parts added, then gathered at its end or a crash.

Functions over an open transaction; store.py begins and ends it.
"""

import time
from collections.abc import Sequence
from typing import Any

import msgspec

from engine.chats.database import Run, expect_one, storable
from engine.chats.records import State
from engine.chats.rows import details_text
from engine.chats.writers import is_alive
from engine.process.messages import Token

_read_tokens = msgspec.msgpack.Decoder(list[Token]).decode


def add_part(run: Run, message_id: str, text: str, tokens: Sequence[Token]) -> None:
    """Keep a further piece of a reply."""
    packed = msgspec.msgpack.encode(list(tokens)) if tokens else None
    run(
        "INSERT INTO reply_parts (message_id, text, tokens) VALUES (?, ?, ?)",
        (message_id, storable(text), packed),
    )


def read_parts(run: Run, message_id: str) -> tuple[str, list[Token]]:
    """What was added to a reply and not gathered yet."""
    rows = run(
        "SELECT text, tokens FROM reply_parts WHERE message_id = ? ORDER BY row", (message_id,)
    ).fetchall()
    tokens = [token for _, packed in rows if packed for token in _read_tokens(packed)]
    return "".join(text for text, _ in rows), tokens


def read_parts_of_chat(run: Run, chat_id: str) -> dict[str, str]:
    """Message id -> text not gathered yet, for a whole chat."""
    rows = run(
        "SELECT p.message_id, p.text FROM reply_parts AS p"
        " JOIN messages AS m ON m.id = p.message_id WHERE m.chat_id = ? ORDER BY p.row",
        (chat_id,),
    )
    texts: dict[str, list[str]] = {}
    for message_id, text in rows:
        texts.setdefault(message_id, []).append(text)
    return {message_id: "".join(parts) for message_id, parts in texts.items()}


def kept_tokens(run: Run, message_id: str) -> list[Token]:
    """The tokens gathered into a message."""
    row = run("SELECT tokens FROM message_tokens WHERE message_id = ?", (message_id,)).fetchone()
    return _read_tokens(row[0]) if row is not None else []


def gather_parts(
    run: Run, message_id: str, content: str | None, tokens: Sequence[Token] | None
) -> None:
    """Put the parts into the message, or what is given in their place, and remove them."""
    text, new_tokens = read_parts(run, message_id)
    if content is None and text:
        row = run("SELECT content FROM messages WHERE id = ?", (message_id,)).fetchone()
        content = row[0] + text
    if content is not None:
        run("UPDATE messages SET content = ? WHERE id = ?", (storable(content), message_id))
    if tokens is None and new_tokens:
        tokens = kept_tokens(run, message_id) + new_tokens
    if tokens is not None:
        packed = msgspec.msgpack.encode(list(tokens))
        run("INSERT OR REPLACE INTO message_tokens VALUES (?, ?)", (message_id, packed))
    run("DELETE FROM reply_parts WHERE message_id = ?", (message_id,))


def resume(run: Run, message_id: str, writer: str) -> None:
    """A process writes on at a reply."""
    change = "UPDATE messages SET state = 'streaming', writer = ? WHERE id = ?"
    expect_one(run(change, (writer, message_id)))


def finish(
    run: Run, message_id: str, state: State, details: dict[str, Any] | None, model_name: str
) -> None:
    """A reply has ended; its chat is the newest now."""
    packed = None if details is None else details_text(details)
    changed = run(
        "UPDATE messages SET state = ?, writer = '', details = coalesce(?, details),"
        " model_name = coalesce(?, model_name) WHERE id = ?",
        (state, packed, storable(model_name) or None, message_id),
    )
    expect_one(changed)
    run(
        "UPDATE chats SET updated_s = ? WHERE id = (SELECT chat_id FROM messages WHERE id = ?)",
        (time.time(), message_id),
    )


def stop(run: Run, message_id: str) -> None:
    """A reply whose writer is gone; one that had ended stays as it is."""
    run(
        "UPDATE messages SET writer = '', state ="
        " CASE state WHEN 'streaming' THEN 'stopped' ELSE state END WHERE id = ?",
        (message_id,),
    )


def left_behind(run: Run, writer: str) -> list[str]:
    """Replies that no living process writes, `writer` being this one."""
    rows = run(
        "SELECT id, writer FROM messages"
        " WHERE state = 'streaming' OR id IN (SELECT message_id FROM reply_parts)"
    ).fetchall()
    dead = {other for _, other in rows if other != writer and not is_alive(other)}
    return [message_id for message_id, other in rows if other in dead]

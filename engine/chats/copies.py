"""Whole chats written at once, under new ids: a duplicate, an import.

Functions over an open transaction; store.py begins and ends it.
"""

import time
import uuid
from collections.abc import Callable, Iterable

import msgspec

from engine.chats.database import Run, gone, storable
from engine.chats.records import Chat, ChatInfo, Message
from engine.chats.replies import read_parts
from engine.chats.rows import INSERT_CHAT, INSERT_MESSAGE, chat_values, message_values

PackedTokens = Callable[[str], bytes | None]


def insert_chat(
    run: Run, info: ChatInfo, messages: Iterable[Message], tokens_of: PackedTokens
) -> str:
    """Write a chat; its ids are replaced by new ones.

    Args:
        messages: each after its parent.
        tokens_of: for a message's old id its tokens, packed, or None.

    Returns:
        The chat's new id.
    """
    chat_id = uuid.uuid4().hex
    ids: dict[str | None, str | None] = {None: None}
    run(INSERT_CHAT, chat_values(msgspec.structs.replace(info, id=chat_id, head_id=None)))
    for message in messages:
        new_id = ids[message.id] = uuid.uuid4().hex
        copy = msgspec.structs.replace(message, id=new_id, parent_id=ids[message.parent_id])
        run(INSERT_MESSAGE, message_values(chat_id, copy))
        if (packed := tokens_of(message.id)) is not None:
            run("INSERT INTO message_tokens VALUES (?, ?)", (new_id, packed))
    run("UPDATE chats SET head_id = ? WHERE id = ?", (ids.get(info.head_id), chat_id))
    return chat_id


def duplicate(run: Run, chat: Chat, until: str | None, title: str) -> str:
    """A copy of a chat without what was deleted: all its branches, or the one up to a message.

    Args:
        until: the message that the copy ends with; None copies the whole tree.
        title: the copy's; the chat's own where empty.
    """
    now_s = time.time()
    if until is None:
        messages = list(chat.visible().values())
        shown = chat.path()
    else:
        messages = shown = chat.path_to(until)
        if not shown or shown[-1].id != until:
            raise gone()
    info = msgspec.structs.replace(
        chat.info,
        title=storable(title) or chat.info.title,
        title_is_auto=chat.info.title_is_auto and not title,
        created_s=now_s,
        updated_s=now_s,
        head_id=shown[-1].id if shown else None,
        draft=chat.info.draft if until is None else "",
        deleted_s=None,
        pinned=False,
        archived=False,
    )
    return insert_chat(run, info, map(_ended, messages), lambda old: _packed_tokens(run, old))


def _ended(message: Message) -> Message:
    """A reply still being written goes on in the chat it belongs to, and nowhere else."""
    if message.state != "streaming":
        return message
    return msgspec.structs.replace(message, state="stopped")


def _packed_tokens(run: Run, message_id: str) -> bytes | None:
    row = run("SELECT tokens FROM message_tokens WHERE message_id = ?", (message_id,)).fetchone()
    _, newer = read_parts(run, message_id)
    kept: bytes | None = row[0] if row is not None else None
    if not newer:
        return kept
    older = msgspec.msgpack.decode(kept) if kept is not None else []
    return msgspec.msgpack.encode([*older, *newer])

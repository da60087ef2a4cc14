"""Between the tables and the records: the questions asked, and records made of their rows."""

from collections.abc import Sequence
from typing import Any

import msgspec

from engine.chats.database import storable
from engine.chats.records import ChatInfo, ChatRow, Message
from engine.chats.schema import IS_JUDGED

PREVIEW_LETTERS = 120

_FILED = "c.folder_id, c.pinned, c.archived, c.kind"
LIST_CHATS = f"""
    SELECT c.id, c.title, c.title_is_auto, c.created_s, c.updated_s, c.model_name, c.draft <> '',
        c.deleted_s, coalesce(substr(m.content, 1, {PREVIEW_LETTERS}), ''), {_FILED}
    FROM chats AS c LEFT JOIN messages AS m ON m.id = c.head_id
    WHERE CASE WHEN ? THEN c.deleted_s IS NOT NULL
        ELSE c.deleted_s IS NULL AND c.archived = ? END
    ORDER BY c.pinned DESC, c.updated_s DESC, c.row DESC"""

FIND_CHAT = f"""
    SELECT c.id, c.title, c.title_is_auto, c.created_s, c.updated_s, c.head_id, c.model_path,
        c.model_name, c.settings, c.draft, c.deleted_s, {_FILED}
    FROM chats AS c WHERE c.id = ?"""

INSERT_CHAT = """
    INSERT INTO chats (id, title, title_is_auto, created_s, updated_s, head_id, model_path,
        model_name, settings, draft, deleted_s, folder_id, pinned, archived, kind)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""

_MESSAGE = "id, parent_id, role, content, created_s, state, model_name, details"
_JUDGED = "rating, correction, tags"
ALL_MESSAGES = f"SELECT {_MESSAGE} FROM messages WHERE chat_id = ? ORDER BY row"
# Few messages are: asked for on their own, by their index, they cost a long chat nothing.
JUDGED_MESSAGES = f"""
    SELECT id, deleted_s, {_JUDGED} FROM messages WHERE chat_id = ? AND {IS_JUDGED}"""
INSERT_MESSAGE = f"""
    INSERT INTO messages (chat_id, {_MESSAGE}, {_JUDGED}, writer, hidden)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
        coalesce((SELECT hidden FROM messages WHERE id = ?), 0))"""

SIBLINGS = """
    SELECT s.id FROM messages AS m
    JOIN messages AS s ON s.chat_id = m.chat_id AND s.parent_id IS m.parent_id
    WHERE m.id = ? AND (s.deleted_s IS NULL OR s.id = m.id) ORDER BY s.row"""

Row = tuple[Any, ...]
_read_details = msgspec.json.Decoder(dict[str, Any]).decode
_read_tags = msgspec.json.Decoder(tuple[str, ...]).decode


def chat_row(row: Row) -> ChatRow:
    # Written out, as it runs for each chat whenever the list is shown.
    chat_id, title, is_auto, created_s, updated_s, model_name, has_draft, *more = row
    deleted_s, preview, folder_id, pinned, archived, kind = more
    return ChatRow(
        chat_id,
        title,
        bool(is_auto),
        created_s,
        updated_s,
        model_name,
        bool(has_draft),
        deleted_s,
        preview,
        folder_id,
        bool(pinned),
        bool(archived),
        kind,
    )


def chat_info(row: Row) -> ChatInfo:
    info = ChatInfo(*row)
    flags = {name: bool(getattr(info, name)) for name in ("title_is_auto", "pinned", "archived")}
    return msgspec.structs.replace(info, **flags)


def chat_values(info: ChatInfo) -> Row:
    """The values of INSERT_CHAT."""
    return tuple(
        storable(value) if isinstance(value, str) else value
        for value in msgspec.structs.astuple(info)
    )


def message_of(row: Row, more: str) -> Message:
    """A message out of its row; `more` is what was saved of it and not yet put there."""
    message_id, parent_id, role, content, created_s, state, model_name, details = row
    return Message(
        message_id,
        parent_id,
        role,
        content + more,
        created_s,
        state,
        model_name,
        _read_details(details) if details != "{}" else {},
    )


def with_judgement(message: Message, row: Row) -> Message:
    """The message with what a person did to it; row: deleted_s, rating, correction, tags."""
    deleted_s, rating, correction, tags = row
    return msgspec.structs.replace(
        message,
        deleted=deleted_s is not None,
        rating=rating,
        correction=correction,
        tags=_read_tags(tags),
    )


def message_values(chat_id: str, message: Message, writer: str = "") -> Row:
    """The values of INSERT_MESSAGE."""
    return (
        chat_id,
        message.id,
        message.parent_id,
        message.role,
        storable(message.content),
        message.created_s,
        message.state,
        storable(message.model_name),
        details_text(message.details),
        message.rating,
        storable(message.correction),
        tags_text(message.tags),
        writer,
        message.parent_id,
    )


def details_text(details: dict[str, Any]) -> str:
    return _json(details)


def tags_text(tags: Sequence[str]) -> str:
    return _json(list(tags))


def _json(value: Any) -> str:
    """As JSON; replaced is what that cannot hold: half a surrogate pair, integers of 64 bits."""
    try:
        return msgspec.json.encode(value).decode()
    except (UnicodeEncodeError, OverflowError):
        return msgspec.json.encode(_storable_within(value)).decode()


def _storable_within(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(str(key)): _storable_within(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_storable_within(inner) for inner in value]
    if isinstance(value, int) and abs(value) >= 2**63:
        return str(value)
    return value

"""Between the tables and the records: the questions asked, and records made of their rows."""

from typing import Any

import msgspec

from engine.chats.database import storable
from engine.chats.records import ChatInfo, ChatRow, Message

PREVIEW_LETTERS = 120

LIST_CHATS = f"""
    SELECT c.id, c.title, c.title_is_auto, c.created_s, c.updated_s, c.model_name, c.draft <> '',
        c.deleted_s, coalesce(substr(m.content, 1, {PREVIEW_LETTERS}), '')
    FROM chats AS c LEFT JOIN messages AS m ON m.id = c.head_id
    WHERE (c.deleted_s IS NOT NULL) = ? ORDER BY c.updated_s DESC, c.row DESC"""

FIND_CHAT = """
    SELECT id, title, title_is_auto, created_s, updated_s, head_id, model_path, model_name,
        settings, draft, deleted_s
    FROM chats WHERE id = ?"""

_MESSAGE = "id, parent_id, role, content, created_s, state, model_name, details"
ALL_MESSAGES = f"SELECT {_MESSAGE} FROM messages WHERE chat_id = ? ORDER BY row"
INSERT_MESSAGE = f"""
    INSERT INTO messages (chat_id, {_MESSAGE}, writer) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""

SIBLINGS = """
    SELECT s.id FROM messages AS m
    JOIN messages AS s ON s.chat_id = m.chat_id AND s.parent_id IS m.parent_id
    WHERE m.id = ? ORDER BY s.row"""

Row = tuple[Any, ...]
_read_details = msgspec.json.Decoder(dict[str, Any]).decode


def chat_row(row: Row) -> ChatRow:
    chat_id, title, is_auto, created_s, updated_s, model_name, has_draft, deleted_s, preview = row
    return ChatRow(
        id=chat_id,
        title=title,
        title_is_auto=bool(is_auto),
        created_s=created_s,
        updated_s=updated_s,
        model_name=model_name,
        has_draft=bool(has_draft),
        deleted_s=deleted_s,
        preview=preview,
    )


def chat_info(row: Row) -> ChatInfo:
    chat_id, title, is_auto, *rest = row
    return ChatInfo(chat_id, title, bool(is_auto), *rest)


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


def message_values(message: Message) -> Row:
    """The values of INSERT_MESSAGE between the chat and the writer."""
    return (
        message.id,
        message.parent_id,
        message.role,
        storable(message.content),
        message.created_s,
        message.state,
        storable(message.model_name),
        details_text(message.details),
    )


def details_text(details: dict[str, Any]) -> str:
    return msgspec.json.encode(details).decode()

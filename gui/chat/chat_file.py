"""What the chat room asks of the store, in the room's own terms. Runs on the store's thread.

The only file of the room that knows how the store names things. A chat that was not in the store
yet is made by the first call that has something to keep.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.process.messages import Token
from gui.chat.chat_settings import ChatSettings, from_json, to_json
from gui.chat.conversation import Conversation, State, Turn

if TYPE_CHECKING:  # the store brings SQLite, which the window's first paint need not wait for
    from engine.chats.store import ChatStore, Message

# How long a deleted chat can be brought back.
KEEP_DELETED_S = 30 * 24 * 3600.0
REMOVED = "removed"


@dataclass(frozen=True)
class ChatEntry:
    """A row of the list of chats."""

    id: str
    title: str
    updated_s: float


@dataclass
class ChatHandle:
    """A chat's id, "" until it is in the store; filled in on the store's thread."""

    id: str = ""


@dataclass(frozen=True)
class OpenedChat:
    handle: ChatHandle
    title: str
    settings: ChatSettings
    draft: str
    conversation: Conversation


@dataclass(frozen=True)
class SentTurn:
    """A message that was sent, and the empty reply that answers it."""

    question: Turn
    reply: Turn


# ---- chats ----


def begin(store: ChatStore) -> None:
    """What is done once at the start: replies that nobody writes any more are ended, their text
    kept, and what was deleted long ago is removed for good.
    """
    store.recover()
    store.purge_deleted(time.time() - KEEP_DELETED_S)


def list_chats(store: ChatStore) -> list[ChatEntry]:
    return [ChatEntry(row.id, row.title, row.updated_s) for row in store.list_chats()]


def open_chat(store: ChatStore, chat_id: str) -> OpenedChat:
    chat = store.open_chat(chat_id)
    settings = from_json(chat.info.settings)
    removed = settings.unknown.pop(REMOVED, [])
    turns = [_turn(message) for message in chat.messages.values()]
    return OpenedChat(
        handle=ChatHandle(chat.info.id),
        title=chat.info.title,
        settings=settings,
        draft=chat.info.draft,
        conversation=Conversation(turns, chat.info.head_id, removed),
    )


def find_chat(store: ChatStore, chat_id: str) -> OpenedChat | None:
    """The chat, or None where it was deleted meanwhile."""
    there = any(row.id == chat_id for row in store.list_chats())
    return open_chat(store, chat_id) if there else None


def rename(store: ChatStore, chat_id: str, title: str) -> None:
    store.rename(chat_id, title)


def delete(store: ChatStore, chat_id: str) -> str:
    """Put a chat away.

    Returns:
        Its title, to be told.
    """
    store.delete(chat_id)
    return store.open_chat(chat_id).info.title


def restore(store: ChatStore, chat_id: str) -> None:
    store.restore(chat_id)


def set_draft(store: ChatStore, handle: ChatHandle, text: str, settings: ChatSettings) -> None:
    store.set_draft(_ensured(store, handle, settings), text)


def set_settings(
    store: ChatStore, handle: ChatHandle, settings: ChatSettings, removed: list[str]
) -> None:
    """Keep a chat's settings; one that is not in the store yet gets them when it is.

    Args:
        removed: messages that a person deleted. They are kept with the settings, and their rows
            with the chat, so that the deletion can be undone.
    """
    if handle.id:
        store.set_settings(handle.id, to_json(settings, {REMOVED: removed} if removed else {}))


def set_head(store: ChatStore, handle: ChatHandle, turn_id: str | None) -> None:
    store.set_head(handle.id, turn_id)


def _ensured(store: ChatStore, handle: ChatHandle, settings: ChatSettings) -> str:
    if not handle.id:
        handle.id = store.create_chat(settings=to_json(settings))
    return handle.id


# ---- messages ----


def send_turn(
    store: ChatStore,
    handle: ChatHandle,
    parent_id: str | None,
    text: str,
    settings: ChatSettings,
    model_name: str,
) -> SentTurn:
    """Keep a message and begin its reply; the draft it was is gone with it."""
    chat_id = _ensured(store, handle, settings)
    question = Turn(store.add_message(chat_id, parent_id, "user", text), parent_id, "user", text)
    reply = begin_reply(store, handle, question.id, model_name)
    store.set_draft(chat_id, "")
    return SentTurn(question, reply)


def begin_reply(
    store: ChatStore, handle: ChatHandle, parent_id: str | None, model_name: str
) -> Turn:
    turn_id = store.begin_reply(handle.id, parent_id, model_name=model_name)
    return Turn(turn_id, parent_id, "assistant", "", "streaming", model_name)


def resume_reply(store: ChatStore, turn_id: str) -> None:
    store.resume_reply(turn_id)


def append_reply(store: ChatStore, turn_id: str, text: str, tokens: list[Token]) -> None:
    store.append_reply(turn_id, text, tokens)


def finish_reply(
    store: ChatStore,
    turn_id: str,
    state: State,
    text: str,
    details: dict[str, Any],
    model_name: str,
) -> None:
    store.finish_reply(turn_id, state, text, details, model_name=model_name)


def _turn(message: Message) -> Turn:
    return Turn(
        id=message.id,
        parent_id=message.parent_id,
        role=message.role,
        content=message.content,
        state=message.state,
        model_name=message.model_name,
        details=message.details,
    )

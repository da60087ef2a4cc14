"""What the chat room asks of the store, in the room's own terms: chats. Runs on the store's thread.

With message_file.py the only file of the room that knows how the store names things. A chat that
was not in the store yet is made by the first call that has something to keep.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from engine.errors import AppError
from gui.chat.chat_settings import ChatSettings, from_json, to_json
from gui.chat.conversation import Conversation, Turn
from gui.chat.kept_details import readable

if TYPE_CHECKING:  # the store brings SQLite, which the window's first paint need not wait for
    from engine.chats.store import Chat, ChatStore, Message

# How long a deleted chat can be brought back.
KEEP_DELETED_S = 30 * 24 * 3600.0
# What else is typed and not sent (a message being edited, a reply's first words, files), in the
# chat's settings.
UNSENT = "unsent"


class ChatEntry(Struct, frozen=True):
    """A row of the list of chats."""

    id: str
    title: str
    updated_s: float
    folder_id: str | None = None
    pinned: bool = False
    archived: bool = False
    kind: str = "chat"


class ChatHandle(Struct, eq=False):
    """A chat's id, "" until it is in the store; filled in on the store's thread. is_private: a
    temporary chat; is_gone: it was left for good, and nothing can be done in it any more.
    """

    id: str = ""
    is_private: bool = False
    is_gone: bool = False


class OpenedChat(Struct, frozen=True):
    handle: ChatHandle
    title: str
    settings: ChatSettings
    draft: str
    conversation: Conversation
    unsent: dict[str, Any] = field(default_factory=dict)
    title_is_auto: bool = True
    kind: str = "chat"


# ---- chats ----


def begin(store: ChatStore) -> None:
    """What is done once at the start: replies that nobody writes any more are ended, their text
    kept, and what was deleted long ago is removed for good.
    """
    store.recover()
    store.purge_deleted(time.time() - KEEP_DELETED_S)


def list_chats(
    store: ChatStore, *, archived: bool = False, deleted: bool = False
) -> list[ChatEntry]:
    return [
        ChatEntry(
            row.id,
            row.title,
            row.updated_s,
            row.folder_id,
            row.pinned,
            row.archived,
            row.kind,
        )
        for row in store.list_chats(archived=archived, deleted=deleted)
    ]


def find_chat(store: ChatStore, chat_id: str) -> OpenedChat | None:
    """The chat, or None where it was deleted meanwhile."""
    from engine.chats.database import gone  # here for the same reason

    try:
        chat = store.open_chat(chat_id)
    except AppError as error:
        if error.message == gone().message:
            return None
        raise
    return _opened(chat) if chat.info.deleted_s is None else None


def _opened(chat: Chat) -> OpenedChat:
    settings = from_json(chat.info.settings)
    unsent = settings.unknown.pop(UNSENT, {})
    messages = chat.messages.values()
    removed = [message.id for message in messages if message.deleted]
    return OpenedChat(
        handle=ChatHandle(chat.info.id),
        title=chat.info.title,
        settings=settings,
        draft=chat.info.draft,
        conversation=Conversation(map(turn_of, messages), chat.info.head_id, removed),
        unsent=unsent if isinstance(unsent, dict) else {},
        title_is_auto=chat.info.title_is_auto,
        kind=chat.info.kind,
    )


def name_after(store: ChatStore, handle: ChatHandle, title: str) -> None:
    """An automatic title; one that a person gave stays."""
    store.rename(handle.id, title, automatic=True)


def set_draft(
    store: ChatStore,
    handle: ChatHandle,
    text: str,
    settings: ChatSettings,
    unsent: dict[str, Any] | None = None,
) -> None:
    """Keep what is typed and not sent.

    Args:
        unsent: what there is beside the text of the field; None where it did not change.
    """
    store.set_draft(ensured(store, handle, settings), text)
    if unsent is not None:
        set_settings(store, handle, settings, unsent)


def set_settings(
    store: ChatStore, handle: ChatHandle, settings: ChatSettings, unsent: dict[str, Any]
) -> None:
    """Keep a chat's settings; one that is not in the store yet gets them when it is."""
    if handle.id:
        store.set_settings(handle.id, to_json(settings, {UNSENT: unsent} if unsent else {}))


def replace_settings(store: ChatStore, handle: ChatHandle, settings: ChatSettings) -> None:
    """The same for a chat that may not be open: what is typed and not sent in it stays."""
    if handle.id:
        kept = from_json(store.open_chat(handle.id).info.settings).unknown
        set_settings(store, handle, settings, kept.get(UNSENT, {}))


def set_head(store: ChatStore, handle: ChatHandle, turn_id: str | None) -> None:
    store.set_head(handle.id, turn_id)


def ensured(store: ChatStore, handle: ChatHandle, settings: ChatSettings) -> str:
    """The chat's id; it is made now if it was not yet."""
    if not handle.id:
        handle.id = store.create_chat(settings=to_json(settings))
    return handle.id


def turn_of(message: Message) -> Turn:
    return Turn(
        id=message.id,
        parent_id=message.parent_id,
        role=message.role,
        content=message.content,
        state=message.state,
        model_name=message.model_name,
        details=readable(message.details),
        rating=message.rating,
        correction=message.correction,
        tags=tuple(message.tags),
        created_s=message.created_s,
    )

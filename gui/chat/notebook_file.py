"""A notebook in the store: a chat of kind "notebook" whose one message is the document. Runs on the
store's thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from engine.chats.records import title_from
from gui.chat.chat_settings import ChatSettings, to_json

if TYPE_CHECKING:
    from engine.chats.store import ChatStore

KIND: Literal["notebook"] = "notebook"


def create(store: ChatStore, settings: ChatSettings, text: str = "") -> str:
    """A new notebook; its chat id."""
    chat_id = store.create_chat(settings=to_json(settings), kind=KIND)
    store.add_message(chat_id, None, "user", text)
    return chat_id


def save(store: ChatStore, chat_id: str, message_id: str, text: str) -> None:
    """Keep the document as it is now; its first words are its title until a person gives one."""
    store.set_content(message_id, text)
    title = title_from(text)
    if title:
        store.rename(chat_id, title, automatic=True)


def drop_if_blank(store: ChatStore, chat_id: str) -> bool:
    """Remove a notebook that nothing was ever written in; whether it was one."""
    chat = store.open_chat(chat_id)
    is_blank = not any(message.content.strip() for message in chat.messages.values())
    is_plain = chat.info.title_is_auto and "few_shot" not in chat.info.settings
    if is_blank and is_plain:
        store.purge_chat(chat_id)
    return is_blank and is_plain

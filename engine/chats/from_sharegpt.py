"""Chats out of data sets: ShareGPT's from/value, and role/content as most others write it."""

from typing import Any

from engine.chats.from_open_webui import UNKNOWN
from engine.chats.imported import (
    ImportedChat,
    Problems,
    chain,
    chat_of,
    dict_of,
    joined,
    list_of,
    role_of,
    seconds_of,
    text_of,
)
from engine.chats.records import Message

_LISTS = ("conversations", "conversation", "messages", "items")


def is_sharegpt(record: dict[str, Any]) -> bool:
    return _turns(record) is not None


def is_turn(value: object) -> bool:
    """A message as such files have them."""
    turn = dict_of(value)
    return ("from" in turn and "value" in turn) or ("role" in turn and "content" in turn)


def read_sharegpt(record: dict[str, Any], problems: Problems, now_s: float) -> ImportedChat | None:
    """One conversation of one branch."""
    created_s = seconds_of(record.get("created_at", record.get("create_time")), now_s)
    found = [_message(dict_of(turn), problems, created_s) for turn in _turns(record) or []]
    messages = joined(chain(message for message in found if message is not None))
    return chat_of(
        messages,
        None,
        title=record.get("title"),
        created_s=created_s,
        updated_s=created_s,
        system_prompt=record.get("system"),
    )


def _turns(record: dict[str, Any]) -> list[Any] | None:
    for name in _LISTS:
        turns = list_of(record.get(name))
        if turns and is_turn(turns[0]):
            return turns
    return None


def _message(turn: dict[str, Any], problems: Problems, now_s: float) -> Message | None:
    role = role_of(turn.get("from", turn.get("role")))
    content = turn.get("value", turn.get("content"))
    if isinstance(content, list):
        content = "\n\n".join(text_of(dict_of(part).get("text")) for part in content)
    if role is None:
        problems.count(UNKNOWN)
        return None
    text = text_of(content)
    return Message("", None, role, text, now_s) if text.strip() else None

"""This app's own files of chats in JSON: all of a chat goes out and comes back as it was.

What a person deleted and what they typed without sending stays here: files are there to be shared.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from engine.chats.imported import LATEST_S, LOOSE, ImportedChat, Problems
from engine.chats.records import Chat, Kind, Message, State
from engine.errors import AppError
from engine.process.messages import Role, Token

FORMAT = "bathysphere-chats"
VERSION = 1
MAX_DEPTH = 100
DAMAGED = "Chats left out, as they are damaged: {n}."
LOST_TOKENS = "Replies that come without their probabilities, which are damaged: {n}."

_read_tokens = msgspec.msgpack.Decoder(list[Token]).decode


class _Message(msgspec.Struct, omit_defaults=True):
    id: str
    parent_id: str | None
    role: Role
    content: str
    created_s: float
    state: State = "done"
    model_name: str = ""
    details: dict[str, Any] = {}
    rating: Literal[-1, 0, 1] = 0
    correction: str = ""
    tags: tuple[str, ...] = ()
    # msgpack in base64: exact, where JSON has no infinity, and a third of the length.
    tokens: str = ""


class _Chat(msgspec.Struct, omit_defaults=True):
    title: str
    title_is_auto: bool
    created_s: float
    updated_s: float
    head_id: str | None
    messages: list[_Message]
    model_path: str = ""
    model_name: str = ""
    settings: str = ""
    folder: str = ""
    pinned: bool = False
    archived: bool = False
    kind: Kind = "chat"


class _File(msgspec.Struct):
    format: str
    version: int
    chats: list[_Chat]


def to_json(
    chats: Sequence[Chat],
    tokens: Mapping[str, Sequence[Token]] | None = None,
    folders: Mapping[str, str] | None = None,
) -> str:
    """Chats as a file.

    Args:
        tokens: by message id, for replies whose probabilities are to go along.
        folders: folder id -> name, for chats that are to come back into their folders.
    """
    written = [_chat_out(chat, tokens or {}, folders or {}) for chat in chats]
    raw = msgspec.json.encode(_File(FORMAT, VERSION, written))
    return msgspec.json.format(raw, indent=1).decode() + "\n"


def is_own(value: object) -> bool:
    return isinstance(value, dict) and value.get("format") == FORMAT


def read_own(value: dict[str, Any], problems: Problems) -> list[ImportedChat]:
    """The chats of a file that `is_own`.

    Raises:
        AppError: a newer version wrote it, or it has no chats at all.
    """
    version, chats = value.get("version"), value.get("chats")
    if isinstance(version, int) and version > VERSION:
        raise AppError(
            "This file was written by a newer version of Bathysphere.",
            "Update Bathysphere to read it.",
            f"file version {version}, this app reads up to {VERSION}",
        )
    if not isinstance(chats, list):
        raise AppError("This file of chats is damaged.", "Export the chats once more.")
    read = [_chat_in(chat, problems) for chat in chats]
    return [chat for chat in read if chat is not None]


# ---- out ----


def _chat_out(
    chat: Chat, tokens: Mapping[str, Sequence[Token]], folders: Mapping[str, str]
) -> _Chat:
    info, visible = chat.info, chat.visible()
    shown = chat.path()
    return _Chat(
        title=info.title,
        title_is_auto=info.title_is_auto,
        created_s=info.created_s,
        updated_s=info.updated_s,
        head_id=shown[-1].id if shown else None,
        messages=[_message_out(one, tokens.get(one.id, ())) for one in visible.values()],
        model_path=info.model_path,
        model_name=info.model_name,
        settings=info.settings,
        folder=folders.get(info.folder_id or "", ""),
        pinned=info.pinned,
        archived=info.archived,
        kind=info.kind,
    )


def _message_out(message: Message, tokens: Sequence[Token]) -> _Message:
    packed = base64.b64encode(msgspec.msgpack.encode(list(tokens))).decode() if tokens else ""
    fields = {
        name: getattr(message, name) for name in _Message.__struct_fields__ if name != "tokens"
    }
    if message.state == "streaming":
        fields["state"] = "stopped"
    return _Message(**fields, tokens=packed)


# ---- in ----


def _chat_in(value: object, problems: Problems) -> ImportedChat | None:
    try:
        chat = msgspec.convert(value, _Chat)
    except (msgspec.ValidationError, UnicodeEncodeError):
        chat = None
    if chat is None or not all(0 <= time_s <= LATEST_S for time_s in _times(chat)):
        problems.count(DAMAGED)
        return None
    messages, tokens = _messages_in(chat, problems)
    ids = {message.id for message in messages}
    shared = set(ImportedChat.__struct_fields__) & set(_Chat.__struct_fields__)
    fields = {name: getattr(chat, name) for name in shared - {"messages", "head_id"}}
    head_id = chat.head_id if chat.head_id in ids else None
    return ImportedChat(**fields, messages=messages, head_id=head_id, tokens=tokens)


def _times(chat: _Chat) -> list[float]:
    return [chat.created_s, chat.updated_s, *(message.created_s for message in chat.messages)]


def _messages_in(chat: _Chat, problems: Problems) -> tuple[list[Message], dict[str, list[Token]]]:
    """The messages whose parents stand before them, as this app writes them all."""
    messages: dict[str, Message] = {}
    tokens: dict[str, list[Token]] = {}
    for one in chat.messages:
        is_placed = one.parent_id is None or one.parent_id in messages
        if one.id in messages or not is_placed or _is_deep(one.details):
            problems.count(LOOSE)
            continue
        fields = {name: getattr(one, name) for name in one.__struct_fields__ if name != "tokens"}
        if one.state == "streaming":
            fields["state"] = "stopped"
        messages[one.id] = Message(**fields)
        if one.tokens:
            tokens[one.id] = _tokens_in(one.tokens, problems)
    return list(messages.values()), tokens


def _tokens_in(packed: str, problems: Problems) -> list[Token]:
    try:
        return _read_tokens(base64.b64decode(packed, validate=True))
    except (binascii.Error, msgspec.DecodeError, ValueError, RecursionError):
        problems.count(LOST_TOKENS)
        return []


def _is_deep(value: object) -> bool:
    """Lists within lists beyond what any reply has: a file made to exhaust its reader."""
    level = [value]
    for _ in range(MAX_DEPTH):
        inner: list[object] = []
        for one in level:
            if isinstance(one, dict):
                inner += one.values()
            elif isinstance(one, list):
                inner += one
        if not inner:
            return False
        level = inner
    return True

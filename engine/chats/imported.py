"""A chat read from a file of this app or another, before it is in the store; and what the readers
of such files share.

What comes from a file is anything: types are asked for, times are bounded, and a tree is put in
order without trusting it, with no recursion. What is left out is counted and told.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from engine.chats.database import storable
from engine.chats.records import ChatInfo, Kind, Message, title_from
from engine.process.messages import Role, Token

MAX_MESSAGES = 200_000
MAX_TITLE_LETTERS = 300
# 1 January 2100: what says it is later counts in other units, or nonsense.
LATEST_S = 4_102_444_800.0


class ImportedChat(msgspec.Struct, kw_only=True):
    """One chat. messages: each after its parent, ids of the file; tokens: by message id."""

    title: str
    messages: list[Message]
    head_id: str | None
    created_s: float
    updated_s: float
    title_is_auto: bool = False
    model_path: str = ""
    model_name: str = ""
    settings: str = ""
    folder: str = ""
    pinned: bool = False
    archived: bool = False
    kind: Kind = "chat"
    tokens: dict[str, list[Token]] = {}


class Problems:
    """What could not be taken over, counted by kind."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def count(self, what: str, n: int = 1) -> None:
        """Args: what: a sentence with {n} in it."""
        if n:
            self._counts[what] += n

    def sentences(self) -> list[str]:
        return [what.format(n=n) for what, n in self._counts.items()]


# ---- into the store ----


def chat_info_of(chat: ImportedChat, folder_id: str | None) -> ChatInfo:
    """The chat as a row to be written; its id is given later."""
    return ChatInfo(
        id="",
        title=chat.title,
        title_is_auto=chat.title_is_auto,
        created_s=chat.created_s,
        updated_s=chat.updated_s,
        head_id=chat.head_id,
        model_path=chat.model_path,
        model_name=chat.model_name,
        settings=chat.settings,
        draft="",
        deleted_s=None,
        folder_id=folder_id,
        pinned=chat.pinned,
        archived=chat.archived,
        kind=chat.kind,
    )


def packed_tokens(chat: ImportedChat, message_id: str) -> bytes | None:
    tokens = chat.tokens.get(message_id)
    return msgspec.msgpack.encode(tokens) if tokens else None


# ---- reading what may be anything ----


def text_of(value: object) -> str:
    """The value if it is a text, else ""."""
    return storable(value) if isinstance(value, str) else ""


def dict_of(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def list_of(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def seconds_of(value: object, default_s: float) -> float:
    """A time in seconds or milliseconds since 1970, or the default."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return default_s
    if not 0 < value <= LATEST_S * 1000:
        return default_s
    return value / 1000 if value > LATEST_S else float(value)


def title_of(value: object) -> str:
    return " ".join(text_of(value).split())[:MAX_TITLE_LETTERS]


_ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "prompter": "user",
    "assistant": "assistant",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "model": "assistant",
    "bot": "assistant",
    "bing": "assistant",
    "bard": "assistant",
    "tool": "tool",
    "function": "tool",
    "observation": "tool",
}


def role_of(value: object) -> Role | None:
    """The role that another program calls so; None for none of them."""
    return _ROLES.get(value.lower()) if isinstance(value, str) else None


# ---- trees ----

LOOSE = "Messages left out, as their place in their chat is unclear: {n}."


def grown(
    nodes: Mapping[str, tuple[str | None, Message | None]], problems: Problems
) -> list[Message]:
    """The messages of a tree, each after its parent and in the file's order otherwise.

    Args:
        nodes: id -> its parent's id and its message; None where the node is to be left out: what
            follows it then follows its parent. A parent that is not there counts as none.
    """
    children: dict[str | None, list[str]] = {}
    for node_id, (parent_id, _) in nodes.items():
        children.setdefault(parent_id if parent_id in nodes else None, []).append(node_id)
    ordered: list[Message] = []
    stack: list[tuple[str, str | None]] = [(one, None) for one in reversed(children.get(None, []))]
    n_met = 0
    while stack:
        node_id, kept_parent = stack.pop()
        n_met += 1
        message = nodes[node_id][1]
        if message is not None:
            ordered.append(msgspec.structs.replace(message, id=node_id, parent_id=kept_parent))
            kept_parent = node_id
        stack += [(child, kept_parent) for child in reversed(children.get(node_id, []))]
    problems.count(LOOSE, len(nodes) - n_met)
    return ordered


def joined(messages: list[Message]) -> list[Message]:
    """The same tree with a reply that follows a reply as its only child put into one with it: what
    other programs keep apart as steps is one turn to a model's template."""
    n_children = Counter(message.parent_id for message in messages)
    into: dict[str, str] = {}
    kept: dict[str, Message] = {}
    for message in messages:
        parent_id = message.parent_id and into.get(message.parent_id, message.parent_id)
        parent = kept.get(parent_id) if parent_id else None
        is_reply = message.role == "assistant" and parent is not None and parent.role == "assistant"
        if parent is not None and is_reply and n_children[message.parent_id] == 1:
            into[message.id] = parent.id
            content = "\n\n".join(filter(None, (parent.content, message.content)))
            kept[parent.id] = msgspec.structs.replace(parent, content=content)
        else:
            kept[message.id] = msgspec.structs.replace(message, parent_id=parent_id)
    return list(kept.values())


def chain(messages: Iterable[Message]) -> list[Message]:
    """Messages one after another, as a tree of one branch."""
    linked: list[Message] = []
    for number, message in enumerate(messages):
        parent_id = linked[-1].id if linked else None
        linked.append(msgspec.structs.replace(message, id=str(number), parent_id=parent_id))
    return linked


def kept_from(
    nodes: Mapping[str, tuple[str | None, Message | None]], messages: list[Message], wanted: object
) -> str | None:
    """The message to show a chat from: the wanted node, or the nearest before it that was kept, or
    the last message of all."""
    ids = {message.id for message in messages}
    seen: set[str] = set()
    while isinstance(wanted, str) and wanted in nodes and wanted not in seen:
        if wanted in ids:
            return wanted
        seen.add(wanted)
        wanted = nodes[wanted][0]
    return messages[-1].id if messages else None


# ---- a chat ----


def chat_of(
    messages: list[Message],
    head_id: str | None,
    *,
    title: object,
    created_s: float,
    updated_s: float,
    system_prompt: object = "",
    folder: str = "",
    pinned: object = False,
    archived: object = False,
) -> ImportedChat | None:
    """A chat of another program; None where nothing was said in it. A system message at its
    beginning is the chat's system prompt here, and its title is made up where it has none."""
    system = text_of(system_prompt)
    if messages and messages[0].role == "system" and is_only_root(messages):
        first, *rest = messages
        system = "\n\n".join(filter(None, (system, first.content)))
        messages = [
            msgspec.structs.replace(one, parent_id=None) if one.parent_id == first.id else one
            for one in rest
        ]
        head_id = None if head_id == first.id else head_id
    if not messages:
        return None
    given = title_of(title)
    return ImportedChat(
        title=given or auto_title(messages),
        title_is_auto=not given,
        messages=messages,
        head_id=head_id or messages[-1].id,
        created_s=created_s,
        updated_s=updated_s,
        model_name=next((one.model_name for one in reversed(messages) if one.model_name), ""),
        settings=json.dumps({"system_prompt": system}, ensure_ascii=False) if system else "",
        folder=folder,
        pinned=pinned is True,
        archived=archived is True,
    )


def is_only_root(messages: list[Message]) -> bool:
    """Nothing but the first message begins the chat."""
    return all(message.parent_id is not None for message in messages[1:])


def auto_title(messages: list[Message]) -> str:
    """A title out of the first user's words."""
    return next((title_from(one.content) for one in messages if one.role == "user"), "")

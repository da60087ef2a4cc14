"""What the store hands out: chats, their messages, the tree they form. Plain values, never changed.

Times are Unix time in seconds.
"""

from functools import cached_property
from typing import Any, Literal

import msgspec

from engine.process.messages import Role

State = Literal["streaming", "done", "stopped", "failed"]
TITLE_LETTERS = 48


class ChatRow(msgspec.Struct, frozen=True):
    """A chat as the list shows it. preview: how its last shown message begins."""

    id: str
    title: str
    title_is_auto: bool
    created_s: float
    updated_s: float
    model_name: str
    has_draft: bool
    deleted_s: float | None
    preview: str


class ChatInfo(msgspec.Struct, frozen=True):
    """A chat without its messages. head_id: the leaf that is shown; settings: JSON of its owner."""

    id: str
    title: str
    title_is_auto: bool
    created_s: float
    updated_s: float
    head_id: str | None
    model_path: str
    model_name: str
    settings: str
    draft: str
    deleted_s: float | None


class Message(msgspec.Struct, frozen=True):
    """One message. details: what a reply cost and how it was made (JSON values)."""

    id: str
    parent_id: str | None
    role: Role
    content: str
    created_s: float
    state: State = "done"
    model_name: str = ""
    details: dict[str, Any] = {}


class Chat(msgspec.Struct, frozen=True, dict=True):
    """A chat with all messages of its tree, oldest first."""

    info: ChatInfo
    messages: dict[str, Message]

    @cached_property
    def children(self) -> dict[str | None, list[str]]:
        """Parent id (None: the beginning) -> ids of its versions, oldest first."""
        children: dict[str | None, list[str]] = {}
        for message in self.messages.values():
            children.setdefault(message.parent_id, []).append(message.id)
        return children

    def path(self) -> list[Message]:
        """The branch shown: from the beginning to the head."""
        path: list[Message] = []
        message = self.messages.get(self.info.head_id or "")
        while message is not None:
            path.append(message)
            message = self.messages.get(message.parent_id or "")
        return path[::-1]

    def version_of(self, message_id: str) -> tuple[int, int]:
        """Which version a message is, counted from 1, and of how many."""
        versions = self.children[self.messages[message_id].parent_id]
        return versions.index(message_id) + 1, len(versions)


def title_from(text: str) -> str:
    """A title out of a message's first words, cut between words where that leaves enough."""
    line = " ".join(text.split())
    if len(line) <= TITLE_LETTERS:
        return line
    cut = line[:TITLE_LETTERS]
    at_word = line[: TITLE_LETTERS + 1].rpartition(" ")[0]
    return (at_word if len(at_word) >= TITLE_LETTERS // 2 else cut).rstrip(" ,;:.-") + "…"

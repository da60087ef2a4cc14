"""What the store hands out: chats, their messages, the tree they form. Plain values, never changed.

Times are Unix time in seconds.
"""

from functools import cached_property
from typing import Any, Literal

import msgspec

from engine.process.messages import ChatMessage, Role

State = Literal["streaming", "done", "stopped", "failed"]
Kind = Literal["chat", "notebook"]
Judgement = Literal["all", "good", "bad", "corrected"]
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
    folder_id: str | None = None
    pinned: bool = False
    archived: bool = False
    kind: Kind = "chat"


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
    folder_id: str | None = None
    pinned: bool = False
    archived: bool = False
    kind: Kind = "chat"


class Folder(msgspec.Struct, frozen=True):
    """A folder of chats; it holds no other folder."""

    id: str
    name: str


class Message(msgspec.Struct, frozen=True):
    """One message. details: what a reply cost and how it was made (JSON values).

    deleted: a person took it out of the chat, and with it all that follows, which is not marked
    itself. rating: 1 good, -1 bad; correction: what a reply should have said.
    """

    id: str
    parent_id: str | None
    role: Role
    content: str
    created_s: float
    state: State = "done"
    model_name: str = ""
    details: dict[str, Any] = {}
    deleted: bool = False
    rating: int = 0
    correction: str = ""
    tags: tuple[str, ...] = ()


class Hit(msgspec.Struct, frozen=True):
    """A place where a search met its words. message_id None: in the chat's title.

    marks: where in the snippet the words stand, as code points from and to.
    """

    chat_id: str
    message_id: str | None
    title: str
    snippet: str
    marks: list[tuple[int, int]]
    role: str
    created_s: float


class RatedEntry(msgspec.Struct, frozen=True):
    """A reply that a person rated or corrected, as a list shows it. title: the chat's; question:
    the message before it. Of long texts the beginning."""

    chat_id: str
    message_id: str
    title: str
    question: str
    answer: str
    correction: str
    rating: int
    tags: tuple[str, ...]
    created_s: float

    @property
    def is_corrected(self) -> bool:
        return bool(self.correction)

    @property
    def can_teach(self) -> bool:
        """There is an answer to learn: a correction, or a reply that was rated good."""
        return self.is_corrected or self.rating > 0


class RatedReply(msgspec.Struct, frozen=True):
    """A reply that a person rated or corrected, in full.

    messages: what it answered, as it was sent; answer: the correction where there is one, which
    is_corrected says; is_done: it is not being written any more.
    """

    chat_id: str
    message_id: str
    messages: list[ChatMessage]
    answer: str
    rating: int
    tags: tuple[str, ...]
    model_name: str
    is_corrected: bool = False
    is_done: bool = True

    @property
    def can_teach(self) -> bool:
        """There is an answer to learn: a correction, or a reply that was rated good."""
        return self.is_corrected or self.rating > 0


class Chosen(msgspec.Struct, frozen=True):
    """Which of the rated replies are meant. tag: "" for any."""

    judgement: Judgement = "all"
    tag: str = ""

    def has(self, reply: RatedEntry | RatedReply) -> bool:
        if self.tag and self.tag not in reply.tags:
            return False
        if self.judgement == "corrected":
            return reply.is_corrected
        return self.judgement == "all" or reply.rating == (1 if self.judgement == "good" else -1)


EVERY = Chosen()


class Chat(msgspec.Struct, frozen=True, dict=True):
    """A chat with all messages of its tree, oldest first, the deleted ones among them: what walks
    the tree leaves those out."""

    info: ChatInfo
    messages: dict[str, Message]

    @cached_property
    def children(self) -> dict[str | None, list[str]]:
        """Parent id (None: the beginning) -> ids of its versions, oldest first."""
        children: dict[str | None, list[str]] = {}
        for message in self.messages.values():
            if not message.deleted:
                children.setdefault(message.parent_id, []).append(message.id)
        return children

    def path(self) -> list[Message]:
        """The branch shown: from the beginning to the head."""
        return self.path_to(self.info.head_id)

    def path_to(self, message_id: str | None) -> list[Message]:
        """From the beginning to a message; it ends before one that was deleted."""
        path: list[Message] = []
        message = self.messages.get(message_id or "")
        while message is not None:
            if message.deleted:
                path.clear()
            else:
                path.append(message)
            message = self.messages.get(message.parent_id or "")
        return path[::-1]

    def visible(self) -> dict[str, Message]:
        """All messages but the deleted ones and what follows those."""
        seen: dict[str, Message] = {}
        for message in self.messages.values():
            if not message.deleted and (message.parent_id is None or message.parent_id in seen):
                seen[message.id] = message
        return seen

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

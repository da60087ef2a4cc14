"""What is attached to a message: documents in parts (pages, sections, rows), which of them were
chosen, and what that says to the model. Values only; Qt-free.

A document is never cut: either all its parts are given, or those that a person chose by name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cached_property
from typing import Any, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from gui.chat.conversation import sent_text

__all__ = ["Attachment", "Document", "Draft", "Part", "Space", "sent_text", "spans_of", "what_fits"]

Kind = Literal["pdf", "markdown", "table", "code", "text"]
Unit = Literal["page", "section", "rows"]

# A token of ordinary text, in characters; only until the engine has counted.
CHARS_PER_TOKEN = 4
_GAP = "[…]\n"


class Part(Struct, frozen=True):
    """A piece that can be chosen by itself. first, last: its page's number, its section's, or the
    rows it holds; all counted from 1."""

    text: str
    first: int
    last: int


class Document(Struct, frozen=True, dict=True):
    """A file as it was read. head goes with every choice (a table's header); note: what the reader
    must know of the reading (a guessed encoding, pages without text)."""

    name: str
    kind: Kind
    unit: Unit
    parts: tuple[Part, ...]
    head: str = ""
    note: str = ""

    @cached_property
    def id(self) -> str:
        """The same for the same contents under the same name."""
        digest = hashlib.sha256(self.name.encode("utf-8", "surrogatepass"))
        for text in (self.head, *(part.text for part in self.parts)):
            digest.update(b"\0" + text.encode("utf-8", "surrogatepass"))
        return digest.hexdigest()[:32]

    @property
    def is_divided(self) -> bool:
        """There is something to choose from."""
        return len(self.parts) > 1

    def said(self, index: int) -> str:
        """A part as the model reads it: a page of several says its number."""
        part = self.parts[index]
        if self.unit != "page":
            return part.text
        mark = f"[page {part.first}]\n" if self.is_divided else ""
        return f"{mark}{part.text.strip()}\n"

    def text_of(self, chosen: Iterable[int]) -> str:
        """The text of these parts (indices) in their order; where some were left out between
        them, a line says so."""
        pieces, before = [self.head], None
        for index in sorted(chosen):
            has_gap = before is not None and index != before + 1
            if has_gap and self.unit == "section":
                pieces.append(_GAP if pieces[-1].endswith("\n") else f"\n{_GAP}")
            elif before is not None and self.unit == "page":
                pieces.append("\n")
            pieces.append(self.said(index))
            before = index
        return "".join(pieces)


class Attachment(Struct, frozen=True):
    """A document on a message not yet sent. n_tokens: of each part, as the engine counted them;
    None where it has not yet. n_head: of what goes with every choice."""

    document: Document
    chosen: frozenset[int]
    n_tokens: tuple[int | None, ...] = ()
    n_head: int = 0

    @staticmethod
    def whole(document: Document) -> Attachment:
        """All of a document."""
        n_parts = len(document.parts)
        return Attachment(document, frozenset(range(n_parts)), (None,) * n_parts)

    @property
    def is_counted(self) -> bool:
        return None not in self.n_tokens

    @property
    def n_chosen_tokens(self) -> int:
        """Tokens of the chosen parts; an estimate while they are being counted."""
        return self.cost_of(self.chosen)

    def cost_of(self, chosen: Iterable[int]) -> int:
        """Tokens of these parts."""
        total = sum(self.part_tokens(index) for index in chosen)
        return total + (self.n_head if total else 0)

    def part_tokens(self, index: int) -> int:
        """Tokens of a part; an estimate while it is not counted."""
        counted = self.n_tokens[index]
        if counted is not None:
            return counted
        return len(self.document.said(index)) // CHARS_PER_TOKEN + 1

    def with_chosen(self, chosen: Iterable[int]) -> Attachment:
        return replace(self, chosen=frozenset(chosen))

    def with_tokens(self, n_tokens: Iterable[int | None], n_head: int = 0) -> Attachment:
        return replace(self, n_tokens=tuple(n_tokens), n_head=n_head)

    def uncounted(self) -> Attachment:
        """The same for a model that counts otherwise."""
        return replace(self, n_tokens=(None,) * len(self.document.parts), n_head=0)

    def as_sent(self) -> dict[str, Any]:
        """What the message keeps of it, for ever."""
        document = self.document
        is_whole = len(self.chosen) == len(document.parts)
        spans = spans_of(document, self.chosen)
        return {
            "name": document.name,
            "kind": document.kind,
            "text": document.text_of(self.chosen),
            "pages": [document.parts[index].first for index in sorted(self.chosen)],
            "note": document.note,
            "unit": document.unit,
            "spans": [] if is_whole else [list(span) for span in spans],
            "n_tokens": self.n_chosen_tokens,
        }


class Space(Struct, frozen=True):
    """The room in the context. n_ctx 0: no model is loaded, nothing is known.

    used: tokens of the chat so far; droppable: those of them that the overflow policy would leave
    out; typed: of the message's own words; attached: of what is attached; reserve: kept for what
    the template writes around the message, and for the reply where the policy asks for it.
    """

    n_ctx: int = 0
    used: int = 0
    droppable: int = 0
    typed: int = 0
    attached: int = 0
    reserve: int = 0

    @property
    def free(self) -> int:
        """Tokens left when this is sent, for the reply; below 0 where it does not fit."""
        return self.n_ctx - self.used - self.typed - self.attached

    @property
    def room(self) -> int:
        """Tokens that attachments may take at most."""
        return self.n_ctx - self.used - self.typed - self.reserve + self.droppable

    @property
    def fits(self) -> bool:
        return self.n_ctx == 0 or self.attached <= self.room

    @property
    def good_room(self) -> int:
        """Tokens that attachments may take and leave a reply a quarter of the context, or at least
        half of what there is."""
        return max(0, min(self.room, max(self.room - self.n_ctx // 4, self.room // 2)))


def what_fits(attachment: Attachment, n_room: int) -> frozenset[int]:
    """The parts from the first on that fit into so many tokens; of chosen parts, those chosen."""
    among = sorted(attachment.chosen) or range(len(attachment.document.parts))
    taken: list[int] = []
    cost = attachment.n_head
    for index in among:
        cost += attachment.part_tokens(index)
        if cost > n_room:
            break
        taken.append(index)
    return frozenset(taken)


def spans_of(document: Document, chosen: Iterable[int]) -> list[tuple[int, int]]:
    """The chosen pages, sections or rows as few ranges: [(1, 4), (7, 7)]."""
    spans: list[tuple[int, int]] = []
    for index in sorted(chosen):
        part = document.parts[index]
        if spans and spans[-1][1] + 1 == part.first:
            spans[-1] = (spans[-1][0], part.last)
        else:
            spans.append((part.first, part.last))
    return spans


class Draft(Struct):
    """What is attached to one chat's next message."""

    items: list[Attachment] = field(default_factory=list)

    def put(self, attachment: Attachment) -> None:
        """Add one, or another state of one that is there."""
        for at, item in enumerate(self.items):
            if item.document.id == attachment.document.id:
                self.items[at] = attachment
                return
        self.items.append(attachment)

    def find(self, document_id: str) -> Attachment | None:
        return next((one for one in self.items if one.document.id == document_id), None)

    def remove(self, document_id: str) -> None:
        self.items = [one for one in self.items if one.document.id != document_id]

    @property
    def n_tokens(self) -> int:
        return sum(item.n_chosen_tokens for item in self.items)

    @property
    def is_counted(self) -> bool:
        return all(item.is_counted for item in self.items)

    def as_sent(self) -> list[dict[str, Any]]:
        return [item.as_sent() for item in self.items if item.chosen]

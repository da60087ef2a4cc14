"""The messages of the chat page: their order and roles, what each says, and what was done to them.

What is typed in a message is undone in its field; what is done to the list is undone here. A step
holds order and roles alone, so that no undo takes back what was typed meanwhile. No widgets.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from msgspec import Struct
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from engine.process.messages import ChatMessage, Role
from gui.tokens.words import tr

MAX_STEPS = 200
ROLES: tuple[Role, ...] = ("system", "user", "assistant", "tool")


class Entry(Struct, frozen=True):
    """A message's place in the list. id: never used twice."""

    id: int
    role: Role


class ChatDraft(QObject):
    """Some messages on their way through a template."""

    listed = Signal()  # other messages, another order, or another role
    edited = Signal()  # a message says something else

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.entries: tuple[Entry, ...] = ()
        self.stack = QUndoStack(self)
        self.stack.setUndoLimit(MAX_STEPS)
        self._texts: dict[int, str] = {}
        self._private: set[int] = set()
        self._ids = itertools.count(1)

    # ---- looking ----

    def text(self, entry_id: int) -> str:
        return self._texts[entry_id]

    def messages(self) -> list[ChatMessage]:
        """All messages as they are sent."""
        return [ChatMessage(entry.role, self._texts[entry.id]) for entry in self.entries]

    @property
    def is_private(self) -> bool:
        """Whether a message came from a temporary chat, so that nothing of these is kept."""
        return any(entry.id in self._private for entry in self.entries)

    def place_of(self, entry_id: int) -> int:
        return next(at for at, entry in enumerate(self.entries) if entry.id == entry_id)

    # ---- changing ----

    def set_text(self, entry_id: int, text: str) -> None:
        """A message says this now."""
        if text != self._texts[entry_id]:
            self._texts[entry_id] = text
            self.edited.emit()

    def add(self) -> int:
        """One more message at the end, of who speaks next.

        Returns:
            Its id.
        """
        last = self.entries[-1].role if self.entries else "assistant"
        entry = self._new("assistant" if last == "user" else "user", "")
        self._do(tr("adding a message"), (*self.entries, entry))
        return entry.id

    def remove(self, entry_id: int) -> None:
        kept = tuple(entry for entry in self.entries if entry.id != entry_id)
        self._do(tr("deleting a message"), kept)

    def move(self, entry_id: int, step: int) -> None:
        """Up (-1) or down (1); at either end nothing happens."""
        place = self.place_of(entry_id)
        entries = list(self.entries)
        entries.insert(max(0, place + step), entries.pop(place))
        self._do(tr("moving a message"), tuple(entries))

    def set_role(self, entry_id: int, role: Role) -> None:
        changed = (Entry(one.id, role) if one.id == entry_id else one for one in self.entries)
        self._do(tr("another role"), tuple(changed))

    def replace(self, messages: Sequence[ChatMessage], *, is_private: bool = False) -> None:
        """Other messages altogether; the old ones can be brought back."""
        others = tuple(self._new(one.role, one.content) for one in messages)
        if is_private:
            self._private.update(one.id for one in others)
        self._do(tr("other messages"), others)

    def begin_with(self, messages: Sequence[ChatMessage]) -> None:
        """What is there at the beginning; not a step."""
        self._set(tuple(self._new(one.role, one.content) for one in messages))

    def _new(self, role: Role, text: str) -> Entry:
        entry = Entry(next(self._ids), role)
        self._texts[entry.id] = text
        return entry

    def _do(self, words: str, entries: tuple[Entry, ...]) -> None:
        if entries != self.entries:
            self.stack.push(_Step(words, self, self.entries, entries))

    def _set(self, entries: tuple[Entry, ...]) -> None:
        self.entries = entries
        self.listed.emit()


class _Step(QUndoCommand):
    """One change of the list."""

    def __init__(
        self, words: str, draft: ChatDraft, before: tuple[Entry, ...], after: tuple[Entry, ...]
    ) -> None:
        super().__init__(words)
        self._draft, self._before, self._after = draft, before, after

    def redo(self) -> None:
        self._draft._set(self._after)

    def undo(self) -> None:
        self._draft._set(self._before)

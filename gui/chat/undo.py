"""What was done in the chats and can be taken back: one step of Qt's undo stack for each.

A step names chats and messages by id and says both of its directions in full: what the store is
told, and what the open chat shows. So a step can be undone whichever chat is open by then, and also
out of its turn (the button of the strip that tells of a deletion). Draws nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct
from PySide6.QtGui import QUndoCommand, QUndoStack

from gui.chat.chat_file import ChatHandle

if TYPE_CHECKING:
    from engine.chats.store import ChatStore

MAX_STEPS = 200
MERGE_S = 3.0
MERGED = 1  # the id of steps that may become one; -1 is Qt's for those that may not
NEVER_MERGED = -1


class Way(Struct, frozen=True):
    """One direction of a change. keep: what the store does; show: what the open chat does; opens:
    whether another chat than the open one is opened to show it."""

    keep: Callable[[ChatStore], object]
    show: Callable[[], None]
    opens: bool = True


class ChatStep(QUndoCommand):
    """A change of one chat.

    Args:
        text: what was done, as the Edit menu says it after "Undo".
        go: carries a way out.
        is_done: the change was made before it came onto the stack.
        merge_key: steps in a row that share one within some seconds become one step.
    """

    def __init__(
        self,
        text: str,
        handle: ChatHandle,
        forth: Way,
        back: Way,
        go: Callable[[ChatHandle, Way], None],
        *,
        is_done: bool = False,
        merge_key: str = "",
    ) -> None:
        super().__init__(text)
        self.handle = handle
        self.merge_key = merge_key
        self.made_s = time.monotonic()
        self._forth, self._back, self._go = forth, back, go
        self._was_done = is_done
        self._is_spent = False
        self.is_done = is_done  # the change holds: it was made and not undone

    @property
    def is_live(self) -> bool:
        """Undoing or redoing it changes something."""
        return not self._is_spent and not self.handle.is_gone

    def redo(self) -> None:
        self.is_done = True
        if self._was_done:
            self._was_done = False
        elif self.is_live:
            self._go(self.handle, self._forth)

    def undo(self) -> None:
        self.is_done = False
        if self.is_live:
            self._go(self.handle, self._back)

    def undo_alone(self) -> None:
        """Undo it whatever came after; on the stack it is then passed over."""
        if self.is_live:
            self._go(self.handle, self._back)
            self._is_spent, self.is_done = True, False

    def id(self) -> int:
        return MERGED if self.merge_key else NEVER_MERGED

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, ChatStep) or other.merge_key != self.merge_key:
            return False
        if other.handle is not self.handle or other.made_s - self.made_s > MERGE_S:
            return False
        self._forth, self.made_s = other._forth, other.made_s
        return True


def undo_live(stack: QUndoStack) -> bool:
    """Undo the last step that still means something; False when there is none."""
    while stack.canUndo():
        is_live = _is_live(stack, stack.index() - 1)
        stack.undo()
        if is_live:
            return True
    return False


def redo_live(stack: QUndoStack) -> bool:
    """Redo the next step that still means something; False when there is none."""
    while stack.canRedo():
        is_live = _is_live(stack, stack.index())
        stack.redo()
        if is_live:
            return True
    return False


def next_text(stack: QUndoStack, *, is_redo: bool = False) -> str:
    """What undo_live (or redo_live) would take back, "" where nothing."""
    places = range(stack.index(), stack.count()) if is_redo else range(stack.index() - 1, -1, -1)
    return next((stack.text(place) for place in places if _is_live(stack, place)), "")


def forget_chats(stack: QUndoStack, chat_ids: frozenset[str]) -> None:
    """The steps in these chats mean nothing any more: the chats were removed for good."""
    for place in range(stack.count()):
        step = stack.command(place)
        if isinstance(step, ChatStep) and step.handle.id in chat_ids:
            step.handle.is_gone, step.is_done = True, False


def _is_live(stack: QUndoStack, place: int) -> bool:
    step = stack.command(place)
    return not isinstance(step, ChatStep) or step.is_live

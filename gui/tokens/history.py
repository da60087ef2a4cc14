"""What was done to a text, so that it can be undone: letters typed one after the other go
together. Qt-free.
"""

from __future__ import annotations

from msgspec import Struct

MOST_CHARS = 64_000_000  # of text that is kept to be brought back; the oldest goes first


class Change(Struct):
    """At a byte of the text `removed` gave way to `added`."""

    start: int
    removed: str
    added: str

    @property
    def n_chars(self) -> int:
        return len(self.removed) + len(self.added)


class History:
    """Changes done, and changes taken back."""

    def __init__(self) -> None:
        self.done: list[Change] = []
        self.undone: list[Change] = []
        self._n_chars = 0
        self._is_open = False

    def add(self, change: Change, *, joins: bool) -> None:
        """One more change; it joins the last one where it goes on from it."""
        self.undone.clear()
        if joins and self._is_open and self.done and _join(self.done[-1], change):
            self._n_chars += change.n_chars
            return
        self.done.append(change)
        self._n_chars += change.n_chars
        self._is_open = joins
        while self._n_chars > MOST_CHARS and len(self.done) > 1:
            self._n_chars -= self.done.pop(0).n_chars

    def clear(self) -> None:
        """Forget all: there is nothing to be undone."""
        self.done, self.undone = [], []
        self._n_chars, self._is_open = 0, False

    def close(self) -> None:
        """What is typed next is undone by itself."""
        self._is_open = False

    def take_back(self) -> Change | None:
        """The last change, which is about to be undone."""
        return self._move(self.done, self.undone)

    def do_again(self) -> Change | None:
        """The change that was undone last."""
        return self._move(self.undone, self.done)

    def _move(self, source: list[Change], target: list[Change]) -> Change | None:
        self._is_open = False
        if not source:
            return None
        target.append(source.pop())
        return target[-1]


def _join(last: Change, change: Change) -> bool:
    """Letters behind the last ones, or one more letter deleted to either side."""
    if "\n" in change.added or "\n" in last.added[-1:]:
        return False
    if not change.removed and last.start + len(last.added.encode()) == change.start:
        last.added += change.added
        return True
    if change.added or last.added:
        return False
    if change.start + len(change.removed.encode()) == last.start:
        last.start, last.removed = change.start, change.removed + last.removed
        return True
    if change.start == last.start:
        last.removed += change.removed
        return True
    return False

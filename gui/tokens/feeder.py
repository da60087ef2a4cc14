"""Keeps a document's tokens true while it is edited: asks the worker for the stretch around each
edit, for everything where no safe cut is near, and puts the answers in. Knows no widgets.

An answer holds for the text as it was asked. Edits far from its stretch move it along; one that
touches it makes it void, and what is stale is asked for anew.
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct, field
from PySide6.QtCore import QObject, QTimer, Signal

from engine.process.cuts import find_cut
from engine.process.messages import AnyEvent, Array, Failed
from engine.process.token_messages import Encode, Encoded, EncodedPart, TokenizerInfo
from gui.side_worker import SideWorker
from gui.tokens.document import Edit, TokenDocument
from gui.tokens.slices import REACH_BYTES, FindCut, Slice, slice_around
from gui.tokens.token_spans import Ids, Small
from gui.tokens.vocabulary import array_of

LONG_BYTES = 200_000  # a stretch that is not asked for at every key, only when typing pauses
PAUSE_MS = 120
_APART_BYTES = 2 * REACH_BYTES  # an edit that far from a stretch leaves its answer true

Tokens = tuple[Ids, Ids, Small]  # ids, lengths, special


class Asked(Struct, eq=False):
    """A stretch on its way. done: up to that byte its tokens are in the document; then come
    `waiting` ones."""

    start: int
    end: int
    done: int
    job: int = 0
    is_whole: bool = False
    waiting: list[Tokens] = field(default_factory=list)
    n_waiting: int = 0

    def move(self, change: int) -> None:
        self.start, self.end, self.done = (
            place + change for place in (self.start, self.end, self.done)
        )


class TokenFeeder(QObject):
    """One document's. text_ok: the tokens' pieces in a row are the text.

    Args:
        find: finds cuts; tests give their own tokenizer's.
    """

    settled = Signal()  # all tokens are known
    failed = Signal(object)  # Failed; the old colours stay, the next edit asks again

    def __init__(
        self,
        document: TokenDocument,
        worker: SideWorker,
        parent: QObject | None = None,
        find: FindCut = find_cut,
    ) -> None:
        super().__init__(parent)
        self.text_ok = True
        self._document, self._worker, self._find = document, worker, find
        self._info: TokenizerInfo | None = None
        self._special = False
        self._asked: list[Asked] = []
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self._ask)
        worker.engine.became_ready.connect(self._on_ready)
        document.watchers.append(self)

    @property
    def is_busy(self) -> bool:
        """Whether answers are on their way."""
        return bool(self._asked) or self._pause.isActive()

    def set_tokenizer(self, info: TokenizerInfo | None, special: bool = False) -> None:
        """Another tokenizer, or special tokens are read now or are not: everything is asked anew.
        None: nobody tokenises."""
        self._info, self._special = info, special
        self._cancel_all()
        self._document.forget_tokens()
        self._ask()

    def close(self) -> None:
        """Ask for nothing more."""
        self._info = None
        self._cancel_all()

    # ---- the document's news ----

    def text_edited(self, edit: Edit) -> None:
        """The text is another: what is on its way moves along, or is void."""
        change = edit.n_new - (edit.end - edit.start)
        was_long = False
        for asked in list(self._asked):
            if edit.end + _APART_BYTES <= asked.done and not asked.is_whole:
                asked.move(change)
            elif edit.start < asked.end + _APART_BYTES or asked.is_whole:
                was_long |= asked.end - asked.start > LONG_BYTES
                self._cancel(asked)
        if was_long or self._pause.isActive():
            self._pause.start()
        self._ask(but_long=self._pause.isActive())

    def tokens_put(self, start: int, end: int) -> None:
        """Our own doing."""

    # ---- asking ----

    def _ask(self, *, but_long: bool = False) -> None:
        """Ask for all that is stale and not on its way. but_long: long stretches wait."""
        if self._info is None:
            return
        for start, end in list(self._document.stale.all):
            if any(one.done <= start and end <= one.end for one in self._asked):
                continue
            found = self._slice(start, end)
            if but_long and found.end - found.start > LONG_BYTES:
                self._pause.start()
                continue
            self._send(found)

    def _slice(self, start: int, end: int) -> Slice:
        info = self._info
        # A special token may be written across any cut.
        if info is None or not info.cuts or self._special:
            return Slice(0, self._document.n_bytes)
        return slice_around(self._document, start, end, info.cuts, self._find)

    def _send(self, found: Slice) -> None:
        for other in list(self._asked):
            if other.done < found.end and found.start < other.end:
                self._cancel(other)
        assert self._info is not None
        source, special = self._info.source, self._special
        text = self._document.text.text(found.start, found.end)
        asked = Asked(found.start, found.end, found.start)
        # Without cuts any edit may change any token of what follows or comes before.
        asked.is_whole = not self._info.cuts or self._special
        self._asked.append(asked)
        asked.job = self._worker.ask(
            lambda job: Encode(
                job=job, source=source, text=text, special=special, inside=found.start > 0
            ),
            lambda result: self._on_encoded(asked, result),
            lambda failed: self._on_failed(asked, failed),
            lambda event: self._on_part(asked, event),
        )

    def _cancel(self, asked: Asked) -> None:
        self._asked.remove(asked)
        self._worker.cancel(asked.job)

    def _cancel_all(self) -> None:
        self._pause.stop()
        for asked in list(self._asked):
            self._cancel(asked)

    def _on_ready(self) -> None:
        """A worker that died is back: what it owed is asked for again."""
        if not self._asked:
            self._ask()

    # ---- answers ----

    def _on_part(self, asked: Asked, event: AnyEvent) -> None:
        if isinstance(event, EncodedPart) and asked in self._asked:
            self._take(asked, event.ids, event.lengths, event.special)
            # The first at once, then ever larger ones: each costs as much as there are tokens.
            if asked.n_waiting >= asked.done - asked.start:
                self._put(asked)

    def _on_encoded(self, asked: Asked, result: Encoded) -> None:
        if asked not in self._asked:
            return  # an edit made it void
        self._take(asked, result.ids, result.lengths, result.special)
        self._put(asked)
        assert asked.done == asked.end, f"{asked.done} of {asked.start} to {asked.end}"
        self._asked.remove(asked)
        is_all = asked.start == 0 and asked.end == self._document.n_bytes
        self.text_ok = result.text_ok and (is_all or self.text_ok)
        if not self._document.is_stale:
            self.settled.emit()
        elif not self.is_busy:
            self._ask()

    def _take(self, asked: Asked, ids: Array, lengths: Array, special: Array) -> None:
        tokens = (_ints(ids), _ints(lengths), array_of(special).astype(np.uint8, copy=False))
        asked.waiting.append(tokens)
        asked.n_waiting += int(tokens[1].sum())

    def _put(self, asked: Asked) -> None:
        """Into the document, all that came."""
        ids, lengths, special = (
            np.concatenate(parts) for parts in zip(*asked.waiting, strict=True)
        )
        start = asked.done
        asked.done += asked.n_waiting
        asked.waiting, asked.n_waiting = [], 0
        self._document.put_tokens(start, ids, lengths, special)

    def _on_failed(self, asked: Asked, failed: Failed) -> None:
        if asked in self._asked:
            self._asked.remove(asked)
            self.failed.emit(failed)


def _ints(packed: Array) -> Ids:
    return array_of(packed).astype(np.int32, copy=False)

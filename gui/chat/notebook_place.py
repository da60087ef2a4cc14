"""How many tokens a notebook has, and how many of them stand before the cursor.

Asks the engine a moment after the text changed; where the cursor is, it reckons itself. An answer
to an older question is dropped.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from engine.process.messages import AnyEvent, Cancelled, Done, Failed, Tokenize, Tokenized
from gui.chat.context_count import ints
from gui.chat.model_loader import Engine

PAUSE_MS = 200


class NotebookPlace(QObject):
    """The counts of one text.

    Args:
        text: the document as it is now.
        before: its part before the cursor.
    """

    counted = Signal(int, int)  # tokens before the cursor, all tokens

    def __init__(
        self,
        engine: Engine,
        text: Callable[[], str],
        before: Callable[[], str],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._engine = engine
        self._text, self._before = text, before
        self._ends: list[int] = []  # byte of the text where each token ends
        self._job = 0
        self._pause = QTimer(self, interval=PAUSE_MS, singleShot=True)
        self._pause.timeout.connect(self._ask)

    def refresh(self) -> None:
        """The text changed: count it soon."""
        self._pause.start()

    def stop(self) -> None:
        self._pause.stop()
        self._job = 0

    @Slot()
    def tell(self) -> None:
        """The cursor moved: the counts as they are known."""
        if not self._pause.isActive() and not self._job:
            n_bytes = len(self._before().encode("utf-8", "replace"))
            self.counted.emit(bisect_right(self._ends, n_bytes), len(self._ends))

    def tail(self, text: str, n_most: int, got: Callable[[str, int], None]) -> None:
        """The end of a text that has at most so many tokens, and how many were left out."""

        def hear(event: AnyEvent) -> None:
            if isinstance(event, Failed | Cancelled):
                got(text, 0)  # the engine refuses what is too long, in its own words
            if not isinstance(event, Done) or not isinstance(event.result, Tokenized):
                return
            ends = list(accumulate(ints(event.result.piece_bytes)))
            n_out = max(0, len(ends) - n_most)
            cut = ends[n_out - 1] if n_out else 0
            got(text.encode("utf-8", "replace")[cut:].decode("utf-8", "ignore"), n_out)

        self._engine.submit(lambda job: Tokenize(job=job, text=text), hear)

    @Slot()
    def _ask(self) -> None:
        text = self._text()

        def hear(event: AnyEvent) -> None:
            if event.job != self._job:
                return
            self._job = 0
            if isinstance(event, Done) and isinstance(event.result, Tokenized):
                self._ends = list(accumulate(ints(event.result.piece_bytes)))
                self.tell()

        self._job = self._engine.submit(lambda job: Tokenize(job=job, text=text), hear)

"""Has one text tokenised by several tokenizers, one after another, and tells of each as it comes.
Another text or other tokenizers overtake what is on its way. No widgets.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from PySide6.QtCore import QObject, Signal

from engine.process.messages import AnyEvent, Failed
from engine.process.token_messages import (
    Encode,
    Encoded,
    EncodedPart,
    OpenTokenizer,
    TokenizerInfo,
)
from gui.side_worker import SideWorker
from gui.tokens.compare_text import Cut, cut_of
from gui.tokens.words import tr


class Compared(msgspec.Struct):
    """One tokenizer's place. cut: of the text before while the text's own is on its way; done:
    which part of the text is tokenised (0 to 1), 1.0 where it is not being worked on."""

    source: str
    info: TokenizerInfo | None = None
    cut: Cut | None = None
    problem: str = ""
    done: float = 1.0


class Comparison(QObject):
    """The tokenizers that are compared, in order, and what they make of `text`."""

    told = Signal(int)  # something is new of the tokenizer at this place
    finished = Signal()  # all have the text, or have said why not

    def __init__(self, worker: SideWorker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = worker
        self._job = self._run = 0
        self._waiting: list[int] = []
        self._known: dict[str, TokenizerInfo] = {}
        self._data: bytes | None = None
        self.text: str | None = None
        self.all: list[Compared] = []

    @property
    def is_settled(self) -> bool:
        return not self._waiting and not self._job

    def set_sources(self, sources: Sequence[str]) -> None:
        """Compare these; what is known of those that stay is kept."""
        old = {one.source: one for one in self.all}
        self.all = [old.pop(source) if source in old else Compared(source) for source in sources]
        if self.text is not None:
            self.set_text(self.text)

    def set_text(self, text: str) -> None:
        """Compare on this text."""
        self.stop()
        self.text = text
        try:
            self._data = text.encode()
        except UnicodeEncodeError:
            words = tr("The text holds half of a character (an unpaired surrogate): no text.")
            self._data = None
            for place, one in enumerate(self.all):
                one.problem, one.done = words, 1.0
                self.told.emit(place)
            return
        self._waiting = list(range(len(self.all)))
        self._next()

    def stop(self) -> None:
        """Wait for nothing any more."""
        self._run += 1
        self._waiting.clear()
        self._worker.cancel(self._job)
        self._job = 0

    # ---- one after another ----

    def _next(self) -> None:
        self._job = 0
        if not self._waiting:
            self.finished.emit()
            return
        place = self._waiting.pop(0)
        one = self.all[place]
        one.done = 0.0
        self.told.emit(place)
        if one.source in self._known:
            one.info = self._known[one.source]
            self._encode(place)
        else:
            self._open(place)

    def _open(self, place: int) -> None:
        run, one = self._run, self.all[place]

        def on_opened(info: TokenizerInfo) -> None:
            if run == self._run:
                one.info = self._known[one.source] = info
                self._encode(place)

        self._job = self._worker.ask(
            lambda job: OpenTokenizer(job=job, source=one.source),
            on_opened,
            lambda failed: self._fail(run, place, failed),
        )

    def _encode(self, place: int) -> None:
        run, one, data, text = self._run, self.all[place], self._data, self.text
        assert data is not None and text is not None
        parts: list[EncodedPart] = []

        def on_part(event: AnyEvent) -> None:
            if run == self._run and isinstance(event, EncodedPart):
                parts.append(event)
                one.done = event.n_done / max(1, event.n_bytes)
                self.told.emit(place)

        def on_encoded(encoded: Encoded) -> None:
            if run == self._run:
                one.cut, one.problem, one.done = cut_of(data, encoded, parts), "", 1.0
                self.told.emit(place)
                self._next()

        self._job = self._worker.ask(
            lambda job: Encode(job=job, source=one.source, text=text),
            on_encoded,
            lambda failed: self._fail(run, place, failed),
            on_part,
        )

    def _fail(self, run: int, place: int, failed: Failed) -> None:
        """One that cannot is said at its place; the others go on."""
        if run == self._run:
            one = self.all[place]
            one.cut, one.done = None, 1.0
            one.problem = f"{failed.message} {failed.hint}".strip()
            self.told.emit(place)
            self._next()

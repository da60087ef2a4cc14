"""Asks the engine how many tokens each part of an attached document has, a stretch at a time.

One question at a time, so that a long document does not stand before a reply. What was counted for
a model is remembered while the chat room lives.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict, deque
from collections.abc import Iterator
from itertools import accumulate

from PySide6.QtCore import QObject, Signal

from engine.process.messages import (
    AnyEvent,
    Cancelled,
    Done,
    Failed,
    ModelInfo,
    Tokenize,
    Tokenized,
)
from gui.chat.attachments import Document
from gui.chat.context_count import ints
from gui.chat.model_loader import Engine

# What the engine answers while it writes a reply.
STRETCH_CHARS = 60_000
MOST_REMEMBERED = 64

Stretch = tuple[Document, tuple[int, ...]]  # indices; -1 is the document's head


class AttachCounter(QObject):
    """The tokens of documents' parts, under the model that is loaded."""

    counted = Signal(str, object)  # document id, {index: tokens}; index -1 is the head

    def __init__(self, engine: Engine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self._model = ""
        self._known: OrderedDict[tuple[str, str], dict[int, int]] = OrderedDict()
        self._queue: deque[Stretch] = deque()
        self._job = 0
        self._is_asking = False

    def set_model(self, model: ModelInfo | None) -> None:
        """Counts are those of this model from now on; what is under way is dropped."""
        self._model = (model.fingerprint or model.path) if model is not None else ""
        self._queue.clear()
        self._job, self._is_asking = 0, False

    def count(self, document: Document) -> None:
        """Count a document; what is known is told at once, the rest as it comes."""
        if not self._model:
            return
        known = self._known.get((self._model, document.id), {})
        if known:
            self.counted.emit(document.id, dict(known))
        wanted = [index for index in _indices(document) if index not in known]
        waiting = {queued.id for queued, _ in self._queue}
        if wanted and document.id not in waiting:
            self._queue.extend((document, stretch) for stretch in _stretches(document, wanted))
            self._ask_next()

    def drop(self, document_id: str) -> None:
        """Nobody wants to know it any more."""
        self._queue = deque(one for one in self._queue if one[0].id != document_id)

    def _ask_next(self) -> None:
        if self._is_asking or not self._queue:
            return
        document, indices = self._queue.popleft()
        texts = [_text(document, index) for index in indices]
        self._is_asking = True

        def hear(event: AnyEvent) -> None:
            if event.job == self._job:
                self._take(document, indices, texts, event)

        joined = "".join(texts)
        self._job = self._engine.submit(lambda job: Tokenize(job=job, text=joined), hear)

    def _take(
        self, document: Document, indices: tuple[int, ...], texts: list[str], event: AnyEvent
    ) -> None:
        if not isinstance(event, Done | Failed | Cancelled):
            return
        self._is_asking = False
        result = event.result if isinstance(event, Done) else None
        if isinstance(result, Tokenized):
            counts = dict(zip(indices, _per_text(texts, result), strict=True))
            self._remember(document.id, counts)
            self.counted.emit(document.id, counts)
        self._ask_next()

    def _remember(self, document_id: str, counts: dict[int, int]) -> None:
        key = (self._model, document_id)
        self._known.setdefault(key, {}).update(counts)
        self._known.move_to_end(key)
        while len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)


def _indices(document: Document) -> range:
    return range(-1 if document.head else 0, len(document.parts))


def _text(document: Document, index: int) -> str:
    return document.head if index < 0 else document.said(index)


def _stretches(document: Document, indices: list[int]) -> Iterator[tuple[int, ...]]:
    """Neighbouring parts together, as many as make one question."""
    stretch: list[int] = []
    size = 0
    for index in indices:
        length = len(_text(document, index))
        if stretch and size + length > STRETCH_CHARS:
            yield tuple(stretch)
            stretch, size = [], 0
        stretch.append(index)
        size += length
    if stretch:
        yield tuple(stretch)


def _per_text(texts: list[str], result: Tokenized) -> list[int]:
    """The tokens of texts that were counted in a row: one belongs where its last byte stands."""
    ends = list(accumulate(ints(result.piece_bytes)))
    edges = list(accumulate(len(text.encode("utf-8", "replace")) for text in texts))
    places = [bisect_left(ends, edge + 1) for edge in edges]
    if places:
        places[-1] = len(ends)  # a vocabulary that changes spaces counts other bytes than we do
    return [after - before for before, after in zip([0, *places], places, strict=False)]

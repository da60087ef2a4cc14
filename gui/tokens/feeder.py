"""Keeps a document's tokens true while it is edited: asks the worker, and puts its answers in."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Signal

from engine.process.messages import AnyEvent, Array, Failed
from engine.process.token_messages import Encode, Encoded, EncodedPart, TokenizerInfo
from gui.tokens.document import Edit, TokenDocument
from gui.tokens.token_spans import Ids, Small
from gui.tokens.vocabulary import array_of
from gui.tokens.worker import TokenWorker


class TokenFeeder(QObject):
    """One document's. The tokenizer is set by set_tokenizer."""

    settled = Signal()  # all tokens are known
    failed = Signal(object)  # Failed; the old colours stay

    def __init__(
        self, document: TokenDocument, worker: TokenWorker, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._document, self._worker = document, worker
        self._info: TokenizerInfo | None = None
        self._special = False
        self._job = 0
        self._done = 0
        self.text_ok = True
        document.watchers.append(self)

    def set_tokenizer(self, info: TokenizerInfo | None, special: bool = False) -> None:
        """Another tokenizer, or special tokens read or not: all is asked anew."""
        self._info, self._special = info, special
        self._document.forget_tokens()
        self._ask_all()

    def text_edited(self, edit: Edit) -> None:
        """The document's text is another."""
        self._ask_all()

    def tokens_put(self, start: int, end: int) -> None:
        """Our own doing."""

    def _ask_all(self) -> None:
        self._worker.cancel(self._job)
        if self._info is None:
            return
        self._done = 0
        source, special = self._info.source, self._special
        text = self._document.text.text()
        self._job = self._worker.ask(
            lambda job: Encode(job=job, source=source, text=text, special=special),
            self._on_encoded,
            self._on_failed,
            self._on_part,
        )

    def _on_part(self, event: AnyEvent) -> None:
        if isinstance(event, EncodedPart):
            self._put(event.ids, event.lengths, event.special)

    def _on_encoded(self, result: Encoded) -> None:
        self._job = 0
        self.text_ok = result.text_ok
        if not self._done:
            self._put(result.ids, result.lengths, result.special)
        self.settled.emit()

    def _put(self, ids: Array, lengths: Array, special: Array) -> None:
        start = self._done
        self._done += int(array_of(lengths).sum())
        self._document.put_tokens(start, _ints(ids), _ints(lengths), _small(special))

    def _on_failed(self, failed: Failed) -> None:
        self._job = 0
        self.failed.emit(failed)


def _ints(packed: Array) -> Ids:
    return array_of(packed).astype(np.int32, copy=False)


def _small(packed: Array) -> Small:
    return array_of(packed).astype(np.uint8, copy=False)

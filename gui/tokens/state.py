"""What the room is about at the moment: the tokenizer, its vocabulary, the text and the token that
is looked at. Pages and panels hear of changes here and know nothing of one another.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from engine.process.messages import Failed
from engine.process.token_messages import (
    OpenTokenizer,
    ReadVocabulary,
    TokenizerInfo,
    Vocabulary,
)
from gui.tokens.vocabulary import VocabularyTable
from gui.tokens.worker import TokenWorker

STARTER = "starter"


class TokensState(QObject):
    """The tokenizer in use. info and vocabulary are of the last one that could be opened; while
    another is on its way they stay.
    """

    tokenizer_changed = Signal()  # info and vocabulary are another tokenizer's now
    opening_failed = Signal(object)  # Failed; the tokenizer before is still in use
    token_chosen = Signal(int)  # index of the text's token that is looked at; -1 for none

    def __init__(self, worker: TokenWorker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = worker
        self._job = 0
        self.info: TokenizerInfo | None = None
        self.vocabulary: VocabularyTable | None = None
        self.chosen = -1

    @property
    def source(self) -> str:
        """The tokenizer in use, "" while there is none yet."""
        return self.info.source if self.info else ""

    def open(self, source: str) -> None:
        """Use another tokenizer, from when it is there."""
        self._worker.cancel(self._job)
        self._job = self._worker.ask(
            lambda job: OpenTokenizer(job=job, source=source), self._on_opened, self._on_failed
        )

    def choose_token(self, index: int) -> None:
        """Look at a token of the text; -1 for none."""
        if index != self.chosen:
            self.chosen = index
            self.token_chosen.emit(index)

    def _on_opened(self, info: TokenizerInfo) -> None:
        def on_read(vocabulary: Vocabulary) -> None:
            self.info, self.vocabulary = info, VocabularyTable(vocabulary)
            self.chosen = -1
            self.tokenizer_changed.emit()

        self._job = self._worker.ask(
            lambda job: ReadVocabulary(job=job, source=info.source), on_read, self._on_failed
        )

    def _on_failed(self, failed: Failed) -> None:
        self.opening_failed.emit(failed)

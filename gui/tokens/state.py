"""What the room is about at the moment: the tokenizer, its vocabulary, the text and the token that
is looked at. Pages and panels hear of changes here and know nothing of one another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct
from PySide6.QtCore import QObject, Signal

from engine.process.messages import AnyRequest, Failed
from engine.process.token_messages import (
    OpenTokenizer,
    ReadVocabulary,
    TokenizerInfo,
    Vocabulary,
)
from gui.side_worker import SideWorker
from gui.tokens.document import TokenDocument
from gui.tokens.vocabulary import VocabularyTable

STARTER = "starter"


class Probabilities(Struct, frozen=True):
    """What a model makes of the text: for each of its tokens the logprob (float32, nan where there
    is none) and the rank among all tokens (int32, 0: the likeliest; -1: none); and the totals."""

    logprobs: npt.NDArray[np.float32]
    ranks: npt.NDArray[np.int32]
    perplexity: float
    bits_per_byte: float


class TokensState(QObject):
    """The tokenizer in use. info and vocabulary are of the last one that could be opened; while
    another is on its way they stay (`opening` names that one).

    Attributes: document (the editor's text and its tokens), probabilities (of the text as it is;
    None: not known), special (special tokens written in the text are read as such, and BOS and EOS
    are added), is_private (the text came from a temporary chat: nothing of it is written to the
    disk).
    """

    tokenizer_changed = Signal()  # info and vocabulary are another tokenizer's now
    opening_failed = Signal(object)  # Failed; the tokenizer before is still in use
    opening_changed = Signal()  # another tokenizer is on its way, or it is there or failed
    token_chosen = Signal(int)  # index of the text's token that is looked at; -1 for none
    text_changed = Signal()  # the text or its tokens are others and all are known; not at each key
    probabilities_changed = Signal()
    special_changed = Signal()
    word_changed = Signal()  # how another word was merged is to be shown
    title_changed = Signal()  # a panel's heading is another

    def __init__(self, worker: SideWorker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = worker
        self._job = 0
        self._n_asked = 0  # so that an answer that was on its way is known as an old one's
        self.opening = ""
        self.document = TokenDocument()
        self.probabilities: Probabilities | None = None
        self.special = False
        self.is_private = False
        self.info: TokenizerInfo | None = None
        self.vocabulary: VocabularyTable | None = None
        self.chosen = -1
        self.word = ""  # the word whose merges were asked for last

    @property
    def source(self) -> str:
        """The tokenizer in use, "" while there is none yet."""
        return self.info.source if self.info else ""

    def open(self, source: str) -> None:
        """Use another tokenizer, from when it is there."""
        self._worker.cancel(self._job)
        self._n_asked += 1
        self._ask(lambda job: OpenTokenizer(job=job, source=source), self._on_opened)
        self._set_opening(source)

    def end_private(self) -> None:
        """What came from a temporary chat goes, and no undo brings it back: from here on the text
        is kept as any other."""
        if self.is_private:
            self.document.set_text("")
            self.document.history.clear()
            self.is_private = False

    def set_special(self, special: bool) -> None:
        """Read special tokens in the text as themselves, and add BOS and EOS; or do not."""
        if special != self.special:
            self.special = special
            self.special_changed.emit()

    def set_probabilities(self, probabilities: Probabilities | None) -> None:
        """What the model makes of the text; None: not known (any more)."""
        if probabilities is not self.probabilities:
            self.probabilities = probabilities
            self.probabilities_changed.emit()

    def _set_opening(self, source: str) -> None:
        self.opening = source
        self.opening_changed.emit()

    def look_at_word(self, word: str) -> None:
        """Show how this word was merged."""
        self.word = word
        self.word_changed.emit()

    def choose_token(self, index: int) -> None:
        """Look at a token of the text; -1 for none."""
        if index != self.chosen:
            self.chosen = index
            self.token_chosen.emit(index)

    def _ask(
        self, make_request: Callable[[int], AnyRequest], on_result: Callable[[Any], None]
    ) -> None:
        """Ask a part of what was asked for last; what was asked before is heard of no more."""
        number = self._n_asked

        def hear(result: Any) -> None:
            if number == self._n_asked:
                on_result(result)

        def fail(failed: Failed) -> None:
            if number == self._n_asked:
                self._on_failed(failed)

        self._job = self._worker.ask(make_request, hear, fail)

    def _on_opened(self, info: TokenizerInfo) -> None:
        def on_read(vocabulary: Vocabulary) -> None:
            self.info, self.vocabulary = info, VocabularyTable(vocabulary)
            self.chosen = -1
            self._set_opening("")
            self.tokenizer_changed.emit()

        self._ask(lambda job: ReadVocabulary(job=job, source=info.source), on_read)

    def _on_failed(self, failed: Failed) -> None:
        self._set_opening("")
        self.opening_failed.emit(failed)

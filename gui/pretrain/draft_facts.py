"""Keeps what is known of the draft's text and tokenizer in step with their paths: asked of the
room's worker when a path becomes another, whoever changed it.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Slot

from engine.process.pretrain_messages import (
    CorpusList,
    ListCorpora,
    ListTokenizers,
    TokenizerList,
)
from gui.pretrain.state import PretrainState
from gui.side_worker import SideWorker


class DraftFacts(QObject):
    """A path that is none of the user folder's (a RUN.toml may name any file) is not described."""

    def __init__(
        self, state: PretrainState, worker: SideWorker, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._state, self._worker = state, worker
        self._corpus_path = ""
        self._tokenizer_path = ""
        state.draft_changed.connect(self.refresh)

    @Slot()
    def refresh(self) -> None:
        """Ask for what is not known."""
        draft = self._state.draft
        if draft.corpus.path != self._corpus_path:
            self._corpus_path = draft.corpus.path
            self._ask_corpus(draft.corpus.path)
        if draft.tokenizer.path != self._tokenizer_path:
            self._tokenizer_path = draft.tokenizer.path
            self._ask_tokenizer(draft.tokenizer.path)

    def _ask_corpus(self, path: str) -> None:
        known = self._state.corpus
        if known is not None and known.path == path:
            return
        self._state.set_corpus(None)
        if path:
            self._worker.ask(lambda job: ListCorpora(job=job), partial(self._on_corpora, path))

    def _on_corpora(self, path: str, found: CorpusList) -> None:
        if path == self._corpus_path:
            same = (one for one in found.corpora if Path(one.path) == Path(path))
            self._state.set_corpus(next(same, None))

    def _ask_tokenizer(self, path: str) -> None:
        known = self._state.tokenizer
        if known is not None and known.path == path:
            return
        self._state.set_tokenizer(None)
        if path:
            self._worker.ask(
                lambda job: ListTokenizers(job=job), partial(self._on_tokenizers, path)
            )

    def _on_tokenizers(self, path: str, found: TokenizerList) -> None:
        if path == self._tokenizer_path:
            same = (one for one in found.tokenizers if Path(one.path) == Path(path))
            self._state.set_tokenizer(next(same, None))

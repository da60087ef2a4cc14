"""Tokenizers and what is done with them, between the tokenizer page and the room's worker. Draws
nothing; what fails and nobody listens to becomes a notice.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal

from engine.process.messages import Failed
from engine.process.pretrain_messages import (
    DeleteTokenizer,
    ListTokenizers,
    RaisedTokenizer,
    TokenizerList,
    TrainTokenizer,
)
from finetune.pretraining.config import TokenizerKind
from gui.pretrain.parts import PretrainParts
from gui.pretrain.words import tr


class TokenizerDesk(QObject):
    """Keeps state.tokenizer and the draft's tokenizer.path in step with what the worker says.

    Attributes: tokenizers (all of the user folder, newest first), is_listed (whether they are
    known), is_training.
    """

    tokenizers_changed = Signal()
    training_changed = Signal()  # it began, or it ended
    told = Signal(object)  # an event of the training
    trained = Signal(object)  # RaisedTokenizer, in use by then
    training_failed = Signal(object)  # Failed

    def __init__(self, parts: PretrainParts, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.parts = parts
        self.tokenizers: list[RaisedTokenizer] = []
        self.is_listed = False
        self.is_training = False
        self._is_listing = False
        self._job = self._run = 0

    @property
    def info(self) -> RaisedTokenizer | None:
        """The one in use; None: one is trained with the run."""
        return self.parts.state.tokenizer

    # ---- which there are ----

    def list_tokenizers(self) -> None:
        if not self._is_listing:
            self._is_listing = True
            self.parts.worker.ask(
                lambda job: ListTokenizers(job=job), self._on_listed, self._on_list_failed
            )

    def _on_list_failed(self, failed: Failed) -> None:
        self._is_listing = False
        self.parts.context.notices.show_event(failed)

    def _on_listed(self, found: TokenizerList) -> None:
        self._is_listing, self.is_listed = False, True
        self.tokenizers = list(found.tokenizers)
        self.tokenizers_changed.emit()

    def use(self, info: RaisedTokenizer | None) -> None:
        """Raise the model with this tokenizer; None: with one that its run trains."""
        state = self.parts.state
        if info is not None and all(one.id != info.id for one in self.tokenizers):
            self.tokenizers.insert(0, info)
        state.set_tokenizer(info)
        fields: dict[str, object] = {"tokenizer__path": ""}
        if info is not None:
            fields = {"tokenizer__path": info.path, "tokenizer__kind": info.kind}
            if info.kind == "bpe":
                fields["tokenizer__vocab"] = info.n_vocab
        state.change(**fields)
        self.tokenizers_changed.emit()

    # ---- training ----

    def train(self, corpus: str, kind: TokenizerKind, n_vocab: int, name: str) -> None:
        """Train one on a corpus (its folder); one at a time."""
        assert not self.is_training
        self.is_training = True
        self._run += 1
        self._job = self.parts.worker.ask(
            lambda job: TrainTokenizer(
                job=job, corpus=corpus, kind=kind, n_vocab=n_vocab, name=name
            ),
            partial(self._on_trained, self._run),
            partial(self._on_failed, self._run),
            self.told.emit,
        )
        self.training_changed.emit()

    def stop(self) -> None:
        """End it; nothing of it stays."""
        job = self._job
        self._end()
        self.parts.worker.cancel(job)

    def _end(self) -> None:
        self.is_training, self._job = False, 0
        self.training_changed.emit()

    def _is_late(self, run: int) -> bool:
        return run != self._run or not self.is_training

    def _on_trained(self, run: int, info: RaisedTokenizer) -> None:
        if self._is_late(run):
            self.list_tokenizers()  # it was done the moment it was stopped
            return
        self.is_training, self._job = False, 0
        self.use(info)
        self.training_changed.emit()
        self.trained.emit(info)

    def _on_failed(self, run: int, failed: Failed) -> None:
        if not self._is_late(run):
            self._end()
            self.training_failed.emit(failed)

    # ---- deleting ----

    def delete(self, info: RaisedTokenizer) -> None:
        """Into the bin; it can be taken back."""

        def deleted(_nothing: object) -> None:
            was_used = self.info is not None and self.info.id == info.id
            self.tokenizers = [one for one in self.tokenizers if one.id != info.id]
            if was_used:
                self.use(None)
            self.tokenizers_changed.emit()
            words = tr("Tokenizer “{name}” deleted").format(name=info.name)
            self.parts.context.notices.offer_undo(words, partial(self._restore, info, was_used))

        self.parts.worker.ask(lambda job: DeleteTokenizer(job=job, tokenizer=info.id), deleted)

    def _restore(self, info: RaisedTokenizer, was_used: bool) -> None:
        def restored(_nothing: object) -> None:
            if was_used and not self.parts.state.draft.tokenizer.path:
                self.use(info)
            self.list_tokenizers()

        self.parts.worker.ask(
            lambda job: DeleteTokenizer(job=job, tokenizer=info.id, is_undone=True), restored
        )

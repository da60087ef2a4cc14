"""The model in a notebook: continues the text at the cursor, writes the last continuation anew,
stops.

Between the view that is written into and the writer that asks the engine. Keeps nothing on the
disk; tells when there is something to keep.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from engine.process.messages import Token
from gui.chat.chat_settings import ChatSettings
from gui.chat.features import ChatParts
from gui.chat.notebook_place import NotebookPlace
from gui.chat.notebook_words import ended_text, unseen_text
from gui.chat.notebook_writer import NotebookWriter, Written
from gui.chat.words import reading_text, tr

if TYPE_CHECKING:
    from gui.chat.notebook_view import NotebookView


class NotebookRun(QObject):
    """Continuations of the text in one view."""

    text_grew = Signal()
    ended = Signal()

    def __init__(
        self,
        parts: ChatParts,
        view: NotebookView,
        place: NotebookPlace,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._parts, self._view, self._place = parts, view, place
        self._unseen = ""
        self._is_asking = False  # how much of the text fits is being asked
        self.writer = NotebookWriter(parts.context.engine, self)
        self.writer.tokens_arrived.connect(self._on_tokens)
        self.writer.progressed.connect(self._on_progressed)
        self.writer.ended.connect(self._on_ended)
        view.continue_requested.connect(self.go_on)
        view.regenerate_requested.connect(self.go_on_anew)
        view.stop_requested.connect(self.stop)

    @property
    def is_busy(self) -> bool:
        return self.writer.is_writing or self._is_asking

    @Slot()
    def go_on(self) -> None:
        """Let the model continue at the cursor."""
        self._begin(self._view.edit.text_before_cursor(), again=False)

    @Slot()
    def go_on_anew(self) -> None:
        """Write the last continuation once more."""
        if self.is_busy:
            return
        if self._view.edit.can_redo_last():
            self._begin(self._view.edit.text_before_last(), again=True)
        else:
            self._view.set_status(tr("There is no continuation that could be written anew."))

    @Slot()
    def stop(self) -> None:
        """Stop anywhere; what is written stays."""
        if self.writer.is_writing:
            self.writer.stop()
        elif self._is_asking:
            self._on_ended(Written(finish="cancelled"))

    def leave(self) -> None:
        """Stop at once: the notebook is left."""
        self._is_asking = False
        self.writer.leave()

    def _begin(self, before: str, *, again: bool) -> None:
        view, model = self._view, self._parts.loader.model
        if self.is_busy:
            return
        if model is None:
            view.set_status(tr("Choose a model first: the button above."), is_wrong=True)
        elif not before:
            view.set_status(tr("Write a beginning first: the model goes on from it."))
        else:
            view.edit.begin(again=again)
            view.set_writing(True)
            view.set_status(tr("Writing… Esc stops."))
            self._unseen = ""
            self._ask(before, model.n_ctx, self._parts.session.settings)

    def _ask(self, before: str, n_ctx: int, settings: ChatSettings) -> None:
        """Ask for all of the text; for its end, where the overflow policy leaves out the oldest."""
        # A token has a byte at least: what has fewer bytes than the context has tokens fits.
        if settings.overflow != "drop_oldest" or len(before.encode("utf-8", "replace")) < n_ctx:
            self.writer.begin(before, settings)
            return
        self._is_asking = True

        def go(tail: str, n_out: int) -> None:
            if self._is_asking:
                self._is_asking = False
                self._unseen = unseen_text(n_out) if n_out else ""
                self.writer.begin(tail, settings)

        self._place.tail(before, n_ctx - max(1, n_ctx // 4), go)

    @Slot(list)
    def _on_tokens(self, tokens: list[Token]) -> None:
        text = "".join(token.text for token in tokens)
        self._view.edit.write(text, [(token.text, token.logprob) for token in tokens])
        self.text_grew.emit()

    @Slot(int, int)
    def _on_progressed(self, n_done: int, n_total: int) -> None:
        if n_done < n_total:
            self._view.set_status(reading_text(n_done, n_total))

    @Slot(object)
    def _on_ended(self, written: Written) -> None:
        self._is_asking = False
        self._view.edit.finish()
        self._view.set_writing(False)
        words = " ".join(part for part in (ended_text(written), self._unseen) if part)
        self._view.set_status(words, is_wrong=written.failure is not None)
        self.ended.emit()

"""Writes one reply: asks the engine, takes its events, keeps the store within a quarter of a second
of what was said.

Lives as long as the reply is being written, whichever chat is open meanwhile. Draws nothing.
"""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from engine.errors import AppError
from engine.process.messages import (
    AnyEvent,
    AnyRequest,
    Cancelled,
    Dropped,
    Failed,
    PromptProgress,
)
from gui.chat import message_file
from gui.chat.model_loader import Engine
from gui.chat.store_thread import StoreThread
from gui.chat.streaming import StreamingReply

SAVE_MS = 250


class ReplyWriter(QObject):
    """One reply from request to end.

    Args:
        reply: what there is of it, with the id it has in the store.
        make_request: the Generate request for a job number; asked when the model is there.
    """

    text_arrived = Signal(str, str)  # reply id, the new text
    progressed = Signal(str)  # reply id; the prompt is being read, or messages were left out
    ended = Signal(str)  # reply id; the last saving is under way
    saved = Signal(str)  # reply id; the store has what came until a moment ago

    def __init__(
        self,
        engine: Engine,
        store: StoreThread,
        reply: StreamingReply,
        make_request: Callable[[int], AnyRequest],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.reply = reply
        self.model_name = ""
        self._engine = engine
        self._store = store
        self._make_request = make_request
        self._job = 0
        self._can_save = True
        self._saving = QTimer(self, interval=SAVE_MS, singleShot=True)
        self._saving.timeout.connect(self.save)

    @property
    def is_started(self) -> bool:
        return self._job > 0

    def start(self) -> None:
        """Ask the engine; the model is loaded."""
        self._job = self._engine.submit(self._make_request, self._on_event)

    def cancel(self) -> None:
        """Stop: at once where nothing was asked yet, else as soon as the engine obeys."""
        if self._job:
            self._engine.cancel(self._job)
        else:
            self._on_event(Cancelled(job=0))

    def fail(self, failure: Failed) -> None:
        """End without having been asked: there is no model to ask."""
        self._on_event(failure)

    def interrupt(self) -> None:
        """End now, without waiting for the engine, which is about to end itself."""
        if not self.reply.has_ended():
            self.reply.take(Cancelled(job=self._job))
            self.reply.details["finish"] = "interrupted"
            self._finish()

    @Slot()
    def save(self) -> None:
        """Hand the store what came since the last time."""
        text, tokens = self.reply.take_unsaved()
        if self._can_save and (text or tokens):
            reply_id = self.reply.reply_id
            self._store.call(
                lambda store: message_file.append_reply(store, reply_id, text, tokens),
                lambda _: self.saved.emit(reply_id),
                self._on_save_failed,
            )

    def _on_event(self, event: AnyEvent) -> None:
        if self.reply.has_ended():
            return  # interrupted: what the engine still says comes too late
        text = self.reply.take(event)
        if text:
            self.text_arrived.emit(self.reply.reply_id, text)
            if not self._saving.isActive():
                self._saving.start()
        elif isinstance(event, PromptProgress | Dropped):
            self.progressed.emit(self.reply.reply_id)
        if self.reply.has_ended():
            self._finish()

    def _finish(self) -> None:
        self._saving.stop()
        self.save()
        reply = self.reply
        assert reply.end is not None
        end, text, details = reply.end, reply.text, dict(reply.details)
        name = self.model_name
        # Deleted when the store has answered: until then its answers need someone to go to.
        self._store.call(
            lambda store: message_file.finish_reply(
                store, reply.reply_id, end, text, details, name
            ),
            lambda _: self.deleteLater(),
            self._on_finish_failed,
        )
        self.ended.emit(reply.reply_id)
        if self._store.is_closed:
            self.deleteLater()  # a temporary chat that was left: nothing of it is kept

    def _on_save_failed(self, error: AppError) -> None:
        # Told once: a full disk would otherwise be told four times a second. The end is saved, or
        # told, anew.
        if self._can_save:
            self._can_save = False
            self._store.failed.emit(error)

    def _on_finish_failed(self, error: AppError) -> None:
        self._store.failed.emit(error)
        self.deleteLater()

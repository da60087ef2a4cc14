"""Who writes the columns' replies: one request for each batch, to the room's worker or to one
beside it. Goes on when another chat is opened; the room's replies count these among their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from msgspec import Struct
from PySide6.QtCore import QObject, Slot

from engine.process.messages import Failed
from gui.chat.asking import Place
from gui.chat.chat_settings import ChatSettings
from gui.chat.columns.batch import Batch
from gui.chat.columns.sides import Sides
from gui.chat.features import ChatParts
from gui.chat.replies import Replies
from gui.chat.store_thread import StoreThread


class Draw(Struct, frozen=True):
    """Replies to be drawn by one request.

    Args:
        path: of the model, "" for the room's; n_bytes: the memory another model takes.
        replies: ids, each with its settings.
    """

    path: str
    n_bytes: int
    replies: list[tuple[str, ChatSettings]]


class Writers(QObject):
    """The batches being written."""

    def __init__(self, parts: ChatParts, sides: Sides, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._parts, self._sides = parts, sides
        self._batches: list[Replies] = []
        self._told: Failed | None = None

    def write(self, place: Place, draws: Sequence[Draw]) -> None:
        """Have replies written that are in the store, empty."""
        begun = [(draw, self._prepare(place, draw)) for draw in draws]
        for draw, replies in begun:
            for reply_id, _ in draw.replies if not draw.path else ():
                replies.start(reply_id)
        self._sides.go_on()

    def interrupt(self) -> None:
        """The window is closing: keep what there is of every reply, as stopped."""
        for replies in list(self._batches):
            replies.interrupt_all()

    def _prepare(self, place: Place, draw: Draw) -> Replies:
        parts, n_replies = self._parts, len(draw.replies)
        side = self._sides.take(draw.path, draw.n_bytes) if draw.path else None
        engine = side.engine if side is not None else parts.context.engine
        loader = side.loader if side is not None else parts.loader
        replies = Replies(Batch(engine, n_replies), parts.store, loader, self)
        parts.replies.add_beside(replies)
        self._batches.append(replies)
        if side is not None:
            self._sides.add(side, replies, [reply_id for reply_id, _ in draw.replies])
        replies.ended.connect(partial(self._on_ended, replies, place.store))
        replies.failed.connect(self._on_failed)
        for index, (reply_id, settings) in enumerate(draw.replies):
            replies.write(
                place.conversation,
                place.handle,
                reply_id,
                settings,
                store=place.store,
                index=index,
            )
        return replies

    # ---- slots ----

    def _on_ended(self, replies: Replies, store: StoreThread, _reply: object) -> None:
        if not replies.is_idle or replies not in self._batches:
            return
        self._batches.remove(replies)
        self._parts.replies.drop_beside(replies)
        if store.is_closed:
            replies.deleteLater()
        else:  # behind the last savings of its writers, which go with it
            store.call(lambda _store: None, lambda _: replies.deleteLater())

    @Slot(object)
    def _on_failed(self, failure: Failed) -> None:
        # One event ends all replies of a batch; it is told once.
        if failure is not self._told:
            self._told = failure
            self._parts.replies.failed.emit(failure)

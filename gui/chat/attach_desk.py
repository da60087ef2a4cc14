"""What is attached to the message being written: per chat, counted, kept on the disk with the
draft, handed over when the message goes.

Shows nothing. What is handed over comes back when the message is refused.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot

from engine.errors import AppError
from gui.chat.attach_counter import AttachCounter
from gui.chat.attachments import CHARS_PER_TOKEN, Attachment, Document, Draft, Space
from gui.chat.chat_file import ChatHandle
from gui.chat.context_count import ContextCounts
from gui.chat.features import ChatParts
from gui.chat.words import tr

if TYPE_CHECKING:
    from gui.chat.attach_kept import KeptDrafts

FOLDER = "drafts"
UNSENT = "attachments"
# What a template writes around a message, and the beginning of an answer.
LEAST_RESERVE = 64


class AttachDesk(QObject):
    """The draft's attachments of the chat on show."""

    changed = Signal()  # what is attached, its counts, or the room for it
    too_long = Signal()  # a message was not sent because of it

    def __init__(self, parts: ChatParts, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.draft = Draft()
        self._parts = parts
        self._counts = ContextCounts()
        self._sent: Draft | None = None
        self._handle = parts.session.handle
        self._is_waiting_to_send = False
        self.counter = AttachCounter(parts.context.engine, self)
        self.counter.counted.connect(self._on_counted)
        parts.counter.counted.connect(self._on_context_counted)
        parts.chooser.model_changed.connect(self._on_model_changed)
        parts.session.chat_opened.connect(self._on_chat_opened)
        parts.session.branch_changed.connect(self._on_branch_changed)
        parts.session.send_refused.connect(self._on_send_refused)
        parts.work.composer.text_changed.connect(self._on_typed)
        parts.desk.take_attachments = self.take
        parts.store.call(lambda store: self._kept.sweep(lambda: _all_chats(store)))

    @cached_property
    def _kept(self) -> KeptDrafts:
        from gui.chat.attach_kept import KeptDrafts  # first used on the store's thread

        return KeptDrafts(self._parts.context.paths.home / FOLDER)

    # ---- what there is ----

    def place(self) -> ChatHandle:
        """The chat that a file read now belongs to."""
        return self._parts.session.handle

    def space(self) -> Space:
        """The room in the context with what is attached now."""
        counts, settings = self._counts, self._parts.session.settings
        is_dropping = settings.overflow == "drop_oldest"
        reserve = min(LEAST_RESERVE, counts.n_ctx // 8)
        if is_dropping:
            reserve = max(reserve, counts.n_ctx // 4)
        elif settings.overflow == "fail":
            reserve = max(reserve, settings.max_tokens)
        return Space(
            n_ctx=counts.n_ctx,
            used=counts.used,
            droppable=max(0, counts.used - counts.system) if is_dropping else 0,
            typed=len(self._parts.work.composer.text()) // CHARS_PER_TOKEN,
            attached=self.draft.n_tokens,
            reserve=reserve,
        )

    # ---- what a person does ----

    def choose(self, document_id: str, chosen: frozenset[int]) -> None:
        """Say which parts of a document go with the message."""
        item = self.draft.find(document_id)
        if item is not None:
            self.draft.put(item.with_chosen(chosen))
            self._on_draft_changed()

    def remove(self, document_id: str) -> None:
        """Leave a document out; Undo brings it back."""
        item, handle = self.draft.find(document_id), self._handle
        if item is None:
            return
        self.draft.remove(document_id)
        self.counter.drop(document_id)
        self._on_draft_changed()
        text = tr("“{name}” removed").format(name=item.document.name)
        self._parts.context.notices.offer_undo(text, lambda: self._put_back(handle, item))

    def _put_back(self, handle: ChatHandle, item: Attachment) -> None:
        if handle is self._handle:
            self._add(item)

    def _add(self, item: Attachment) -> None:
        self.draft.put(item)
        self.counter.count(item.document)
        self._on_draft_changed()

    # ---- sending ----

    def may_send(self) -> bool:
        """Whether the message may go now. One that is still being counted goes when it is; one
        that does not fit stays, and is told."""
        space = self.space()
        if not self.draft.items or self._parts.desk.editing.is_on:
            return True
        if space.n_ctx and not self.draft.is_counted:
            self._is_waiting_to_send = True
            self._parts.work.composer.set_status(tr("Counting tokens…"))
            return False
        if not space.fits:
            self.too_long.emit()
            return False
        return True

    def take(self) -> list[dict[str, Any]]:
        """Hand over what goes with the message."""
        sent, self._sent = self.draft.as_sent(), self.draft
        self.draft = Draft()
        self.changed.emit()
        return sent

    @Slot()
    def _on_branch_changed(self) -> None:
        """Once the message is in the chat, its attachments are no draft any more."""
        if self._sent is not None and _holds(self._parts, self._sent):
            self._sent = None
            self._on_draft_changed()

    @Slot(str, object)
    def _on_send_refused(self, _text: str, _error: AppError | None) -> None:
        sent, self._sent = self._sent, None
        if sent is not None:
            self.draft = Draft([*sent.items, *self.draft.items])
            self.changed.emit()

    def _send_if_waiting(self) -> None:
        if self._is_waiting_to_send and self.draft.is_counted:
            self._is_waiting_to_send = False
            self._parts.desk.show_status()
            self._parts.work.composer.send_button.click()

    # ---- keeping ----

    def _on_draft_changed(self) -> None:
        self._is_waiting_to_send = False
        self._keep()
        self.changed.emit()

    def _keep(self) -> None:
        """Write what is attached beside the draft; nothing of a temporary chat."""
        session, handle = self._parts.session, self._handle
        if handle.is_private:
            return
        draft = Draft(list(self.draft.items))
        # A chat that is nothing yet but what is attached begins with it.
        session.set_unsent(UNSENT, [item.document.name for item in draft.items] or None)
        session.save_draft()

        def keep(_store: object) -> None:
            if handle.id:
                self._kept.save(handle.id, draft)

        self._parts.store.call(keep)

    @Slot()
    def _on_chat_opened(self) -> None:
        """Another chat: its own attachments, once they are read."""
        session = self._parts.session
        if session.handle is self._handle:
            return
        for item in self.draft.items:
            self.counter.drop(item.document.id)
        self._handle, self.draft, self._sent = session.handle, Draft(), None
        self._is_waiting_to_send = False
        handle, chat_id = session.handle, session.chat_id
        if chat_id and not session.is_temporary:
            self._parts.store.call(
                lambda _store: self._kept.load(chat_id),
                lambda draft: self._take_kept(handle, draft),
            )
        self.changed.emit()

    def _take_kept(self, handle: ChatHandle, kept: Draft) -> None:
        if handle is not self._handle or not kept.items or _holds(self._parts, kept):
            return
        for item in kept.items:
            if self.draft.find(item.document.id) is None:
                self.draft.put(item)
                self.counter.count(item.document)
        self.changed.emit()

    # ---- slots ----

    @Slot(object, object)
    def take_document(self, document: Document | None, place: ChatHandle) -> None:
        """A file was read: attach it in its chat."""
        if document is None:
            return
        item = Attachment.whole(document)
        if place is not self._handle:
            self._add_elsewhere(place, item)
        elif self.draft.find(document.id) is None:
            self._add(item)

    def _add_elsewhere(self, place: ChatHandle, item: Attachment) -> None:
        """Another chat was opened while the file was read: it belongs to the one before."""
        if place.is_private or not place.id:
            return

        def add(_store: object) -> None:
            kept = self._kept.load(place.id)
            kept.put(item)
            self._kept.save(place.id, kept)

        self._parts.store.call(add)

    @Slot(str, object)
    def _on_counted(self, document_id: str, counts: dict[int, int]) -> None:
        item = self.draft.find(document_id)
        if item is None:
            return
        n_tokens = [counts.get(index, old) for index, old in enumerate(item.n_tokens)]
        self.draft.put(item.with_tokens(n_tokens, counts.get(-1, item.n_head)))
        self.changed.emit()
        self._send_if_waiting()

    @Slot(object)
    def _on_context_counted(self, counts: ContextCounts) -> None:
        self._counts = counts
        if self.draft.items:
            self.changed.emit()

    @Slot(object)
    def _on_model_changed(self, model: Any) -> None:
        self.counter.set_model(model)
        self.draft.items = [item.uncounted() for item in self.draft.items]
        for item in list(self.draft.items):
            self.counter.count(item.document)
        self.changed.emit()

    @Slot(str)
    def _on_typed(self, _text: str) -> None:
        self._is_waiting_to_send = False
        if self.draft.items:
            self.changed.emit()


def _holds(parts: ChatParts, draft: Draft) -> bool:
    """Whether the last message of the branch shown was sent with exactly this."""
    turns = [turn for turn in parts.session.conversation.path() if turn.role == "user"]
    sent = turns[-1].details.get("attachments", []) if turns else []
    return bool(sent) and _texts(sent) == _texts(draft.as_sent())


def _texts(attachments: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(str(one.get("name")), str(one.get("text"))) for one in attachments]


def _all_chats(store: Any) -> set[str]:
    """Every chat that can still be opened, those put away too."""
    rows = [*store.list_chats(), *store.list_chats(archived=True), *store.list_chats(deleted=True)]
    return {row.id for row in rows}

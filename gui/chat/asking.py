"""Messages sent, and replies that the model writes: new ones, versions, continued and forked ones.

A layer of the session (shelf, open chat, changes, asking, session). Every turn goes to the store
first and is shown when the store has it, so what is on the screen is on the disk.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from engine.chats.records import title_from
from engine.errors import AppError
from gui.chat import chat_file, message_file
from gui.chat.changes import ChatChanges
from gui.chat.chat_file import ChatHandle
from gui.chat.chat_settings import ChatSettings
from gui.chat.conversation import Beginning, Conversation, Turn
from gui.chat.message_file import SentTurn
from gui.chat.model_loader import ModelLoader
from gui.chat.open_chat import UNSENT_PREFILL
from gui.chat.replies import Replies
from gui.chat.store_thread import StoreThread
from gui.chat.streaming import StreamingReply
from gui.chat.titles import title_for
from gui.chat.words import tr

ATTACHMENTS = "attachments"
# A fork is shown with its first token, at the latest after so long: to lay its words out before
# takes the processor from the model that is to go on with them.
FORK_SHOWN_MS = 100


class Place(Struct, frozen=True):
    """The chat that something was asked in; another may be open when the store answers."""

    conversation: Conversation
    handle: ChatHandle
    settings: ChatSettings
    store: StoreThread


class AskingChat(ChatChanges):
    """The open chat, and the model that answers in it."""

    send_refused = Signal(
        str, object
    )  # the text to put back, and why (AppError, or None: no model)

    def __init__(
        self,
        store: StoreThread,
        loader: ModelLoader,
        replies: Replies,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(store, replies, parent)
        self._loader = loader
        self._places: dict[str, Place] = {}
        self._continued: dict[str, Turn] = {}  # replies that go on, as they were before
        self._late = QTimer(self, interval=FORK_SHOWN_MS, singleShot=True)
        self._late.timeout.connect(self._show_written)
        replies.text_arrived.connect(self._on_text_arrived)
        replies.ended.connect(self._on_reply_ended)

    # ---- looking ----

    @property
    def is_base(self) -> bool:
        """The model is a base model: it continues text and knows no turns."""
        model = self._loader.model
        return model is not None and model.template == "none"

    # ---- what is sent ----

    def send(self, text: str, attachments: Sequence[dict[str, Any]] = ()) -> bool:
        """Add the text, with its files, to the branch shown and have it answered.

        Returns:
            False where it was refused.
        """
        return self._send_under(self.conversation.head_id, text, attachments)

    def send_prefilled(
        self, text: str, prefill: str, attachments: Sequence[dict[str, Any]] = ()
    ) -> bool:
        """The same; the reply begins with these words, and the model goes on from there."""
        return self._send_under(self.conversation.head_id, text, attachments, prefill)

    def edit(self, turn_id: str, text: str) -> bool:
        """Write a message anew, as a version beside the old one, and have it answered."""
        turn = self.conversation.turn(turn_id)
        return self._send_under(turn.parent_id, text, turn.attachments, keeps_draft=True)

    def answer_again(self, turn_id: str, prefill: str = "") -> None:
        """Answer a message once more, as a version beside the answers it has."""
        if not self._refuses(""):
            self._begin_reply(tr("writing a reply anew"), turn_id, prefill)

    def regenerate(self, turn_id: str) -> None:
        """Answer once more, as a version beside the reply; an empty one is written in place."""
        turn = self.conversation.turn(turn_id)
        if not turn.content:
            self.continue_reply(turn_id)
        elif not self._refuses(""):
            self._begin_reply(tr("writing a reply anew"), turn.parent_id)

    def answer_with(self, turn_id: str | None, path: str) -> None:
        """Answer a message once more with another model, which is loaded first and stays."""
        if self.is_busy:
            return
        model = self._loader.model
        if model is None or model.path != path:
            self._loader.load(path)
        self._begin_reply(tr("writing a reply anew"), turn_id)

    def fork(self, reply_id: str, ids: list[int], text: str) -> None:
        """Begin a version beside a reply whose first tokens are exactly these; the model goes on
        from there.

        Args:
            text: what the ids say, without words that a person had put before them.
        """
        if self._refuses(""):
            return
        place, old, model_name = self._here(), self.conversation.turn(reply_id), self._model_name()
        before, is_same = self.conversation.head_id, self._is_of_this_model(old)
        self._is_sending = True

        def take(forked: tuple[Turn, Beginning]) -> None:
            reply, beginning = forked
            words = tr("going on from another word")
            self._answer_with(place, reply, beginning, text=words, before=before)
            # Behind the question to the model, and before what it answers.
            place.store.call(lambda store: message_file.keep_beginning(store, reply.id, beginning))

        place.store.call(
            lambda store: message_file.fork_reply(
                store, place.handle, old, ids if is_same else [], text, model_name
            ),
            take,
            self._refuser(""),
        )

    def continue_reply(self, turn_id: str) -> None:
        """Go on with a reply that was stopped or broke off, where it ended."""
        if self._refuses(""):
            return
        place, turn = self._here(), self.conversation.turn(turn_id)
        by_tokens = self._is_of_this_model(turn)
        self._is_sending = True
        self._continued[turn_id] = turn

        def resume(beginning: Beginning | None) -> None:
            place.conversation.change(turn_id, state="streaming", details={})
            self._write(place, turn_id, beginning)

        place.store.call(
            lambda store: message_file.resume_reply(store, turn, by_tokens=by_tokens),
            resume,
            self._refuser(""),
        )

    def save_and_continue(self, turn_id: str, text: str) -> None:
        """Change a reply in place and let the model go on from its end."""
        if not self._refuses(""):
            self.save_text(turn_id, text)
            self.continue_reply(turn_id)

    @Slot()
    def stop(self) -> None:
        """Stop the reply being written in this chat."""
        self._replies.stop_in(self.conversation)

    def _send_under(
        self,
        parent_id: str | None,
        text: str,
        attachments: Sequence[dict[str, Any]] = (),
        prefill: str = "",
        *,
        keeps_draft: bool = False,
    ) -> bool:
        if self._refuses(text):
            return False
        place, model_name = self._here(), self._model_name()
        # A message that is sent again leaves what is typed where it is.
        draft = self.draft if keeps_draft else ""
        details = {ATTACHMENTS: list(attachments)} if attachments else {}
        question = Turn("", parent_id, "user", text, details=details)
        before = self.conversation.head_id
        unsent = None if keeps_draft else self._take_draft()
        self._is_sending = True

        def take(sent: SentTurn) -> None:
            place.conversation.add(sent.question)
            self._name_after(place, text)
            words = tr("sending with the reply's first words") if prefill else ""
            if parent_id != before:
                words = tr("writing the message anew")
            self._answer_with(place, sent.reply, text=words, before=before)

        place.store.call(
            lambda store: message_file.send_turn(
                store, place.handle, question, place.settings, model_name, prefill, unsent, draft
            ),
            take,
            self._refuser(text),
        )
        return True

    def _take_draft(self) -> dict[str, Any] | None:
        """The field is empty now; what stays typed beside it, None where that did not change."""
        self.set_unsent(UNSENT_PREFILL, None)
        self._drafting.stop()
        unsent = self.unsent if self._has_new_unsent else None
        self.draft, self._has_new_draft, self._has_new_unsent = "", False, False
        return unsent

    def _refuses(self, text: str) -> bool:
        if self.is_busy:
            return True
        if self._loader.model is None and not self._loader.is_loading:
            self.send_refused.emit(text, None)
            return True
        return False

    def _refuser(self, text: str) -> Callable[[AppError], None]:
        conversation = self.conversation

        def refuse(error: AppError) -> None:
            if conversation is self.conversation:
                self._is_sending = False
            self.send_refused.emit(text, error)

        return refuse

    # ---- replies ----

    def _here(self) -> Place:
        return Place(self.conversation, self.handle, self.settings, self.store)

    def _begin_reply(self, text: str, parent_id: str | None, prefill: str = "") -> None:
        place, model_name, before = self._here(), self._model_name(), self.conversation.head_id
        self._is_sending = True
        place.store.call(
            lambda store: message_file.begin_reply(
                store, place.handle, parent_id, model_name, prefill
            ),
            lambda reply: self._answer_with(place, reply, text=text, before=before),
            self._refuser(""),
        )

    def _answer_with(
        self,
        place: Place,
        reply: Turn,
        beginning: Beginning | None = None,
        *,
        text: str = "",
        before: str | None = None,
    ) -> None:
        """Show a reply that the store has begun, and have it written.

        Args:
            text: what was done, where it can be undone; before: the head it undoes to.
        """
        place.conversation.add(reply)
        self._write(place, reply.id, beginning, is_late=beginning is not None)
        if text and place.conversation is self.conversation:
            self._push(self._head_step(text, before))

    def _write(
        self,
        place: Place,
        reply_id: str,
        beginning: Beginning | None = None,
        *,
        is_late: bool = False,
    ) -> None:
        self._places[reply_id] = place
        self._replies.write(
            place.conversation,
            place.handle,
            reply_id,
            place.settings,
            store=place.store,
            beginning=beginning,
        )
        is_here = place.conversation is self.conversation
        is_asked = self._loader.model is not None
        if is_asked:
            self._replies.start(reply_id)  # the model reads while the window shows the new branch
        if is_here and is_late and is_asked:
            self._late.start()
        elif is_here:
            self._show_written()
        if not is_asked:
            self._replies.start(reply_id)  # may end it at once, which is shown where it is shown
        self.list_chats()

    @Slot()
    def _show_written(self) -> None:
        self._late.stop()
        self._is_sending = False
        self.branch_changed.emit()

    @Slot(str, str)
    def _on_text_arrived(self, _reply_id: str, _text: str) -> None:
        if self._late.isActive():
            self._show_written()

    @Slot(object)
    def _on_reply_ended(self, reply: StreamingReply) -> None:
        if self._late.isActive():
            self._show_written()
        # The chat may have been left and opened again meanwhile: then its turns are another reading
        # of the same file than the one the reply was written into.
        if reply.reply_id in self.conversation:
            self.conversation.change(
                reply.reply_id, content=reply.text, state=reply.end, details=reply.details
            )
        place = self._places.pop(reply.reply_id, None)
        before = self._continued.pop(reply.reply_id, None)
        if place is not None:
            self._name_after_reply(place, reply.reply_id)
            if before is not None:
                self._note_continued(place, before)
        self.list_chats()

    def _note_continued(self, place: Place, before: Turn) -> None:
        after = place.conversation.turn(before.id)
        if after.content != before.content:
            step = self._turn_step(tr("continuing the reply"), before, after, is_done=True)
            step.handle = place.handle
            self._push(step)

    def _is_of_this_model(self, turn: Turn) -> bool:
        """The loaded model wrote it, so its token ids mean the same. After a crash there is only
        its name to tell by.
        """
        model, made_with = self._loader.model, turn.details.get("made_with")
        if model is None:
            return False
        if made_with is None:
            return turn.model_name == model.name
        return bool(made_with.get("fingerprint") == model.fingerprint)

    def _model_name(self) -> str:
        model = self._loader.model
        return model.name if model is not None and not self._loader.is_loading else ""

    # ---- titles ----

    def _name_after(self, place: Place, text: str) -> None:
        if place.conversation is self.conversation and not self.title:
            self._show_title(title_from(text), is_auto=True)

    def _name_after_reply(self, place: Place, reply_id: str) -> None:
        """The first exchange is whole: a greeting gives its place in the list to the answer."""
        exchange = place.conversation.path_to(reply_id)
        if len(exchange) != 2 or not exchange[1].content:
            return
        title = title_for(exchange[0].content, exchange[1].content)
        if title == title_from(exchange[0].content):
            return
        place.store.call(lambda store: chat_file.name_after(store, place.handle, title))
        if self.is_open(place.handle) and self.title_is_auto:
            self._show_title(title, is_auto=True)

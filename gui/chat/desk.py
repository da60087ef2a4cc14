"""Between the session and the work area: what the composer, the title, the pages and the strip show
and ask for.

What goes out with a message beside its text (files, the reply's first words) is asked for here when
it is sent. An earlier message in the field is editing.py's.
"""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from engine.errors import AppError
from gui.chat.editing import Editing
from gui.chat.guest import Guest
from gui.chat.model_loader import ModelLoader
from gui.chat.open_chat import UNSENT_PREFILL
from gui.chat.replies import Replies
from gui.chat.session import ChatSession
from gui.chat.streaming import StreamingReply
from gui.chat.transcript_views import status_of
from gui.chat.undo import ChatStep
from gui.chat.words import tr
from gui.chat.work_area import WorkArea
from gui.notices import Notices


class Desk(QObject):
    """The work area at work.

    take_attachments: gives the files that go with the message being sent, and lets go of them.
    guest: what stands in the conversation's place and takes what is sent.
    """

    guest_changed = Signal(bool)  # is there one

    def __init__(
        self,
        session: ChatSession,
        replies: Replies,
        loader: ModelLoader,
        work: WorkArea,
        notices: Notices,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._replies = replies
        self._loader = loader
        self._work = work
        self._notices = notices
        self.editing = Editing(session, work, self)
        # What goes with a message beside its words; asked when it is sent.
        self.take_attachments: Callable[[], list[dict[str, Any]]] = list
        self.guest: Guest | None = None
        self._is_first_run = True
        self._teach_prefill()
        self._connect()
        self.show_chat()

    def _connect(self) -> None:
        session, replies, work = self._session, self._replies, self._work
        session.chat_opened.connect(self.show_chat)
        session.branch_changed.connect(self.show_branch)
        session.turn_changed.connect(self.show_branch)
        session.title_changed.connect(self._show_title)
        session.send_refused.connect(self._on_send_refused)
        session.change_made.connect(self._on_change_made)
        session.undo_stack.indexChanged.connect(self._on_undone)
        replies.progressed.connect(self.show_status)
        replies.text_arrived.connect(self._on_text_arrived)
        replies.ended.connect(self._on_reply_ended)
        work.header.title_edited.connect(self._on_title_edited)
        work.composer.send_requested.connect(self._on_send)
        work.composer.stop_requested.connect(session.stop)
        work.composer.text_changed.connect(self._on_typed)
        work.prefill.typed.connect(self._on_prefill_typed)
        work.prefill.accepted.connect(self.focus_composer)
        work.prefill.left.connect(self.close_prefill)
        work.strip.continue_requested.connect(session.continue_reply)
        work.strip.regenerate_requested.connect(session.regenerate)
        work.welcome.ask_requested.connect(self.focus_composer)
        work.welcome.example_chosen.connect(self._on_example_chosen)
        transcript = work.transcript
        transcript.version_requested.connect(self._on_version_requested)
        transcript.edit_requested.connect(self.editing.begin)
        transcript.regenerate_requested.connect(session.regenerate)
        transcript.continue_requested.connect(session.continue_reply)
        transcript.delete_requested.connect(session.delete_turn)

    def set_guest(self, guest: Guest | None) -> None:
        """Let a view answer for the conversation, until None is set."""
        self.guest = guest
        self.show_model()
        self.show_branch()
        self.guest_changed.emit(guest is not None)

    # ---- showing ----

    def set_first_run(self, is_first_run: bool) -> None:
        """Whether there is no chat at all yet."""
        self._is_first_run = is_first_run
        self._work.welcome.set_first_run(is_first_run)

    @Slot()
    def show_chat(self) -> None:
        """Another chat is open."""
        self._show_prefill()
        self.editing.bring_back()
        self._show_title()
        self.show_branch()

    @Slot()
    def show_branch(self) -> None:
        """The branch shown is another, or a reply began or ended in it."""
        session, work = self._session, self._work
        work.show_welcome(session.conversation.is_empty)
        work.composer.set_writing(session.is_busy)
        path = session.conversation.path()
        has_strip = bool(path) and not session.is_busy and self.guest is None
        work.strip.set_turn(path[-1] if has_strip else None)
        self.show_status()

    def show_model(self) -> None:
        """Another model, or none: what the composer asks for."""
        model = self._loader.model
        if self.guest is not None:
            prompt = self.guest.prompt
        elif model is None:
            prompt = tr("Message")
        elif self._session.is_base:
            prompt = tr("Text to continue")
        else:
            prompt = tr("Message {name}").format(name=model.name)
        self._work.composer.set_prompt(prompt)
        self.show_status()

    @Slot()
    def show_status(self) -> None:
        """The quiet line in the composer."""
        head_id = self._session.conversation.head_id
        reply = self._replies.streaming(head_id) if head_id else None
        self._work.composer.set_status(status_of(reply, is_loading=self._loader.model is None))

    @Slot()
    def _show_title(self) -> None:
        session = self._session
        if session.is_temporary:
            self._work.header.set_title(tr("Temporary: nothing is kept"), can_edit=False)
            return
        title = session.title or tr("New chat")
        self._work.header.set_title(title, can_edit=bool(session.chat_id))

    # ---- writing ----

    @Slot()
    def focus_composer(self) -> None:
        self._work.composer.edit.setFocus()

    @Slot()
    def escape(self) -> None:
        """Esc: leave an edit, else stop the reply."""
        if self.editing.is_on:
            self.editing.end()
        elif self.guest is not None:
            self.guest.escape()
        else:
            self._session.stop()

    def regenerate_last(self) -> None:
        """Answer the last question once more."""
        if self.guest is not None:
            self.guest.ask_again()
            return
        path = self._session.conversation.path()
        if path and path[-1].role == "assistant":
            self._session.regenerate(path[-1].id)

    def edit_last(self) -> None:
        """Put the last message of one's own into the field."""
        path = self._session.conversation.path()
        mine = next((turn for turn in reversed(path) if turn.role == "user"), None)
        if mine is not None and not self._is_away():
            self.editing.begin(mine.id)

    def continue_last(self) -> None:
        """Let the model go on with the last reply."""
        path = self._session.conversation.path()
        if path and path[-1].role == "assistant" and not self._is_away():
            self._session.continue_reply(path[-1].id)

    def _is_away(self) -> bool:
        """The conversation is not in view: nothing is changed in it unseen, and that is said."""
        if self.guest is not None:
            words = tr("That changes the one chat: go back to it first (Esc).")
            self._work.composer.set_status(words)
        return self.guest is not None

    # ---- the reply's first words ----

    def open_prefill(self) -> None:
        """Ask for the words that the next reply is to begin with."""
        self._work.prefill.open(self._work.prefill.text())
        self._work.prefill.field.setFocus()

    @Slot()
    def close_prefill(self) -> None:
        """Let the model begin by itself."""
        self._work.prefill.hide()
        self._session.set_unsent(UNSENT_PREFILL, None)
        self.focus_composer()

    def _show_prefill(self) -> None:
        kept = self._session.unsent.get(UNSENT_PREFILL)
        self._work.prefill.hide()
        if isinstance(kept, str):
            self._work.prefill.open(kept)

    def _teach_prefill(self) -> None:
        self._work.prefill.set_words(
            tr("The reply begins with"),
            tr("The model takes these words for its own and goes on from there"),
        )

    @Slot(str)
    def _on_prefill_typed(self, text: str) -> None:
        self._session.set_unsent(UNSENT_PREFILL, text or None)

    # ---- slots ----

    @Slot(str)
    def _on_send(self, text: str) -> None:
        if self.editing.is_on:
            self.editing.accept(text)
        else:
            self._send(text)
        if self._session.is_busy:
            self._work.composer.set_writing(True)

    def _send(self, text: str) -> None:
        prefill = self._work.prefill.text()
        files = [] if self._session.is_busy else self.take_attachments()
        send = self._session.send_prefilled if self.guest is None else self.guest.send
        if send(text, prefill, files):
            self._work.prefill.hide()
            self._work.composer.set_text(self._session.draft)

    @Slot(str)
    def _on_typed(self, text: str) -> None:
        if self.editing.is_on:
            self.editing.keep_typed(text)
        else:
            self._session.set_draft(text)

    @Slot(str)
    def _on_example_chosen(self, text: str) -> None:
        self._work.composer.set_text(text)
        self._session.set_draft(text)
        self.focus_composer()

    @Slot(str)
    def _on_title_edited(self, title: str) -> None:
        self._session.rename(self._session.chat_id, title)

    @Slot(str, int)
    def _on_version_requested(self, turn_id: str, version: int) -> None:
        shown, _ = self._session.conversation.version_of(turn_id)
        self._session.switch_version(turn_id, version - shown)

    @Slot(str, object)
    def _on_send_refused(self, text: str, error: AppError | None) -> None:
        if text:
            self._work.composer.set_text(text)
            self._session.set_draft(text)
        self.show_branch()
        if error is not None:
            self._notices.show_error(error)
        else:
            self._work.composer.set_status(tr("Choose a model first: the button above."))

    @Slot(str, object)
    def _on_change_made(self, words: str, step: ChatStep) -> None:
        self._notices.offer_undo(words, step.undo_alone, lambda: step.is_done)

    @Slot(int)
    def _on_undone(self, _index: int) -> None:
        self._notices.forget_undone()

    @Slot(str, str)
    def _on_text_arrived(self, _reply_id: str, _text: str) -> None:
        if self._work.composer.status.isVisible():
            self.show_status()

    @Slot(object)
    def _on_reply_ended(self, _reply: StreamingReply) -> None:
        self.show_branch()

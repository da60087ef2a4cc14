"""Between the session and the work area: what the composer, the title, the pages and the strip show
and ask for.

Holds one thing of its own: which earlier message is being written anew, and the draft put aside for
that time.
"""

from PySide6.QtCore import QObject, QUrl, Slot
from PySide6.QtGui import QDesktopServices

from engine.errors import AppError
from gui.chat.model_loader import ModelLoader
from gui.chat.replies import Replies
from gui.chat.session import ChatSession
from gui.chat.streaming import StreamingReply
from gui.chat.transcript_views import status_of
from gui.chat.words import tr
from gui.chat.work_area import WorkArea
from gui.notices import Notices


class Desk(QObject):
    """The work area at work."""

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
        self._editing_id = ""
        self._is_first_run = True
        self._connect()
        self.show_chat()

    def _connect(self) -> None:
        session, replies, work = self._session, self._replies, self._work
        session.chat_opened.connect(self.show_chat)
        session.branch_changed.connect(self.show_branch)
        session.title_changed.connect(self._show_title)
        session.send_refused.connect(self._on_send_refused)
        session.turn_deleted.connect(self._on_turn_deleted)
        replies.progressed.connect(self.show_status)
        replies.text_arrived.connect(self._on_text_arrived)
        replies.ended.connect(self._on_reply_ended)
        work.header.title_edited.connect(self._on_title_edited)
        work.composer.send_requested.connect(self._on_send)
        work.composer.stop_requested.connect(session.stop)
        work.composer.text_changed.connect(self._on_typed)
        work.cancel_edit.clicked.connect(self.end_edit)
        work.strip.continue_requested.connect(session.continue_reply)
        work.strip.regenerate_requested.connect(session.regenerate)
        work.welcome.ask_requested.connect(self.focus_composer)
        work.welcome.example_chosen.connect(self._on_example_chosen)
        transcript = work.transcript
        transcript.link_activated.connect(self._on_link_activated)
        transcript.version_requested.connect(self._on_version_requested)
        transcript.edit_requested.connect(self.begin_edit)
        transcript.regenerate_requested.connect(session.regenerate)
        transcript.continue_requested.connect(session.continue_reply)
        transcript.delete_requested.connect(session.delete_turn)

    # ---- showing ----

    def set_first_run(self, is_first_run: bool) -> None:
        """Whether there is no chat at all yet."""
        self._is_first_run = is_first_run
        self._work.welcome.set_first_run(is_first_run)

    @Slot()
    def show_chat(self) -> None:
        """Another chat is open."""
        self._editing_id = ""
        self._work.show_editing(False)
        self._work.composer.set_text(self._session.draft)
        self._show_title()
        self.show_branch()

    @Slot()
    def show_branch(self) -> None:
        """The branch shown is another, or a reply began or ended in it."""
        session, work = self._session, self._work
        work.show_welcome(session.conversation.is_empty)
        work.composer.set_writing(session.is_busy)
        path = session.conversation.path()
        work.strip.set_turn(path[-1] if path and not session.is_busy else None)
        self.show_status()

    def show_model(self) -> None:
        """Another model, or none: what the composer asks for."""
        model = self._loader.model
        if model is None:
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
        title = session.title or tr("New chat")
        self._work.header.set_title(title, can_edit=bool(session.chat_id))

    # ---- writing ----

    @Slot()
    def focus_composer(self) -> None:
        self._work.composer.edit.setFocus()

    @Slot(str)
    def begin_edit(self, turn_id: str) -> None:
        """Put an earlier message into the field, to be written anew; the draft waits."""
        if self._session.is_busy or turn_id not in self._session.conversation:
            return
        self._editing_id = turn_id
        self._work.show_editing(True)
        self._work.composer.set_text(self._session.conversation.turn(turn_id).content)
        self.focus_composer()

    @Slot()
    def end_edit(self) -> None:
        """Leave the earlier message as it is; the draft comes back."""
        if self._editing_id:
            self._editing_id = ""
            self._work.show_editing(False)
            self._work.composer.set_text(self._session.draft)

    @Slot()
    def escape(self) -> None:
        """Esc: leave an edit, else stop the reply."""
        if self._editing_id:
            self.end_edit()
        else:
            self._session.stop()

    def regenerate_last(self) -> None:
        """Answer the last question once more."""
        path = self._session.conversation.path()
        if path and path[-1].role == "assistant":
            self._session.regenerate(path[-1].id)

    # ---- slots ----

    @Slot(str)
    def _on_send(self, text: str) -> None:
        editing_id = self._editing_id
        if editing_id:
            self._editing_id = ""
            self._work.show_editing(False)
            draft = self._session.draft
            self._session.edit(editing_id, text)
            self._session.set_draft(draft)
        else:
            self._session.send(text)
        if self._session.is_busy:
            self._work.composer.set_text(self._session.draft)
            self._work.composer.set_writing(True)

    @Slot(str)
    def _on_typed(self, text: str) -> None:
        if not self._editing_id:
            self._session.set_draft(text)

    @Slot(str)
    def _on_example_chosen(self, text: str) -> None:
        self._work.composer.set_text(text)
        self._session.set_draft(text)
        self.focus_composer()

    @Slot(str)
    def _on_title_edited(self, title: str) -> None:
        self._session.rename(self._session.chat_id, title)

    @Slot(str)
    def _on_link_activated(self, url: str) -> None:
        QDesktopServices.openUrl(QUrl(url))

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

    @Slot(str)
    def _on_turn_deleted(self, turn_id: str) -> None:
        session, chat_id = self._session, self._session.chat_id
        self._notices.offer_undo(
            tr("Message deleted"), lambda: session.restore_turn(chat_id, turn_id)
        )

    @Slot(str, str)
    def _on_text_arrived(self, _reply_id: str, _text: str) -> None:
        if self._work.composer.status.isVisible():
            self.show_status()

    @Slot(object)
    def _on_reply_ended(self, _reply: StreamingReply) -> None:
        self.show_branch()

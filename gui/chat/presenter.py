"""Keeps the transcript in step with the branch shown: adds what is new, takes away what is not
shown any more.

Only the turns that differ from what the transcript holds are built anew, so a send in a chat of
10,000 messages costs no more than in a chat of two.
"""

from PySide6.QtCore import QObject, Slot

from gui.chat.conversation import Turn
from gui.chat.replies import Replies
from gui.chat.session import ChatSession
from gui.chat.streaming import StreamingReply
from gui.chat.transcript_views import view_of
from gui.widgets.transcript import MessageView, Transcript

# Taking away one by one beats laying out all anew only for a few.
FEW = 64


class TranscriptPresenter(QObject):
    """Between a session and its transcript."""

    def __init__(
        self,
        session: ChatSession,
        replies: Replies,
        transcript: Transcript,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._replies = replies
        self._transcript = transcript
        self._ids: list[str] = []
        session.chat_opened.connect(self.show_all)
        session.branch_changed.connect(self.show_changes)
        replies.text_arrived.connect(self._on_text_arrived)
        replies.progressed.connect(self._on_progressed)
        replies.ended.connect(self._on_ended)

    @Slot()
    def show_all(self) -> None:
        """Another chat: everything anew."""
        turns = self._session.conversation.path()
        self._ids = [turn.id for turn in turns]
        self._transcript.set_messages([self.view(turn) for turn in turns])

    @Slot()
    def show_changes(self) -> None:
        """The branch changed: only its differing end anew."""
        turns = self._session.conversation.path()
        n_same = _n_same(self._ids, turns)
        gone = self._ids[n_same:]
        if len(gone) > FEW or n_same == 0:
            self.show_all()
            return
        for turn_id in reversed(gone):
            self._transcript.remove_message(turn_id)
        self._ids = [turn.id for turn in turns]
        for turn in turns[n_same:]:
            self._add(self.view(turn))
        if not gone and n_same == len(turns):
            self._transcript.update_message(self.view(turns[-1]))

    def _add(self, view: MessageView) -> None:
        if view.streaming:
            self._transcript.begin_reply(view)
        else:
            self._transcript.append_message(view)

    def view(self, turn: Turn) -> MessageView:
        """A turn as the transcript shows it now."""
        streaming = self._replies.streaming(turn.id)
        return view_of(self._session.conversation, turn, streaming, is_base=self._session.is_base)

    def _shows(self, turn_id: str) -> bool:
        # A reply being written is the last turn of its branch.
        return bool(self._ids) and self._ids[-1] == turn_id

    # ---- slots ----

    @Slot(str, str)
    def _on_text_arrived(self, reply_id: str, text: str) -> None:
        if self._shows(reply_id):
            self._transcript.append_text(reply_id, text)

    @Slot(str)
    def _on_progressed(self, reply_id: str) -> None:
        reply = self._replies.streaming(reply_id)
        if reply is not None and reply.dropped and self._shows(reply_id):
            self._transcript.update_message(self.view(self._session.conversation.turn(reply_id)))

    @Slot(object)
    def _on_ended(self, reply: StreamingReply) -> None:
        if self._shows(reply.reply_id):
            turn = self._session.conversation.turn(reply.reply_id)
            self._transcript.finish_reply(reply.reply_id, self.view(turn))


def _n_same(ids: list[str], turns: list[Turn]) -> int:
    """How many turns at the beginning are those that are shown already."""
    n_same = 0
    for turn_id, turn in zip(ids, turns, strict=False):
        if turn_id != turn.id:
            break
        n_same += 1
    return n_same

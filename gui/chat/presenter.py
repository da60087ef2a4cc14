"""Keeps the transcript in step with the branch shown: adds what is new, takes away what is not
shown any more.

Only the turns that differ from what the transcript holds are built anew, so a send in a chat of
10,000 messages costs no more than in a chat of two.
"""

from PySide6.QtCore import QObject, QTimer, Slot

from gui.chat.conversation import Conversation, Turn
from gui.chat.replies import Replies
from gui.chat.session import ChatSession
from gui.chat.streaming import StreamingReply
from gui.chat.transcript_views import view_of
from gui.chat.words import reasoning_text
from gui.widgets.transcript import MessageView, Transcript

# A long chat is shown from its end; what is before comes in small parts, a moment later.
FIRST_SHOWN = 120
NEXT_SHOWN = 100
NEXT_MS = 10


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
        self._conversation: Conversation | None = None  # whose turns these are
        self._n_missing = 0  # turns at the beginning that the transcript does not have yet
        self._filling = QTimer(self, interval=NEXT_MS, singleShot=True)
        self._filling.timeout.connect(self._show_earlier)
        self._reasoning = ""
        self._as_corrected: set[str] = set()
        transcript.column.is_locked = lambda: session.is_busy
        session.chat_opened.connect(self.show_all)
        session.branch_changed.connect(self.show_changes)
        session.turn_changed.connect(self.show_turn)
        session.message_wanted.connect(self.scroll_to)
        session.own_text_arrived.connect(self._on_text_arrived)
        replies.text_arrived.connect(self._on_text_arrived)
        replies.progressed.connect(self._on_progressed)
        replies.ended.connect(self._on_ended)

    @Slot()
    def show_all(self) -> None:
        """Everything anew; the same branch of the same chat stays where the reader is."""
        turns = self._session.conversation.path()
        ids = [turn.id for turn in turns]
        if ids and ids == self._ids and self._conversation is self._session.conversation:
            views = [self.view(turn) for turn in turns[self._n_missing :]]
            self._transcript.set_messages_again(views)
            return
        self._ids, self._conversation = ids, self._session.conversation
        self._n_missing = max(0, len(turns) - FIRST_SHOWN)
        self._transcript.set_messages([self.view(turn) for turn in turns[self._n_missing :]])
        if self._n_missing:
            self._filling.start()
        else:
            self._filling.stop()

    @Slot()
    def _show_earlier(self, n: int = NEXT_SHOWN) -> None:
        """The next part of a long chat, upwards."""
        start = max(0, self._n_missing - n)
        conversation = self._session.conversation
        missing = [conversation.turn(turn_id) for turn_id in self._ids[start : self._n_missing]]
        self._n_missing = start
        self._transcript.prepend_messages([self.view(turn) for turn in missing])
        if start:
            self._filling.start()

    @Slot()
    def show_changes(self) -> None:
        """The branch changed: only its differing end anew."""
        turns = self._session.conversation.path()
        n_same = _n_same(self._ids, turns)
        start = n_same - self._n_missing
        if (start <= 0 and self._n_missing) or len(turns) - n_same > FIRST_SHOWN:
            self._show_far(turns, n_same)
            return
        is_same = n_same == len(self._ids) == len(turns)
        self._ids = [turn.id for turn in turns]
        if is_same and turns:
            self._count_versions(turns[self._n_missing :])
            self._transcript.update_message(self.view(turns[-1]))
        elif not is_same:
            self._transcript.replace_messages(start, [self.view(turn) for turn in turns[n_same:]])

    def _count_versions(self, turns: list[Turn]) -> None:
        """The same branch, which may have another beside it now, or one less."""
        for item, turn in zip(self._transcript.column.items, turns, strict=True):
            shown = item.view.version, item.view.n_versions
            if shown != self._session.conversation.version_of(turn.id):
                self._transcript.update_message(self.view(turn))

    def _show_far(self, turns: list[Turn], n_same: int) -> None:
        """A branch with a long end, or one that departs before what is shown yet. Where the reader
        changed a message's version by key or arrow, that message stays in view."""
        start = n_same - self._n_missing
        is_seen, was_current = start >= 0, self._transcript.current_message >= max(0, start)
        self.show_all()
        if is_seen and n_same < len(turns):
            self.scroll_to(turns[n_same].id)
            if not was_current:
                self._transcript.set_current(-1)

    @Slot(str)
    def show_turn(self, turn_id: str) -> None:
        """A turn says something else, or was judged."""
        if self._transcript_has(turn_id):
            self._transcript.update_message(self.view(self._session.conversation.turn(turn_id)))

    @Slot(str)
    def scroll_to(self, turn_id: str) -> None:
        """Bring a message into view and make it the current one."""
        if turn_id in self._ids[: self._n_missing]:
            self._show_earlier(self._n_missing)
        if self._transcript_has(turn_id):
            self._transcript.scroll_to(turn_id)
            self._transcript.make_current(self._transcript.column.index_of(turn_id) or 0)

    def toggle_correction(self, turn_id: str) -> None:
        """Show what a reply should have said, or what it did say."""
        self._as_corrected ^= {turn_id}
        self.show_turn(turn_id)

    def _transcript_has(self, turn_id: str) -> bool:
        return self._transcript.column.index_of(turn_id) is not None

    def view(self, turn: Turn) -> MessageView:
        """A turn as the transcript shows it now."""
        return view_of(
            self._session.conversation,
            turn,
            self._replies.streaming(turn.id),
            is_base=self._session.is_base,
            as_corrected=bool(turn.correction) and turn.id in self._as_corrected,
        )

    def _shows(self, turn_id: str) -> bool:
        # A reply being written is the last turn of its branch.
        return bool(self._ids) and self._ids[-1] == turn_id

    # ---- slots ----

    @Slot(str, str)
    def _on_text_arrived(self, reply_id: str, text: str) -> None:
        if self._shows(reply_id):
            self._transcript.append_text(reply_id, text)
            self._show_reasoning(reply_id)

    def _show_reasoning(self, reply_id: str) -> None:
        """Keep the line of a reply's reasoning in step: every second, and when it is over."""
        reply = self._replies.streaming(reply_id)
        if reply is None or not (reply.thinking.is_on or self._reasoning):
            return
        words = reasoning_text(
            reply.thinking.ms, reply.thinking.n_tokens, is_on=reply.thinking.is_on
        )
        if words != self._reasoning:
            self._reasoning = words if reply.thinking.is_on else ""
            self._transcript.update_message(self.view(self._session.conversation.turn(reply_id)))

    @Slot(str)
    def _on_progressed(self, reply_id: str) -> None:
        reply = self._replies.streaming(reply_id)
        if reply is not None and reply.lacks_messages and self._shows(reply_id):
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

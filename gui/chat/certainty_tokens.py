"""Keeps the transcript's book of tokens: read from the store, taken as they come, and scored by the
model where nothing is known of a reply's words.

Only what is painted is asked for. Replies are scored one after another, and never while one is
being written; what comes of it is kept with the reply. Draws nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from engine.process.messages import AnyEvent, AnyRequest, Cancelled, Done, Failed, Token, Tokens
from gui.chat.certainty_requests import given_text, given_token, marks_of, score_text
from gui.chat.conversation import Turn
from gui.chat.features import ChatParts
from gui.chat.streaming import StreamingReply
from gui.widgets.token_marks import TokenBook, TokenMarks
from gui.widgets.transcript import Transcript

if TYPE_CHECKING:
    from engine.chats.store import ChatStore


class CertaintyTokens(QObject):
    """The book of the open chat. While it is off it does nothing."""

    changed = Signal(str)  # message id: its tokens are there, or more of them

    def __init__(self, parts: ChatParts, parent: QObject) -> None:
        super().__init__(parent)
        self.book = TokenBook(self._want)
        self._parts = parts
        self._is_on = False
        self._wanted: set[str] = set()
        self._asked: set[str] = set()  # being read from the store
        self._tried: set[str] = set()  # scored, or refused: not again by itself
        self._to_score: list[str] = []
        self._scored_id, self._job = "", 0
        self._timer = QTimer(self, singleShot=True, interval=0)
        self._timer.timeout.connect(self._on_wanted)
        self._connect()

    def _connect(self) -> None:
        session, replies = self._parts.session, self._parts.replies
        replies.text_arrived.connect(self._on_text_arrived)
        replies.ended.connect(self._on_ended)
        session.turn_changed.connect(self._reload)
        session.own_text_arrived.connect(self._on_own_text)
        session.branch_changed.connect(self._score_next)
        self._parts.loader.model_loaded.connect(self._score_next)

    def set_on(self, is_on: bool) -> None:
        if is_on != self._is_on:
            self._is_on = is_on
            self.clear()

    def clear(self) -> None:
        """Another chat, or no colours any more: forget all, ask for nothing."""
        self.book.clear()
        for names in (self._wanted, self._asked, self._tried):
            names.clear()
        self._to_score.clear()
        self._timer.stop()
        if self._job:
            self._parts.context.engine.cancel(self._job)
        self._scored_id, self._job = "", 0

    # ---- reading ----

    def _want(self, message_id: str) -> None:
        """The transcript paints a message whose tokens are not there."""
        if message_id not in self._asked and message_id not in self._wanted:
            self._wanted.add(message_id)
            self._timer.start()

    @Slot()
    def _on_wanted(self) -> None:
        wanted, self._wanted = self._wanted, set()
        for message_id in wanted:
            self._read(message_id)

    def _read(self, message_id: str) -> None:
        session = self._parts.session
        if not self._is_on or message_id not in session.conversation:
            return
        reply = self._parts.replies.streaming(message_id)
        if reply is not None:
            self._take_live(reply)
            return
        turn = session.conversation.turn(message_id)
        self._asked.add(message_id)

        def read(store: ChatStore) -> TokenMarks:
            return marks_of(store.tokens(message_id), turn.content)

        session.store.call(read, lambda marks: self._take_kept(turn, marks))

    def _take_live(self, reply: StreamingReply) -> None:
        written = sum(len(token.text) for token in reply.tokens)
        given = reply.text[: len(reply.text) - written]
        marks = TokenMarks([given_token(given)] if given else [])
        marks.is_growing = True
        marks.extend(reply.tokens)
        self._put(reply.reply_id, marks)

    def _take_kept(self, turn: Turn, marks: TokenMarks) -> None:
        self._asked.discard(turn.id)
        conversation = self._parts.session.conversation
        if not self._is_on or turn.id not in conversation:
            return
        if conversation.turn(turn.id).content != turn.content:
            self._read(turn.id)  # it says something else meanwhile
            return
        self._put(turn.id, marks)
        if not marks.says(turn.content) and turn.state != "streaming":
            self._score_later(turn.id)

    def _put(self, message_id: str, marks: TokenMarks) -> None:
        self.book.put(message_id, marks)
        self._tell(message_id)

    def _tell(self, message_id: str) -> None:
        # The same message may be shown by others that look into the book: columns.
        for page in self._parts.work.findChildren(Transcript):
            page.viewport().update()
        self.changed.emit(message_id)

    @Slot(str)
    def _reload(self, message_id: str) -> None:
        """A message says something else now; what is shown stays until that is read."""
        self._tried.discard(message_id)
        if self.book.find(message_id) is not None:
            self._read(message_id)

    # ---- what comes ----

    @Slot(str, str)
    def _on_text_arrived(self, reply_id: str, _text: str) -> None:
        marks, reply = self.book.find(reply_id), self._parts.replies.streaming(reply_id)
        if marks is not None and reply is not None:
            n_before = len(marks) - bool(given_text(marks))
            marks.extend(reply.tokens[n_before:])

    @Slot(str, str)
    def _on_own_text(self, reply_id: str, _text: str) -> None:
        self._reload(reply_id)

    @Slot(object)
    def _on_ended(self, reply: StreamingReply) -> None:
        marks = self.book.find(reply.reply_id)
        if marks is not None:
            marks.extend(reply.tokens[len(marks) - bool(given_text(marks)) :])
            marks.is_growing = False
            self._tell(reply.reply_id)
            if not marks.says(reply.text):
                self._read(reply.reply_id)
        self._score_next()

    # ---- scoring ----

    def _score_later(self, message_id: str) -> None:
        turn = self._parts.session.conversation.turn(message_id)
        if message_id not in self._tried and message_id not in self._to_score and turn.content:
            self._to_score.append(message_id)
            self._score_next()

    @Slot()
    def _score_next(self) -> None:
        """Begin with the next reply, if the engine is free for it."""
        session, model = self._parts.session, self._parts.loader.model
        if self._job or not self._to_score or session.is_busy or model is None:
            return
        turn_id = self._to_score.pop(0)
        self._tried.add(turn_id)
        conversation, before = session.conversation, self.book.find(turn_id)
        if before is None or turn_id not in conversation:
            self._score_next()
            return
        turn = conversation.turn(turn_id)

        def make_request(job: int) -> AnyRequest:
            return score_text(
                conversation,
                turn,
                session.settings,
                job,
                marks=before,
                model=model,
                is_private=session.is_temporary,
            )

        # What follows words that a person gave is known already.
        known = before.tokens[1:] if given_text(before) else []
        taking = _Taking(self, turn, known)
        self._scored_id = turn_id
        self._job = self._parts.context.engine.submit(make_request, taking.take)

    def take_scores(self, turn: Turn, marks: TokenMarks, event: AnyEvent) -> None:
        """An event of a scoring under way."""
        if turn.id != self._scored_id:
            return  # left meanwhile
        if isinstance(event, Tokens):
            self._put(turn.id, marks)
            return
        if not isinstance(event, Done | Cancelled | Failed):
            return
        self._scored_id, self._job = "", 0
        if isinstance(event, Failed):
            self._parts.context.notices.show_event(event)
        elif isinstance(event, Done):
            self._put(turn.id, marks)
            self._keep(turn, marks)
        self._score_next()

    def _keep(self, turn: Turn, marks: TokenMarks) -> None:
        """Keep the figures with the reply, so that they need not be asked for again."""
        session = self._parts.session
        if turn.id in session.conversation and marks.says(
            session.conversation.turn(turn.id).content
        ):
            tokens = list(marks.tokens)
            session.store.call(lambda store: store.set_content(turn.id, turn.content, tokens))


class _Taking:
    """The tokens of one scoring as they come. known: those behind the scored ones."""

    def __init__(self, owner: CertaintyTokens, turn: Turn, known: list[Token]) -> None:
        self._owner, self._turn, self._known = owner, turn, known
        self._marks = TokenMarks()

    def take(self, event: AnyEvent) -> None:
        if isinstance(event, Tokens):
            self._marks.extend(event.items)
        elif isinstance(event, Done):
            self._marks.extend(self._known)
        self._owner.take_scores(self._turn, self._marks, event)

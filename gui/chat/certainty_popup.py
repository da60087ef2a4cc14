"""The popup over a token of a reply: what else could have stood there, asked for where it is not
kept, and the fork where a person chooses something else.

Works by mouse (it comes when the mouse rests and goes with it) and by keys while the transcript has
the focus. The focus itself stays where it is.
"""

from __future__ import annotations

import msgspec
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QRectF, Qt, QTimer, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from engine.process.messages import (
    AnyEvent,
    AnyRequest,
    Candidate,
    Done,
    Failed,
    Token,
    Tokens,
    Top,
)
from gui.chat.certainty_requests import GIVEN_ID, given_text, is_of_model, score_token
from gui.chat.conversation import Turn
from gui.chat.features import ChatParts
from gui.chat.streaming import StreamingReply
from gui.chat.words import tr
from gui.widgets.announce import announce
from gui.widgets.probability_popup import ProbabilityPopup
from gui.widgets.token_marks import TokenMarks

LEAVE_MS = 300


class CertaintyPopup(QObject):
    """Between the transcript's tokens, the popup, the engine and the session."""

    def __init__(self, parts: ChatParts, parent: QObject) -> None:
        super().__init__(parent)
        self._parts = parts
        self._transcript = parts.work.transcript
        self.popup = ProbabilityPopup(parts.context.theme, parts.work)
        self._place = ("", -1)
        self._is_by_key = False
        self._waiting_fork: tuple[str, int, Candidate] | None = None
        self._leaving = QTimer(self, singleShot=True, interval=LEAVE_MS)
        self._leaving.timeout.connect(self.popup.close_it)
        self._connect()

    def _connect(self) -> None:
        transcript, popup = self._transcript, self.popup
        transcript.token_pointed.connect(self._on_pointed)
        transcript.token_left.connect(self._on_left)
        transcript.reasoning_toggled.connect(popup.close_it)
        transcript.tokens_skipped.connect(self._on_skipped)
        transcript.popup_key = self._key
        transcript.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        popup.candidate_picked.connect(self._on_picked)
        popup.closed.connect(self._on_closed)
        popup.entered.connect(self._leaving.stop)
        popup.left.connect(self._on_left)
        self._parts.session.chat_opened.connect(popup.close_it)
        self._parts.session.branch_changed.connect(popup.close_it)
        self._parts.replies.ended.connect(self._on_reply_ended)

    def close(self) -> None:
        self._leaving.stop()
        self._waiting_fork = None
        self.popup.close_it()

    # ---- showing ----

    @Slot(str, int, bool)
    def _on_pointed(self, message_id: str, token: int, is_by_key: bool) -> None:
        marks = self._transcript.marks_of(message_id)
        if marks is None or not token < len(marks) or marks.tokens[token].id == GIVEN_ID:
            return
        self._leaving.stop()
        self._place, self._is_by_key = (message_id, token), is_by_key
        self._transcript.set_current_token(message_id, token)
        self._show(marks, token)
        if not self.popup.isVisible():
            _app().installEventFilter(self)
        self.popup.place_at(self._anchor())
        self._speak()

    def _show(self, marks: TokenMarks, index: int) -> None:
        token, top = marks.tokens[index], marks.top(index)
        model = self._parts.loader.model
        if top is not None:
            n_vocab = model.n_vocab if model is not None else 0
            self.popup.show_top(token, top, n_vocab, self._refusal(marks))
            return
        refusal = self._refusal(marks, needs_model=True)
        if refusal:
            self.popup.show_waiting(token, refusal)
        else:
            self.popup.show_waiting(token, tr("Asking the model…"))
            self._ask(marks, index)

    def _refusal(self, marks: TokenMarks, *, needs_model: bool = False) -> str:
        """Why the model cannot be asked, or go on from here; "" where it can."""
        turn, model = self._turn(), self._parts.loader.model
        if turn is None or model is None:
            return tr("Load a model to go on from here.")
        if not is_of_model(turn, model):
            return tr("Load {name}, which wrote this, to go on from here.").format(
                name=turn.model_name or tr("the model")
            )
        if needs_model and marks.is_growing:
            return tr("The alternatives can be asked for when the reply is whole.")
        return ""

    def _turn(self) -> Turn | None:
        conversation = self._parts.session.conversation
        return conversation.turn(self._place[0]) if self._place[0] in conversation else None

    def _anchor(self) -> QRectF:
        rect = self._transcript.token_rect(*self._place)
        if rect is None:
            rect = QRectF(self._transcript.viewport().rect().center(), QRectF().size())
        corner = self._transcript.viewport().mapTo(self._parts.work, rect.topLeft().toPoint())
        return QRectF(corner, rect.size())

    def _speak(self) -> None:
        if self._is_by_key:
            announce(self._transcript, self.popup.spoken())

    # ---- asking ----

    def _ask(self, marks: TokenMarks, index: int) -> None:
        session, turn, model = self._parts.session, self._turn(), self._parts.loader.model
        assert turn is not None and model is not None
        place = self._place

        def make_request(job: int) -> AnyRequest:
            return score_token(
                session.conversation,
                turn,
                session.settings,
                job,
                marks=marks,
                index=index,
                model=model,
                is_private=session.is_temporary,
            )

        def hear(event: AnyEvent) -> None:
            if isinstance(event, Tokens) and event.items:
                self._take(place, marks, event.items[-1])
            elif isinstance(event, Failed):
                self._tell(place, marks, f"{event.message} {event.hint}".strip())
            elif isinstance(event, Done) and marks.top(index) is None:
                self._tell(place, marks, tr("The model said nothing of it."))

        self._parts.context.engine.submit(make_request, hear)

    def _tell(self, place: tuple[str, int], marks: TokenMarks, words: str) -> None:
        """Why there are no alternatives, while the popup still waits for them."""
        if self._place == place and self.popup.isVisible():
            self.popup.show_waiting(marks.tokens[place[1]], words)
            self._speak()

    def _take(self, place: tuple[str, int], marks: TokenMarks, scored: Token) -> None:
        if scored.top is None:
            return
        marks.tops[place[1]] = scored.top
        if self._place == place and self.popup.isVisible():
            self._show(marks, place[1])
            self._speak()

    # ---- forking ----

    @Slot(object)
    def _on_picked(self, candidate: Candidate) -> None:
        message_id, index = self._place
        self.popup.close_it()
        if self._parts.replies.streaming(message_id) is not None:
            # The reply is still being written: it ends here first, and is kept as a version.
            self._waiting_fork = (message_id, index, candidate)
            self._parts.session.stop()
        else:
            self._fork(message_id, index, candidate)

    def _fork(self, message_id: str, index: int, candidate: Candidate) -> None:
        marks, session = self._transcript.marks_of(message_id), self._parts.session
        model = self._parts.loader.model
        if marks is None or model is None or message_id not in session.conversation:
            return
        first = bool(given_text(marks))
        kept = marks.tokens[first:index]
        if candidate.id in model.end_ids:
            self._end_there(message_id, kept, marks.tops.get(index) or marks.top(index), candidate)
            return
        text = marks.text_with(index, candidate.piece)[len(given_text(marks)) :]
        session.fork(message_id, [*(token.id for token in kept), candidate.id], text)

    def _end_there(
        self, message_id: str, kept: list[Token], top: Top | None, candidate: Candidate
    ) -> None:
        """The chosen token ends the reply: nothing is left for the model to write."""
        session = self._parts.session
        turn = session.conversation.turn(message_id)
        end = Token(candidate.id, candidate.piece, "", candidate.logprob, 0, top)
        tokens = [msgspec.structs.replace(token) for token in kept] + [end]

        def write(reply: Turn) -> None:
            session.append_own(reply.id, "".join(token.text for token in kept), tokens)
            session.finish_own(reply.id, {"finish": "stop"})

        session.begin_own_reply(turn.parent_id, write)

    @Slot(object)
    def _on_reply_ended(self, reply: StreamingReply) -> None:
        waiting, self._waiting_fork = self._waiting_fork, None
        if waiting is not None and waiting[0] == reply.reply_id:
            QTimer.singleShot(0, self, lambda: self._fork(*waiting))

    # ---- going ----

    @Slot(str)
    def _on_skipped(self, _message_id: str) -> None:
        """Keys looked for tokens where all are folded away."""
        words = tr("The reasoning is folded: Space opens it, then its tokens can be looked at.")
        announce(self._transcript, words)

    @Slot()
    def _on_left(self) -> None:
        if self.popup.isVisible() and not self._is_by_key:
            self._leaving.start()

    @Slot()
    def _on_scrolled(self) -> None:
        if not self.popup.isVisible():
            return
        if self._is_by_key:
            self.popup.place_at(self._anchor())
        else:
            self.popup.close_it()

    @Slot()
    def _on_closed(self) -> None:
        _app().removeEventFilter(self)
        self._leaving.stop()
        self._place = ("", -1)
        self._transcript.set_current_token("", -1)

    # ---- keys ----

    def _key(self, key: int) -> bool:
        """A key without modifiers, in the transcript."""
        if not self.popup.isVisible():
            return False
        is_mine = self.popup.key(key)
        if is_mine and self.popup.isVisible():
            self._is_by_key = True
            announce(self._transcript, self.popup.spoken_now())
        return is_mine

    def _is_on_popup(self, watched: QObject) -> bool:
        popup = self.popup
        return watched is popup or (isinstance(watched, QWidget) and popup.isAncestorOf(watched))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Esc closes the popup wherever the focus is, before it means anything else; so does a
        press of the mouse elsewhere."""
        kinds = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)
        key = event.key() if isinstance(event, QKeyEvent) and event.type() in kinds else None
        if key == Qt.Key.Key_Escape and self.popup.isVisible():
            event.accept()
            if event.type() == QEvent.Type.KeyPress:
                self.popup.close_it()
            return True
        is_press = event.type() == QEvent.Type.MouseButtonPress and isinstance(watched, QWidget)
        if is_press and not self._is_on_popup(watched):
            self.popup.close_it()
        return super().eventFilter(watched, event)


def _app() -> QCoreApplication:
    app = QCoreApplication.instance()
    assert app is not None, "a widget without an application"
    return app

"""You are the sampler: a person picks every next token of a reply from what the model would draw
from. A button in the composer; the panel above it does the picking.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QApplication

from engine.process.messages import Candidate, Failed, Token
from gui.chat.conversation import Turn
from gui.chat.features import ChatParts, Feature
from gui.chat.step_panel import StepPanel
from gui.chat.step_run import StepRun
from gui.chat.streaming import StreamingReply
from gui.chat.words import tr
from gui.icons import icon
from gui.widgets.shy_button import ShyButton

if TYPE_CHECKING:
    from engine.chats.store import ChatStore

SHORTCUT = "Ctrl+Shift+T"


class StepFeature(Feature):
    """The button, the panel, and the reply that is being picked."""

    def __init__(self, parts: ChatParts) -> None:
        super().__init__(parts)
        self.button = ShyButton(tr("Step by token"), "")
        self.panel = StepPanel(parts.context.theme)
        self.run: StepRun | None = None
        self._waits_for = ""
        self._name_parts()
        parts.work.composer.add_tool(self.button)
        parts.work.add_strip(self.panel)
        parts.add_action(tr("Ste&p by token"), self.button.click, SHORTCUT)
        self._connect()

    def save_state(self) -> None:
        """The window is closing: what was picked is kept, to be gone on with."""
        self._leave()

    def _name_parts(self) -> None:
        self.button.setCheckable(True)
        self.button.setToolTip(
            tr(
                "Pick every token of the reply yourself (Ctrl+Shift+T): to the message you have"
                " typed, or going on with a reply that was stopped"
            )
        )

    def _connect(self) -> None:
        parts, panel = self.parts, self.panel
        self.button.clicked.connect(self._on_clicked)
        panel.picked.connect(self._on_picked)
        panel.sampler_asked.connect(self._on_sampler_asked)
        panel.back_asked.connect(self._on_back_asked)
        panel.go_on_asked.connect(self._on_go_on_asked)
        panel.end_asked.connect(self._on_end_asked)
        panel.leave_asked.connect(self._leave)
        panel.retry_asked.connect(self._ask)
        parts.session.chat_opened.connect(self._leave)
        parts.session.own_stop_asked.connect(self._leave)
        parts.session.send_refused.connect(self._leave)
        parts.replies.ended.connect(self._on_reply_ended)
        parts.desk.guest_changed.connect(self._on_guest_changed)
        parts.context.theme.changed.connect(self._dress)
        self._dress()

    @Slot()
    def _dress(self) -> None:
        palette = self.parts.context.theme.palette
        self.button.setIcon(icon("step", palette.text_dim, palette.accent))

    @Slot(bool)
    def _on_guest_changed(self, has_guest: bool) -> None:
        """Tokens are picked in the one chat alone."""
        if has_guest:
            self._leave()
        self.button.setVisible(not has_guest)
        self.button.setEnabled(not has_guest)

    # ---- beginning ----

    @Slot(bool)
    def _on_clicked(self, is_on: bool) -> None:
        if is_on:
            self._begin()
        else:
            self._leave()

    def _begin(self) -> None:
        """Have the next reply picked: to what is typed, else where the branch shown ends."""
        session, composer = self.parts.session, self.parts.work.composer
        head_id = session.conversation.head_id
        self.button.setChecked(True)
        if session.is_busy:
            # The reply being written stops first; then a person goes on with it.
            self._waits_for = head_id or ""
            session.stop()
        elif self.parts.loader.model is None:
            self.button.setChecked(False)
            composer.set_status(tr("Choose a model first: the button above."))
        elif composer.text().strip():
            session.answer_next_by_hand(self._on_ready)
            composer.send_button.click()
            self._show_whether_sent()
        elif head_id is not None:
            self._go_on_with(session.conversation.turn(head_id))
        else:
            session.answer_next_by_hand(self._on_ready)
            self.panel.show_armed()
            composer.edit.setFocus()

    def _show_whether_sent(self) -> None:
        """Something may be asked before a message goes: the panel says what comes after."""
        if not self.parts.session.is_busy and self.button.isChecked():
            self.panel.show_armed()

    def _go_on_with(self, turn: Turn) -> None:
        """A message is answered; a reply that broke off is gone on with, as a version; one that
        ended is written anew, as a version."""
        session = self.parts.session
        if turn.role != "assistant":
            session.begin_own_reply(turn.id, self._on_ready)
        elif turn.state == "done" or not turn.content:
            session.begin_own_reply(turn.parent_id, self._on_ready)
        else:
            self._read_and_go_on(turn)

    def _read_and_go_on(self, turn: Turn) -> None:
        session = self.parts.session

        def read(store: ChatStore) -> list[Token]:
            return store.tokens(turn.id)

        def go_on(tokens: list[Token]) -> None:
            written = "".join(token.text for token in tokens)
            fits = turn.content.endswith(written)
            given = turn.content[: len(turn.content) - len(written)] if fits else turn.content
            session.begin_own_reply(
                turn.parent_id, lambda own: self._start(own, given, tokens if fits else [])
            )

        session.store.call(read, go_on)

    def _on_ready(self, turn: Turn) -> None:
        self.parts.session.answer_next_by_hand(None)
        self._start(turn)

    def _start(self, turn: Turn, given: str = "", tokens: list[Token] | None = None) -> None:
        """Pick the tokens of a reply.

        Args:
            given, tokens: what it is to begin with, beyond the words that it has.
        """
        if turn.id not in self.parts.session.conversation or not self.button.isChecked():
            # Left meanwhile: the reply stays, as one that was stopped.
            self.parts.session.finish_own(turn.id, {"finish": "cancelled"})
            return
        run = self.run = StepRun(self.parts, turn.id, self, turn.content)
        run.choices_came.connect(self._show)
        run.pick_made.connect(self._show)
        run.failed.connect(self._on_failed)
        run.ended.connect(self._on_ended)
        if given or tokens:
            run.go_on_from(given, tokens or [])
        self._show()
        run.ask()
        self.panel.field.setFocus()

    # ---- showing ----

    @Slot()
    def _show(self) -> None:
        run, model = self.run, self.parts.loader.model
        if run is None:
            return
        top = run.top
        if top is None or not top.before:
            self.panel.show_waiting(run.text, len(run.picked))
        elif model is not None:
            n_picked = len(run.picked)
            self.panel.show_choices(run.text, n_picked, top, model.end_ids, model.n_vocab)

    @Slot(object)
    def _on_failed(self, failure: Failed) -> None:
        self.panel.show_failure(f"{failure.message} {failure.hint}".strip())

    # ---- what is asked ----

    @Slot(object)
    def _on_picked(self, candidate: Candidate) -> None:
        if self.run is not None:
            self.run.pick(candidate)

    @Slot()
    def _on_sampler_asked(self) -> None:
        if self.run is not None:
            self.run.pick_drawn()

    @Slot()
    def _on_back_asked(self) -> None:
        if self.run is not None:
            self.run.take_back()

    @Slot()
    def _on_go_on_asked(self) -> None:
        if self.run is not None:
            self.run.let_go_on()

    @Slot()
    def _on_end_asked(self) -> None:
        if self.run is not None:
            self.run.end()

    @Slot()
    def _ask(self) -> None:
        if self.run is not None:
            self._show()
            self.run.ask()

    @Slot()
    def _leave(self) -> None:
        """Pick no more; what was picked stays."""
        self._waits_for = ""
        self.parts.session.answer_next_by_hand(None)
        if self.run is not None:
            self.run.leave()
        else:
            self._put_away()

    @Slot(bool)
    def _on_ended(self, goes_on: bool) -> None:
        run, self.run = self.run, None
        self._put_away()
        if run is not None:
            run.deleteLater()
            if goes_on and run.turn_id in self.parts.session.conversation:
                self.parts.session.continue_reply(run.turn_id)

    def _put_away(self) -> None:
        focus = QApplication.focusWidget()
        had_focus = focus is not None and self.panel.isAncestorOf(focus)
        self.panel.hide()
        self.button.setChecked(False)
        if had_focus:
            self.parts.desk.focus_composer()

    @Slot(object)
    def _on_reply_ended(self, reply: StreamingReply) -> None:
        if self._waits_for and self._waits_for == reply.reply_id:
            self._waits_for = ""
            conversation = self.parts.session.conversation
            if reply.reply_id in conversation and self.button.isChecked():
                self._go_on_with(conversation.turn(reply.reply_id))

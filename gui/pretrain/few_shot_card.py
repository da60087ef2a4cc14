"""The few-shot prompt builder: examples, then one that a base is to go on with. Story questions or
lines that a person types; the prompt is seen, changed, asked, and opened in Chat's raw mode.
"""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QPlainTextEdit, QSpinBox, QWidget

from engine.process.messages import Failed
from gui.chat.wheel_guard import WheelGuard
from gui.pretrain.asker import Asker
from gui.pretrain.own_pairs import OwnPairs
from gui.pretrain.said_view import SaidView
from gui.pretrain.score_words import kind_name
from gui.pretrain.shot_source import STOP, ShotPrompt, ShotSource
from gui.pretrain.words import tr
from gui.staged.cards import Card
from gui.theme import Theme
from gui.widgets.announce import announce
from gui.widgets.calm_combo import CalmComboBox
from gui.widgets.flow import FlowLayout
from gui.widgets.kinds import button, label, set_kind

STORY, OWN = "story", "own"
PROMPT_PX = 170
MOST_SHOTS, SHOTS = 6, 2


class FewShotCard(Card):
    """Tells what is to be asked; `asker` asks."""

    ask_asked = Signal(str, list)  # the prompt, and where its answer stops
    chat_asked = Signal(str)  # the prompt, in Chat's raw mode

    def __init__(
        self, theme: Theme, source: ShotSource, asker: Asker, parent: QWidget | None = None
    ) -> None:
        super().__init__(theme, tr("Few-shot prompt"), parent)
        self._source, self._asker = source, asker
        self._number = 0
        self.shown: ShotPrompt | None = None
        self.words = label(
            tr(
                "A base goes on with a pattern. Show it some examples, begin one more, and it "
                "may answer though nobody taught it to."
            ),
            "dim",
            wrap=True,
        )
        self.kind = CalmComboBox(self)
        self.n_shots = QSpinBox()
        self.n_label = label(tr("Examples"), "dim")
        self.other = button(tr("Another question"), "", tr("The next held-out one of its world"))
        self.pairs = OwnPairs(theme, self)
        self.prompt = QPlainTextEdit()
        self.ask_button = button(
            tr("Ask"), "primary", tr("Let the checkpoint go on, always with the likeliest token")
        )
        self.stop_button = button(tr("Stop"), "", tr("Let it be; what was said stays"))
        self.chat_button = button(
            tr("Open in Chat"), "", tr("The prompt in Chat’s raw mode, to go on with it there")
        )
        self.verdict = label("", "dim", wrap=True)
        self.said = SaidView(theme, self)
        self._set_up()
        self._lay_out()
        self._connect()
        self._dress()
        self.show_source()

    # ---- building ----

    def _set_up(self) -> None:
        self.kind.setAccessibleName(tr("Examples from"))
        self.kind.setToolTip(tr("Questions of its story world, or pairs that you write"))
        self.n_shots.setRange(0, MOST_SHOTS)
        self.n_shots.setValue(SHOTS)
        self.n_shots.setAccessibleName(tr("Examples"))
        self.n_shots.setToolTip(
            tr("How many answered questions stand before the one that is asked")
        )
        self.n_label.setBuddy(self.n_shots)
        WheelGuard(self).watch(self.n_shots)
        self.prompt.setAccessibleName(tr("Prompt"))
        self.prompt.setToolTip(tr("What the model reads, to the letter; change it as you like"))
        self.prompt.setTabChangesFocus(True)

    def _lay_out(self) -> None:
        px = self.theme.px
        row, below = FlowLayout(), FlowLayout()
        for part in (self.kind, self.n_label, self.n_shots, self.other):
            row.addWidget(part)
        for part in (self.ask_button, self.stop_button, self.chat_button):
            below.addWidget(part)
        for one in (row, below):
            one.setSpacing(px(10))
        self.column.addWidget(self.words)
        self.column.addLayout(row)
        self.column.addWidget(self.pairs)
        self.column.addWidget(self.prompt)
        self.column.addLayout(below)
        self.column.addWidget(self.verdict)
        self.column.addWidget(self.said)

    def _connect(self) -> None:
        self._source.changed.connect(self.show_source)
        self.kind.currentIndexChanged.connect(self._show_prompt)
        self.n_shots.valueChanged.connect(self._show_prompt)
        self.other.clicked.connect(self._on_other)
        self.pairs.changed.connect(self._show_prompt)
        self.prompt.textChanged.connect(self._show_buttons)
        self.ask_button.clicked.connect(self._on_ask)
        self.stop_button.clicked.connect(self._asker.stop)
        self.chat_button.clicked.connect(lambda: self.chat_asked.emit(self.prompt.toPlainText()))
        self._asker.began.connect(self._on_began)
        self._asker.tokens_arrived.connect(self.said.add)
        self._asker.ended.connect(self._on_ended)
        self._asker.failed.connect(self._on_failed)
        self.theme.changed.connect(self._dress)

    # ---- the prompt ----

    @Slot()
    def show_source(self) -> None:
        """What can be chosen from: story questions where its text is a story world."""
        choices = [(tr("your own pairs"), OWN)]
        if self._source.shots is not None:
            choices.insert(0, (tr("story questions"), STORY))
        if [self.kind.itemData(n) for n in range(self.kind.count())] != [one[1] for one in choices]:
            self.kind.blockSignals(True)
            self.kind.clear()
            self.kind.add_choices([(name, data) for name, data in choices])
            self.kind.setCurrentIndex(0)
            self.kind.blockSignals(False)
        self._show_prompt()

    @property
    def is_story(self) -> bool:
        return str(self.kind.currentData()) == STORY

    @Slot()
    def _show_prompt(self) -> None:
        is_story = self.is_story
        for part in (self.n_label, self.n_shots, self.other):
            part.setVisible(is_story)
        self.pairs.setVisible(not is_story)
        self.shown = None
        if is_story:
            self.shown = self._source.prompt(self._number, self.n_shots.value())
        text = self.shown.text if self.shown is not None else self.pairs.prompt
        if text != self.prompt.toPlainText():
            self.prompt.setPlainText(text)
            bar = self.prompt.verticalScrollBar()
            bar.setValue(bar.maximum())
            self._forget()
        self.note.setText(kind_name(self.shown.kind) if self.shown is not None else "")
        self._show_buttons()

    def _forget(self) -> None:
        """What was said was said to another prompt."""
        self._asker.stop()
        self.said.clear()
        self.verdict.hide()

    @Slot()
    def _on_other(self) -> None:
        self._number += 1
        self._show_prompt()

    # ---- asking ----

    @Slot()
    def _on_ask(self) -> None:
        stop = list(STOP) if self.is_story else [self.pairs.stop]
        self.ask_asked.emit(self.prompt.toPlainText(), stop)

    @Slot()
    def _on_began(self) -> None:
        self.said.clear()
        set_kind(self.verdict, "dim")
        self.verdict.setText(tr("Asking…"))
        self.verdict.show()
        self._show_buttons()

    @Slot(str)
    def _on_ended(self, text: str) -> None:
        words = _verdict(text, self.shown)
        self.verdict.setText(words)
        self.verdict.setVisible(bool(words))
        announce(self, words)
        self._show_buttons()

    @Slot(object)
    def _on_failed(self, failed: Failed) -> None:
        set_kind(self.verdict, "bad")
        words = " ".join(filter(None, (failed.message, failed.hint)))
        self.verdict.setText(f"✗ {words}")
        self.verdict.setToolTip(failed.detail)
        self.verdict.show()
        announce(self, words)
        self._show_buttons()

    @Slot()
    def _show_buttons(self) -> None:
        has_prompt = bool(self.prompt.toPlainText())
        self.ask_button.setEnabled(has_prompt and not self._asker.is_asking)
        self.chat_button.setEnabled(has_prompt)
        self.stop_button.setVisible(self._asker.is_asking)

    @Slot()
    def _dress(self) -> None:
        self.prompt.setFont(self.theme.font("mono"))
        self.prompt.setFixedHeight(self.theme.px(PROMPT_PX))


def _verdict(said: str, shown: ShotPrompt | None) -> str:
    said = " ".join(said.split())
    if shown is None:
        return tr("It goes on: {said}").format(said=said) if said else ""
    return tr("It said “{said}”; right is “{answer}”").format(said=said, answer=shown.answer)

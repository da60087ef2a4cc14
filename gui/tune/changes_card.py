"""What changed, token by token: rows that the run's end measured, or any text that is typed here,
under the base and under what was taught.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget

from engine.process.messages import Failed
from engine.process.tune_messages import CompareTexts, RowMessage, TextChanges
from finetune.measure.results import RunResult
from gui.side_worker import SideWorker
from gui.staged.cards import Card
from gui.theme import Theme
from gui.tune.change_view import ChangeLegend, ChangeView
from gui.tune.changes import Changes, stored_changes, told_changes
from gui.tune.words import tr
from gui.widgets.calm_combo import CalmComboBox
from gui.widgets.flow import FlowLayout
from gui.widgets.kinds import button, label
from gui.widgets.plain_tip import plain_tip
from gui.widgets.token_text import shown

OWN = "own"
MOST_MOVERS = 8
MOST_LETTERS = 60


class ChangesCard(Card):
    """Args:
    heavy: compares a typed text.
    """

    def __init__(self, theme: Theme, heavy: SideWorker, parent: QWidget | None = None) -> None:
        super().__init__(theme, tr("What changed, token by token"), parent)
        self._heavy = heavy
        self._path = ""
        self._job = 0
        self._stored: dict[str, Changes] = {}
        self._own: Changes | None = None
        self.row = CalmComboBox(self)
        self.question, self.answer = QLineEdit(), QLineEdit()
        self.compare = button(
            tr("Compare"), "", tr("Read this under the base and under what was taught (Enter)")
        )
        self.state = label("", "dim", wrap=True)
        self.view, self.legend = ChangeView(theme, self), ChangeLegend(theme, self)
        self.movers: list[QPushButton] = []
        self._movers = FlowLayout()
        self._set_up()
        self._lay_out()
        theme.changed.connect(self._dress)
        self._dress()

    def set_run(self, path: str, result: RunResult | None) -> None:
        """Show what a run's end measured."""
        if path != self._path:
            self._path, self._own = path, None
            self._heavy.cancel(self._job)
            self._say("")
        rows = result.tokens if result is not None else []
        stored = {one.row_id: stored_changes(one.tokens) for one in rows}
        excerpts = {one.row_id: one.excerpt for one in result.rows} if result is not None else {}
        chosen = self.row.currentData()
        with QSignalBlocker(self.row):
            self.row.clear()
            names = [(_short(excerpts.get(key) or key), key) for key in stored]
            self.row.add_choices([*names, (tr("A text of your own"), OWN)])
            self.row.choose(chosen)
        self._stored = stored
        self._show()

    @property
    def changes(self) -> Changes | None:
        """What is shown."""
        key = self.row.currentData()
        return self._own if key == OWN else self._stored.get(str(key))

    def _show(self) -> None:
        changes, is_own = self.changes, self.row.currentData() == OWN
        for part in (self.question, self.answer, self.compare):
            part.setVisible(is_own)
        self.view.set_changes(changes)
        self.view.setVisible(changes is not None)
        self.legend.setVisible(changes is not None)
        self.note.setText("")
        if changes is not None:
            before, after = changes.bits()
            words = tr("{before} → {after} bits for {n} tokens")
            n = f"{len(changes.tokens):,}"
            self.note.setText(words.format(before=f"{before:,.0f}", after=f"{after:,.0f}", n=n))
        self._show_movers(changes)

    def _show_movers(self, changes: Changes | None) -> None:
        tokens = changes.movers(MOST_MOVERS) if changes is not None else []
        while len(self.movers) < len(tokens):
            one = button("", "chip")
            one.clicked.connect(self._on_mover)
            self.movers.append(one)
            self._movers.addWidget(one)
        for one in self.movers[len(tokens) :]:
            one.hide()
        self._heading.setVisible(bool(tokens))
        for one, token in zip(self.movers, tokens, strict=False):
            assert changes is not None
            piece = shown(changes.tokens.piece(token))
            one.setText(f"{piece}  {changes.shares(token)}".replace("&", "&&"))
            one.setProperty("token", token)
            one.setToolTip(plain_tip(f"“{piece}” · {changes.words(token)}"))
            one.show()

    # ---- a text of one's own ----

    @Slot()
    def ask(self) -> None:
        """Compare what is typed."""
        question, answer = self.question.text().strip(), self.answer.text().strip()
        if not answer and not question:
            self._say(tr("Type a question and an answer, or a text alone."))
            return
        self._heavy.cancel(self._job)
        messages = [RowMessage("user", question), RowMessage("assistant", answer)]
        is_chat = bool(question and answer)

        def make(job: int) -> CompareTexts:
            if is_chat:
                return CompareTexts(job=job, run=self._path, messages=messages)
            return CompareTexts(job=job, run=self._path, text=answer or question)

        self._say(tr("Reading it under both…"))
        self._job = self._heavy.ask(make, self._for_run(self._on_compared), self._on_failed)

    def _say(self, words: str) -> None:
        self.state.setText(words)
        self.state.setVisible(bool(words))

    def _for_run(self, then: Callable[[TextChanges], None]) -> Callable[[TextChanges], None]:
        path = self._path
        return lambda told: then(told) if path == self._path else None

    def _on_compared(self, told: TextChanges) -> None:
        self._say("")
        self._own = told_changes(told)
        self.row.choose(OWN)
        self._show()

    def _on_failed(self, failed: Failed) -> None:
        self._say(f"{failed.message} {failed.hint}".strip())

    # ---- building ----

    def _set_up(self) -> None:
        self.row.setAccessibleName(tr("Text"))
        self.row.setToolTip(tr("A row that was kept aside, or a text of your own"))
        self.row.setSizeAdjustPolicy(
            CalmComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.row.setMinimumContentsLength(10)
        self.question.setPlaceholderText(tr("A question"))
        self.question.setAccessibleName(tr("Question"))
        self.question.setToolTip(tr("What the user says; leave it empty to compare a plain text"))
        self.answer.setPlaceholderText(tr("An answer, or a text"))
        self.answer.setAccessibleName(tr("Answer"))
        self.answer.setToolTip(tr("How likely is each of its tokens, before and after?"))
        self.row.currentIndexChanged.connect(self._on_row_chosen)
        self.compare.clicked.connect(self.ask)
        for field in (self.question, self.answer):
            field.returnPressed.connect(self.ask)

    def _lay_out(self) -> None:
        self.column.addWidget(self.row)
        fields = QHBoxLayout()
        fields.addWidget(self.question, 1)
        fields.addWidget(self.answer, 2)
        fields.addWidget(self.compare)
        self._heading: QLabel = label(tr("Largest movers"), "dim")
        self.column.addLayout(fields)
        self.column.addWidget(self.state)
        self.state.hide()
        self.column.addWidget(self.view)
        self.column.addWidget(self.legend, 0, Qt.AlignmentFlag.AlignLeft)
        self.column.addWidget(self._heading)
        self.column.addLayout(self._movers)

    @Slot()
    def _on_row_chosen(self) -> None:
        self._show()

    @Slot()
    def _on_mover(self) -> None:
        sender = self.sender()
        if sender is not None:
            self.view.setFocus()
            self.view.set_current(int(sender.property("token")))

    @Slot()
    def _dress(self) -> None:
        self._movers.setSpacing(self.theme.px(6))


def _short(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= MOST_LETTERS else line[: MOST_LETTERS - 1] + "…"

"""The comparison of strengths: which adapter, what was asked, and the answers side by side.

Two by two where the window is narrow. Shows what it is told and emits wishes.
"""

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from gui.chat.adapter_row import adapter_name
from gui.chat.strength_column import StrengthColumn
from gui.chat.strength_run import Answer
from gui.chat.word_marks import marks_of
from gui.chat.words import tr
from gui.theme import Theme
from gui.widgets.calm_combo import CalmComboBox
from gui.widgets.escape import claim_escape
from gui.widgets.flow import FlowLayout
from gui.widgets.kinds import button, label

STRENGTHS = (0.0, 0.5, 1.0, 2.0)
FIRST_LENGTH = 96
MAX_LENGTH = 2048
# Below this width (at 13 px) four columns would be narrower than reads well.
ROOMY_PX = 760


class StrengthView(QFrame):
    """Head, question and four columns."""

    run_asked = Signal()
    stop_asked = Signal()
    close_asked = Signal()
    strength_changed = Signal(int, float)  # place of a column, its strength
    use_asked = Signal(float)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.adapter = CalmComboBox()
        self.length = QSpinBox()
        self.question = label("", "dim", wrap=True)
        self.run = button(tr("Ask again"), "", tr("All strengths once more, with another seed"))
        self.stop = button(tr("Stop"), "", tr("Ask no more; what was said stays"))
        self.close_button = button(tr("Back to the chat"), "", tr("Leave the comparison (Esc)"))
        self.columns = [StrengthColumn(theme, strength) for strength in STRENGTHS]
        self._n_wide = 0
        self._set_up()
        self._lay_out()
        self._connect()

    @property
    def strengths(self) -> list[float]:
        return [column.strength for column in self.columns]

    @property
    def path(self) -> str:
        """The adapter whose strength varies."""
        return str(self.adapter.currentData() or "")

    def set_adapters(self, paths: list[str]) -> None:
        """The chat's adapters; the one chosen stays."""
        chosen = self.path
        self.adapter.blockSignals(True)
        self.adapter.clear()
        self.adapter.add_choices([(adapter_name(path), path) for path in paths])
        self.adapter.choose(chosen)
        self.adapter.blockSignals(False)
        self.adapter.setVisible(len(paths) > 1)

    def set_running(self, is_running: bool) -> None:
        self.run.setVisible(not is_running)
        self.stop.setVisible(is_running)

    def show_answers(self, answers: list[Answer], changed: int) -> None:
        """One answer changed; when it has ended, what differs is marked anew."""
        self.columns[changed].show_answer(answers[changed])
        weakest = min(range(len(answers)), key=lambda place: answers[place].strength)
        reference = answers[weakest]
        if not reference.has_ended or not answers[changed].has_ended:
            return
        for place in range(len(answers)) if changed == weakest else [changed]:
            answer = answers[place]
            if place != weakest and answer.has_ended and answer.text:
                self.columns[place].show_answer(answer)
                marks = marks_of(answer.text, reference.text)
                self.columns[place].show_marks(marks, reference.strength)

    def event(self, event: QEvent) -> bool:
        return claim_escape(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_asked.emit()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _set_up(self) -> None:
        self.setProperty("kind", "work")
        self.adapter.setAccessibleName(tr("Adapter"))
        self.adapter.setToolTip(tr("The adapter whose strength varies; the others stay as set."))
        self.length.setRange(8, MAX_LENGTH)
        self.length.setSingleStep(32)
        self.length.setValue(FIRST_LENGTH)
        self.length.setSuffix(tr(" tokens"))
        self.length.setKeyboardTracking(False)
        self.length.setAccessibleName(tr("Length of each answer"))
        self.length.setToolTip(tr("How long each answer may be; short ones are quick to compare."))

    def _lay_out(self) -> None:
        head = FlowLayout()
        head.setSpacing(8)
        title = label(tr("Compare strengths"), "heading")
        title.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        parts = (title, self.adapter, self.length, self.run, self.stop, self.close_button)
        for part in parts:
            head.addWidget(part)
        body = QWidget()
        body.setProperty("kind", "page")
        self._grid = QGridLayout(body)
        self._grid.setContentsMargins(0, 0, 0, 0)
        scroll = QScrollArea()
        scroll.setWidget(body)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 16)
        column.setSpacing(10)
        column.addLayout(head)
        column.addWidget(self.question)
        column.addWidget(scroll, 1)

    def _connect(self) -> None:
        self.run.clicked.connect(self.run_asked)
        self.stop.clicked.connect(self.stop_asked)
        self.close_button.clicked.connect(self.close_asked)
        self.adapter.currentIndexChanged.connect(self.run_asked)
        self.length.valueChanged.connect(self.run_asked)
        for place, column in enumerate(self.columns):
            column.strength_changed.connect(
                lambda value, place=place: self.strength_changed.emit(place, value)
            )
            column.use_asked.connect(self.use_asked)
        self._theme.changed.connect(self._arrange)

    @Slot()
    def _arrange(self) -> None:
        """Side by side where there is room, two by two elsewhere."""
        n_wide = len(self.columns) if self.width() >= self._theme.px(ROOMY_PX) else 2
        if n_wide != self._n_wide:
            self._n_wide = n_wide
            for place, column in enumerate(self.columns):
                self._grid.addWidget(column, place // n_wide, place % n_wide)

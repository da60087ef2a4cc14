"""One answer of the comparison of strengths: its strength, its text with what differs marked, and
the button that takes the strength into the chat.
"""

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from gui.chat.adapter_row import STEP
from gui.chat.chat_settings import MAX_SCALE
from gui.chat.strength_run import Answer
from gui.chat.wheel_guard import WheelGuard
from gui.chat.word_marks import Marks
from gui.chat.words import tokens_text, tr
from gui.theme import Theme
from gui.widgets.kinds import button, label, set_kind


class StrengthColumn(QFrame):
    """A card of one answer."""

    strength_changed = Signal(float)
    use_asked = Signal(float)

    def __init__(self, theme: Theme, strength: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._marks = Marks([], 0)
        self.spin = QDoubleSpinBox()
        self.state = label("", "faint", wrap=True)
        self.text = QPlainTextEdit()
        self.use = button(
            tr("Use this strength"), "chip", tr("The chat's next replies have this strength")
        )
        self.setProperty("kind", "card")
        self._set_up(strength)
        self._lay_out()
        self.spin.valueChanged.connect(lambda value: self.strength_changed.emit(round(value, 2)))
        self.use.clicked.connect(lambda: self.use_asked.emit(round(self.spin.value(), 2)))
        theme.changed.connect(self._dress)
        self._dress()

    @property
    def strength(self) -> float:
        return round(self.spin.value(), 2)

    def show_answer(self, answer: Answer) -> None:
        """The answer as far as it is; what differs is marked when it has ended."""
        with QSignalBlocker(self.spin):
            self.spin.setValue(answer.strength)
        if self.text.toPlainText() != answer.text:
            self._marks = Marks([], 0)
            self._write(answer.text)
        self.state.setText(_state_text(answer))
        set_kind(self.state, "bad" if answer.state == "failed" else "faint")
        self.use.setEnabled(answer.state != "failed")

    def show_marks(self, marks: Marks, reference: float) -> None:
        """Mark the words that the answer at the reference strength does not have there."""
        self._marks = marks
        words = tr("{n} of {all} words differ from strength {reference}").format(
            n=f"{marks.n_marked:,}", all=f"{marks.n_words:,}", reference=f"{reference:.2f}"
        )
        self.state.setText(f"{self.state.text()} · {words}")
        self.text.setAccessibleDescription(words)
        self._draw_marks()

    def _write(self, text: str) -> None:
        shown = self.text.toPlainText()
        if text.startswith(shown):  # what is read stays where it is
            cursor = QTextCursor(self.text.document())
            cursor.movePosition(QTextCursor.MoveOperation.End)
            cursor.insertText(text[len(shown) :])
        else:
            self.text.setPlainText(text)
        self.text.setExtraSelections([])

    def _draw_marks(self) -> None:
        look = QTextCharFormat()
        look.setBackground(QColor(self._theme.palette.accent_soft))
        look.setFontUnderline(True)  # not by colour alone
        text = self.text.toPlainText()
        selections = []
        for start, end in self._marks.spans:
            selection = QTextEdit.ExtraSelection()
            selection.cursor = QTextCursor(self.text.document())
            selection.cursor.setPosition(_utf16(text, start))
            selection.cursor.setPosition(_utf16(text, end), QTextCursor.MoveMode.KeepAnchor)
            selection.format = look
            selections.append(selection)
        self.text.setExtraSelections(selections)

    def _set_up(self, strength: float) -> None:
        self.spin.setRange(0.0, MAX_SCALE)
        self.spin.setSingleStep(STEP)
        self.spin.setKeyboardTracking(False)
        self.spin.setValue(strength)
        self.spin.setAccessibleName(tr("Strength"))
        self.spin.setToolTip(tr("The adapter's strength here; another one asks again."))
        WheelGuard(self).watch(self.spin)
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setFrameShape(QFrame.Shape.NoFrame)
        self.text.document().setDocumentMargin(0)  # in line with the name above
        self.text.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.text.setAccessibleName(tr("Answer at this strength"))
        self.text.setToolTip(tr("Words that the weakest answer does not have there are marked."))

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        name = label(tr("Strength"), "dim")
        name.setBuddy(self.spin)
        row.addWidget(name, 1)
        row.addWidget(self.spin)
        column = QVBoxLayout(self)
        column.addLayout(row)
        column.addWidget(self.text, 1)
        column.addWidget(self.state)
        column.addWidget(self.use, 0, Qt.AlignmentFlag.AlignLeft)

    @Slot()
    def _dress(self) -> None:
        px = self._theme.px
        self.spin.setFixedWidth(px(78))
        self.text.setMinimumHeight(px(110))
        self.text.setStyleSheet(
            "QPlainTextEdit { border: none; background: transparent; padding: 0px; }"
        )
        self._draw_marks()


def _state_text(answer: Answer) -> str:
    return {
        "waiting": tr("waiting for its turn"),
        "writing": tr("writing, {tokens} so far").format(tokens=tokens_text(answer.n_tokens)),
        "done": tokens_text(answer.n_tokens),
        "cut": tr("{tokens}, cut at the length").format(tokens=tokens_text(answer.n_tokens)),
        "stopped": tr("stopped"),
        "failed": answer.problem,
    }[answer.state]


def _utf16(text: str, place: int) -> int:
    """A place in code points as Qt counts it."""
    return len(text[:place].encode("utf-16-le", "surrogatepass")) // 2

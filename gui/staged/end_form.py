"""A page of fields that ends in a button: with a way back, a place to say what is wrong, and fields
that give way where the page is narrow.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from engine.process.messages import Failed
from gui.icons import icon
from gui.staged.words import tr
from gui.theme import Theme
from gui.widgets.announce import announce
from gui.widgets.escape import claim_ctrl_enter, claim_escape
from gui.widgets.form import FormPage
from gui.widgets.kinds import button, label

NAME_PX, LEAST_PX = 240, 110
FIELD_SHARE = 0.4  # of the page's width


class EndForm(FormPage):
    """Subclasses add their sections, then `add_button`. Esc leaves, Ctrl+Enter ends."""

    left = Signal()  # Back, or Esc

    def __init__(
        self, theme: Theme, title: str, words: str, back_tip: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(theme, title, parent)
        self.title.setWordWrap(True)
        self.back = button(tr("Back"), "quiet", back_tip)
        self.back.setIcon(icon("chevron-left", theme.palette.text_dim))
        self.column.insertWidget(0, self.back, 0, Qt.AlignmentFlag.AlignLeft)
        self.words = label(words, "dim", wrap=True)
        self.column.addWidget(self.words)
        self.problem = label("", "bad", wrap=True)
        self.problem.hide()
        self.end_button = button("", "primary")
        self.back.clicked.connect(self.left)
        theme.changed.connect(self._on_theme)

    def add_button(self, words: str, tip: str) -> None:
        """The end of the page."""
        self.end_button.setText(words)
        self.end_button.setToolTip(tip)
        self.column.addSpacing(self.theme.px(8))
        self.column.addWidget(self.problem)
        end = QHBoxLayout()
        end.addStretch(1)
        end.addWidget(self.end_button)
        self.column.addLayout(end)
        self.column.addStretch(1)
        self._on_theme()

    # ---- what is wrong ----

    def say_problem(self, words: str) -> None:
        """Beside the button; "" for nothing."""
        self.problem.setText(words)
        self.problem.setVisible(bool(words))
        if words:
            announce(self.problem, words)
            self.ensureWidgetVisible(self.problem)

    def say_failed(self, failed: Failed) -> None:
        """A request's failure in one sentence, and what to do; its detail in a tooltip."""
        self.say_problem(" ".join(part for part in (failed.message, failed.hint) if part))
        self.problem.setToolTip(failed.detail)

    # ---- events ----

    def event(self, event: QEvent) -> bool:
        return claim_escape(event) or claim_ctrl_enter(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif is_enter and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            self.end_button.click()
        else:
            super().keyPressEvent(event)

    # ---- widths ----

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._on_theme()

    def width_for(self, drawn: float) -> int:
        """A field's width: as drawn, less where the page is narrow."""
        px, there = self.theme.px, self.viewport().width()
        return min(px(drawn), max(px(LEAST_PX), round(there * FIELD_SHARE)))

    def fit_fields(self) -> None:
        """Give fields their widths; subclasses do."""

    @Slot()
    def _on_theme(self) -> None:
        self.back.setIcon(icon("chevron-left", self.theme.palette.text_dim))
        self.fit_fields()

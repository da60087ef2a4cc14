"""What the ways of bringing data have in common: a page with a way back, a place to say what is
wrong, and the question whether the rows make a new dataset or go to the one in use.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from engine.process.messages import Failed
from gui.icons import icon
from gui.theme import Theme
from gui.tune.rows_desk import RowsDesk
from gui.tune.words import tr
from gui.widgets.announce import announce
from gui.widgets.calm_combo import CalmComboBox
from gui.widgets.escape import claim_ctrl_enter, claim_escape
from gui.widgets.form import FormPage
from gui.widgets.kinds import button, label

NAME_PX, LEAST_PX = 240, 110
FIELD_SHARE = 0.4  # of the page's width


class SourceForm(FormPage):
    """A form that ends in rows. Subclasses add their sections, then `add_end`."""

    left = Signal()  # Back, or Esc

    def __init__(
        self, theme: Theme, desk: RowsDesk, title: str, words: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(theme, title, parent)
        self.desk = desk
        self.back = button(tr("Back"), "quiet", tr("Back without bringing anything (Esc)"))
        self.back.setIcon(icon("chevron-left", theme.palette.text_dim))
        self.column.insertWidget(0, self.back, 0, Qt.AlignmentFlag.AlignLeft)
        self.column.addWidget(label(words, "dim", wrap=True))
        self.problem = label("", "bad", wrap=True)
        self.name = QLineEdit()
        self.into = CalmComboBox()
        self.end_button = button("", "primary")
        self.back.clicked.connect(self.left)
        desk.parts.state.dataset_changed.connect(self.refill_into)
        self.into.currentIndexChanged.connect(self._on_into)
        theme.changed.connect(self._on_theme)

    def add_end(self, words: str, tip: str) -> None:
        """The last section: where the rows go, and the button that brings them."""
        rows = self.add_section(tr("Where the rows go"))
        self.into.setToolTip(tr("A dataset is a folder of yours with rows that anyone can read"))
        self.add_row(
            rows, tr("Dataset"), tr("A new one, or more rows for the one in use"), self.into
        )
        self.name.setToolTip(tr("What you call the new dataset; it can be renamed"))
        self.add_row(rows, tr("Name"), tr("Of the new dataset"), self.name)
        self.end_button.setText(words)
        self.end_button.setToolTip(tip)
        self.problem.hide()
        self.column.addSpacing(self.theme.px(8))
        self.column.addWidget(self.problem)
        end = QHBoxLayout()
        end.addStretch(1)
        end.addWidget(self.end_button)
        self.column.addLayout(end)
        self.column.addStretch(1)
        self.refill_into()
        self._on_theme()

    # ---- where to ----

    @property
    def dataset(self) -> str:
        """Id of the dataset that gets the rows, "" for a new one."""
        return str(self.into.currentData() or "")

    @property
    def new_name(self) -> str:
        return " ".join(self.name.text().split())

    @Slot()
    def refill_into(self) -> None:
        """Offer the dataset in use."""
        info, before = self.desk.info, self.dataset
        self.into.blockSignals(True)
        self.into.clear()
        self.into.addItem(tr("New dataset"), "")
        if info is not None:
            self.into.addItem(tr("More for “{name}”").format(name=info.name), info.id)
        self.into.choose(before)
        self.into.blockSignals(False)
        self.into.setEnabled(info is not None)
        self._on_into()

    @Slot()
    def _on_into(self) -> None:
        self.name.setEnabled(not self.dataset)

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
        """Give fields their widths; subclasses add their own."""
        self.name.setFixedWidth(self.width_for(NAME_PX))
        self.into.setMaximumWidth(self.width_for(NAME_PX))

    @Slot()
    def _on_theme(self) -> None:
        self.back.setIcon(icon("chevron-left", self.theme.palette.text_dim))
        self.fit_fields()

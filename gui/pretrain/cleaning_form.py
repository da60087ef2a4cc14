"""How a text is cleaned, and how much of it is held out: folded away, as the defaults do for
most."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QLineEdit,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.process.pretrain_messages import Cleaning, CleaningStep
from gui.chat.wheel_guard import WheelGuard
from gui.icons import icon
from gui.pretrain.text_words import step_names, step_tips
from gui.pretrain.words import tr
from gui.theme import Theme
from gui.widgets.form import FormPage
from gui.widgets.kinds import icon_button, label

DEFAULT = Cleaning()
SHARE = 0.05


class CleaningForm(QWidget):
    """Args:
    form: whose manner of rows it takes.
    steps: those that are done unless a person says otherwise.
    """

    changed = Signal()

    def __init__(
        self,
        theme: Theme,
        form: FormPage,
        steps: tuple[CleaningStep, ...] = DEFAULT.steps,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._guard = WheelGuard(self)
        self.button: QToolButton = icon_button(tr("What is cleaned, and what is held out"))
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.setCheckable(True)
        self.body = QWidget(self)
        self.boxes = {step: QCheckBox(name) for step, name in step_names().items()}
        for step, box in self.boxes.items():
            box.setChecked(step in steps)
            box.setToolTip(step_tips()[step])
            box.toggled.connect(self._on_box)
        self.languages, self.least = QLineEdit(), QSpinBox()
        self.alike, self.share = QDoubleSpinBox(), QDoubleSpinBox()
        self._set_up()
        self._lay_out(form)
        self.body.hide()
        self.button.toggled.connect(self._on_toggled)
        theme.changed.connect(self._dress)
        self._dress()

    def _set_up(self) -> None:
        self.languages.setPlaceholderText(tr("all"))
        self.languages.setToolTip(tr("Two-letter codes with blanks between, such as en de"))
        self.least.setRange(1, 100_000)
        self.least.setValue(DEFAULT.min_bytes)
        self.least.setToolTip(tr("Shorter texts say little and are dropped"))
        self.alike.setRange(0.5, 1.0)
        self.alike.setSingleStep(0.05)
        self.alike.setValue(DEFAULT.near_similarity)
        self.alike.setToolTip(tr("Jaccard similarity of the word sequences of two texts"))
        self.share.setRange(0.1, 50.0)
        self.share.setSuffix(" %")
        self.share.setDecimals(1)
        self.share.setValue(SHARE * 100)
        self.share.setToolTip(tr("What the model never sees; what it learned is measured on it"))
        for field in (self.least, self.alike, self.share):
            self._guard.watch(field)

    def _lay_out(self, form: FormPage) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.body)
        rows = QVBoxLayout(self.body)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addWidget(label(tr("Each step tells what it dropped and why."), "faint", wrap=True))
        for box in self.boxes.values():
            rows.addWidget(box)
        form.add_row(rows, tr("Languages"), tr("Kept by the language step"), self.languages)
        form.add_row(rows, tr("Shortest text"), tr("In bytes, of the length step"), self.least)
        form.add_row(
            rows, tr("Nearly the same from"), tr("Of the near duplicates, 0.5 to 1"), self.alike
        )
        form.add_row(rows, tr("Held out"), tr("Of a single text its end"), self.share)

    def cleaning(self) -> Cleaning:
        """As it is set."""
        return Cleaning(
            steps=tuple(step for step, box in self.boxes.items() if box.isChecked()),
            languages=self.languages.text().replace(",", " ").lower().split(),
            min_bytes=self.least.value(),
            near_similarity=round(self.alike.value(), 2),
        )

    @property
    def validation(self) -> float:
        """The share that is held out, 0..1."""
        return round(self.share.value() / 100, 4)

    @Slot()
    def _on_box(self) -> None:
        self._dress()
        self.changed.emit()

    @Slot(bool)
    def _on_toggled(self, is_on: bool) -> None:
        self.body.setVisible(is_on)
        self._dress()

    @Slot()
    def _dress(self) -> None:
        n = sum(box.isChecked() for box in self.boxes.values())
        words = tr("Cleaning: {n} of {all} steps").format(n=n, all=len(self.boxes))
        self.button.setText(words)
        name = "chevron-down" if self.button.isChecked() else "chevron-right"
        self.button.setIcon(icon(name, self._theme.palette.text_dim))

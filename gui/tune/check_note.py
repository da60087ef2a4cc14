"""What stands where the check's outcome is not known yet: how far it is, why it failed, what is
missing. Follows the check by itself; hidden while all is known.
"""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from gui.staged.job_strip import JobStrip
from gui.theme import Theme
from gui.tune.parts import TuneParts
from gui.tune.rows_check import check_of
from gui.tune.words import tr
from gui.widgets.kinds import button, label


class CheckNote(QWidget):
    """A sentence, a bar while it runs, a button for the next step."""

    def __init__(self, theme: Theme, parts: TuneParts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts, self._check = parts, check_of(parts)
        self.words = label("", "dim", wrap=True)
        self.button = button("", "chip")
        self.strip = JobStrip(theme)
        row = QHBoxLayout()
        row.addWidget(self.words, 1)
        row.addWidget(self.button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.strip)
        column.addLayout(row)
        self.button.clicked.connect(self._on_clicked)
        self._check.changed.connect(self.show_state)
        self._check.progressed.connect(self.strip.hear)
        for signal in (parts.state.checked_changed, parts.state.dataset_changed):
            signal.connect(self.show_state)
        parts.state.draft_changed.connect(self.show_state)
        self.show_state()

    @Slot()
    def show_state(self) -> None:
        """Say how the check stands."""
        is_running = self._check.is_running
        if is_running and not self.strip.is_running:
            self.strip.begin(tr("Checking every row"), self._check.stop)
        elif not is_running and self.strip.is_running:
            self.strip.end()
        words, step = self._say()
        self.words.setText(words)
        self.words.setVisible(bool(words))
        self.button.setText(step)
        self.button.setToolTip(words)
        self.button.setAccessibleDescription(words)
        self.button.setVisible(bool(step))
        self.setVisible(is_running or bool(words))

    def _say(self) -> tuple[str, str]:
        """The sentence, and the button's words."""
        state, failure = self._parts.state, self._check.failure
        if state.dataset is None:
            return tr("There are no rows yet."), tr("Bring data")
        if not state.dataset.id:
            words = tr(
                "This run learns from a file as it is. Make a dataset of it to see its rows."
            )
            return words, tr("Go to the data")
        if not state.draft.base.path:
            return tr("Rows become tokens by the model’s own template: choose the base."), tr(
                "Choose a base"
            )
        if failure is not None:
            return f"{failure.message} {failure.hint}".strip(), tr("Try again")
        if state.checked is None and not self._check.is_running:
            return tr("The rows are not checked yet."), tr("Check them")
        return "", ""

    @Slot()
    def _on_clicked(self) -> None:
        state = self._parts.state
        if state.dataset is None or not state.dataset.id:
            self._parts.show_page("data")
        elif not state.draft.base.path:
            self._parts.show_page("base")
        else:
            self._check.again()

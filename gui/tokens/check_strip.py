"""The round trip of a whole vocabulary: a button that starts it, how far it is, and its end."""

import time

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from gui.theme import Theme
from gui.tokens.vocabulary_words import left_text, reach_text
from gui.tokens.words import tr
from gui.widgets.kinds import button, label

FULL = 1_000


class CheckStrip(QWidget):
    """Idle, running, or done with its counts."""

    check_requested = Signal()
    cancel_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._began_s = 0.0
        self.check_button = button(
            tr("Check round trip"),
            tooltip=tr(
                "Tokenises every token's own text: does it come back? Those that no text can give "
                "are glitch tokens, which the model hardly ever saw"
            ),
        )
        self.cancel_button = button(tr("Cancel"), "quiet", tr("Stop the check"))
        self.bar = QProgressBar(self)
        self.bar.setRange(0, FULL)
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(theme.px(120))
        self.bar.setAccessibleName(tr("Check of the vocabulary"))
        self.words = label("", "dim", wrap=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for part in (self.check_button, self.bar, self.words, self.cancel_button):
            row.addWidget(part, 1 if part is self.words else 0)
        self.check_button.clicked.connect(self._on_clicked)
        self.cancel_button.clicked.connect(self.cancel_requested)
        self.show_idle()

    def show_idle(self) -> None:
        self._show(is_running=False, words="")

    def show_began(self) -> None:
        self._began_s = time.monotonic()
        self.bar.setValue(0)
        self._show(is_running=True, words="")

    def show_progress(self, fraction: float) -> None:
        """fraction: 0 to 1."""
        self.bar.setValue(round(FULL * fraction))
        spent_s = time.monotonic() - self._began_s
        if fraction > 0.02:
            self.words.setText(left_text(spent_s / fraction - spent_s))

    def show_counts(self, counts: dict[str, int]) -> None:
        """How many tokens came to which end."""
        told = [f"{n:,} {reach_text(reach)}" for reach, n in counts.items() if n]
        self._show(is_running=False, words=" · ".join(told))

    def _show(self, *, is_running: bool, words: str) -> None:
        had_focus = self.check_button.hasFocus() or self.cancel_button.hasFocus()
        self.check_button.setVisible(not is_running)
        self.bar.setVisible(is_running)
        self.cancel_button.setVisible(is_running)
        self.words.setText(words)
        if had_focus:
            (self.cancel_button if is_running else self.check_button).setFocus()

    @Slot()
    def _on_clicked(self) -> None:
        self.check_requested.emit()

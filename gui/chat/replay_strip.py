"""The panel above the composer that shows a replay: how far it is, and what came of it. Not modal,
and never changes the chat.
"""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAccessible, QAccessibleEvent, QGuiApplication
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from gui.chat.replay_result import Outcome
from gui.chat.words import tr
from gui.icons import icon
from gui.theme import Theme
from gui.widgets.kinds import button, frame, icon_button, label, set_kind


class ReplayStrip(QFrame):
    """One line while it runs; the two continuations side by side where they differ."""

    cancel_requested = Signal()
    load_requested = Signal()
    anyway_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._again = ""
        self._card = frame("card")
        self.setAccessibleName(tr("Replay"))
        self.words = label("", wrap=True)
        self.progress = QProgressBar()
        self.cancel_button = button(tr("Cancel"), "chip", tr("Stop the replay; nothing is kept"))
        self.load_button = button(
            tr("Load that model"), "chip", tr("Load the model of this reply, then replay it")
        )
        self.anyway_button = button(
            tr("Replay with this one"), "chip", tr("See what the loaded model says instead")
        )
        self.copy_button = button(
            tr("Copy the new words"), "chip", tr("Copy how the replay goes on")
        )
        self.close_button = icon_button(tr("Close"))
        self.sides = QWidget()
        self.kept, self.again = label("", wrap=True), label("", wrap=True)
        self.reasons = label("", "faint", wrap=True)
        self._lay_out()
        self._connect()
        self._dress()
        self.hide()

    # ---- what is shown ----

    def show_progress(self, words: str, n_done: int, n_total: int) -> None:
        self._show_only(self.progress, self.cancel_button)
        self._say(words, "")
        self.progress.setRange(0, max(0, n_total))
        self.progress.setValue(n_done)

    def ask(self, words: str, *, can_load: bool, can_replay: bool) -> None:
        """Something stands between the reply and its replay."""
        parts: list[QWidget] = [self.close_button]
        parts += [self.load_button] if can_load else []
        parts += [self.anyway_button] if can_replay else []
        self._show_only(*parts)
        self._say(words, "warn")
        self._announce()

    def show_outcome(self, outcome: Outcome) -> None:
        self._again = outcome.again
        if outcome.is_same:
            self._show_only(self.close_button)
            self._say(outcome.words(), "good")
        else:
            self._show_only(self.close_button, self.copy_button, self.sides, self.reasons)
            self._say(outcome.words(), "warn")
            self.kept.setText(_side(outcome.before, outcome.kept))
            self.again.setText(_side(outcome.before, outcome.again))
            self.reasons.setText("\n".join(f"• {reason}" for reason in outcome.reasons))
        self._announce()

    def show_failure(self, words: str) -> None:
        self._show_only(self.close_button)
        self._say(words, "bad")
        self._announce()

    def _say(self, words: str, kind: str) -> None:
        self.words.setText(words)
        set_kind(self.words, kind)
        self.show()

    def _show_only(self, *shown: QWidget) -> None:
        for part in (
            self.progress,
            self.cancel_button,
            self.load_button,
            self.anyway_button,
            self.copy_button,
            self.close_button,
            self.sides,
            self.reasons,
        ):
            part.setVisible(part in shown)

    def _announce(self) -> None:
        self.setAccessibleDescription(f"{self.words.text()} {self.reasons.text()}".strip())
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))

    # ---- building ----

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.words, 1)
        row.addWidget(self.progress)
        for part in (
            self.cancel_button,
            self.load_button,
            self.anyway_button,
            self.copy_button,
            self.close_button,
        ):
            row.addWidget(part, 0, Qt.AlignmentFlag.AlignTop)
        grid = self._grid = QGridLayout(self.sides)
        grid.setContentsMargins(0, 0, 0, 0)
        for column, (title, text) in enumerate(
            ((tr("Kept"), self.kept), (tr("Written again"), self.again))
        ):
            grid.addWidget(label(title, "caps"), 0, column)
            grid.addWidget(text, 1, column, Qt.AlignmentFlag.AlignTop)
            grid.setColumnStretch(column, 1)
            text.setAccessibleName(title)
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._outer = QVBoxLayout(self)
        self._outer.addWidget(self._card)
        self._column = QVBoxLayout(self._card)
        self._column.addLayout(row)
        self._column.addWidget(self.sides)
        self._column.addWidget(self.reasons)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(tr("How far the replay is"))

    def _connect(self) -> None:
        self.cancel_button.clicked.connect(self.cancel_requested)
        self.load_button.clicked.connect(self.load_requested)
        self.anyway_button.clicked.connect(self.anyway_requested)
        self.close_button.clicked.connect(self.hide)
        self.copy_button.clicked.connect(self._on_copy_asked)
        self._theme.changed.connect(self._dress)

    @Slot()
    def _on_copy_asked(self) -> None:
        QGuiApplication.clipboard().setText(self._again)

    @Slot()
    def _dress(self) -> None:
        px = self._theme.px
        self._outer.setContentsMargins(0, 0, 0, px(6))
        self._column.setContentsMargins(px(12), px(8), px(8), px(8))
        self._column.setSpacing(px(6))
        self._grid.setHorizontalSpacing(px(16))
        self.progress.setFixedWidth(px(120))
        self.close_button.setIcon(icon("close", self._theme.palette.text_dim))


def _side(before: str, words: str) -> str:
    """How one of the two goes on behind what both say."""
    return "…" + before + "▸" + (words or tr("(ends here)"))

"""The view of what a model received: the prompt's tokens, what is said of them, ways to search and
copy. Lays out and shows; asks nobody.
"""

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from gui.chat.received_prompt import Prompt, first_new
from gui.chat.words import tr
from gui.icons import icon
from gui.theme import Theme
from gui.widgets.flow import FlowLayout
from gui.widgets.kinds import button, label, set_kind
from gui.widgets.token_paint import Marks
from gui.widgets.token_tools import TokenTools
from gui.widgets.token_view import TokenView


class ReceivedView(QFrame):
    """In the transcript's place; Esc or Back leaves it."""

    left = Signal()
    load_requested = Signal()  # load the model that the reply was made with
    take_requested = Signal()  # open the prompt in the Tokens room

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._n_reused = -1
        self._kept: tuple[tuple[int, int], ...] | None = None
        self.setProperty("kind", "work")
        self.setAccessibleName(tr("What the model received"))
        self.back = button(tr("Back"), "quiet", tr("Back to the conversation (Esc)"))
        self.title = label(tr("What the model received"), "heading")
        self.verdict = label("", "dim", wrap=True)
        self.facts = label("", "faint", wrap=True)
        self.load_button = button(
            tr("Load that model"), "chip", tr("Load the model that this reply was made with")
        )
        self.new_toggle = button(tr("What is new"), "chip")
        self.tokens = TokenView(theme, self)
        self.tools = TokenTools(self.tokens, self)
        self.special_button, self.search = self.tools.special_button, self.tools.search
        self.ids_button, self.text_button = self.tools.ids_button, self.tools.text_button
        self.info = self.tools.info
        self.take_button = button(
            tr("Open in Tokens"),
            "chip",
            tr("Take this prompt apart in the Tokens room, where its messages can be changed"),
        )
        self._explain()
        self._lay_out()
        self._connect()
        self._dress()

    # ---- what is shown ----

    def show_waiting(self) -> None:
        """The engine was asked and has not answered."""
        self.tokens.hide()
        self._set_verdict(tr("Asking the engine…"), "dim")
        self.facts.clear()
        self.info.clear()
        self.load_button.hide()
        self._set_usable(False)

    def show_failure(self, words: str, *, can_load: bool = False) -> None:
        """There are no tokens to show, and why."""
        self.show_waiting()
        self._set_verdict(words, "warn")
        self.load_button.setVisible(can_load)

    def show_prompt(self, prompt: Prompt, n_reused: int) -> None:
        """The tokens. n_reused: so many from the beginning were in the cache; -1: not known."""
        self._n_reused, self._kept = n_reused, None
        self.tokens.set_tokens(prompt.tokens, prompt.bands)
        self.tokens.set_marks(Marks(n_reused))
        self.tokens.show()
        self._set_usable(True)
        self.new_toggle.setEnabled(False)
        self.new_toggle.setChecked(False)
        self.tools.invite()
        self.tokens.setFocus()

    def show_verdict(self, words: str, facts: str, *, is_exact: bool, can_load: bool) -> None:
        """Whether these are the very tokens, and the figures."""
        self._set_verdict(words, "good" if is_exact else "warn")
        self.facts.setText(facts)
        self.load_button.setVisible(can_load)

    def set_kept(self, kept: tuple[tuple[int, int], ...]) -> None:
        """What stood in the turn before already; from now on it can be dimmed."""
        self._kept = kept
        self.new_toggle.setEnabled(True)

    def _set_verdict(self, words: str, kind: str) -> None:
        self.verdict.setText(words)
        set_kind(self.verdict, kind)

    def _set_usable(self, is_usable: bool) -> None:
        self.tools.set_usable(is_usable)
        for part in (self.new_toggle, self.take_button):
            part.setEnabled(is_usable)

    # ---- slots ----

    @Slot(bool)
    def _on_new_toggled(self, is_on: bool) -> None:
        kept = self._kept or ()
        self.tokens.set_marks(Marks(self._n_reused, kept, is_on))
        if is_on:
            self.tokens.set_found(first_new(kept), first_new(kept) + 1)
        else:
            self.tokens.set_found(-1, -1)

    # ---- keys ----

    def event(self, event: QEvent) -> bool:
        # Esc means Back here before it means anything in the room.
        is_early = event.type() == QEvent.Type.ShortcutOverride
        if is_early and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.matches(QKeySequence.StandardKey.Find):
            self.search.setFocus()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.search.hasFocus():
            back = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self.tools.find_next(-1 if back else 1)
        else:
            super().keyPressEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.tokens.setFocus()

    # ---- building ----

    def _explain(self) -> None:
        self.new_toggle.setCheckable(True)
        self.new_toggle.setToolTip(
            tr(
                "Dim what stood in the prompt of the reply before, and ring the first token that "
                "differs"
            )
        )

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.back)
        top.addWidget(self.title)
        top.addStretch(1)
        words = QHBoxLayout()
        words.addWidget(self.verdict, 1)
        words.addWidget(self.load_button, 0, Qt.AlignmentFlag.AlignTop)
        tools = self._tools = FlowLayout()
        for part in (self.new_toggle, *self.tools.all[:-1], self.take_button, self.search):
            tools.addWidget(part)
        self._column = QVBoxLayout(self)
        self._head = QVBoxLayout()
        for row in (top, words):
            self._head.addLayout(row)
        self._head.addWidget(self.facts)
        self._head.addLayout(tools)
        self._column.addLayout(self._head)
        self._column.addWidget(self.tokens, 1)
        self._column.addStretch(0)
        self._column.addWidget(self.info)

    def _connect(self) -> None:
        self.back.clicked.connect(self.left)
        self.load_button.clicked.connect(self.load_requested)
        self.new_toggle.toggled.connect(self._on_new_toggled)
        self.take_button.clicked.connect(self.take_requested)
        self._theme.changed.connect(self._dress)

    @Slot()
    def _dress(self) -> None:
        px = self._theme.px
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._head.setContentsMargins(px(16), px(10), px(16), px(8))
        self._head.setSpacing(px(6))
        self._tools.setSpacing(px(6))
        self.back.setIcon(icon("chevron-left", self._theme.palette.text_dim))
        self.info.setContentsMargins(px(16), px(6), px(16), px(8))
        self.info.setMinimumWidth(px(40))
        for one in (self.verdict, self.facts):
            one.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)

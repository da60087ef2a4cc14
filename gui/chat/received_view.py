"""The view of what a model received: the prompt's tokens, what is said of them, ways to search and
copy. Lays out and shows; asks nobody.
"""

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
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
from gui.widgets.token_view import TokenView


class ReceivedView(QFrame):
    """In the transcript's place; Esc or Back leaves it."""

    left = Signal()
    load_requested = Signal()  # load the model that the reply was made with

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
        self.special_button = button(tr("Next special token"), "chip")
        self.search = QLineEdit(self)
        self.ids_button = button(tr("Copy ids"), "chip")
        self.text_button = button(tr("Copy text"), "chip")
        self.tokens = TokenView(theme, self)
        self.info = label("", "faint")
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
        self.info.setText(tr("Point at a token to see its id and bytes; a click copies it."))
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
        for part in (
            self.new_toggle,
            self.special_button,
            self.search,
            self.ids_button,
            self.text_button,
        ):
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

    @Slot()
    def _on_special_asked(self) -> None:
        """The next special token after the current one, from the top again behind the last."""
        text, at = self.tokens.tokens, self.tokens.current
        found = text.next_special(at + 1 if at >= 0 else self.tokens.first_in_view())
        found = found if found >= 0 else text.next_special(0)
        if found >= 0:
            self.tokens.set_current(found)
            self.tokens.setFocus()

    @Slot()
    def _on_search_changed(self) -> None:
        self._find(self.tokens.first_in_view(), 1)

    def _find_next(self, step: int) -> None:
        first, _ = self.tokens.found
        self._find(first + step if first >= 0 else self.tokens.first_in_view(), step)

    def _find(self, first: int, step: int) -> None:
        words, text = self.search.text(), self.tokens.tokens
        found = text.find(words, first, step)
        if found < 0:
            found = text.find(words, 0 if step > 0 else len(text) - 1, step)
        end = found + 1
        if found >= 0 and not words.startswith("#"):
            n_bytes = text.start(found) + len(text.piece(found).lower())
            wanted = text.start(found) + len(words.encode("utf-8", "replace"))
            while n_bytes < wanted and end < len(text):
                end += 1
                n_bytes = text.start(end)
        self.tokens.set_found(found, end)
        if words:
            missing = tr("“{words}” is not in these tokens.").format(words=words)
            self.info.setText(self.tokens.describe(found) if found >= 0 else missing)

    @Slot(int)
    def _on_pointed(self, token: int) -> None:
        if token >= 0:
            self.info.setText(self.tokens.describe(token))

    @Slot(str)
    def _on_copied(self, text: str) -> None:
        shown = " ".join(text.split())[:60]
        self.info.setText(tr("Copied: {text}").format(text=shown) if shown else tr("Copied"))

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
            self._find_next(-1 if back else 1)
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
        self.special_button.setToolTip(
            tr(
                "Special tokens are written by the template: they say where a message begins and "
                "ends"
            )
        )
        self.search.setPlaceholderText(tr("Search text, or #id"))
        self.search.setAccessibleName(tr("Search the tokens"))
        self.search.setToolTip(
            tr("Finds text across tokens, or a token by its number: #198. Enter: the next one")
        )
        self.search.setClearButtonEnabled(True)
        self.ids_button.setToolTip(tr("Copy all token ids as a list"))
        self.text_button.setToolTip(tr("Copy the whole text after the template"))

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.back)
        top.addWidget(self.title)
        top.addStretch(1)
        words = QHBoxLayout()
        words.addWidget(self.verdict, 1)
        words.addWidget(self.load_button, 0, Qt.AlignmentFlag.AlignTop)
        tools = self._tools = FlowLayout()
        for part in (self.new_toggle, self.special_button, self.ids_button, self.text_button):
            tools.addWidget(part)
        tools.addWidget(self.search)
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
        self.special_button.clicked.connect(self._on_special_asked)
        self.search.textChanged.connect(self._on_search_changed)
        self.ids_button.clicked.connect(lambda: self.tokens.copy(self.tokens.ids_text()))
        self.text_button.clicked.connect(lambda: self.tokens.copy(self.tokens.tokens.text()))
        self.tokens.pointed.connect(self._on_pointed)
        self.tokens.copied.connect(self._on_copied)
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
        for one in (self.verdict, self.facts, self.info):
            one.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)

"""The bar over the text that finds in it: letters, a regular expression or an id; all places are
marked, Enter goes to the next one.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from gui.icons import icon
from gui.theme import Theme
from gui.tokens.text_finder import Found, Mode, TextFinder, no_places
from gui.tokens.words import tr
from gui.widgets.choice import Choice
from gui.widgets.flow import FlowLayout
from gui.widgets.kinds import icon_button, label
from gui.widgets.token_editor import TokenEditor

PAUSE_MS = 120
FIELD_PX = 220
LONGEST_TAKEN = 100  # characters of a selection that are looked for


class SearchBar(QWidget):
    """Hidden until it is opened; Esc closes it."""

    closed = Signal()

    def __init__(self, theme: Theme, editor: TokenEditor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._editor = theme, editor
        self.finder = TextFinder(self)
        self._found = Found(no_places())
        self._current = -1
        self.field = QLineEdit(self)
        self.modes = Choice([("text", tr("Text")), ("regex", tr("Regex")), ("id", tr("Id"))], self)
        self.count = label("", "dim")
        self.previous_button = icon_button(tr("Previous place (Shift+Enter)"))
        self.next_button = icon_button(tr("Next place (Enter)"))
        self.close_button = icon_button(tr("Close the search (Esc)"))
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._lay_out()
        self._connect()
        self.hide()

    def _lay_out(self) -> None:
        row = FlowLayout(self)
        row.setSpacing(6)
        row.addWidget(self.field)
        row.addWidget(self.modes)
        row.addWidget(self.count)
        for tool in (self.previous_button, self.next_button, self.close_button):
            row.addWidget(tool)
        self.modes.set_value("text")
        tips = {
            "text": tr("Find these letters, of either case"),
            "regex": tr("Find a regular expression"),
            "id": tr("Find a token by its number in the vocabulary"),
        }
        for key, one in self.modes.buttons.items():
            one.setToolTip(tips[key])
        self.field.setPlaceholderText(tr("Find in the text"))
        self.field.setAccessibleName(tr("Find in the text"))
        self.field.setToolTip(tr("Enter goes to the next place, Shift+Enter to the one before"))
        self.field.setClearButtonEnabled(True)
        self._theme.changed.connect(self._dress)
        self._dress()

    def _connect(self) -> None:
        self.field.textChanged.connect(self._pause.start)
        self.modes.changed.connect(self._find)
        self._pause.timeout.connect(self._find)
        self.finder.found.connect(self._on_found)
        self.next_button.clicked.connect(self.next)
        self.previous_button.clicked.connect(self.previous)
        self.close_button.clicked.connect(self.close_bar)

    # ---- what is asked ----

    def open(self, taken: str) -> None:
        """Show the bar; taken: what is selected in the text."""
        self.show()
        if taken and len(taken) <= LONGEST_TAKEN and "\n" not in taken:
            self.field.setText(taken)
        self.field.setFocus()
        self.field.selectAll()
        self._find()

    @Slot()
    def close_bar(self) -> None:
        self._pause.stop()
        self.finder.forget()
        self._editor.set_matches(no_places())
        self.hide()
        self.closed.emit()

    def on_edited(self) -> None:
        """The text is another: the marks are gone, look again."""
        if not self.isHidden():
            self._pause.start()

    @Slot()
    def next(self) -> None:
        self._go(1)

    @Slot()
    def previous(self) -> None:
        self._go(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_back = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.key() == Qt.Key.Key_Escape:
            self.close_bar()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._go(-1 if is_back else 1)
        else:
            super().keyPressEvent(event)

    # ---- finding ----

    @Slot()
    def _find(self) -> None:
        self._pause.stop()
        mode: Mode = "text"
        if self.modes.value in ("regex", "id"):
            mode = "regex" if self.modes.value == "regex" else "id"
        self.finder.find(self._editor.document, self.field.text(), mode)

    @Slot(object)
    def _on_found(self, found: Found) -> None:
        self._found = found
        starts = found.places[:, 0]
        behind = int((starts < self._editor.selection[0]).sum())
        self._current = behind % len(starts) if len(starts) else -1
        self._show()

    def _go(self, step: int) -> None:
        if self._pause.isActive():
            self._find()
            return
        if len(self._found.places):
            self._current = (self._current + step) % len(self._found.places)
            start, end = (int(one) for one in self._found.places[self._current])
            self._editor.select(start, end)
            self._show()

    def _show(self) -> None:
        self._editor.set_matches(self._found.places, self._current)
        n_found = len(self._found.places)
        words = self._found.problem
        if not words and n_found:
            most = f"{n_found:,}" if self._found.is_all else f"{n_found:,}+"
            words = tr("{k} of {n}").format(k=f"{self._current + 1:,}", n=most)
        elif not words and self.field.text():
            words = tr("nothing found")
        self.count.setText(words)
        for one in (self.previous_button, self.next_button):
            one.setEnabled(n_found > 0)

    @Slot()
    def _dress(self) -> None:
        self.field.setFixedWidth(self._theme.px(FIELD_PX))
        colour = self._theme.palette.text_dim
        names = ("chevron-up", "chevron-down", "close")
        buttons = (self.previous_button, self.next_button, self.close_button)
        for name, one in zip(names, buttons, strict=True):
            one.setIcon(icon(name, colour))

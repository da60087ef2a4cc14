"""One message of the chat page: who speaks, what is said, what it costs, and what can be done with
it. Draws and tells; the list is chat_draft.py's.
"""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from gui.chat.receipt import role_name
from gui.icons import icon
from gui.theme import Theme
from gui.tokens.chat_draft import ROLES, Entry
from gui.tokens.words import tr
from gui.widgets.calm_combo import CalmComboBox
from gui.widgets.kinds import icon_button, label

MOST_LINES = 14


class MessageCard(QFrame):
    """A message that can be edited. Alt+Up and Alt+Down move it, Ctrl+Shift+Backspace deletes."""

    text_edited = Signal(int, str)  # id, what it says now
    role_chosen = Signal(int, str)  # id, role
    move_asked = Signal(int, int)  # id, -1 up or 1 down
    delete_asked = Signal(int)  # id

    def __init__(
        self, theme: Theme, entry: Entry, text: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self.id = entry.id
        self.setProperty("kind", "card")
        self.role = CalmComboBox(self)
        self.role.add_choices([(role_name(one), one) for one in ROLES])
        self.count = label("", "faint")
        self.up = icon_button(tr("Move this message up (Alt+Up)"))
        self.down = icon_button(tr("Move this message down (Alt+Down)"))
        self.delete = icon_button(tr("Delete this message (Ctrl+Shift+Backspace)"))
        self.edit = QPlainTextEdit(self)
        self.edit.setPlainText(text)
        self.edit.setTabChangesFocus(True)
        self._explain()
        self._lay_out()
        self.show_role(entry.role)
        self._connect()
        self._dress()

    def show_role(self, role: str) -> None:
        """Who speaks, without telling it as a person's choice."""
        with QSignalBlocker(self.role):
            self.role.choose(role)
        self.edit.setAccessibleName(tr("Message of: {who}").format(who=role_name(role)))

    def show_ends(self, *, is_first: bool, is_last: bool) -> None:
        """Where it can be moved."""
        self.up.setEnabled(not is_first)
        self.down.setEnabled(not is_last)

    def show_count(self, own: int, around: int) -> None:
        """Its own tokens and the template's around it; below 0: not known."""
        words = f"{own:,} + {around:,}"
        self.count.setText(words if own >= 0 else "")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        alt = event.modifiers() == Qt.KeyboardModifier.AltModifier
        held = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        if alt and event.key() == Qt.Key.Key_Up:
            self.move_asked.emit(self.id, -1)
        elif alt and event.key() == Qt.Key.Key_Down:
            self.move_asked.emit(self.id, 1)
        elif event.modifiers() == held and event.key() == Qt.Key.Key_Backspace:
            self.delete_asked.emit(self.id)
        else:
            super().keyPressEvent(event)

    # ---- building ----

    def _explain(self) -> None:
        self.role.setAccessibleName(tr("Role"))
        self.role.setToolTip(
            tr("Who speaks: the template writes it around the message in the model’s own signs")
        )
        self.count.setToolTip(
            tr("Tokens of the message’s own words, and those that the template puts around them")
        )
        self.edit.setPlaceholderText(tr("What is said"))
        self.edit.setToolTip(tr("The message’s words; the tokens follow while you type"))

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.role)
        head.addWidget(self.count, 1)
        for one in (self.up, self.down, self.delete):
            head.addWidget(one)
        column = QVBoxLayout(self)
        column.addLayout(head)
        column.addWidget(self.edit)
        self._head, self._column = head, column

    def _connect(self) -> None:
        self.edit.textChanged.connect(self._on_text_changed)
        self.edit.document().documentLayout().documentSizeChanged.connect(self._fit)
        self.role.activated.connect(self._on_role_chosen)
        self.up.clicked.connect(lambda: self.move_asked.emit(self.id, -1))
        self.down.clicked.connect(lambda: self.move_asked.emit(self.id, 1))
        self.delete.clicked.connect(lambda: self.delete_asked.emit(self.id))
        self._theme.changed.connect(self._dress)

    @Slot()
    def _on_text_changed(self) -> None:
        self.text_edited.emit(self.id, self.edit.toPlainText())

    @Slot(int)
    def _on_role_chosen(self, _row: int) -> None:
        self.role_chosen.emit(self.id, self.role.currentData())

    @Slot()
    def _fit(self) -> None:
        """As high as its lines, within bounds. A plain text document's height is in lines."""
        n_lines = min(MOST_LINES, max(2, round(self.edit.document().size().height())))
        line = self.edit.fontMetrics().lineSpacing()
        self.edit.setFixedHeight(n_lines * line + self._theme.px(22))

    @Slot()
    def _dress(self) -> None:
        px, colour = self._theme.px, self._theme.palette.text_dim
        self.up.setIcon(icon("chevron-up", colour))
        self.down.setIcon(icon("chevron-down", colour))
        self.delete.setIcon(icon("trash", colour))
        self._column.setContentsMargins(px(8), px(6), px(8), px(8))
        self._column.setSpacing(px(4))
        self._head.setSpacing(px(4))
        self._fit()

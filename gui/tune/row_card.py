"""One message of a row in the editor: who speaks, what is said, whether it is learned. Draws and
tells; the row is row_editor.py's.
"""

from __future__ import annotations

import json
from typing import Any

from msgspec.structs import replace
from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QToolButton, QVBoxLayout, QWidget

from engine.process.tune_messages import RowMessage
from gui.icons import icon
from gui.theme import Theme
from gui.tune.row_words import role_text
from gui.tune.words import tr
from gui.widgets.calm_combo import CalmComboBox
from gui.widgets.kinds import icon_button, label

ROLES = ("system", "user", "assistant", "tool")
MOST_LINES = 12
LONGEST = 20_000  # letters: a field of more would hold the window up


class RowCard(QFrame):
    """A message that can be edited. Alt+Up and Alt+Down move it, Ctrl+Shift+Backspace deletes."""

    edited = Signal()  # it says something else, or another speaks; not yet kept
    left = Signal()  # the keyboard went elsewhere: time to keep what was typed
    changed = Signal()  # role or mark were chosen: to be kept at once
    move_asked = Signal(object, int)  # this card, -1 up or 1 down
    delete_asked = Signal(object)  # this card

    def __init__(self, theme: Theme, message: RowMessage, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._message = theme, message
        self.setProperty("kind", "card")
        self.role = CalmComboBox(self)
        self.mark = CalmComboBox(self)
        self.up = icon_button(tr("Move this message up (Alt+Up)"))
        self.down = icon_button(tr("Move this message down (Alt+Down)"))
        self.delete = icon_button(tr("Delete this message (Ctrl+Shift+Backspace)"))
        self.edit = _field(self)
        self.calls = _field(self)
        self.long_note = label("", "faint", wrap=True)
        self.problem = label("", "bad", wrap=True)
        self._explain()
        self._lay_out()
        self._connect()
        self._dress()
        self.show_message(message)

    # ---- what it says ----

    def show_message(self, message: RowMessage) -> None:
        """Another message in this card; nothing is told."""
        self._message = message
        for combo in (self.role, self.mark):
            combo.blockSignals(True)
        self.edit.blockSignals(True)
        self.calls.blockSignals(True)
        self._fill()
        is_long = len(message.content) > LONGEST
        self.edit.setPlainText(message.content[:LONGEST] if is_long else message.content)
        self.edit.setReadOnly(is_long)
        words = tr("The beginning of {n} letters: too long to be edited here.")
        self.long_note.setText(words.format(n=f"{len(message.content):,}") if is_long else "")
        self.long_note.setVisible(is_long)
        self.calls.setPlainText(_json(message.tool_calls))
        self.calls.setVisible(bool(message.tool_calls))
        self.problem.hide()
        for part in (self.role, self.mark, self.edit, self.calls):
            part.blockSignals(False)
        self._fit()

    def message(self) -> RowMessage | None:
        """The message as it stands here; None while its tool calls are no such list."""
        calls = self._read_calls()
        if calls is None:
            return None
        return replace(
            self._message,
            role=self.role.currentData(),
            content=self.text(),
            train=self.mark.currentData(),
            tool_calls=calls,
        )

    def text(self) -> str:
        """Its words."""
        return self._message.content if self.edit.isReadOnly() else self.edit.toPlainText()

    def _read_calls(self) -> list[dict[str, Any]] | None:
        text = self.calls.toPlainText().strip()
        calls: list[dict[str, Any]] | None = []
        if text:
            try:
                calls = json.loads(text)
            except ValueError:
                calls = None
        is_list = isinstance(calls, list) and all(isinstance(one, dict) for one in calls)
        self.problem.setText("" if is_list else tr("Tool calls are a list of JSON objects."))
        self.problem.setVisible(not is_list)
        return calls if is_list else None

    def show_ends(self, *, is_first: bool, is_last: bool) -> None:
        """Where it can be moved."""
        self.up.setEnabled(not is_first)
        self.down.setEnabled(not is_last)

    def show_marks(self, are_used: bool) -> None:
        """Whether each message's own mark decides what is learned."""
        self.mark.setVisible(are_used or self.mark.currentData() is not None)

    def show_as_text(self, is_text: bool) -> None:
        """A text alone (nobody speaks, and all of it is learned), or a message."""
        for part in (self.role, self.up, self.down, self.delete):
            part.setVisible(not is_text)
        if is_text:
            self.mark.hide()
            self.edit.setAccessibleName(tr("Text"))
            self.edit.setToolTip(tr("A text to go on with: all of its tokens are learned"))
        else:
            self._name_edit()
            self.edit.setToolTip(tr("The message’s words; kept when you leave the field"))

    # ---- building ----

    def _explain(self) -> None:
        self.role.setAccessibleName(tr("Role"))
        self.role.setToolTip(
            tr("Who speaks: the template writes it around the message in the model’s own signs")
        )
        self.mark.setAccessibleName(tr("Whether it is learned"))
        self.mark.setToolTip(
            tr("Where “what is marked” is chosen below, only messages marked “learn” are learned")
        )
        self.edit.setPlaceholderText(tr("What is said"))
        self.edit.setToolTip(tr("The message’s words; kept when you leave the field"))
        self.calls.setAccessibleName(tr("Tool calls"))
        self.calls.setToolTip(tr("The tools that this message calls, as a JSON list"))

    def _fill(self) -> None:
        role = self._message.role
        roles = ROLES if role in ROLES else (*ROLES, role)
        self.role.clear()
        self.role.add_choices([(role_text(one), one) for one in roles])
        self.role.choose(role)
        marks: list[tuple[str, object]] = [
            (tr("not marked"), None),
            (tr("learn"), True),
            (tr("do not learn"), False),
        ]
        self.mark.clear()
        self.mark.add_choices(marks)
        place = [value for _, value in marks].index(self._message.train)
        self.mark.setCurrentIndex(place)
        self._name_edit()

    def _name_edit(self) -> None:
        who = role_text(self.role.currentData())
        self.edit.setAccessibleName(tr("Message of: {who}").format(who=who))

    def _lay_out(self) -> None:
        self._head = QHBoxLayout()
        self._head.addWidget(self.role)
        self._head.addWidget(self.mark)
        self._head.addStretch(1)
        for one in self._buttons():
            self._head.addWidget(one)
        self._column = QVBoxLayout(self)
        self._column.addLayout(self._head)
        for part in (self.edit, self.long_note, self.calls, self.problem):
            self._column.addWidget(part)

    def _buttons(self) -> tuple[QToolButton, ...]:
        return self.up, self.down, self.delete

    def _connect(self) -> None:
        for field in (self.edit, self.calls):
            field.textChanged.connect(self.edited)
            field.installEventFilter(self)
            field.document().documentLayout().documentSizeChanged.connect(self._fit)
        self.role.activated.connect(self._on_chosen)
        self.mark.activated.connect(self._on_chosen)
        self.up.clicked.connect(lambda: self.move_asked.emit(self, -1))
        self.down.clicked.connect(lambda: self.move_asked.emit(self, 1))
        self.delete.clicked.connect(lambda: self.delete_asked.emit(self))
        self._theme.changed.connect(self._dress)

    # ---- events ----

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusOut and watched in (self.edit, self.calls):
            self.left.emit()
        elif event.type() == QEvent.Type.FontChange:
            self._fit()
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        alt = event.modifiers() == Qt.KeyboardModifier.AltModifier
        held = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        if alt and event.key() == Qt.Key.Key_Up and self.up.isEnabled():
            self.move_asked.emit(self, -1)
        elif alt and event.key() == Qt.Key.Key_Down and self.down.isEnabled():
            self.move_asked.emit(self, 1)
        elif event.modifiers() == held and event.key() == Qt.Key.Key_Backspace:
            self.delete_asked.emit(self)
        else:
            super().keyPressEvent(event)

    @Slot(int)
    def _on_chosen(self, _index: int) -> None:
        self._name_edit()
        self.edited.emit()
        self.changed.emit()

    @Slot()
    def _fit(self) -> None:
        """Fields as high as their lines, within bounds. A plain text's height is in lines."""
        for field in (self.edit, self.calls):
            n_lines = min(MOST_LINES, max(1, round(field.document().size().height())))
            line = field.fontMetrics().lineSpacing()
            field.setFixedHeight(n_lines * line + self._theme.px(22))

    @Slot()
    def _dress(self) -> None:
        px, colour = self._theme.px, self._theme.palette.text_dim
        for one, name in zip(self._buttons(), ("chevron-up", "chevron-down", "trash"), strict=True):
            one.setIcon(icon(name, colour))
        self.calls.setFont(self._theme.font("mono"))
        self._column.setContentsMargins(px(8), px(6), px(8), px(8))
        self._column.setSpacing(px(4))
        self._head.setSpacing(px(4))
        self._fit()


def _field(parent: QWidget) -> QPlainTextEdit:
    field = QPlainTextEdit(parent)
    field.setTabChangesFocus(True)
    return field


def _json(calls: list[dict[str, Any]]) -> str:
    return json.dumps(calls, ensure_ascii=False, indent=1) if calls else ""

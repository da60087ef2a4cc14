"""Edits one row: its messages in order, or its text. What was typed is told when a field is left,
when another row is shown, or by Ctrl+Enter; what was done to the list at once. A new row is told by
its button alone.
"""

from __future__ import annotations

from msgspec.structs import replace
from PySide6.QtCore import QEvent, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from engine.process.tune_messages import Row, RowItem, RowMessage
from gui.icons import icon
from gui.theme import Theme
from gui.tune.row_card import RowCard
from gui.tune.words import tr
from gui.widgets.escape import claim_ctrl_enter, claim_escape
from gui.widgets.kinds import button, icon_button, label

AT_ONCE, SLICE_MS = 2, 5
NEW = Row(id="", messages=[RowMessage("user", ""), RowMessage("assistant", "")])


class RowEditor(QFrame):
    """Shows a row, or a new one (whose draft stays until it is added)."""

    row_edited = Signal(object)  # Row, as it is to be kept
    row_added = Signal(object)  # Row, new
    closed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._row: Row | None = None
        self._draft = NEW
        self._uses_marks = False
        self._later: list[RowMessage] = []  # of the row, not on show yet
        self._soon = QTimer(self, singleShot=True, interval=SLICE_MS)
        self._soon.timeout.connect(self._add_some)
        self.cards: list[RowCard] = []
        self.title = label("", "heading")
        self.source = label("", "faint")
        self.note = label("", "dim", wrap=True)
        self.add_message = button(
            tr("Add message"), "chip", tr("One more message at the end, of who speaks next")
        )
        self.add_row = button(
            tr("Add row"), "primary", tr("Put this row into the dataset (Ctrl+Enter)")
        )
        self.close_button = icon_button(tr("Close the editor (Esc)"))
        self._area = QScrollArea(self)
        self._lay_out()
        self.add_message.clicked.connect(self._on_add_message)
        self.add_row.clicked.connect(self.add)
        self.close_button.clicked.connect(self.closed)
        theme.changed.connect(self._dress)
        self._dress()

    # ---- what is shown ----

    @property
    def row(self) -> Row | None:
        """The row that is edited, as it was kept last; None for none."""
        return self._row

    @property
    def is_new(self) -> bool:
        return self._row is not None and not self._row.id

    def show_item(self, item: RowItem | None) -> None:
        """Show a row; what was typed in another is told first."""
        self.keep()
        if item is None:
            self._show(None)
            return
        self.title.setText(tr("Row {n}").format(n=f"{item.number + 1:,}"))
        if self._row is not None and self._row.id == item.row.id and self.edited() == item.row:
            self._row = item.row
        elif item.row != self._row:
            self._show(item.row)
        self._say_facts(item.row)

    def show_new(self) -> None:
        """A row to be written, as far as it was."""
        if not self.is_new:
            self.keep()
            self.title.setText(tr("New row"))
            self._show(self._draft)
            self._say_facts(self._draft)
        if self.cards:
            self.cards[0].edit.setFocus()

    def close_timers(self) -> None:
        """The window is closing."""
        self._soon.stop()

    def set_marks(self, are_used: bool) -> None:
        """Whether each message's own mark decides what is learned."""
        self._uses_marks = are_used
        for card in self.cards:
            card.show_marks(are_used)

    def _say_facts(self, row: Row) -> None:
        self.source.setText(row.source)
        n_tools = len(row.tools)
        words = tr("{n} tools are described to the model in this row.").format(n=n_tools)
        self.note.setText(words if n_tools else "")
        self.note.setVisible(bool(n_tools))

    def _show(self, row: Row | None) -> None:
        self._row = row
        self._later = _messages(row)
        is_text = row is not None and bool(row.text)
        kept = min(len(self.cards), len(self._later))
        for card in self.cards[kept:]:
            self._remove(card)
        for card in self.cards:
            card.show_message(self._later.pop(0))
            card.show_as_text(is_text)
            card.show_marks(self._uses_marks and not is_text)
        self._add_some()
        if is_text:
            self.cards[0].show_as_text(True)
        self.add_row.setVisible(self.is_new)
        self.add_message.setVisible(row is not None and not row.text)

    @Slot()
    def _add_some(self) -> None:
        """Cards for the next messages: of a long conversation some at a time, so that the window
        goes on meanwhile."""
        for _ in range(min(AT_ONCE, len(self._later))):
            self._add_card(self._later.pop(0))
        self._show_ends()
        if self._later:
            self._soon.start()

    def _add_all(self) -> None:
        self._soon.stop()
        while self._later:
            self._add_card(self._later.pop(0))

    def _remove(self, card: RowCard) -> None:
        self.cards.remove(card)
        # Without signals: it must not tell its end as leaving.
        card.blockSignals(True)
        self._column.removeWidget(card)
        card.hide()
        card.deleteLater()

    def _add_card(self, message: RowMessage) -> RowCard:
        card = RowCard(self._theme, message, self._inner)
        card.show_marks(self._uses_marks)
        card.left.connect(self.keep)
        card.changed.connect(self.keep)
        card.move_asked.connect(self._on_move)
        card.delete_asked.connect(self._on_delete)
        self._column.insertWidget(len(self.cards), card)
        self.cards.append(card)
        return card

    def _show_ends(self) -> None:
        last = len(self.cards) + len(self._later) - 1
        for at, card in enumerate(self.cards):
            card.show_ends(is_first=at == 0, is_last=at == last)
            card.delete.setEnabled(last > 0)

    # ---- what it says ----

    def edited(self) -> Row | None:
        """The row as it stands here; None while a message cannot be."""
        row = self._row
        if row is None:
            return None
        if row.text and self.cards:
            text = self.cards[0].text()
            return replace(row, text=text) if text else None
        messages = [card.message() for card in self.cards]
        whole = [one for one in messages if one is not None]
        is_whole = len(whole) == len(messages)
        return replace(row, messages=[*whole, *self._later]) if is_whole else None

    @Slot()
    def keep(self) -> bool:
        """Tell what was changed; of a new row only remember it. Whether something was told."""
        edited = self.edited()
        if edited is None or edited == self._row:
            return False
        if self.is_new:
            self._row = self._draft = edited
            return False
        self._row = edited
        self.row_edited.emit(edited)
        return True

    def restore(self, row: Row) -> None:
        """A new row could not be added: go on with it, unless another was begun meanwhile."""
        if self.is_new and self.edited() == NEW:
            self._draft = row
            self._show(row)

    def not_kept(self, row: Row, before: Row) -> bool:
        """A change that was told could not be kept: what is typed here counts as new again. False
        where another row is shown by now."""
        if self._row != row:
            return False
        self._row = before
        return True

    @Slot()
    def add(self) -> None:
        """A new row is whole: tell it, and begin the next one."""
        row = self.edited() if self.is_new else None
        if row is None:
            return
        said = [one for one in row.messages if one.content.strip() or one.tool_calls]
        if not any(one.role == "assistant" for one in said):
            self.note.setText(tr("Write what the assistant is to answer: that is what is learned."))
            self.note.show()
            self._answer_card().edit.setFocus()
            return
        self._draft = NEW
        self._show(NEW)
        self._say_facts(NEW)
        self.cards[0].edit.setFocus()
        self.row_added.emit(replace(row, messages=said))

    def _answer_card(self) -> RowCard:
        answers = (card for card in self.cards if card.role.currentData() == "assistant")
        return next(answers, self.cards[-1])

    # ---- messages ----

    @Slot()
    def _on_add_message(self) -> None:
        self._add_all()
        last = self.cards[-1].role.currentData() if self.cards else "assistant"
        role = "assistant" if last in ("user", "tool") else "user"
        card = self._add_card(RowMessage(role, ""))
        self._show_ends()
        card.edit.setFocus()
        self._area.ensureWidgetVisible(card)

    @Slot(object, int)
    def _on_move(self, card: RowCard, step: int) -> None:
        self._add_all()
        at = self.cards.index(card)
        to = at + step
        if not 0 <= to < len(self.cards):
            return
        self.cards.insert(to, self.cards.pop(at))
        self._column.removeWidget(card)
        self._column.insertWidget(to, card)
        self._show_ends()
        self.keep()

    @Slot(object)
    def _on_delete(self, card: RowCard) -> None:
        self._add_all()
        if len(self.cards) < 2:
            return
        at = self.cards.index(card)
        self._remove(card)
        self._show_ends()
        self.cards[min(at, len(self.cards) - 1)].edit.setFocus()
        self.keep()

    # ---- events ----

    def event(self, event: QEvent) -> bool:
        return claim_escape(event) or claim_ctrl_enter(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        elif is_enter and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            self.add() if self.is_new else self.keep()
        else:
            super().keyPressEvent(event)

    # ---- building ----

    def _lay_out(self) -> None:
        self.setProperty("kind", "work")
        self._inner = QWidget()
        self._inner.setProperty("kind", "page")
        self._column = QVBoxLayout(self._inner)
        self._column.addStretch(1)
        self._area.setWidget(self._inner)
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._head = QHBoxLayout()
        self._head.addWidget(self.title)
        self._head.addWidget(self.source, 1)
        self._head.addWidget(self.add_message)
        self._head.addWidget(self.add_row)
        self._head.addWidget(self.close_button)
        self._whole = QVBoxLayout(self)
        self._whole.addLayout(self._head)
        self._whole.addWidget(self.note)
        self._whole.addWidget(self._area, 1)
        self.note.hide()

    @Slot()
    def _dress(self) -> None:
        px = self._theme.px
        self.close_button.setIcon(icon("close", self._theme.palette.text_dim))
        self._whole.setContentsMargins(px(16), px(8), px(16), px(8))
        self._whole.setSpacing(px(6))
        self._head.setSpacing(px(8))
        self._column.setContentsMargins(0, 0, px(4), 0)
        self._column.setSpacing(px(8))


def _messages(row: Row | None) -> list[RowMessage]:
    if row is None:
        return []
    return [RowMessage("assistant", row.text)] if row.text else list(row.messages)

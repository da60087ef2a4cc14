"""Keys, clipboard and context menu of the transcript.

What they ask of others goes through methods that transcript.py fills in: wish, open_link,
tell_copied.
"""

from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, QRectF, Qt, QTimer, Slot
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QGuiApplication,
    QHideEvent,
    QKeyEvent,
    QKeySequence,
)
from PySide6.QtWidgets import QMenu, QWidget

from gui.theme import Theme
from gui.widgets.markdown_blocks import block_text
from gui.widgets.markdown_html import markdown_to_html
from gui.widgets.markdown_inline import LINE_BREAK
from gui.widgets.markdown_thoughts import answer_of
from gui.widgets.transcript_column import Place
from gui.widgets.transcript_keys import caret_rect, moved
from gui.widgets.transcript_menu import build_menu
from gui.widgets.transcript_row_keys import TranscriptRow
from gui.widgets.transcript_selection import Position
from gui.widgets.transcript_target import Target, position_at, target_at

_COPIED_MS = 1_200
_PRESSING_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
_SELECTING_KEYS = frozenset(
    {
        Qt.Key.Key_Left,
        Qt.Key.Key_Right,
        Qt.Key.Key_Up,
        Qt.Key.Key_Down,
        Qt.Key.Key_Home,
        Qt.Key.Key_End,
    }
)


class TranscriptInput(TranscriptRow):
    """A page that can be read with hands on mouse or keys."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._copied_timer = QTimer(self, singleShot=True, interval=_COPIED_MS)
        self._copied_timer.timeout.connect(self._on_copied_seen)

    # ---- filled in by the transcript ----

    def wish(self, what: str, index: int) -> None:
        """The reader wants something done with a message."""
        raise NotImplementedError

    def open_link(self, target: Target) -> None:
        """The reader clicked a link."""
        raise NotImplementedError

    def tell_copied(self) -> None:
        """Something is on the clipboard."""
        raise NotImplementedError

    def describe_message(self, index: int) -> None:
        """A message became the current one."""
        raise NotImplementedError

    # ---- doing what was clicked ----

    def act(self, target: Target) -> None:
        """Do what a button, a link or a line of the menu says."""
        if target.what == "link":
            self.open_link(target)
        elif target.what == "thought":
            self.toggle_thought(target.message, target.block)
        elif target.what == "copy_link":
            self._put_on_clipboard(target.url, "")
        elif target.what == "copy":
            item = self.column.items[target.message]
            self._copy(item.text if item.is_user else answer_of(item.text), target)
        elif target.what == "copy_code":
            self._copy_code(target)
        elif target.what == "copy_selection":
            self.copy_selection()
        elif target.what == "select_all":
            self.select_all()
        elif target.what == "more":
            self._pop_menu(target.message)
        else:
            self.wish(target.what, target.message)

    def selected_text(self) -> str:
        """The selected Markdown."""
        return self.selection.text()

    def select_all(self) -> None:
        self.selection.select_all()
        self.viewport().update()

    def copy_selection(self) -> None:
        """Put the selection on the clipboard, as Markdown and as rich text; without one, the
        current message."""
        text = self.selected_text()
        if text:
            self._put_on_clipboard(text, markdown_to_html(text))
        elif self.current_message >= 0:
            self.act(Target("copy", self.current_message))

    def _copy(self, text: str, target: Target) -> None:
        self._put_on_clipboard(text, markdown_to_html(text))
        self._show_copied(target)

    def _copy_code(self, target: Target) -> None:
        """The whole of a code card, whose pieces share a group."""
        blocks = self.column.items[target.message].blocks
        group = blocks[target.block].group
        pieces = [block for block in blocks if block.kind == "code" and block.group == group]
        text = "\n".join(block_text(piece).replace(LINE_BREAK, "\n") for piece in pieces)
        self._put_on_clipboard(text, "")
        self._show_copied(target)

    def _put_on_clipboard(self, text: str, html: str) -> None:
        data = QMimeData()
        data.setText(text)
        if html:
            data.setHtml(html)
        QGuiApplication.clipboard().setMimeData(data)
        self.tell_copied()

    def _show_copied(self, target: Target) -> None:
        self._copied = Target(target.what, target.message, target.block)
        self._copied_timer.start()
        self.viewport().update()

    @Slot()
    def _on_copied_seen(self) -> None:
        self._copied = None
        self.viewport().update()

    # ---- menu ----

    def menu_at(self, point: QPointF | None) -> QMenu:
        """The context menu for a point of the viewport, or for the current message."""
        if point is None:
            under, index = None, self.current_message
        else:
            at = self.column_point(point)
            under, index = target_at(self.column, at), self.column.index_at(at.y())
            position = position_at(self.column, at)
            if under is None and position is not None and index >= 0:
                under = Target("", index, position.block)
        has_selection = not self.selection.is_empty
        return build_menu(self, self.column, under, index, has_selection, self.act)

    def _pop_menu(self, index: int) -> None:
        """The same menu at a message's last button."""
        has_selection = not self.selection.is_empty
        menu = build_menu(self, self.column, None, index, has_selection, self.act)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box = self.column.frame(index).actions.get("more", QRectF())
        corner = self.viewport_rect(box.translated(0, self.column.top(index))).bottomLeft()
        menu.popup(self.viewport().mapToGlobal(corner.toPoint()))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        menu = self.menu_at(None if by_key and self.current_message >= 0 else QPointF(event.pos()))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self._menu_corner() if by_key else event.globalPos())

    def _menu_corner(self) -> QPoint:
        """Where a menu opens that was asked for by key: at the current message's heading."""
        y = self.column.top(self.current_message) - self.top if self.current_message >= 0 else 0.0
        corner = QPointF(self.column_left, min(max(0.0, y + 40), self.viewport().height()))
        return self.viewport().mapToGlobal(corner.toPoint())

    # ---- keys ----

    def event(self, event: QEvent) -> bool:
        """Esc is the page's own while there is something to leave; a reply being written comes
        first."""
        is_override = event.type() == QEvent.Type.ShortcutOverride
        if is_override and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            items = self.column.items
            is_written = bool(items) and items[-1].view.streaming
            has_something = self.current_message >= 0 or not self.selection.is_empty
            if has_something and not is_written:
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._key(event):
            super().keyPressEvent(event)

    def _key(self, event: QKeyEvent) -> bool:
        """Do what a key says; False if it says nothing here."""
        if self._do_added(event) or self.token_key(event):
            return True
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_selection()
        elif event.matches(QKeySequence.StandardKey.SelectAll):
            self.select_all()
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            return self._extend_by(event.key())
        elif event.modifiers() & Qt.KeyboardModifier.AltModifier:
            return self._step_message(event.key())
        else:
            return self._plain_key(event.key())
        return True

    def _do_added(self, event: QKeyEvent) -> bool:
        """Do an action that another part of the room added, if these keys are its."""
        if self.current_message < 0:
            return False
        view = self.column.items[self.current_message].view
        keys = QKeySequence(event.keyCombination())
        for one in self.more_actions:
            if one.shortcut and QKeySequence(one.shortcut) == keys and one.applies(view):
                self.wish(f"do:{one.key}", self.current_message)
                return True
        return False

    def _plain_key(self, key: int) -> bool:
        bar = self.verticalScrollBar()
        if key == Qt.Key.Key_Home:
            bar.setValue(bar.minimum())
        elif key == Qt.Key.Key_End:
            self.scroll_to_end()
        elif key == Qt.Key.Key_Escape and not self.selection.is_empty:
            self.selection.clear()
            self.viewport().update()
        elif self.current_message < 0:
            return False
        else:
            return self._message_key(key)
        return True

    def _message_key(self, key: int) -> bool:
        """A plain key while a message is the current one."""
        if self.focused_button and key in _PRESSING_KEYS:
            self.act(Target(self.focused_button, self.current_message))
        elif key == Qt.Key.Key_Escape and self.focused_button:
            self.focus_button("")
        elif key == Qt.Key.Key_Escape:
            self.set_current(-1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.show_whole_row()
            self._pop_menu(self.current_message)
        elif key == Qt.Key.Key_Delete:
            if "delete" in self.column.own_actions(self.current_message):
                self.wish("delete", self.current_message)
        elif key == Qt.Key.Key_Space and self.column.items[self.current_message].thoughts:
            item = self.column.items[self.current_message]
            self.toggle_thought(self.current_message, item.thoughts[0])
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.wish("previous" if key == Qt.Key.Key_Left else "next", self.current_message)
        else:
            return False
        return True

    def _extend_by(self, key: int) -> bool:
        if key not in _SELECTING_KEYS or not self.column.items:
            return False
        head = self.selection.head or self._first_in_view()
        self.selection.move_head(head)
        self.selection.move_head(moved(self.column, head, key))
        self._show_head()
        self.viewport().update()
        return True

    def _first_in_view(self) -> Position:
        found = position_at(self.column, QPointF(0, self.top + 1))
        return found or Position(self.column.items[0].view.id)

    def _show_head(self) -> None:
        """Scroll so that the moving end of the selection is seen."""
        rect = caret_rect(self.column, self.selection.head) if self.selection.head else None
        if rect is None:
            return
        bar, height = self.verticalScrollBar(), self.viewport().height()
        if rect.top() < bar.value():
            bar.setValue(int(rect.top()))
        elif rect.bottom() > bar.value() + height:
            bar.setValue(int(rect.bottom()) - height + 1)

    def _step_message(self, key: int) -> bool:
        """Alt with up and down goes from message to message."""
        if key not in (Qt.Key.Key_Up, Qt.Key.Key_Down) or not self.column.items:
            return False
        last = len(self.column.items) - 1
        if self.current_message < 0:
            index = self.column.index_at(self.top + self.viewport().height() - 1)
        else:
            step = -1 if key == Qt.Key.Key_Up else 1
            index = min(max(0, self.current_message + step), last)
        self.set_current(index)
        view_top, view_bottom = self.top, self.top + self.viewport().height()
        if self.column.top(index) < view_top or self.column.top(index) > view_bottom - 60:
            self.scroll_to_place(Place(self.column.items[index].view.id, -1, 0.0))
        self.describe_message(index)
        return True

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._copied_timer.stop()
        self._on_copied_seen()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

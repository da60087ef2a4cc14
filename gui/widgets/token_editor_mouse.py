"""Mouse, tooltips, drag and drop of the token editor."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QDrag,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QGuiApplication,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QApplication, QMenu, QToolTip, QWidget

from gui.theme import Theme
from gui.tokens.document import TokenDocument
from gui.widgets.plain_tip import plain_tip
from gui.widgets.token_editor_keys import EditorKeys

_SCROLL_MS = 40  # between steps while a selection is drawn beyond the edge


class EditorMouse(EditorKeys):
    """Hears the mouse."""

    token_pointed = Signal(int)  # the token under the mouse; -1 for none
    file_dropped = Signal(str)  # path; to be read by who hears of it
    token_clicked = Signal(int)  # a token that was clicked, not dragged over; -1 beside the text

    def __init__(
        self, theme: Theme, document: TokenDocument | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(theme, document, parent)
        self.describe: Callable[[int], str] = lambda token: ""
        self._pointed = -1
        self._pressed_at: QPointF | None = None
        self._may_drag = False
        self._n_clicks = 0
        self._unit = (0, 0)  # what the press selected: a place, a word or a paragraph
        self._drop_place = -1  # where what is dragged over the text would go
        self._click_timer = QTimer(self, singleShot=True)
        self._scroll_timer = QTimer(self, interval=_SCROLL_MS)
        self._scroll_timer.timeout.connect(self._on_scroll_due)
        self.setAcceptDrops(True)
        self.viewport().setMouseTracking(True)
        self.viewport().setCursor(Qt.CursorShape.IBeamCursor)

    # ---- selecting ----

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.MiddleButton:
            self._paste_selection(event.position())
            return
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self.document.history.close()
        self._pressed_at = event.position()
        place = self.place_near(event.position())
        self._n_clicks = self._n_clicks + 1 if self._click_timer.isActive() else 1
        first, end = self.selection
        self._may_drag = self._n_clicks == 1 and first <= place < end
        if self._may_drag:
            return
        keeps = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self._select_unit(place, event.position(), keeps)
        self._show_caret()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._n_clicks = 1
        self._click_timer.start(QApplication.doubleClickInterval())
        self.mousePressEvent(event)

    def _select_unit(self, place: int, point: QPointF, keeps_anchor: bool) -> None:
        """One click: a place; two: a word; three: a paragraph."""
        if self._n_clicks == 1:
            self._unit = (place, place)
            self.set_caret(place, keeps_anchor=keeps_anchor)
            if keeps_anchor:
                self._unit = (self.anchor, self.anchor)
            return
        self._unit = self._unit_at(place, point)
        self.select(*self._unit)

    def _unit_at(self, place: int, point: QPointF) -> tuple[int, int]:
        if self._n_clicks == 1:
            return place, place
        if self._n_clicks >= 3:
            return self.paragraph_at(place)
        # The word under the mouse, where the nearest place may be behind it.
        token = self.token_under(point)
        if token >= 0:
            start, end = self.document.span(token)
            place = max(start, min(place, end - 1))
        return self.word_at(place)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not event.buttons() & Qt.MouseButton.LeftButton or self._pressed_at is None:
            self._point(self.token_under(event.position()))
            return
        moved = (event.position() - self._pressed_at).manhattanLength()
        if self._may_drag:
            if moved >= QApplication.startDragDistance():
                self._drag()
            return
        self._extend_to(event.position())
        is_outside = not 0 <= event.position().y() < self.viewport().height()
        if is_outside and not self._scroll_timer.isActive():
            self._scroll_timer.start()
        elif not is_outside:
            self._scroll_timer.stop()

    def _extend_to(self, point: QPointF) -> None:
        first, end = self._unit_at(self.place_near(point), point)
        if first < self._unit[0]:
            self.anchor = self._unit[1]
            self.set_caret(first, keeps_anchor=True)
        else:
            self.anchor = self._unit[0]
            self.set_caret(max(end, self._unit[1]), keeps_anchor=True)

    def _on_scroll_due(self) -> None:
        """A selection that is drawn beyond the edge takes the view along."""
        point = QPointF(self.viewport().mapFromGlobal(self.cursor().pos()))
        height = self.viewport().height()
        beyond = point.y() if point.y() < 0 else max(0.0, point.y() - height)
        self.scroll_by(beyond)
        self._extend_to(QPointF(point.x(), min(max(0.0, point.y()), height - 1.0)))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._pressed_at is None:
            return
        self._scroll_timer.stop()
        moved = (event.position() - self._pressed_at).manhattanLength()
        self._pressed_at = None
        if self._may_drag:
            self._may_drag = False
            self.set_caret(self.place_near(event.position()))
        self._keep_selection()
        if moved < QApplication.startDragDistance() and self._n_clicks == 1:
            self.token_clicked.emit(self.token_under(event.position()))

    def _keep_selection(self) -> None:
        """Where the system has a clipboard of what is selected, it goes there."""
        clipboard = QGuiApplication.clipboard()
        if clipboard.supportsSelection() and self.selection[0] < self.selection[1]:
            clipboard.setMimeData(self.selection_data(), clipboard.Mode.Selection)

    def _paste_selection(self, point: QPointF) -> None:
        clipboard = QGuiApplication.clipboard()
        if clipboard.supportsSelection() and not self.is_read_only:
            self.set_caret(self.place_near(point))
            self.insert(clipboard.text(clipboard.Mode.Selection))

    # ---- pointing ----

    def _point(self, token: int) -> None:
        if token != self._pointed:
            self._pointed = token
            self.token_pointed.emit(token)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._point(-1)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            token = self.token_under(QPointF(event.pos()))
            words = self.describe(token) if token >= 0 else ""
            QToolTip.showText(event.globalPos(), plain_tip(words), self.viewport())
            return True
        if event.type() == QEvent.Type.Leave:
            self._point(-1)
        return super().viewportEvent(event)

    # ---- drag and drop ----

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._drop_place >= 0:
            painter = QPainter(self.viewport())
            painter.fillRect(self.caret_rect(self._drop_place), QColor(self._look.palette.warn))

    def _drag(self) -> None:
        """The selection is dragged out, or to another place of the text."""
        self._may_drag, self._pressed_at = False, None
        drag = QDrag(self)
        drag.setMimeData(self.selection_data())
        start, end = self.selection
        actions = Qt.DropAction.CopyAction
        if not self.is_read_only:
            actions |= Qt.DropAction.MoveAction
        done = drag.exec(actions, Qt.DropAction.MoveAction)
        # A drop on ourselves has moved it already.
        is_ours = drag.target() in (self, self.viewport())
        if done == Qt.DropAction.MoveAction and not is_ours:
            self.document.replace(start, end, "")

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        data = event.mimeData()
        if not self.is_read_only and (data.hasText() or data.hasUrls()):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self._drop_place = self.place_near(event.position())
        self.viewport().update()
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._drop_place = -1
        self.viewport().update()

    def dropEvent(self, event: QDropEvent) -> None:
        place, self._drop_place = self.place_near(event.position()), -1
        files = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if files:
            self.file_dropped.emit(files[0])
        elif event.source() is self and event.dropAction() == Qt.DropAction.MoveAction:
            self.move_selection(place)
        else:
            self.set_caret(place)
            self.insert(event.mimeData().text())
        event.acceptProposedAction()

    def move_selection(self, place: int) -> None:
        """To another place of the text; onto itself it stays."""
        start, end = self.selection
        if start <= place <= end:
            return
        text = self.selected_text()
        self.document.replace(start, end, "")
        self.set_caret(place if place < start else place - (end - start))
        self.insert(text)

    # ---- menu ----

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = self.menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(event.globalPos())

    def menu(self) -> QMenu:
        """What can be done with the text; more can be added to it."""
        menu = QMenu(self)
        has_selection = self.selection[0] < self.selection[1]
        can_edit = not self.is_read_only
        lines = [
            (self.tr("Undo"), self.undo, self.isUndoAvailable()),
            (self.tr("Redo"), self.redo, self.isRedoAvailable()),
            (self.tr("Cut"), self.cut, has_selection and can_edit),
            (self.tr("Copy"), self.copy, has_selection),
            (self.tr("Paste"), self.paste, can_edit),
            (self.tr("Select all"), self.selectAll, self.document.n_bytes > 0),
        ]
        for words, do, is_enabled in lines:
            action = menu.addAction(words)
            action.triggered.connect(do)
            action.setEnabled(is_enabled)
        return menu

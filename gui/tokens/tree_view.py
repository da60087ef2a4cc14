"""Draws a tree of continuations from left to right: the wider and the calmer a branch, the likelier
its token. One node is current: by mouse, or by the arrow keys. Emits wishes; asks nothing.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QToolTip, QWidget

from gui.theme import Theme
from gui.tokens.tree_shape import TreeShape
from gui.tokens.words import tr
from gui.widgets.plain_tip import plain_tip
from gui.widgets.ramp import share_text, spoken_piece, surprise_level, visible_piece

_ROW_PX, _COLUMN_PX, _BOX_PX = 26, 150, 104
_ROOT_PX, _EDGE_PX = 14, 8
_KEYS = {
    Qt.Key.Key_Left: "left",
    Qt.Key.Key_Right: "right",
    Qt.Key.Key_Up: "up",
    Qt.Key.Key_Down: "down",
}


class TreeView(QWidget):
    """As large as its tree; stands in a scroll area."""

    current_changed = Signal(int)  # node
    branch_asked = Signal(int)  # node: go on from there
    place_wanted = Signal(QRectF)  # what should be in view

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.shape = TreeShape()
        self.current = -1
        self._hovered = -1
        self._is_old = False
        self.setMouseTracking(True)
        self.setProperty("kind", "page")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("Tree of continuations"))
        theme.changed.connect(self._on_grown)
        self._on_grown()

    # ---- what it is told ----

    def clear(self) -> None:
        """Another tree begins."""
        self.shape = TreeShape()
        self._is_old = False
        self._hovered = -1
        self._set_current(-1)
        self._on_grown()

    def grow(self) -> None:
        """The tree has more levels."""
        self._on_grown()

    def set_old(self, is_old: bool) -> None:
        """Grey: the text is another now, and the next tree is on its way."""
        if is_old != self._is_old:
            self._is_old = is_old
            self.update()

    # ---- places ----

    def sizeHint(self) -> QSize:
        px = self._theme.px
        width = px(_ROOT_PX) + self.shape.n_levels * px(_COLUMN_PX) + px(_EDGE_PX)
        return QSize(width, max(1, self.shape.n_rows) * px(_ROW_PX) + 2 * px(_EDGE_PX))

    def box(self, index: int) -> QRectF:
        """Where a node stands."""
        return self._boxes[index]

    def _placed(self, index: int, sizes: tuple[int, int, int, int, int]) -> QRectF:
        root, column, width, row, edge = sizes
        x = root + self.shape.levels[index] * column + column - width
        return QRectF(x, edge + self.shape.row(index) * row + 2, width, row - 4)

    def _start(self, index: int) -> QPointF:
        """Where a node's branch begins: at the box before it, or at the text."""
        parent = self.shape.nodes[index].parent
        if parent >= 0:
            box = self.box(parent)
            return QPointF(box.right(), box.center().y())
        px = self._theme.px
        return QPointF(px(_ROOT_PX), px(_EDGE_PX) + px(_ROW_PX) / 2)

    def node_at(self, place: QPointF) -> int:
        """The node under a place; -1 for none."""
        hits = (index for index in range(len(self.shape)) if self.box(index).contains(place))
        return next(hits, -1)

    # ---- painting ----

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(0.45 if self._is_old else 1.0)
        way = set(self.shape.path(self.current))
        dirty = QRectF(event.rect())
        for index, reach in enumerate(self._reaches):
            if reach.intersects(dirty):
                self._paint_branch(painter, index, index in way)
        if len(self.shape):
            self._paint_root(painter)
        painter.setFont(self._theme.font("mono"))
        metrics = QFontMetricsF(painter.font())
        for index, box in enumerate(self._boxes):
            if box.intersects(dirty):
                self._paint_node(painter, metrics, index, index in way)
        painter.end()

    def _paint_branch(self, painter: QPainter, index: int, is_way: bool) -> None:
        box, start = self.box(index), self._start(index)
        end = QPointF(box.left(), box.center().y())
        palette, px = self._theme.palette, self._theme.px
        colour = QColor(palette.accent if is_way else palette.text_faint)
        if not is_way:
            colour.setAlphaF(0.55)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour, 1 + px(7) * self.shape.share(index)))
        painter.drawPath(_curve(start, end))

    def _paint_root(self, painter: QPainter) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.palette.text_faint))
        centre = self._start(self.shape.children[-1][0])
        painter.drawEllipse(centre, self._theme.px(4), self._theme.px(4))

    def _paint_node(
        self, painter: QPainter, metrics: QFontMetricsF, index: int, is_way: bool
    ) -> None:
        palette, px, box = self._theme.palette, self._theme.px, self.box(index)
        painter.setPen(self._edge(index, is_way))
        level = surprise_level(self.shape.nodes[index].logprob)
        painter.setBrush(QColor(palette.surprise[level - 1] if level else palette.pane))
        painter.drawRoundedRect(box, px(6), px(6))
        inner = box.adjusted(px(6), 0, -px(6), 0)
        share = share_text(self.shape.share(index))
        room = inner.width() - metrics.horizontalAdvance(share) - px(4)
        piece = visible_piece(self.shape.nodes[index].piece)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(palette.text))
        shown = metrics.elidedText(piece, Qt.TextElideMode.ElideRight, room)
        painter.drawText(inner, Qt.AlignmentFlag.AlignLeft | middle, shown)
        painter.setPen(QColor(palette.text_dim))
        painter.drawText(inner, Qt.AlignmentFlag.AlignRight | middle, share)

    def _edge(self, index: int, is_way: bool) -> QPen:
        palette = self._theme.palette
        if index == self.current:
            return QPen(QColor(palette.accent), 3 if self.hasFocus() else 2)
        if is_way or index == self._hovered:
            return QPen(QColor(palette.accent), 1)
        return QPen(QColor(palette.line), 1)

    # ---- mouse and keys ----

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        node = self.node_at(event.position())
        if node != self._hovered:
            self._hovered = node
            shape = Qt.CursorShape.PointingHandCursor if node >= 0 else Qt.CursorShape.ArrowCursor
            self.setCursor(shape)
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hovered = -1
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        node = self.node_at(event.position())
        if node >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self._set_current(node)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        node = self.node_at(event.position())
        if node >= 0:
            self._set_current(node)
            self.branch_asked.emit(node)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in _KEYS and len(self.shape):
            self._set_current(self.shape.step(self.current, _KEYS[key]))
            self.place_wanted.emit(self.box(self.current))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.current >= 0:
            self.branch_asked.emit(self.current)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if self.current < 0 and len(self.shape):
            self._set_current(0)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            node = self.node_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), plain_tip(self._tip(node)), self)
            return True
        return super().event(event)

    # ---- words ----

    def words(self, index: int) -> str:
        """A node and its way, in words."""
        shape = self.shape
        told = tr("{token}: {share} here, {total} for the whole branch")
        return told.format(
            token=spoken_piece(shape.nodes[index].piece),
            share=share_text(shape.share(index)),
            total=share_text(shape.total_share(index)),
        )

    def _tip(self, node: int) -> str:
        if node < 0:
            return tr(
                "What the model would say next, and after that. Arrow keys walk the branches; Enter"
                " or a double click goes on from one."
            )
        text = "".join(visible_piece(self.shape.nodes[one].piece) for one in self.shape.path(node))
        return f"{text}\n{self.words(node)}"

    def _set_current(self, index: int) -> None:
        self.current = index
        words = self.words(index) if index >= 0 else tr("{n} tokens").format(n=len(self.shape))
        self.setAccessibleDescription(words)
        self.current_changed.emit(index)
        self.update()

    def _reach(self, index: int, edge: int) -> QRectF:
        """What a node's branch may paint on."""
        start, box = self._start(index), self.box(index)
        whole = QRectF(start, QPointF(box.left(), box.center().y())).normalized()
        return whole.adjusted(-edge, -edge, edge, edge)

    def _on_grown(self) -> None:
        # Kept, because a large tree is painted anew at every step of a scroll bar.
        px, nodes = self._theme.px, range(len(self.shape))
        sizes = (px(_ROOT_PX), px(_COLUMN_PX), px(_BOX_PX), px(_ROW_PX), px(_EDGE_PX))
        self._boxes = [self._placed(index, sizes) for index in nodes]
        self._reaches = [self._reach(index, px(_EDGE_PX)) for index in nodes]
        if self.current < 0:
            words = tr("{n} tokens in {levels} levels")
            self.setAccessibleDescription(
                words.format(n=len(self.shape), levels=self.shape.n_levels)
            )
        self.setMinimumSize(self.sizeHint())
        self.updateGeometry()
        self.update()


def _curve(start: QPointF, end: QPointF) -> QPainterPath:
    """Down in a straight line, with a bend at either end: a long curve takes long to paint."""
    middle = (start.x() + end.x()) / 2
    bend = min(middle - start.x(), (end.y() - start.y()) / 2)
    path = QPainterPath(start)
    if bend <= 0:
        path.lineTo(end)
        return path
    path.quadTo(QPointF(middle, start.y()), QPointF(middle, start.y() + bend))
    path.lineTo(middle, end.y() - bend)
    path.quadTo(QPointF(middle, end.y()), end)
    return path

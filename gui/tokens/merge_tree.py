"""The tree of a word's merges: its letters below, the pieces they became above, each with its rank
or score. What is not merged yet at the moment shown is faint. Paints itself.
"""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Slot
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from gui.theme import Theme
from gui.tokens.merge_steps import MergeSteps, Node
from gui.tokens.merge_words import figure_of_step
from gui.tokens.words import tr
from gui.widgets.token_text import shown

LEVEL_PX, CHIP_PX, PAD_PX, GAP_PX, SMALL_PX = 46, 22, 7, 10, 10
WIDEST_CHIP_PX = 220
# A passage of hundreds of letters is no tree that anybody reads.
MOST_LEAVES = 200


class MergeTree(QWidget):
    """As large as its tree; who shows it scrolls."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._steps: MergeSteps | None = None
        self._nodes: list[Node] = []
        self._boxes: list[QRectF] = []
        self._moment = 0
        self.setAccessibleName(tr("Tree of merges"))
        theme.changed.connect(self._on_theme_changed)

    def show_steps(self, steps: MergeSteps | None) -> None:
        """Another word; None for none."""
        self._steps = steps
        nodes = steps.nodes() if steps else []
        self._nodes = nodes if sum(node.step < 0 for node in nodes) <= MOST_LEAVES else []
        self._place()
        self.setAccessibleDescription(self._words())

    def set_moment(self, moment: int) -> None:
        self._moment = moment
        self.update()

    @property
    def box_of_last(self) -> QRectF:
        """Where the piece is that the last step of the moment made; empty for none."""
        for node, box in zip(self._nodes, self._boxes, strict=True):
            if node.step == self._moment - 1 >= 0:
                return box
        return QRectF()

    @property
    def boxes(self) -> list[QRectF]:
        """Where each node is painted, in the order of MergeSteps.nodes."""
        return list(self._boxes)

    def sizeHint(self) -> QSize:
        if not self._boxes:
            return QSize(0, 0)
        right = max(box.right() for box in self._boxes)
        bottom = max(box.bottom() for box in self._boxes)
        return QSize(round(right) + 2, round(bottom) + 2)

    # ---- places ----

    def _place(self) -> None:
        """Leaves beside one another, each as wide as its text; a piece stands over the middle of
        its two halves, and gets the room that its own text needs."""
        px = self._theme.px
        centres: list[float] = []
        lefts = self._leaf_lefts()
        top = px(LEVEL_PX) * max((node.height for node in self._nodes), default=0)
        self._boxes = []
        for index, node in enumerate(self._nodes):
            width = self._width(node)
            if node.step < 0:
                centre = lefts[index] + width / 2
            else:
                centre = (centres[node.left] + centres[node.right]) / 2
            centres.append(centre)
            y = top - node.height * px(LEVEL_PX) + px(SMALL_PX) + 4
            self._boxes.append(QRectF(centre - width / 2, y, width, px(CHIP_PX)))
        self._keep_inside()
        self.setFixedSize(self.sizeHint())
        self.update()

    def _leaf_lefts(self) -> list[float]:
        """Where each leaf begins, so that no piece above is wider than the leaves below it."""
        leaves = [node for node in self._nodes if node.step < 0]
        gap = self._theme.px(GAP_PX)
        rooms = [self._width(node) + gap for node in leaves]
        for node in self._nodes:
            lacking = self._width(node) + gap - sum(rooms[node.first : node.end])
            for leaf in range(node.first, node.end):
                rooms[leaf] += max(0.0, lacking) / (node.end - node.first)
        lefts, x = [], 0.0
        for node, room in zip(leaves, rooms, strict=True):
            lefts.append(x + (room - self._width(node)) / 2)
            x += room
        return lefts

    def _keep_inside(self) -> None:
        shift = -min((box.left() for box in self._boxes), default=0.0)
        if shift > 0:
            self._boxes = [box.translated(shift, 0) for box in self._boxes]

    def _width(self, node: Node) -> float:
        px = self._theme.px
        text = QFontMetricsF(self._theme.font("mono")).horizontalAdvance(shown(node.piece))
        figure = QFontMetricsF(self._small()).horizontalAdvance(self._figure(node))
        return min(max(text + 2 * px(PAD_PX), figure), float(px(WIDEST_CHIP_PX)))

    # ---- painting ----

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for node, box in zip(self._nodes, self._boxes, strict=True):
            self._paint_edges(painter, node, box)
        for index, (node, box) in enumerate(zip(self._nodes, self._boxes, strict=True)):
            if box.adjusted(0, -20, 0, 0).intersects(QRectF(event.rect())):
                self._paint_node(painter, index, node, box)
        painter.end()

    def _paint_edges(self, painter: QPainter, node: Node, box: QRectF) -> None:
        if node.step < 0:
            return
        palette = self._theme.palette
        is_done = node.step < self._moment
        pen = QPen(QColor(palette.accent if is_done else palette.line), 1.5 if is_done else 1.0)
        painter.setPen(pen)
        for child in (node.left, node.right):
            below = self._boxes[child]
            top = QPointF(below.center().x(), below.top())
            painter.drawLine(QPointF(box.center().x(), box.bottom()), top)

    def _paint_node(self, painter: QPainter, index: int, node: Node, box: QRectF) -> None:
        palette, px = self._theme.palette, self._theme.px
        is_done, is_last = node.step < self._moment, node.step == self._moment - 1 >= 0
        fill = palette.token[node.first % len(palette.token)] if is_done else palette.pane
        painter.setBrush(QColor(palette.accent_soft if is_last else fill))
        edge = palette.accent if is_last else palette.line
        painter.setPen(QPen(QColor(edge), 2 if is_last else 1))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), px(6), px(6))
        font = self._theme.font("mono")
        painter.setFont(font)
        painter.setPen(QColor(palette.text if is_done else palette.text_faint))
        room = box.width() - px(4)
        text = QFontMetricsF(font).elidedText(shown(node.piece), Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        self._paint_figure(painter, node, box)

    def _paint_figure(self, painter: QPainter, node: Node, box: QRectF) -> None:
        """A rank stands right above its piece."""
        if node.step < 0:
            return
        painter.setFont(self._small())
        painter.setPen(QColor(self._theme.palette.text_faint))
        height = self._theme.px(SMALL_PX) + 4
        place = QRectF(box.left() - 20, box.top() - height, box.width() + 40, height)
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, self._figure(node))

    def _small(self) -> QFont:
        font = self._theme.font("body")
        font.setPixelSize(self._theme.px(SMALL_PX))
        return font

    def _figure(self, node: Node) -> str:
        if self._steps is None or node.step < 0:
            return ""
        return figure_of_step(self._steps.merges.steps[node.step])

    def _words(self) -> str:
        """The tree as it is read aloud: every merge from the first on."""
        parts = []
        for node in self._nodes:
            if node.step >= 0:
                left, right = self._nodes[node.left].piece, self._nodes[node.right].piece
                parts.append(f"{shown(left)} + {shown(right)}: {shown(node.piece)}")
        return ". ".join(parts)

    @Slot()
    def _on_theme_changed(self) -> None:
        self._place()

"""Paints one laid-out block: its card or table, selection, inline code chips, text, bullets and
quote bars.

Does not: lay out, know messages. What stands behind the characters (selection, tokens) is painted
between card and text.
"""

from msgspec import Struct, field
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from gui.icons import pixmap
from gui.widgets.block_look import Look
from gui.widgets.certainty_paint import TokenScene, paint_folded, paint_tokens
from gui.widgets.laid_block import LaidBlock
from gui.widgets.markdown_blocks import Block
from gui.widgets.maths_layout import paint_boxes
from gui.widgets.token_boxes import is_folded, token_boxes


class BlockState(Struct, frozen=True):
    """How a block is seen now. selected: start and end in its text. above: the block before it,
    for quote bars that go through; gap: the distance to it. tokens: the message's, to be coloured;
    own: the part of its text that is this block's; view: what of the block is seen."""

    selected: tuple[int, int] | None = None
    above: Block | None = None
    gap: float = 0.0
    is_copy_hovered: bool = False
    is_copied: bool = False
    tokens: TokenScene | None = None
    own: tuple[int, int | None] = (0, None)
    view: QRectF = field(default_factory=QRectF)


def paint_block(
    painter: QPainter, laid: LaidBlock, at: QPointF, look: Look, state: BlockState
) -> None:
    """Paint with the block's top left corner at a point."""
    painter.save()
    painter.translate(at)
    _paint_quote_bars(painter, laid, look, state)
    match laid.block.kind:
        case "code":
            _paint_card(painter, laid, look, state)
        case "table":
            _paint_table(painter, laid, look)
        case "thought":
            _paint_toggle(painter, laid, look)
        case "rule":
            y = laid.height / 2
            painter.fillRect(
                QRectF(laid.indent, y, laid.width - laid.indent, 1), QColor(look.palette.line)
            )
        case _:
            _paint_chips(painter, laid, look)
    if state.tokens is not None:
        boxes = token_boxes(laid, state.tokens.marks, state.own)
        if is_folded(laid.block):
            paint_folded(painter, laid, look, state.tokens.marks, state.own)
        paint_tokens(painter, boxes, look, state.tokens, state.view)
    if state.selected is not None:
        for rect in laid.range_rects(*state.selected, joined=True):
            painter.fillRect(rect, look.selection)
    painter.setPen(QColor(look.palette.text))
    for piece in laid.pieces:
        piece.layout.draw(painter, QPointF(piece.x, piece.y))
        if piece.boxes:
            paint_boxes(painter, piece.boxes, look, QPointF(piece.x, piece.y))
    _paint_marker(painter, laid, look)
    painter.restore()


def _paint_quote_bars(painter: QPainter, laid: LaidBlock, look: Look, state: BlockState) -> None:
    if not {"q", "t"} & set(laid.block.path):
        return
    x = 0.0
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(look.palette.line))
    for depth, place in enumerate(laid.block.path):
        if place != "l":
            goes_on = (
                state.above is not None
                and state.above.path[: depth + 1] == laid.block.path[: depth + 1]
            )
            top = -state.gap - 1 if goes_on else 0.0
            painter.drawRect(QRectF(x + look.px(1), top, look.px(3), laid.height - top))
        x += look.px(22) if place == "l" else look.px(16)


def _paint_toggle(painter: QPainter, laid: LaidBlock, look: Look) -> None:
    """The sign in front of folded or opened reasoning."""
    name = "chevron-down" if laid.block.level else "chevron-right"
    box = QRectF(laid.toggle.x(), 0, look.px(16), laid.height)
    paint_icon(painter, name, look.palette.text_dim, box, look.px(14))


def _paint_marker(painter: QPainter, laid: LaidBlock, look: Look) -> None:
    marker = laid.block.marker
    if not marker:
        return
    if marker == "•":
        size = look.px(5)
        top = (min(laid.height, look.line_height) - size) / 2
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(look.palette.text_dim))
        painter.drawEllipse(QRectF(laid.indent - look.px(14), top, size, size))
        return
    painter.setFont(look.body)
    painter.setPen(QColor(look.palette.text_dim))
    box = QRectF(laid.indent - look.px(106), 0, look.px(100), look.line_height)
    painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, marker)


def _paint_chips(painter: QPainter, laid: LaidBlock, look: Look) -> None:
    """A quiet ground behind inline code."""
    if not laid.chips:
        return
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(look.code_chip)
    for rect in laid.chips:
        painter.drawRoundedRect(rect, 4, 4)


# ---- code cards ----


def _paint_card(painter: QPainter, laid: LaidBlock, look: Look, state: BlockState) -> None:
    block = laid.block
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    path = _card_path(laid.body, look.px(8), block.opens, block.closes)
    painter.fillPath(path, QColor(look.palette.window))
    _outline(painter, path, laid.body, look, block)
    if not block.opens:
        return
    painter.setFont(look.code_label)
    painter.setPen(QColor(look.palette.text_faint))
    box = QRectF(laid.body.x() + look.px(13), 0, laid.copy_button.x() - laid.body.x(), look.px(34))
    label = block.language[:40] or "text"
    painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, label)
    _paint_copy(painter, laid.copy_button, look, state)


def _paint_copy(painter: QPainter, box: QRectF, look: Look, state: BlockState) -> None:
    if state.is_copy_hovered:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(look.palette.line))
        painter.drawRoundedRect(box, look.px(6), look.px(6))
    colour = look.palette.good if state.is_copied else look.palette.text_dim
    paint_icon(painter, "check" if state.is_copied else "copy", colour, box, look.px(15))


def paint_icon(painter: QPainter, name: str, colour: str, box: QRectF, size_px: int) -> None:
    """An icon in the middle of a box, sharp on the painter's screen."""
    picture = pixmap(name, colour, size_px, painter.device().devicePixelRatio())
    corner = box.center() - QPointF(size_px / 2, size_px / 2)
    painter.drawPixmap(QPointF(round(corner.x()), round(corner.y())), picture)


def _card_path(body: QRectF, radius: float, opens: bool, closes: bool) -> QPainterPath:
    """A rounded box; where it does not open or close, straight at that side."""
    box = body.adjusted(0.5, 0.5 if opens else -radius * 2, -0.5, -0.5 if closes else radius * 2)
    path = QPainterPath()
    path.addRoundedRect(box, radius, radius)
    if opens and closes:
        return path
    clip = QPainterPath()
    clip.addRect(body)
    return path.intersected(clip)


def _outline(painter: QPainter, path: QPainterPath, body: QRectF, look: Look, block: Block) -> None:
    painter.save()
    if not (block.opens and block.closes):
        # The straight side of a card that goes on has no line.
        painter.setClipRect(body)
        path = _card_path_open(body, look.px(8), block)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(look.palette.line), 1))
    painter.drawPath(path)
    painter.restore()


def _card_path_open(body: QRectF, radius: float, block: Block) -> QPainterPath:
    path = QPainterPath()
    top = 0.5 if block.opens else -radius * 2
    bottom = -0.5 if block.closes else radius * 2
    path.addRoundedRect(body.adjusted(0.5, top, -0.5, bottom), radius, radius)
    return path


# ---- tables ----


def _paint_table(painter: QPainter, laid: LaidBlock, look: Look) -> None:
    block, line = laid.block, QColor(look.palette.line)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if block.has_header:
        painter.save()
        header = QRectF(laid.body.x(), 0, laid.body.width(), laid.row_y[1])
        painter.setClipRect(header)
        painter.fillPath(
            _card_path(laid.body, look.px(8), block.opens, block.closes),
            QColor(look.palette.window),
        )
        painter.restore()
    _outline(
        painter,
        _card_path(laid.body, look.px(8), block.opens, block.closes),
        laid.body,
        look,
        block,
    )
    # The line above a piece's first row is there unless the table begins with it.
    for y in laid.row_y[1 if block.opens else 0 : -1]:
        painter.fillRect(QRectF(laid.body.x(), round(y), laid.body.width(), 1), line)
    _paint_chips(painter, laid, look)

"""Formulas among words: boxes that stand in a line of text at its baseline.

Qt's text layout knows no boxes: a placeholder character takes the box's width by its letter
spacing and is not seen; what stands there is painted afterwards. A formula that is not drawn, or
cannot be, is a box of its source.
"""

from collections.abc import Sequence

from msgspec import Struct
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontInfo,
    QFontMetricsF,
    QPainter,
    QTextCharFormat,
    QTextLayout,
    QTextOption,
)

from gui.widgets.block_look import Look
from gui.widgets.markdown_inline import LINE_BREAK, Run, Style
from gui.widgets.maths import Formula

# Takes the box's width in the text layout: a character of ordinary words, never painted.
PLACEHOLDER = "0"
# The formulas' font looks smaller than the window's at the same size.
_SIZE = 1.16
_PADDING = 3.0  # beside a formula's source


class MathsBox(Struct):
    """A formula or its source. width, ascent, depth: of the box. is_provisional: it will be another
    when its formula is drawn. x, baseline: its place within its piece, once the lines are
    broken."""

    formula: Formula | None
    width: float
    ascent: float
    depth: float
    is_display: bool
    is_dim: bool
    scale: float = 1.0
    source: QTextLayout | None = None
    is_provisional: bool = False
    x: float = 0.0
    baseline: float = 0.0


def maths_box(run: Run, look: Look, width: float, level: int, is_dim: bool) -> MathsBox:
    """The box of a formula that has so much width at most."""
    formula = None
    is_display = bool(run.style & Style.DISPLAY)
    if look.maths is not None:
        size = round(QFontInfo(look.format(Style.PLAIN, level).font()).pixelSize() * _SIZE, 1)
        formula = look.maths.formula(run.latex, size, is_display=is_display)
    if formula is None or formula.state != "drawn":
        return _source_box(run, formula, look, width, is_dim)
    scale = min(1.0, max(20.0, width) / max(1.0, formula.width))
    return MathsBox(
        formula,
        formula.width * scale,
        formula.ascent * scale,
        formula.depth * scale,
        is_display,
        is_dim,
        scale,
    )


def _source_box(
    run: Run, formula: Formula | None, look: Look, width: float, is_dim: bool
) -> MathsBox:
    """The formula as it was written, over several lines if need be."""
    is_display = bool(run.style & Style.DISPLAY)
    text = run.latex.replace("\n", LINE_BREAK if is_display else " ")
    layout = QTextLayout(text, look.format(Style.CODE).font())
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    y = natural = 0.0
    layout.beginLayout()
    while (line := layout.createLine()).isValid():
        line.setLineWidth(max(20.0, width - 2 * _PADDING))
        line.setPosition(QPointF(0, y))
        natural = max(natural, line.naturalTextWidth())
        y += line.height()
    layout.endLayout()
    ascent = layout.lineAt(0).ascent() if layout.lineCount() else look.metrics.ascent()
    is_waiting = formula is not None and formula.state == "waiting"
    width, depth = natural + 2 * _PADDING, y - ascent
    return MathsBox(formula, width, ascent, depth, is_display, is_dim, 1.0, layout, is_waiting)


def holder_format(char_format: QTextCharFormat, width: float) -> QTextCharFormat:
    """The format that makes the placeholder as wide as a box."""
    result = QTextCharFormat(char_format)
    font = QFont(char_format.font())
    font.setUnderline(False)
    font.setStrikeOut(False)
    own = QFontMetricsF(font).horizontalAdvance(PLACEHOLDER)
    font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, width - own)
    result.setFont(font)
    result.setForeground(QColor(Qt.GlobalColor.transparent))
    return result


def room_in_line(
    boxes: Sequence[tuple[int, MathsBox]], start: int, end: int
) -> tuple[list[tuple[int, MathsBox]], float, float]:
    """The boxes at units start..end of a text, and how far they reach above and below their
    line."""
    here = [(at, box) for at, box in boxes if start <= at < end]
    ascent = max((box.ascent for _, box in here), default=0.0)
    return here, ascent, max((box.depth for _, box in here), default=0.0)


def paint_boxes(painter: QPainter, boxes: Sequence[MathsBox], look: Look, at: QPointF) -> None:
    """Paint a piece's boxes, the piece's corner at a point."""
    ratio = painter.device().devicePixelRatio()
    for box in boxes:
        corner = QPointF(at.x() + box.x, at.y() + box.baseline - box.ascent)
        colour = look.palette.text_dim if box.is_dim else look.palette.text
        if box.source is None and box.formula is not None:
            painter.drawPixmap(corner, box.formula.pixmap(colour, box.scale, ratio))
        elif box.source is not None:
            _paint_source(painter, box, look, corner)


def _paint_source(painter: QPainter, box: MathsBox, look: Look, corner: QPointF) -> None:
    assert box.source is not None
    if not box.is_provisional:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.code_chip)
        ground = QRectF(corner.x(), corner.y(), box.width, box.ascent + box.depth)
        painter.drawRoundedRect(ground, 4, 4)
    painter.setPen(QColor(look.palette.text_dim if box.is_provisional else look.palette.text))
    box.source.draw(painter, corner + QPointF(_PADDING, 0))

"""Paints how certain a reply's tokens were behind a block's text: rounded fills in the colours of
the ramp, thin marks, and a ring around the token that is looked at. Beside folded reasoning it says
that its tokens are not seen."""

from collections.abc import Iterable

from msgspec import Struct
from PySide6.QtCore import QCoreApplication, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from gui.theme_sheet import mix
from gui.widgets.block_look import Look
from gui.widgets.laid_block import LaidBlock
from gui.widgets.token_boxes import TokenBox, tokens_within
from gui.widgets.token_marks import TokenMarks


class TokenScene(Struct, frozen=True):
    """The tokens of one message as they are seen now. current: the one looked at, -1 for none."""

    marks: TokenMarks
    current: int = -1


def paint_tokens(
    painter: QPainter, boxes: Iterable[TokenBox], look: Look, scene: TokenScene, view: QRectF
) -> None:
    """Paint what of a block's tokens is within `view` (the block's coordinates)."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    fills = [QColor(colour) for colour in scene.marks.fills or look.palette.surprise]
    radius = look.px(3)
    for box in boxes:
        if not box.rect.intersects(view):
            continue
        if box.is_mark:
            _paint_mark(painter, box, look, scene.marks)
        elif box.level:
            painter.setBrush(fills[box.level - 1])
            painter.drawRoundedRect(box.rect.adjusted(-1, 0, 1, 0), radius, radius)
        if box.holds(scene.current):
            _paint_ring(painter, box.rect, look)
            painter.setPen(Qt.PenStyle.NoPen)


def paint_folded(
    painter: QPainter, laid: LaidBlock, look: Look, marks: TokenMarks, own: tuple[int, int | None]
) -> None:
    """Say behind the line of folded reasoning that its tokens are not shown."""
    words, left = folded_words(marks, own), look.px(10)
    if not words or not laid.pieces:
        return
    piece = laid.pieces[-1]
    line = laid.cursor_rect(piece.end)
    box = QRectF(line.right() + left, line.y(), laid.width - line.right() - left, line.height())
    painter.setFont(look.label)
    painter.setPen(QColor(look.palette.text_faint))
    shown = look.label_metrics.elidedText(words, Qt.TextElideMode.ElideRight, box.width())
    painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, shown)


def folded_words(marks: TokenMarks, own: tuple[int, int | None]) -> str:
    """What is said of the tokens of folded reasoning; "" where there are none."""
    if marks.fills or not tokens_within(marks, own):
        return ""
    return QCoreApplication.translate("Transcript", "not coloured while it is folded")


def _paint_mark(painter: QPainter, box: TokenBox, look: Look, marks: TokenMarks) -> None:
    """A certain blank (the end of a line) has none: it would stand at every line's end."""
    if not box.level and box.n_tokens == 1 and marks.tokens[box.token].piece.isspace():
        return
    palette = look.palette
    base = palette.surprise[box.level - 1] if box.level else palette.line
    painter.fillRect(box.rect, QColor(mix(base, palette.text_faint, 0.35)))


def _paint_ring(painter: QPainter, rect: QRectF, look: Look) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(look.palette.accent), 1.6))
    painter.drawRoundedRect(rect.adjusted(-1.5, -0.5, 1.5, 0.5), look.px(3), look.px(3))

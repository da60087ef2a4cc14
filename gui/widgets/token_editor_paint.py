"""Paints one segment of the editor: chips in the tokens' colours, the text, signs for what is not
seen otherwise, rings around what is chosen or found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from msgspec import Struct
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontMetricsF,
    QPainter,
    QPen,
    QStaticText,
    QTransform,
)

from gui.theme import Theme
from gui.tokens.token_spans import NO_SHADE, TokenSpans
from gui.widgets.token_editor_boxes import Box, SegmentBoxes
from gui.widgets.token_editor_cache import Prepared
from gui.widgets.token_editor_signs import spelled

FONT_PX = 17  # of the drawing
_MOST_UNKNOWN_BYTES = 256  # a longer stretch of unknown tokens has no colour at all


class EditorLook:
    """Fonts, colours and lengths of one theme; made anew when the theme changes."""

    def __init__(self, theme: Theme) -> None:
        palette = self.palette = theme.palette
        self.px = theme.px
        self.font = theme.font("mono")
        self.font.setPixelSize(theme.px(FONT_PX))
        for ligatures in ("liga", "calt"):
            # One sign out of two letters would hide that they are two, maybe of two tokens.
            self.font.setFeature(QFont.Tag(ligatures), 0)
        self.small = QFont(self.font)
        self.small.setPixelSize(max(7, theme.px(8)))
        self.small.setStretch(QFont.Stretch.SemiCondensed)
        self.hint = theme.font("body")
        self.metrics = QFontMetricsF(self.font)
        self.advance = self.metrics.horizontalAdvance("m")
        self.chip_height = float(round(self.metrics.height()) + theme.px(1))
        self.row_height = float(round(self.metrics.height()) + theme.px(10))
        self.drop = float(round((self.row_height - self.chip_height) / 2))  # of a chip in its row
        self.margin = float(theme.px(8))
        self.dot = max(2.0, float(theme.px(2)))
        self.ink, self.faint = QColor(palette.text), QColor(palette.text_faint)
        self._signs: dict[str, tuple[QStaticText, QPointF, QFont]] = {}
        # The tokens' colours, then the ramp of surprise from none to very, then not known.
        self.token_fills = [QBrush(QColor(colour)) for colour in palette.token]
        unknown = QColor(palette.line)
        unknown.setAlpha(90)
        self.shade_fills = [QBrush(Qt.BrushStyle.NoBrush)]
        self.shade_fills += [QBrush(QColor(colour)) for colour in palette.surprise]
        self.shade_fills.append(QBrush(unknown))
        self.fills = [*self.token_fills, *self.shade_fills]
        self.chosen = QPen(QColor(palette.accent), 2)
        self.equal = QPen(QColor(palette.accent), 1)
        self.special = QPen(QColor(palette.accent), 1, Qt.PenStyle.DashLine)
        self.found = QPen(QColor(palette.warn), 2)
        self.selection = QColor(palette.accent)
        self.selection.setAlpha(80)

    def sign(self, words: str) -> tuple[QStaticText, QPointF, QFont]:
        """A sign ready to be painted, its middle, its font."""
        if words not in self._signs:
            is_drawn = len(words) > 1 or self.metrics.inFontUcs4(ord(words))
            shown = words if is_drawn else spelled(words)
            font = self.font if len(shown) == 1 else self.small
            text = QStaticText(shown)
            text.setTextFormat(Qt.TextFormat.PlainText)
            text.prepare(QTransform(), font)
            size = text.size()
            self._signs[words] = (text, QPointF(size.width() / 2, size.height() / 2), font)
        return self._signs[words]


class Marks(Struct):
    """What is said of tokens and places. chosen: a token, -1 for none, and all with its id.
    matches: places found (start, end) that are in the segment, in its bytes; match: the one gone
    to. selection: bytes of the segment."""

    chosen: int = -1
    chosen_id: int = -1
    matches: tuple[tuple[int, int], ...] = ()
    match: tuple[int, int] = (-1, -1)
    selection: tuple[int, int] = (0, 0)


def chip_fills(
    look: EditorLook, tokens: TokenSpans, boxes: SegmentBoxes, first: int
) -> Iterator[tuple[int, list[QRectF]]]:
    """The chips of each colour. Corners are cut off by a second, narrower rectangle, which
    costs a tenth of round ones and looks the same at this size."""
    n_tokens = boxes.boxes[-1].token + 1 if boxes.boxes else 0
    fill_of = _fill_of(look, tokens, first, first + n_tokens)
    groups: dict[int, list[QRectF]] = {fill: [] for fill in set(fill_of) if fill >= 0}
    height, pitch, drop = look.chip_height, look.row_height, look.drop
    for box in boxes.boxes:
        fill = fill_of[box.token]
        if fill >= 0:
            # Edges on whole pixels: neighbours neither overlap nor leave a gap.
            x, y = round(box.left), box.row * pitch + drop
            width = round(box.right) - x or 1
            groups[fill] += (
                QRectF(x + 1, y, width - 2, height),
                QRectF(x, y + 1, width, height - 2),
            )
    yield from groups.items()


def _fill_of(look: EditorLook, tokens: TokenSpans, first: int, last: int) -> list[int]:
    """A fill for each token, -1 for none."""
    if tokens.shades is not None:
        shades = tokens.shades[first:last].astype(np.int32)
        n_tokens, n_shades = len(look.token_fills), len(look.shade_fills)
        shades = np.where(shades == NO_SHADE, n_shades - 1, shades)
        fills = np.where(shades == 0, -1, shades + n_tokens)
    else:
        fills = tokens.colours[first:last].astype(np.int32) % len(look.token_fills)
        is_unknown = tokens.ids[first:last] < 0
        if is_unknown.any():
            lengths = np.diff(tokens.ends[first:last], prepend=tokens.start(first))
            fills = np.where(is_unknown & (lengths > _MOST_UNKNOWN_BYTES), -1, fills)
    result: list[int] = fills.tolist()
    return result


class SegmentPainter:
    """Paints segments with one painter."""

    def __init__(self, painter: QPainter, look: EditorLook, tokens: TokenSpans) -> None:
        self._painter, self._look, self._tokens = painter, look, tokens

    def paint(self, prepared: Prepared, first: int, marks: Marks, at: QPointF) -> None:
        """One segment. first: the token that its boxes count from; at: its top left corner."""
        boxes = prepared.boxes
        assert boxes is not None and prepared.fills is not None, "it was not prepared"
        self._painter.translate(at)
        for fill, rects in prepared.fills:
            self._painter.setBrush(self._look.fills[fill])
            self._painter.drawRects(rects)
        self._select(prepared, marks.selection)
        if boxes.splits:
            self._underline(boxes.splits)
        self._painter.setPen(self._look.ink)
        prepared.laid.layout.draw(self._painter, QPointF(0, 0))
        self._signs(prepared)
        self._rings(prepared, boxes, first, marks)
        self._painter.setPen(Qt.PenStyle.NoPen)
        self._painter.translate(-at)

    # ---- marks ----

    def _chip(self, box: Box) -> tuple[float, float, float, float]:
        look, x = self._look, round(box.left)
        y = box.row * look.row_height + look.drop
        return x, y, round(box.right) - x or 1, look.chip_height

    def _rect(self, box: Box) -> QRectF:
        return QRectF(*self._chip(box))

    def _select(self, prepared: Prepared, selection: tuple[int, int]) -> None:
        if selection[0] < selection[1]:
            for rect in self._place_rects(prepared, selection):
                self._painter.fillRect(rect, self._look.selection)

    def _underline(self, splits: Iterable[Box]) -> None:
        """A character of several tokens: one line for each below it."""
        look = self._look
        for box in splits:
            x, y, width, height = self._chip(box)
            gap = 1 if width > 3 else 0
            bar = QRectF(x + gap / 2, y + height, max(1.0, width - gap), look.px(2))
            self._painter.fillRect(bar, QColor(look.palette.text_dim))

    def _rings(self, prepared: Prepared, boxes: SegmentBoxes, first: int, marks: Marks) -> None:
        n_tokens = boxes.boxes[-1].token + 1 if boxes.boxes else 0
        special = self._tokens.special[first : first + n_tokens]
        if special.any():
            self._ring(boxes, set(np.flatnonzero(special).tolist()), self._look.special)
        for place in marks.matches:
            rects = self._place_rects(prepared, place)
            self._outline(rects, self._look.found, place == marks.match)
        if marks.chosen_id >= 0:
            ids = self._tokens.ids[first : first + n_tokens]
            equal = set(np.flatnonzero(ids == marks.chosen_id).tolist())
            self._ring(boxes, equal - {marks.chosen - first}, self._look.equal)
        if first <= marks.chosen < first + n_tokens:
            self._ring(boxes, {marks.chosen - first}, self._look.chosen)

    def _ring(self, boxes: SegmentBoxes, tokens: set[int], pen: QPen) -> None:
        if tokens:
            rects = [self._rect(box) for box in boxes.boxes if box.token in tokens]
            self._outline(rects, pen, False)

    def _outline(self, rects: Iterable[QRectF], pen: QPen, is_current: bool) -> None:
        painter = self._painter
        fill = QColor(pen.color())
        fill.setAlpha(70)
        painter.setPen(pen)
        painter.setBrush(fill if is_current else Qt.BrushStyle.NoBrush)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        inset = 0.5 if pen.width() == 1 else 0.0
        for rect in rects:
            painter.drawRoundedRect(rect.adjusted(inset, inset, -inset, -inset), 3, 3)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _place_rects(self, prepared: Prepared, place: tuple[int, int]) -> list[QRectF]:
        """The chips' heights around bytes of the segment."""
        laid = prepared.laid
        first, end = laid.units(place[0]), laid.units(place[1])
        return [self._rect(Box(0, *one)) for one in laid.boxes(first, end)]

    # ---- signs ----

    def _signs(self, prepared: Prepared) -> None:
        look, painter = self._look, self._painter
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.faint)
        painter.drawRects(prepared.dots(look.dot))
        if prepared.signs:
            painter.setPen(look.faint)
            for rect, words in prepared.signs:
                sign, shift, font = look.sign(words)
                painter.setFont(font)
                painter.drawStaticText(rect.center() - shift, sign)
            painter.setFont(look.font)

"""Paints rows of tokens: chips in the tokens' colours, signs for blanks, a bar below for what came
from the cache. Only rows in view are asked for.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from msgspec import Struct
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPen

from gui.theme import Theme
from gui.theme_sheet import mix
from gui.widgets.token_rows import Band, Row
from gui.widgets.token_text import SIGNS, TokenText, shown

_PARTS = re.compile(f"[{''.join(SIGNS)}]+|[^{''.join(SIGNS)}]+")
# What is to become of a token in training: it is only read, or the model is to predict it; the end
# token, which tells it to stop, is told apart.
READ, LEARNED, LEARNED_END = 0, 1, 2
# How a token's likelihood changed: by how much is a step of 1 to 3, beside LESS or MORE.
UNCHANGED, LESS, MORE = 0, 0, 3
CHANGE_STEPS = 3
_CHANGE_SHARES = (0.16, 0.32, 0.48)  # of a chart colour in the page's
_LESS_SERIES, _MORE_SERIES = 1, 0
# Which of the palette's token colours each has.
LEARNED_COLOURS = {LEARNED: 2, LEARNED_END: 0}
_ROLE_COLOURS = {"system": 2, "user": 0, "assistant": 1, "reply": 3, "tool": 4}


class Marks(Struct, frozen=True):
    """What is said of single tokens.

    Args:
        n_reused: so many from the beginning came from the cache; -1: nothing is said of it.
        kept: tokens (from, up to) that are no news; all others are.
        shows_new: dim what is no news.
        learned: for each token READ, LEARNED or LEARNED_END; b"": nothing is said of it.
        alone: a 1 for each token whose end is a boundary here and in no other text that it is
            compared with; b"": nothing is said of it.
        changed: for each token how its likelihood changed (UNCHANGED, then three steps of less
            likely, then three of likelier); b"": nothing is said of it.
    """

    n_reused: int = -1
    kept: tuple[tuple[int, int], ...] = ()
    shows_new: bool = False
    alone: bytes = b""
    learned: bytes = b""
    changed: bytes = b""

    def is_kept(self, token: int) -> bool:
        return any(start <= token < end for start, end in self.kept)


class Brushwork:
    """Fonts, colours and lengths of one theme; made anew when the theme changes."""

    def __init__(self, theme: Theme) -> None:
        self.palette, self.px = theme.palette, theme.px
        self.mono, self.label = theme.font("mono"), theme.font("body")
        self.label.setPixelSize(theme.px(12))
        self.strong = QFont(self.label)
        self.strong.setWeight(QFont.Weight.DemiBold)
        self.metrics, self.label_metrics = QFontMetricsF(self.mono), QFontMetricsF(self.label)
        self.row_height = float(round(self.metrics.height()) + theme.px(11))
        self.chip_height = float(round(self.metrics.height()) + theme.px(3))
        self.gutter = float(theme.px(126))
        self.band_gap = float(theme.px(10))
        self.advance: Callable[[str], float] = lru_cache(maxsize=20_000)(
            self.metrics.horizontalAdvance
        )

    def widths(self, piece: bytes) -> tuple[float, bool]:
        """A token's width, and whether a new row begins behind it."""
        return self.advance(shown(piece)) + 1.0, piece.endswith(b"\n")

    def change_colour(self, change: int) -> QColor:
        """Of a change that is not UNCHANGED: orange for less likely, the accent for likelier."""
        is_more = change > MORE
        step = change - MORE if is_more else change
        colour = self.palette.series[_MORE_SERIES if is_more else _LESS_SERIES]
        return QColor(mix(self.palette.pane, colour, _CHANGE_SHARES[step - 1]))

    def role_colour(self, role: str) -> QColor:
        place = _ROLE_COLOURS.get(role)
        return QColor(self.palette.line if place is None else self.palette.series[place])


class RowPainter:
    """Paints rows with one painter."""

    def __init__(
        self,
        painter: QPainter,
        look: Brushwork,
        tokens: TokenText,
        marks: Marks,
        current: int,
        found: tuple[int, int],
    ) -> None:
        self._painter, self._look = painter, look
        self._tokens, self._marks = tokens, marks
        self._current, self._found = current, found
        palette = look.palette
        self._fills = [QBrush(QColor(colour)) for colour in palette.token]
        self._special = QBrush(QColor(palette.accent_soft))
        self._text, self._faint = QPen(QColor(palette.text)), QPen(QColor(palette.text_faint))
        self._accent = QPen(QColor(palette.accent))
        self._baseline = look.metrics.ascent() + (look.chip_height - look.metrics.height()) / 2

    def band_head(self, band: Band, at: QPointF, height: float) -> None:
        """The coloured edge of a band, its title and how many tokens it has."""
        look, painter = self._look, self._painter
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.role_colour(band.role))
        edge = QRectF(at.x(), at.y() + 1, look.px(3), height - 2)
        painter.drawRoundedRect(edge, 1.5, 1.5)

    def band_title(self, band: Band, at: QPointF) -> None:
        look, painter = self._look, self._painter
        box = QRectF(at.x() + look.px(10), at.y(), look.gutter - look.px(18), look.chip_height)
        count = f"{band.end - band.start:,}"
        room = box.width() - look.label_metrics.horizontalAdvance(count) - look.px(6)
        title = look.label_metrics.elidedText(band.title, Qt.TextElideMode.ElideRight, room)
        painter.setFont(look.strong)
        painter.setPen(QColor(look.palette.text_dim))
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, title)
        painter.setFont(look.label)
        painter.setPen(self._faint)
        right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        painter.drawText(box, right, count)

    def note(self, band: Band, at: QPointF, width: float) -> None:
        """A line between two bands: what is not there."""
        look, painter = self._look, self._painter
        box = QRectF(at.x(), at.y(), look.gutter + width, look.chip_height)
        pen = QPen(QColor(look.palette.warn), 1, Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), look.px(6), look.px(6))
        painter.setFont(look.label)
        painter.setPen(QColor(look.palette.warn))
        inner = box.adjusted(look.px(10), 0, -look.px(10), 0)
        words = look.label_metrics.elidedText(band.note, Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter, words)

    def tokens(self, row: Row, at: QPointF, width_of: Callable[[int], float]) -> None:
        """One row's chips, with what is said of each."""
        x = at.x()
        self._painter.setFont(self._look.mono)
        for token in range(row.first, row.end):
            width = width_of(token)
            self._chip(token, QRectF(x, at.y(), width - 1.0, self._look.chip_height))
            if self._marks.n_reused >= 0:
                self._cache_bar(token, x, at.y() + self._look.chip_height + 1.5, width - 1.0)
            x += width
            if token < len(self._marks.alone) and self._marks.alone[token]:
                self._alone_mark(x - 1.0, at.y())

    def _alone_mark(self, x: float, y: float) -> None:
        """A boundary of this text's own: a line with a notch below it, so not by colour alone."""
        look, painter = self._look, self._painter
        warn = QColor(look.palette.warn)
        painter.fillRect(QRectF(x - 0.5, y, float(look.px(2)), look.chip_height), warn)
        side, bottom = float(look.px(3)), y + look.chip_height
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(warn)
        notch = [QPointF(x + 0.5, bottom), QPointF(x + 0.5 - side, bottom + side)]
        painter.drawPolygon([*notch, QPointF(x + 0.5 + side, bottom + side)])

    def _chip(self, token: int, box: QRectF) -> None:
        painter, look = self._painter, self._look
        if token < len(self._marks.changed):
            self._changed_chip(token, box)
            return
        if token < len(self._marks.learned):
            self._learned_chip(token, box)
            return
        is_dim = self._marks.shows_new and self._marks.is_kept(token)
        is_special = self._tokens.is_special(token)
        painter.setPen(self._accent if is_special and not is_dim else Qt.PenStyle.NoPen)
        if is_dim:
            painter.setBrush(Qt.BrushStyle.NoBrush)
        else:
            painter.setBrush(self._special if is_special else self._fills[token % len(self._fills)])
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), look.px(3), look.px(3))
        if token == self._current or self._found[0] <= token < self._found[1]:
            self._ring(box, token == self._current)
        self._words(shown(self._tokens.piece(token)), box, is_dim, is_special)

    def _learned_chip(self, token: int, box: QRectF) -> None:
        """On a colour where it is learned; dim, on none, where it is only read."""
        painter, fate = self._painter, self._marks.learned[token]
        if fate != READ:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._fills[LEARNED_COLOURS[fate]])
            painter.drawRoundedRect(box.adjusted(0.5, 0.5, 0.5, -0.5), 2, 2)
        if token == self._current or self._found[0] <= token < self._found[1]:
            self._ring(box, token == self._current)
        self._words(shown(self._tokens.piece(token)), box, fate == READ, False)

    def _changed_chip(self, token: int, box: QRectF) -> None:
        """On a colour where it changed, with a bar above for likelier and below for less likely:
        the direction is not told by colour alone."""
        painter, change = self._painter, self._marks.changed[token]
        if change != UNCHANGED:
            painter.fillRect(box, self._look.change_colour(change))
            thick = float(self._look.px(2))
            y = box.top() if change > MORE else box.bottom() - thick
            series = self._look.palette.series
            colour = QColor(series[_MORE_SERIES if change > MORE else _LESS_SERIES])
            painter.fillRect(QRectF(box.left(), y, box.width(), thick), colour)
        if token == self._current or self._found[0] <= token < self._found[1]:
            self._ring(box, token == self._current)
        self._words(shown(self._tokens.piece(token)), box, False, self._tokens.is_special(token))

    def _ring(self, box: QRectF, is_current: bool) -> None:
        palette = self._look.palette
        self._painter.setPen(QPen(QColor(palette.accent if is_current else palette.warn), 2))
        self._painter.setBrush(Qt.BrushStyle.NoBrush)
        self._painter.drawRoundedRect(box.adjusted(-0.5, 0, 0.5, 0), 3, 3)

    def _words(self, text: str, box: QRectF, is_dim: bool, is_special: bool) -> None:
        """The token's letters; the signs that stand for blanks are fainter."""
        painter, advance = self._painter, self._look.advance
        if is_dim:
            pen = self._faint
        else:
            pen = self._accent if is_special else self._text
        x, y = box.x() + 0.5, box.y() + self._baseline
        is_long = box.width() + 2 < advance(text)
        if is_long:
            text = self._look.metrics.elidedText(text, Qt.TextElideMode.ElideRight, box.width())
        for part in _PARTS.findall(text):
            painter.setPen(self._faint if part[0] in SIGNS else pen)
            painter.drawText(QPointF(x, y), part)
            x += advance(part)

    def _cache_bar(self, token: int, x: float, y: float, width: float) -> None:
        """Hatched where the cache held it, whole where it was computed for this reply."""
        look, height = self._look, float(self._look.px(3))
        bar = QRectF(x, y, width + 1.0, height)
        if token >= self._marks.n_reused:
            self._painter.fillRect(bar, QColor(look.palette.accent))
        else:
            self._painter.fillRect(
                bar, QBrush(QColor(look.palette.text_faint), Qt.BrushStyle.BDiagPattern)
            )

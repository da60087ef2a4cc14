"""A list of tokens that could stand in one place: each with a bar and its probability, to be picked
by mouse or keys.

Paints itself and emits which was picked; knows no model. Who shows it decides which keys it hears
(`move`, `pick`), as it may be shown beside a field that keeps the focus.
"""

from collections.abc import Sequence

from msgspec import Struct
from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from gui.theme import Theme
from gui.widgets.plain_tip import plain_tip
from gui.widgets.ramp import share_text

ROW_PX = 22
_LABEL_SHARE = 0.42
_MOST_LABEL_PX = 210
_KEY_PX = 22
_SHARE_PX = 52
_AFTER_PX = 112
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class CandidateLine(Struct, frozen=True):
    """One token. label: its text with blanks made visible; after: its probability after the
    samplers, 0.0 where they rule it out, None where that is not told; key: what picks it."""

    label: str
    share: float
    after: float | None = None
    is_chosen: bool = False
    key: str = ""
    words: str = ""


class CandidateList(QWidget):
    """Lines below one another. current: the line that keys act on, -1 for none."""

    picked = Signal(int)  # index of the line

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._lines: list[CandidateLine] = []
        self._tip = ""
        self._headings: tuple[str, str] | None = None
        self.current = -1
        self._hovered = -1
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Tokens that could stand here"))
        theme.changed.connect(self._on_theme_changed)

    @property
    def lines(self) -> list[CandidateLine]:
        return list(self._lines)

    def set_lines(self, lines: Sequence[CandidateLine], tip: str = "") -> None:
        """Show other lines; tip: what picking one does, a sentence with {token} in it."""
        self._lines, self._tip = list(lines), tip
        self.current, self._hovered = -1, -1
        self.setCursor(Qt.CursorShape.PointingHandCursor if tip else Qt.CursorShape.ArrowCursor)
        self.updateGeometry()
        self._describe()
        self.update()

    def set_headings(self, before: str, after: str) -> None:
        """Words above the two columns of per cent."""
        self._headings = (before, after)
        self.updateGeometry()

    def set_current(self, index: int) -> None:
        self.current = min(max(-1, index), len(self._lines) - 1)
        self._describe()
        self.update()

    def move_current(self, step: int) -> None:
        """To the line above or below, from the end to the beginning."""
        if self._lines:
            at = self.current + step if self.current >= 0 or step > 0 else len(self._lines) - 1
            self.set_current(at % len(self._lines))

    def pick_current(self) -> bool:
        """Pick the current line; False where there is none."""
        if not 0 <= self.current < len(self._lines) or not self._tip:
            return False
        self.picked.emit(self.current)
        return True

    def words(self) -> str:
        """The lines as they are read aloud."""
        return ", ".join(map(self.spoken, self._lines))

    def spoken(self, line: CandidateLine) -> str:
        """One line as it is read aloud: all that is painted of it."""
        key = f"{line.key}: " if line.key else ""
        parts = [f"{key}{line.words or line.label} {share_text(line.share)}"]
        if line.is_chosen:
            parts.append(self.tr("as it was written"))
        if line.after is not None:
            share = share_text(line.after)
            ruled_out = self.tr("ruled out by the samplers")
            after = self.tr("after the samplers {share}").format(share=share)
            parts.append(after if line.after else ruled_out)
        return " ".join(parts)

    # ---- size and places ----

    @property
    def row_height(self) -> int:
        return self._theme.px(ROW_PX)

    def sizeHint(self) -> QSize:
        n_rows = max(1, len(self._lines)) + (self._headings is not None)
        return QSize(self._theme.px(220), self.row_height * n_rows)

    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(160), self.sizeHint().height())

    def row_rect(self, index: int) -> QRectF:
        top = (index + (self._headings is not None)) * self.row_height
        return QRectF(0, top, self.width(), self.row_height)

    def _row_at(self, y: float) -> int:
        row = int(y // self.row_height) - (self._headings is not None)
        return row if 0 <= row < len(self._lines) else -1

    # ---- events ----

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        row = self._row_at(event.position().y())
        if row != self._hovered:
            self._hovered = row
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hovered = -1
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Taken, so that nothing below hears it."""

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        row = self._row_at(event.position().y())
        if event.button() == Qt.MouseButton.LeftButton and row >= 0 and self._tip:
            self.set_current(row)
            self.picked.emit(row)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            row = self._row_at(event.pos().y())
            text = self._tip.format(token=self._lines[row].label) if row >= 0 else ""
            QToolTip.showText(event.globalPos(), plain_tip(text), self)
            return True
        return super().event(event)

    # ---- painting ----

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        mono, plain = self._theme.font("mono"), self._theme.font("body")
        self._paint_headings(painter, plain)
        for index, line in enumerate(self._lines):
            box = self.row_rect(index)
            if box.intersects(QRectF(event.rect())):
                self._paint_ground(painter, index, box)
                self._paint_line(painter, line, box, mono, plain)
        painter.end()

    def _paint_ground(self, painter: QPainter, index: int, box: QRectF) -> None:
        palette = self._theme.palette
        if index in (self.current, self._hovered):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(palette.accent_soft if index == self.current else palette.rail))
            painter.drawRoundedRect(box, self._theme.px(5), self._theme.px(5))

    def _paint_line(
        self, painter: QPainter, line: CandidateLine, box: QRectF, mono: QFont, plain: QFont
    ) -> None:
        palette, px = self._theme.palette, self._theme.px
        is_out = line.after == 0.0
        box = box.adjusted(px(6), 0, -px(6), 0)
        if any(one.key for one in self._lines):
            painter.setFont(plain)
            painter.setPen(QColor(palette.text_faint))
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, line.key)
            box.setLeft(box.left() + px(_KEY_PX))
        mono.setBold(line.is_chosen)
        mono.setStrikeOut(is_out)
        painter.setFont(mono)
        painter.setPen(QColor(palette.text_faint if is_out else palette.text))
        width = min(box.width() * _LABEL_SHARE, float(px(_MOST_LABEL_PX)))
        label = QRectF(box.x(), box.y(), width, box.height())
        painter.drawText(label, Qt.AlignmentFlag.AlignVCenter, _elided(mono, line, label.width()))
        self._paint_shares(painter, line, box.adjusted(label.width() + px(6), 0, 0, 0), plain)

    def _paint_shares(
        self, painter: QPainter, line: CandidateLine, box: QRectF, plain: QFont
    ) -> None:
        painter.setFont(plain)
        painter.setPen(QColor(self._theme.palette.text_dim))
        before, after = self._columns(box)
        painter.drawText(before, _RIGHT, share_text(line.share))
        if line.after is not None:
            words = share_text(line.after) if line.after else self.tr("ruled out")
            painter.drawText(after, _RIGHT, words)
        box.setRight(before.left() - self._theme.px(6))
        self._paint_bar(painter, line.share, box)

    def _columns(self, box: QRectF) -> tuple[QRectF, QRectF]:
        """Where the two per cents of a row stand."""
        px = self._theme.px
        has_after = self._headings is not None
        right = box.right() - (px(_AFTER_PX) if has_after else 0)
        before = QRectF(right - px(_SHARE_PX), box.y(), px(_SHARE_PX), box.height())
        return before, QRectF(right, box.y(), px(_AFTER_PX), box.height())

    def _paint_headings(self, painter: QPainter, plain: QFont) -> None:
        if self._headings is None:
            return
        row = self.row_rect(-1)
        painter.setFont(plain)
        painter.setPen(QColor(self._theme.palette.text_faint))
        places = self._columns(row.adjusted(0, 0, -self._theme.px(6), 0))
        for words, place in zip(self._headings, places, strict=True):
            painter.drawText(place.adjusted(-self._theme.px(60), 0, 0, 0), _RIGHT, words)

    def _paint_bar(self, painter: QPainter, share: float, box: QRectF) -> None:
        height = self._theme.px(8)
        if box.width() < 2 * height:
            return  # the per cents say it
        width = max(2.0, box.width() * min(1.0, share))
        bar = QRectF(box.x(), box.center().y() - height / 2, width, height)
        radius = min(height, width) / 2
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.palette.accent))
        painter.drawRoundedRect(bar, radius, radius)

    # ---- the rest ----

    def _describe(self) -> None:
        here = 0 <= self.current < len(self._lines)
        words = self.spoken(self._lines[self.current]) if here else self.words()
        self.setAccessibleDescription(words)

    @Slot()
    def _on_theme_changed(self) -> None:
        self.updateGeometry()
        self.update()


def _elided(font: QFont, line: CandidateLine, width: float) -> str:
    return QFontMetricsF(font).elidedText(line.label, Qt.TextElideMode.ElideMiddle, width)

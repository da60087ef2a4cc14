"""The newest merges as chips in a row: "·look + ed → ·looked 2,904", the last one filled. Paints
itself, at most 30 times a second, however fast merges come.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from PySide6.QtCore import QEvent, QRectF, QSize, Qt, QTimer, Slot
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QHelpEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from engine.process.pretrain_messages import Merge
from gui.pretrain.tokenizer_words import merge_text, merge_tip
from gui.pretrain.words import tr
from gui.theme import Theme
from gui.widgets.plain_tip import plain_tip

CHIP_PX, GAP_PX, PAD_PX, CORNER_PX = 26, 8, 11, 8
REPAINT_MS = 33
MOST_CHIPS = 60


class Chip(Struct):
    """Where one stands."""

    merge: Merge
    text: str
    count: str
    box: QRectF


class PairChips(QWidget):
    """Args:
    n_rows: as many rows as there are; the newest merges that fit are shown.
    """

    def __init__(self, theme: Theme, n_rows: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._n_rows = theme, n_rows
        self._merges: Sequence[Merge] = []
        self._is_live = False
        self.chips: list[Chip] = []
        self._timer = QTimer(self, singleShot=True, interval=REPAINT_MS)
        self._timer.timeout.connect(self._place)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("The newest merges"))
        theme.changed.connect(self._on_theme)
        self._on_theme()

    def show_merges(self, merges: Sequence[Merge], *, is_live: bool = False) -> None:
        """Show the end of these soon. is_live: the last was made just now."""
        self._merges, self._is_live = merges, is_live
        if not self._timer.isActive():
            self._timer.start()

    @property
    def texts(self) -> list[str]:
        return [chip.text for chip in self.chips]

    def sizeHint(self) -> QSize:
        px = self._theme.px
        return QSize(px(240), self._n_rows * px(CHIP_PX) + (self._n_rows - 1) * px(GAP_PX))

    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(80), self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._place()

    @Slot()
    def _place(self) -> None:
        """The newest that fit, in their order."""
        found = [self._chip(merge) for merge in self._merges[-MOST_CHIPS:]]
        while found and not self._set_out(found):
            del found[0]
        self.chips = found
        self.setAccessibleDescription(", ".join(self.texts[-3:]))
        self.update()

    def _chip(self, merge: Merge) -> Chip:
        px, metrics = self._theme.px, QFontMetricsF(self._theme.font("mono"))
        text, count = merge_text(merge), f"{merge.count:,}"
        width = metrics.horizontalAdvance(f"{text} {count}") + 2 * px(PAD_PX)
        return Chip(merge, text, count, QRectF(0, 0, min(width, float(self.width())), px(CHIP_PX)))

    def _set_out(self, chips: Sequence[Chip]) -> bool:
        """Put them in rows; whether there are rows enough."""
        px = self._theme.px
        gap, height = px(GAP_PX), px(CHIP_PX)
        x, row = 0.0, 0
        for chip in chips:
            if x and x + chip.box.width() > self.width():
                x, row = 0.0, row + 1
            chip.box.moveTo(x, row * (height + gap))
            x += chip.box.width() + gap
        return row < self._n_rows

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._theme.font("mono"))
        for chip in self.chips:
            self._paint(painter, chip, self._is_live and chip is self.chips[-1])
        painter.end()

    def _paint(self, painter: QPainter, chip: Chip, is_new: bool) -> None:
        palette, px = self._theme.palette, self._theme.px
        painter.setBrush(QColor(palette.accent_soft if is_new else palette.pane))
        painter.setPen(QPen(QColor(palette.accent_soft if is_new else palette.line), 1))
        box = chip.box.adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(box, px(CORNER_PX), px(CORNER_PX))
        inner = chip.box.adjusted(px(PAD_PX), 0, -px(PAD_PX), 0)
        metrics = QFontMetricsF(painter.font())
        text = metrics.elidedText(chip.text, Qt.TextElideMode.ElideRight, inner.width())
        painter.setPen(QColor(palette.accent if is_new else palette.text))
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(inner, left, text)
        inner.setLeft(inner.left() + metrics.horizontalAdvance(f"{chip.text} "))
        painter.setPen(QColor(palette.accent if is_new else palette.text_faint))
        if inner.width() >= metrics.horizontalAdvance(chip.count) - 1:
            painter.drawText(inner, left, chip.count)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            under = (one for one in self.chips if one.box.contains(event.pos().toPointF()))
            chip = next(under, None)
            words = merge_tip(chip.merge) if chip is not None else ""
            QToolTip.showText(event.globalPos(), plain_tip(words), self)
            return True
        return super().event(event)

    @Slot()
    def _on_theme(self) -> None:
        self.updateGeometry()
        self._place()

"""How full the model's memory of a chat is: a bar of what the tokens are spent on, with its
numbers.

Draws counts it is given; who counts is the room's business.
"""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Slot
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from gui.chat.context_count import ContextCounts
from gui.theme import Theme


class ContextBar(QWidget):
    """The bar alone."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._counts = ContextCounts()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_counts(self, counts: ContextCounts) -> None:
        if counts != self._counts:
            self._counts = counts
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(160), self._theme.px(8))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect())
        shape = QPainterPath()
        shape.addRoundedRect(box, box.height() / 2, box.height() / 2)
        painter.setClipPath(shape)
        painter.fillRect(box, QColor(self._theme.palette.line))
        paint_parts(painter, box, self._counts, self._theme.palette.series)
        painter.end()


def paint_parts(
    painter: QPainter, box: QRectF, counts: ContextCounts, series: Sequence[str]
) -> None:
    """What the tokens are spent on, side by side in a box that is the whole context.

    Args:
        series: the theme's colours of chart lines.
    """
    colours = (series[2], series[0], series[3], series[1])
    parts = (counts.system, counts.history, counts.attachments, counts.reply)
    left = box.left()
    for tokens, colour in zip(parts, colours, strict=True):
        width = box.width() * tokens / max(1, counts.n_ctx)
        painter.fillRect(QRectF(left, box.top(), width, box.height()), QColor(colour))
        left += width


class ContextMeter(QWidget):
    """The bar with its numbers in words."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.total = QLabel(self, textFormat=Qt.TextFormat.PlainText)
        self.bar = ContextBar(theme, self)
        self.parts = QLabel(self, textFormat=Qt.TextFormat.PlainText)
        self._lay_out()
        self.setToolTip(
            self.tr(
                "The context is all the text a model can see at once, counted in tokens. "
                "When it is full, the overflow setting says what happens."
            )
        )
        theme.changed.connect(self._on_theme_changed)
        self._counts = ContextCounts()
        self.set_counts(self._counts)

    @property
    def counts(self) -> ContextCounts:
        return self._counts

    def set_counts(self, counts: ContextCounts) -> None:
        self._counts = counts
        self.bar.set_counts(counts)
        self.bar.setVisible(counts.n_ctx > 0)
        self.parts.setVisible(counts.n_ctx > 0)
        self.total.setText(self._total_text())
        self.parts.setText(self._parts_text())
        self.setAccessibleName(self.tr("Context in tokens: {text}").format(text=self.total.text()))

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(QLabel(self.tr("Context"), self, textFormat=Qt.TextFormat.PlainText), 1)
        top.addWidget(self.total)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(top)
        layout.addWidget(self.bar)
        layout.addWidget(self.parts)
        self.parts.setTextFormat(Qt.TextFormat.RichText)
        self.parts.setWordWrap(True)
        self.parts.setProperty("kind", "dim")

    def _total_text(self) -> str:
        counts = self._counts
        if not counts.n_ctx:
            return self.tr("no model loaded")
        text = self.tr("{used} of {all}, too long") if counts.n_over else self.tr("{used} of {all}")
        return text.format(used=f"{counts.used:,}", all=f"{counts.n_ctx:,}")

    def _parts_text(self) -> str:
        series, palette, n_over = (
            self._theme.palette.series,
            self._theme.palette,
            self._counts.n_over,
        )
        rest = (palette.line, self.tr("free"), self._counts.free)
        entries = [
            (series[2], self.tr("system"), self._counts.system),
            (series[0], self.tr("history"), self._counts.history),
            *self._file_entries(),
            (series[1], self.tr("reply"), self._counts.reply),
            (palette.bad, self.tr("over"), n_over) if n_over else rest,
        ]
        # Words and their number must not part at a line's end.
        marked = [
            f"<span style='color:{colour}'>■</span>&nbsp;{name}&nbsp;{n:,}"
            for colour, name, n in entries
        ]
        return "&nbsp;&nbsp; ".join(marked)

    def _file_entries(self) -> list[tuple[str, str, int]]:
        """Attached files, where there are any: most chats have none."""
        n_tokens = self._counts.attachments
        entry = (self._theme.palette.series[3], self.tr("attachments"), n_tokens)
        return [entry] if n_tokens else []

    @Slot()
    def _on_theme_changed(self) -> None:
        self.set_counts(self._counts)
        self.bar.updateGeometry()

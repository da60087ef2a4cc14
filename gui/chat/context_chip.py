"""The context in one line, below the composer while the details pane is away: how many tokens of
how many are taken, and what happens when it is full. A click opens the numbers.

Draws what it is told; who counts and who shows it is context_foot.py's business.
"""

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPainterPath, QPixmap
from PySide6.QtWidgets import QFrame, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from gui.chat.chat_settings import ChatSettings
from gui.chat.context_count import ContextCounts
from gui.chat.context_meter import ContextMeter, paint_parts
from gui.chat.details_groups import make_row
from gui.chat.words import tr
from gui.theme import Theme
from gui.widgets.escape import claim_escape
from gui.widgets.kinds import button

BAR_PX = (34, 6)
POPUP_PX = 300


class ContextChip(QToolButton):
    """A small bar and its words; the words on overflow give way first."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._counts = ContextCounts()
        self._overflow: str = ChatSettings().overflow
        self._room_px = 0
        self.setObjectName("context-chip")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self._dress)
        self._dress()

    def set_counts(self, counts: ContextCounts) -> None:
        self._counts = counts
        self._show()

    def set_overflow(self, overflow: str) -> None:
        """What happens to a chat that does not fit: a value of ChatSettings.overflow."""
        self._overflow = overflow
        self._show()

    def set_room(self, width_px: int) -> None:
        """How wide it may be."""
        if width_px != self._room_px:
            self._room_px = width_px
            self._show_text()

    def sizeHint(self) -> QSize:
        return self._size_of(self.text())

    def minimumSizeHint(self) -> QSize:
        return self._size_of(f" {self._short()}")

    # ---- words ----

    def _short(self) -> str:
        counts = self._counts
        text = tr("{used} of {all} tokens, too long") if counts.n_over else tr("{used} of {all}")
        return text.format(used=f"{counts.used:,}", all=f"{counts.n_ctx:,}")

    def _long(self) -> str:
        counts, when_full = self._counts, overflow_words(self._overflow)
        if counts.n_over:
            return f"{self._short()} · {when_full}"
        words = tr("{used} of {all} tokens · {when_full}")
        return words.format(used=f"{counts.used:,}", all=f"{counts.n_ctx:,}", when_full=when_full)

    def _show(self) -> None:
        self._show_text()
        self.setIcon(self._bar())
        self.setAccessibleName(tr("Context: {text}").format(text=self._long()))
        self.setToolTip(
            tr(
                "The context is all the text a model can see at once, counted in tokens. Click for "
                "what it is spent on, and to say what happens when it is full (Ctrl+Shift+M)."
            )
        )

    def _show_text(self) -> None:
        has_room = self._room_px >= self._size_of(f" {self._long()}").width()
        words = self._long() if has_room else self._short()
        text = f" {words}"  # Qt leaves little between the bar and its words
        if text != self.text():
            self.setText(text)
            self.updateGeometry()

    def _size_of(self, text: str) -> QSize:
        words, px = self.fontMetrics().size(0, text), self._theme.px
        return QSize(words.width() + self.iconSize().width() + px(24), words.height() + px(6))

    # ---- looks ----

    def _bar(self) -> QPixmap:
        ratio, size = self.devicePixelRatioF(), self.iconSize()
        pixmap = QPixmap(size * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box, shape = QRectF(0, 0, size.width(), size.height()), QPainterPath()
        shape.addRoundedRect(box, box.height() / 2, box.height() / 2)
        painter.setClipPath(shape)
        painter.fillRect(box, QColor(self._theme.palette.line))
        paint_parts(painter, box, self._counts, self._theme.palette.series)
        painter.end()
        return pixmap

    @Slot()
    def _dress(self) -> None:
        palette, px = self._theme.palette, self._theme.px
        font = self._theme.font("body")
        font.setPixelSize(px(12))
        self.setFont(font)
        self.setIconSize(QSize(px(BAR_PX[0]), px(BAR_PX[1])))
        self.setStyleSheet(
            "#context-chip { background: transparent; border: 1px solid transparent;"
            f" color: {palette.text_faint}; font-size: {px(12)}px; min-height: 0px;"
            f" padding: {px(1)}px {px(6)}px; border-radius: {px(6)}px;"
            f" icon-size: {px(BAR_PX[0])}px {px(BAR_PX[1])}px; }}"
            f"#context-chip:hover {{ background: {palette.rail}; color: {palette.text}; }}"
            f"#context-chip:focus {{ border-color: {palette.accent}; }}"
        )
        self._show()


class ContextPopup(QFrame):
    """The numbers, and what happens when the context is full."""

    overflow_chosen = Signal(str)  # a value of ChatSettings.overflow
    details_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._theme = theme
        self.meter = ContextMeter(theme, self)
        self.overflow = make_row(theme, "overflow")
        self.more = button(tr("All settings of this chat"), "link", tr("Open the details (Ctrl+D)"))
        self.setProperty("kind", "card")
        self.setAccessibleName(tr("The context"))
        column = self._column = QVBoxLayout(self)
        column.setSpacing(10)
        for part in (self.meter, self.overflow):
            column.addWidget(part)
        column.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        self.overflow.changed.connect(self._on_overflow_chosen)
        self.more.clicked.connect(self._on_more_asked)

    def show_above(self, widget: QWidget) -> None:
        """Open with the right edges aligned, within the screen."""
        margin = self._theme.px(14)
        self._column.setContentsMargins(margin, margin, margin, margin)
        self.setFixedWidth(self._theme.px(POPUP_PX))
        self.adjustSize()
        corner = widget.mapToGlobal(QPoint(widget.width(), 0))
        screen = widget.screen().availableGeometry()
        left = max(screen.left(), corner.x() - self.width())
        self.move(left, max(screen.top(), corner.y() - self.height() - self._theme.px(4)))
        self.show()
        self.overflow.fields[0].setFocus()

    def event(self, event: QEvent) -> bool:
        # Esc closes the numbers before it means anything to the room.
        return claim_escape(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    @Slot(object)
    def _on_overflow_chosen(self, value: object) -> None:
        self.overflow_chosen.emit(str(value))

    @Slot()
    def _on_more_asked(self) -> None:
        self.close()
        self.details_requested.emit()


def overflow_words(overflow: str) -> str:
    """What happens when the context is full, in a few words."""
    words = {
        "stop": tr("stops when full"),
        "drop_oldest": tr("drops the oldest when full"),
        "fail": tr("refuses when full"),
    }
    return words[overflow]

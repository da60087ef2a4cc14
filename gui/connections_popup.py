"""The list of connections, above the status bar: this session's, then those of sessions before."""

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale, QPoint, Qt, Slot
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from gui.connections import Connection, Connections
from gui.theme import Theme
from gui.widgets.kinds import button, caps, label

WIDTH_PX = 600
LIST_PX = (120, 280)


class ConnectionsPopup(QFrame):
    """Opened by a click, gone with Esc or a click elsewhere."""

    def __init__(self, theme: Theme, connections: Connections, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._theme, self._connections = theme, connections
        self.setProperty("kind", "card")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName(self.tr("Connections"))
        self.copy_button = button(self.tr("Copy list"), "chip", self.tr("Copy all of this as text"))
        self._lines: list[str] = []
        self._rows = QGridLayout()
        self._lay_out()
        self._fill()
        self.copy_button.clicked.connect(self._on_copy_asked)

    def text(self) -> str:
        """The list as plain text."""
        return "\n".join(self._lines)

    def show_above(self, widget: QWidget) -> None:
        """Open with the right edges aligned."""
        least, most = (self._theme.px(length) for length in LIST_PX)
        wanted = self._rows.sizeHint().height() + self._theme.px(8)
        self._area.setFixedHeight(min(max(wanted, least), most))
        self.adjustSize()
        corner = widget.mapToGlobal(QPoint(widget.width(), 0))
        self.move(corner - QPoint(self.width(), self.height() + self._theme.px(4)))
        self.show()
        self.copy_button.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def _lay_out(self) -> None:
        px = self._theme.px
        head = QHBoxLayout()
        head.addWidget(label(self.tr("Connections"), "heading"), 1)
        head.addWidget(self.copy_button)
        words = self.tr(
            "Bathysphere connects only when you ask for something that is not on this machine. "
            "Each time stands here."
        )
        page = QWidget()
        page.setProperty("kind", "page")
        self._rows.setContentsMargins(0, 0, px(6), 0)
        self._rows.setHorizontalSpacing(px(14))
        self._rows.setColumnStretch(2, 1)
        inner = QVBoxLayout(page)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addLayout(self._rows)
        inner.addStretch(1)
        area = self._area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(14), px(10), px(10), px(10))
        column.setSpacing(px(8))
        column.addLayout(head)
        column.addWidget(label(words, "dim", wrap=True))
        column.addWidget(area, 1)
        self.setFixedWidth(px(WIDTH_PX))

    def _fill(self) -> None:
        self._add_group(self.tr("Since the app was started"), self._connections.entries[::-1])
        if earlier := self._connections.earlier():
            self._add_group(self.tr("Before"), earlier)

    def _add_group(self, title: str, entries: list[Connection]) -> None:
        self._lines.append(title)
        if self._rows.count():
            self._rows.setRowMinimumHeight(self._rows.rowCount(), self._theme.px(6))
        self._rows.addWidget(caps(title), self._rows.rowCount(), 0, 1, 4)
        if not entries:
            none = self.tr("None.")
            self._lines.append(f"  {none}")
            self._rows.addWidget(label(none, "dim"), self._rows.rowCount(), 0, 1, 4)
        for entry in entries:
            parts = (when_text(entry), entry.host, entry.why, amount_text(entry))
            self._lines.append("  " + " · ".join(part for part in parts if part))
            row = self._rows.rowCount()
            for place, part in enumerate(parts):
                shown = label(part, "" if place == 1 else "dim", wrap=place == 2)
                self._rows.addWidget(shown, row, place, Qt.AlignmentFlag.AlignTop)

    @Slot()
    def _on_copy_asked(self) -> None:
        QGuiApplication.clipboard().setText(self.text())


def _tr(text: str) -> str:
    return QCoreApplication.translate("ConnectionsPopup", text)


def when_text(entry: Connection) -> str:
    """Today the time alone."""
    when = QDateTime.fromSecsSinceEpoch(int(entry.at_s))
    is_today = when.date() == QDateTime.currentDateTime().date()
    time = QLocale().toString(when.time(), "HH:mm:ss")
    return time if is_today else f"{QLocale().toString(when.date(), 'd MMM')} {time[:5]}"


def amount_text(entry: Connection) -> str:
    """How much came, or how it ended."""
    if entry.end == "open":
        return _tr("open")
    if entry.end == "failed":
        return _tr("failed")
    if entry.n_bytes < 0:
        return ""
    return QLocale().formattedDataSize(entry.n_bytes, 1, QLocale.DataSizeFormat.DataSizeSIFormat)

"""The strip that says what was just deleted and offers Undo; it floats and leaves by itself."""

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QEnterEvent, QHideEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from gui.theme import Theme
from gui.widgets.kinds import button, label

SHOWN_MS = 8000


class UndoStrip(QFrame):
    """One line at the bottom of its host. It does not leave while the pointer is on it."""

    undo_asked = Signal()

    def __init__(self, theme: Theme, host: QWidget | None = None) -> None:
        super().__init__(host)
        self._theme = theme
        self.setProperty("kind", "toast")
        self._text = label("")
        self.undo_button = button(self.tr("Undo"))
        self.undo_button.setToolTip(self.tr("Bring it back"))
        self._timer = QTimer(self, singleShot=True, interval=SHOWN_MS)
        self._timer.timeout.connect(self.hide)
        self.undo_button.clicked.connect(self.undo_asked)
        self._row = QHBoxLayout(self)
        self._row.addWidget(self._text)
        self._row.addWidget(self.undo_button)
        self.hide()
        if host is not None:
            self.set_host(host)

    @property
    def text(self) -> str:
        return self._text.text()

    def set_host(self, host: QWidget) -> None:
        """The widget to float over."""
        self.setParent(host)
        host.installEventFilter(self)

    def show_text(self, text: str, *, can_undo: bool = True) -> None:
        """Show a line, with Undo beside it where there is something to undo."""
        self.undo_button.setVisible(can_undo)
        px = self._theme.px
        self._row.setContentsMargins(px(14), px(6), px(6), px(6))
        self._row.setSpacing(px(8))
        self._text.setText(text)
        self.setAccessibleName(text)
        self.adjustSize()
        self._place()
        self.show()
        self.raise_()
        self._timer.start()
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))

    def hideEvent(self, event: QHideEvent) -> None:
        self._timer.stop()

    def enterEvent(self, event: QEnterEvent) -> None:
        self._timer.stop()

    def leaveEvent(self, event: QEvent) -> None:
        if self.isVisible():
            self._timer.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.parent() and event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _place(self) -> None:
        host = self.parentWidget()
        if host is None:
            return
        self.resize(min(self.sizeHint().width(), host.width()), self.sizeHint().height())
        left = (host.width() - self.width()) // 2
        self.move(left, host.height() - self.height() - self._theme.px(128))

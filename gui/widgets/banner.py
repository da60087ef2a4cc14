"""A failed job in words at the top of the work area: what happened, what to do, Details, Copy.
Shown by notices.py."""

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from gui import icons
from gui.theme import Theme
from gui.widgets.kinds import button, icon_button, label

Action = tuple[str, Callable[[], None]]

MAX_BANNERS = 3


class Banner(QFrame):
    """One failure. It stays until it is dismissed."""

    dismissed = Signal()

    def __init__(
        self,
        theme: Theme,
        message: str,
        hint: str = "",
        detail: str = "",
        action: Action | None = None,
    ) -> None:
        super().__init__()
        self._theme = theme
        self.message, self.hint, self.detail = message, hint, detail
        self.setProperty("kind", "banner")
        self.setAccessibleName(f"{message} {hint}".strip())
        self._sign = QLabel()
        self._hint = label(hint, "dim", wrap=True)
        self.copy_button = button(self.tr("Copy"), "quiet", self.tr("Copy all of this message"))
        self.details_button = button(self.tr("Details"), "quiet", self.tr("What the engine said"))
        self.dismiss_button = icon_button(self.tr("Dismiss"))
        self.details = _details(detail)
        self.details.setAccessibleName(self.tr("Details"))
        self.action_button = self._make_action_button(action)
        self._lay_out()
        self._connect()
        self._dress()
        theme.changed.connect(self._dress)

    def set_hint(self, hint: str) -> None:
        """Say what to do now, in place of what was said before."""
        self.hint = hint
        self._hint.setText(hint)
        self._hint.setVisible(bool(hint))
        self.setAccessibleName(f"{self.message} {hint}".strip())

    def copy(self) -> None:
        """Everything this banner knows, to the clipboard."""
        parts = (self.message, self.hint, self.detail)
        QGuiApplication.clipboard().setText("\n\n".join(part for part in parts if part))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.dismissed.emit()
        else:
            super().keyPressEvent(event)

    def _make_action_button(self, action: Action | None) -> QPushButton | None:
        if action is None:
            return None
        words, do = action
        result = button(words, "primary")
        result.clicked.connect(lambda: do())
        result.clicked.connect(self.dismissed)
        return result

    def _lay_out(self) -> None:
        px = self._theme.px
        words = QVBoxLayout()
        words.setSpacing(px(2))
        words.addWidget(label(self.message, "heading", wrap=True))
        words.addWidget(self._hint)
        if not self.hint:
            self._hint.hide()
        row = QHBoxLayout()
        row.setSpacing(px(6))
        row.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        row.addSpacing(px(4))
        row.addLayout(words, 1)
        if self.action_button is not None:
            row.addWidget(self.action_button, 0, Qt.AlignmentFlag.AlignTop)
        for one in (self.details_button, self.copy_button, self.dismiss_button):
            row.addWidget(one, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(px(12), px(8), px(8), px(8))
        column.setSpacing(px(8))
        column.addLayout(row)
        column.addWidget(self.details)

    def _connect(self) -> None:
        self.details_button.setCheckable(True)
        self.details_button.setVisible(bool(self.detail))
        self.details_button.toggled.connect(self.details.setVisible)
        self.copy_button.clicked.connect(self.copy)
        self.dismiss_button.clicked.connect(self.dismissed)

    def _dress(self) -> None:
        px, palette = self._theme.px, self._theme.palette
        size_px = px(18)
        self._sign.setPixmap(icons.pixmap("error", palette.bad, size_px, self.devicePixelRatioF()))
        self.dismiss_button.setIcon(icons.icon("close", palette.text_dim))
        self.dismiss_button.setIconSize(QSize(px(16), px(16)))
        self.details.setFont(self._theme.font("mono"))
        n_lines = min(self.detail.count("\n") + 1, 8)
        self.details.setFixedHeight(self.details.fontMetrics().lineSpacing() * n_lines + px(28))


def _details(detail: str) -> QPlainTextEdit:
    view = QPlainTextEdit(detail)
    view.setReadOnly(True)
    view.setVisible(False)
    view.setTabChangesFocus(True)
    return view


class BannerArea(QWidget):
    """The banners, newest on top, at most three; no height at all while there are none."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self.setVisible(False)

    @property
    def banners(self) -> list[Banner]:
        items = [self._column.itemAt(i) for i in range(self._column.count())]
        widgets = [item.widget() for item in items if item is not None]
        return [widget for widget in widgets if isinstance(widget, Banner)]

    def add(self, banner: Banner) -> None:
        """Show a banner; one with the same message makes way for it."""
        for old in [one for one in self.banners if one.message == banner.message]:
            self.remove(old)
        self._column.insertWidget(0, banner)
        for old in self.banners[MAX_BANNERS:]:
            self.remove(old)
        banner.dismissed.connect(lambda: self.remove(banner))
        self.setVisible(True)
        banner.show()
        QAccessible.updateAccessibility(QAccessibleEvent(banner, QAccessible.Event.Alert))

    def remove(self, banner: Banner) -> None:
        """Take a banner away."""
        self._column.removeWidget(banner)
        banner.hide()
        banner.deleteLater()
        self.setVisible(bool(self.banners))

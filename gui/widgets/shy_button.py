"""A button of icon and words that keeps its icon alone where there is no room for the words."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QStyle, QStyleOptionToolButton, QToolButton, QWidget

Style = Qt.ToolButtonStyle


class ShyButton(QToolButton):
    """Its icon is set by who knows the theme; its words are its accessible name too."""

    def __init__(self, words: str, tooltip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(words)
        self.setAccessibleName(words)
        self.setToolTip(tooltip)
        self.setProperty("kind", "chip")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setToolButtonStyle(Style.ToolButtonTextOnly)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return self._size_of(Style.ToolButtonTextOnly)

    def minimumSizeHint(self) -> QSize:
        return self._size_of(Style.ToolButtonIconOnly)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        has_room = self.width() >= self.sizeHint().width()
        style = Style.ToolButtonTextOnly if has_room else Style.ToolButtonIconOnly
        if style != self.toolButtonStyle():
            self.setToolButtonStyle(style)

    def _size_of(self, style: Style) -> QSize:
        """How large it is in a style, whichever it has now."""
        self.ensurePolished()
        option = QStyleOptionToolButton()
        self.initStyleOption(option)
        option.toolButtonStyle = style
        words = option.fontMetrics.size(Qt.TextFlag.TextShowMnemonic.value, self.text())
        inner = self.iconSize()
        if style == Style.ToolButtonTextOnly:
            inner = QSize(words.width(), max(words.height(), inner.height()))
        kind = QStyle.ContentsType.CT_ToolButton
        return self.style().sizeFromContents(kind, option, inner, self)

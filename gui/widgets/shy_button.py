"""A button of words that shows its icon in their place where there is no room for them. Who lays it
out decides."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QSizePolicy, QToolButton, QWidget

from gui.widgets.kinds import set_kind

Style = Qt.ToolButtonStyle


class ShyButton(QToolButton):
    """Its icon is set by who knows the theme; its words are its accessible name too."""

    def __init__(self, words: str, tooltip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._measured: tuple[int, str] = (0, "")
        self._width_in_words = 0
        self.setText(words)
        self.setAccessibleName(words)
        self.setToolTip(tooltip)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._dress(is_shy=False)

    def set_shy(self, is_shy: bool) -> None:
        """Show the icon alone (its words are in the tooltip), or the words."""
        if is_shy != self.is_shy:
            self._dress(is_shy=is_shy)
            self.updateGeometry()

    @property
    def is_shy(self) -> bool:
        return self.toolButtonStyle() == Style.ToolButtonIconOnly

    @property
    def width_in_words(self) -> int:
        """How wide it is in words, whatever it shows now."""
        wanted = (self.font().pixelSize(), self.text())
        if not self.is_shy:
            return self.sizeHint().width()
        if wanted != self._measured:
            self._dress(is_shy=False)
            self._measured, self._width_in_words = wanted, self.sizeHint().width()
            self._dress(is_shy=True)
        return self._width_in_words

    def sizeHint(self) -> QSize:
        size = super().sizeHint()
        if not self.is_shy:
            # Qt puts a space on each side of a tool button's words; the padding does for that.
            size.setWidth(size.width() - 2 * self.fontMetrics().horizontalAdvance(" "))
        return size

    def minimumSizeHint(self) -> QSize:
        # Also while it shows words: what it stands in must be able to shrink.
        height = self.sizeHint().height()
        return QSize(min(height, self.sizeHint().width()), height)

    def _dress(self, *, is_shy: bool) -> None:
        self.setToolButtonStyle(Style.ToolButtonIconOnly if is_shy else Style.ToolButtonTextOnly)
        set_kind(self, "quiet" if is_shy else "chip")

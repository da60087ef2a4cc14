"""The details pane as a page that scrolls: its column, its head, and how its small fields look."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from gui import icons
from gui.chat.words import tr
from gui.theme import Theme
from gui.widgets.kinds import icon_button


class DetailsPage(QScrollArea):
    """An empty page; `column` takes the parts, `head` the buttons on top of it."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.explain_button = icon_button(tr("Explain each setting"))
        self._inner = QWidget()
        self.head = QHBoxLayout()
        self.column = QVBoxLayout(self._inner)
        self.column.setContentsMargins(16, 10, 16, 12)
        self.column.setSpacing(10)
        self.column.addLayout(self.head)
        self._inner.setObjectName("details")
        self.setWidget(self._inner)
        # Never wider than the pane: a long word or entry must not push the numbers out of sight.
        self._inner.setMinimumWidth(1)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        theme.changed.connect(self._dress)
        self._dress()

    @Slot()
    def _dress(self) -> None:
        palette, px = self.theme.palette, self.theme.px
        self.explain_button.setIcon(icons.icon("help", palette.text_faint, palette.accent))
        self._inner.setStyleSheet(
            "#details { background: transparent; }"
            "QAbstractSpinBox[kind=flat] { border: 1px solid transparent; background: transparent;"
            f" padding: 0 2px; min-height: {px(20)}px; border-radius: {px(4)}px; }}"
            # The field inside and the arrows must not take room of their own. NoButtons would do,
            # but under a style sheet it leaves the field a width of one pixel (seen in Qt 6.11).
            "QAbstractSpinBox[kind=flat] QLineEdit { border: none; background: transparent;"
            " padding: 0; min-height: 0; }"
            "QAbstractSpinBox[kind=flat]::up-button, QAbstractSpinBox[kind=flat]::down-button"
            " { width: 0px; margin: 0px; border: none; }"
            "QAbstractSpinBox[kind=flat]::up-arrow, QAbstractSpinBox[kind=flat]::down-arrow"
            " { image: none; width: 0px; height: 0px; }"
            f"QAbstractSpinBox[kind=flat]:hover {{ border-color: {palette.line}; }}"
            f"QAbstractSpinBox[kind=flat]:focus {{ border-color: {palette.accent}; }}"
            "QToolButton[kind=mark] { border: 1px solid transparent; background: transparent;"
            f" padding: 1px; min-height: {px(14)}px; icon-size: {px(13)}px; }}"
            f"QToolButton[kind=mark]:hover {{ background: {palette.line}; }}"
            f"QToolButton[kind=mark]:focus {{ border-color: {palette.accent}; }}"
            "QToolButton[kind=section] { border: 1px solid transparent; background: transparent;"
            f" color: {palette.text_faint}; font-size: {px(11)}px; font-weight: 600;"
            f" padding: {px(2)}px {px(4)}px {px(2)}px 0px; icon-size: {px(13)}px; }}"
            f"QToolButton[kind=section]:hover {{ color: {palette.text}; }}"
            f"QToolButton[kind=section]:focus {{ border-color: {palette.accent}; }}"
        )

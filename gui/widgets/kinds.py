"""Small makers of labels, buttons and boxes of the kinds that the style sheet knows. No
behaviour of their own."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QToolButton, QWidget

from gui.widgets.plain_tip import plain_tip


def set_kind(widget: QWidget, kind: str) -> None:
    """Give a widget its kind, also after it was shown."""
    widget.setProperty("kind", kind)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def label(text: str, kind: str = "", wrap: bool = False) -> QLabel:
    """A label; plain text, so that nothing a model or a file says is taken for markup."""
    result = QLabel(text)
    result.setTextFormat(Qt.TextFormat.PlainText)
    result.setProperty("kind", kind)
    result.setWordWrap(wrap)
    return result


def caps(text: str) -> QLabel:
    """A small heading in capitals, as over every group of a pane."""
    result = label(text.upper(), "caps")
    result.setAccessibleName(text)
    return result


def button(text: str, kind: str = "", tooltip: str = "") -> QPushButton:
    """A push button. It takes the keyboard's focus by Tab, not by a click, so that rings show
    where they help."""
    result = QPushButton(text)
    result.setProperty("kind", kind)
    result.setToolTip(plain_tip(tooltip))
    result.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return result


def icon_button(name: str, kind: str = "quiet") -> QToolButton:
    """A button of an icon alone; `name` is read out and shown as its tooltip. The icon is set
    by who knows the theme."""
    result = QToolButton()
    result.setProperty("kind", kind)
    result.setAccessibleName(name)
    result.setToolTip(plain_tip(name))
    result.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return result


def frame(kind: str, parent: QWidget | None = None) -> QFrame:
    """A box of one kind: rail, side, work, header, status, card, banner, toast, rule."""
    result = QFrame(parent)
    result.setProperty("kind", kind)
    return result

"""The order in which Tab goes through a window: that of the eye, which is that of the layouts,
however late a widget was made and wherever it was put in.
"""

from collections.abc import Iterator
from itertools import pairwise

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QBoxLayout,
    QComboBox,
    QLayout,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QSplitter,
    QWidget,
)

# What these are made of is theirs: Tab stops at the whole.
_WHOLE = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
)


def follow_the_eye(root: QWidget) -> None:
    """Set the tab order of all below a widget."""
    stops = list(tab_stops(root))
    for before, after in pairwise(stops):
        QWidget.setTabOrder(before, after)


def tab_stops(widget: QWidget) -> Iterator[QWidget]:
    """What Tab stops at in a widget, itself included, in the order of the eye."""
    if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.focusProxy() is None:
        yield widget
    if not isinstance(widget, _WHOLE):
        for child in _children(widget):
            yield from tab_stops(child)


def _children(widget: QWidget) -> list[QWidget]:
    """The children: first those that are laid out, then what floats over them."""
    if isinstance(widget, QSplitter):
        found = [widget.widget(index) for index in range(widget.count())]
    elif isinstance(widget, QScrollArea):
        found = [widget.widget()]
    else:
        layout = widget.layout()
        found = [] if layout is None else list(_laid_out(layout))
    placed = [child for child in found if child is not None]
    seen = {id(child) for child in placed}
    rest = [child for child in _widgets(widget) if id(child) not in seen and not child.isWindow()]
    return [*placed, *rest]


def _laid_out(layout: QLayout) -> Iterator[QWidget | None]:
    items = [item for item in map(layout.itemAt, range(layout.count())) if item is not None]
    if not isinstance(layout, QBoxLayout):
        items.sort(key=lambda item: (item.geometry().top(), item.geometry().left()))
    for item in items:
        inner, widget = item.layout(), item.widget()
        if widget is not None:
            yield widget
        elif inner is not None:
            yield from _laid_out(inner)


def _widgets(parent: QObject) -> list[QWidget]:
    return [child for child in parent.children() if isinstance(child, QWidget)]

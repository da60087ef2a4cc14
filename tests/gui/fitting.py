"""Finds in a window what cannot be used because it is cut off, squeezed or covered."""

from itertools import combinations

from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QSlider,
    QWidget,
)

CONTROLS = (QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit, QSlider)
# Inside of these Qt lays out parts of its own (the field of a spin box, a field's clear button).
WHOLES = (QAbstractSpinBox, QComboBox, QLineEdit)


def misfits(window: QWidget) -> list[str]:
    """What is cut, squeezed or covered; in words for a test's message."""
    controls = shown_controls(window)
    labels = [one for one in window.findChildren(QLabel) if one.isVisible() and one.text()]
    problems = [words for one in (*controls, *labels) for words in _alone(one, window)]
    seen = [(one, seen_of(one, window)) for one in controls]
    for (one, its_part), (other, others_part) in combinations(seen, 2):
        common = its_part & others_part
        if common.width() <= 1 or common.height() <= 1:
            continue
        if not one.isAncestorOf(other) and not other.isAncestorOf(one):
            problems.append(f"{name_of(one)} and {name_of(other)} lie over each other: {common}")
    return problems


def shown_controls(window: QWidget) -> list[QWidget]:
    found = [one for one in window.findChildren(QWidget) if isinstance(one, CONTROLS)]
    return [one for one in found if one.isVisible() and not _is_part(one)]


def name_of(widget: QWidget) -> str:
    words = widget.accessibleName() or (widget.text() if isinstance(widget, QLabel) else "")
    return f"{type(widget).__name__} “{words[:40]}”"


def seen_of(widget: QWidget, window: QWidget) -> QRect:
    """The part of a widget that its surroundings leave to be seen, in the window."""
    seen, around = _rect_in(widget, window), widget.parentWidget()
    while around is not None and around is not window:
        seen &= _rect_in(around, window)
        around = around.parentWidget()
    return seen & window.rect()


def _is_part(widget: QWidget) -> bool:
    around = widget.parentWidget()
    while around is not None:
        if isinstance(around, WHOLES):
            return True
        around = around.parentWidget()
    return False


def _rect_in(widget: QWidget, window: QWidget) -> QRect:
    return QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())


def _alone(widget: QWidget, window: QWidget) -> list[str]:
    """What is wrong with a widget for itself: it may be scrolled down to, but never sideways."""
    whole, seen = _rect_in(widget, window), seen_of(widget, window)
    least, name = widget.minimumSizeHint(), name_of(widget)
    problems = []
    if not _scrolls(widget, window):
        if seen != whole:
            problems.append(f"{name} is cut: of {whole} only {seen} is seen")
    elif seen.height() > 0 and seen.width() < whole.width():
        problems.append(f"{name} is cut at its side: of {whole} only {seen} is seen")
    if isinstance(widget, QAbstractSpinBox):
        # What it asks for would hold the longest number of its range, and arrows it may not have.
        needed = widget.fontMetrics().horizontalAdvance(widget.text())
        if needed > widget.lineEdit().contentsRect().width():
            problems.append(f"{name} cannot show its “{widget.text()}”")
    elif widget.width() < least.width() - 1:
        problems.append(f"{name} needs {least.width()} px of width and has {widget.width()}")
    return problems


def _scrolls(widget: QWidget, window: QWidget) -> bool:
    around = widget.parentWidget()
    while around is not None and around is not window:
        if isinstance(around, QAbstractScrollArea):
            return True
        around = around.parentWidget()
    return False

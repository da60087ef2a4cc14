"""Inputs for the fields of a run's configuration: numbers that may be written as 2e-4, lines, many
lines, choices, switches. Each tells a value when a person has finished with it, not letter by
letter.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

from gui.staged.words import tr
from gui.widgets.calm_combo import CalmComboBox

INVALID = object()


class FieldInput(QWidget):
    """Base. A subclass sets `field`, shows values and tells `changed`."""

    changed = Signal(object)  # the value as a person left it
    refused = Signal(str)  # why what was typed is no value; "" once it is one

    def __init__(self, field: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self.setFocusProxy(field)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(field)

    def set_value(self, value: Any) -> None:
        """Show a value without telling it as a change."""
        raise NotImplementedError

    def flush(self) -> None:
        """Tell now what was typed."""


class LineInput(FieldInput):
    """A line of text that means a value."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self.edit = QLineEdit()
        self._shown: Any = None
        super().__init__(self.edit, parent)
        self.edit.editingFinished.connect(self.flush)

    def parse(self, text: str) -> Any:
        """The value a text means, INVALID where it is none."""
        return text

    def format(self, value: Any) -> str:
        return str(value)

    def why_not(self) -> str:
        """Said of a text that is no value."""
        return ""

    def set_value(self, value: Any) -> None:
        if value == self._shown and self.parse(self.edit.text()) == value:
            return  # what was typed stays as it was written
        self._shown = value
        with QSignalBlocker(self.edit):
            self.edit.setText(self.format(value))
        self.refused.emit("")

    @Slot()
    def flush(self) -> None:
        value = self.parse(self.edit.text().strip())
        if value is INVALID:
            self.refused.emit(self.why_not())
            return
        self.refused.emit("")
        if value != self._shown:
            self._shown = value
            self.changed.emit(value)


class FloatInput(LineInput):
    """A number, also as 2e-4; whole: without a point."""

    def __init__(self, *, is_whole: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_whole = is_whole
        self.edit.setAlignment(Qt.AlignmentFlag.AlignRight)

    def parse(self, text: str) -> Any:
        plain = text.replace("_", "").replace("\N{NARROW NO-BREAK SPACE}", "")
        try:
            value = float(plain.replace(",", "." if plain.count(",") == 1 else ""))
        except ValueError:
            return INVALID
        if not math.isfinite(value) or (self._is_whole and value != int(value)):
            return INVALID
        return int(value) if self._is_whole else value

    def format(self, value: Any) -> str:
        return f"{value}" if self._is_whole else f"{value:.6g}"

    def why_not(self) -> str:
        if self._is_whole:
            return tr("a whole number, such as 16")
        return tr("a number, such as 0.5 or 2e-4")


class DialledInput(FloatInput):
    """A number whose 0 follows from other fields: shows what it comes to. Emptied, it follows
    again."""

    def __init__(self, *, is_whole: bool = False, parent: QWidget | None = None) -> None:
        self._followed = 0.0
        super().__init__(is_whole=is_whole, parent=parent)

    def follow(self, value: float) -> None:
        """What 0 comes to now."""
        if value != self._followed:
            self._followed = value
            if not self._shown:
                self._shown = None  # it is written anew
                self.set_value(0)

    def parse(self, text: str) -> Any:
        if not text:
            return 0 if self._is_whole else 0.0
        value = super().parse(text)
        is_as_shown = not self._shown and text == self.format(0)
        return (0 if self._is_whole else 0.0) if is_as_shown else value

    def format(self, value: Any) -> str:
        return super().format(value or (int(self._followed) if self._is_whole else self._followed))


class ShareOrFileInput(LineInput):
    """A share, or the path of a file."""

    def parse(self, text: str) -> Any:
        try:
            return float(text)
        except ValueError:
            return text or INVALID

    def format(self, value: Any) -> str:
        return value if isinstance(value, str) else f"{value:g}"

    def why_not(self) -> str:
        return tr("a share such as 0.1, or a file")


class LinesInput(FieldInput):
    """Several lines: one text, or a value for each line."""

    def __init__(self, *, is_list: bool, n_lines: int = 3, parent: QWidget | None = None) -> None:
        self.edit = _Lines(n_lines)
        self._is_list = is_list
        self._shown: Any = None
        super().__init__(self.edit, parent)
        self.edit.left.connect(self.flush)

    def set_value(self, value: Any) -> None:
        if value == self._shown and self._value() == value:
            return
        self._shown = value
        with QSignalBlocker(self.edit):
            self.edit.setPlainText("\n".join(value) if self._is_list else str(value))

    @Slot()
    def flush(self) -> None:
        value = self._value()
        if value != self._shown:
            self._shown = value
            self.changed.emit(value)

    def _value(self) -> Any:
        text = self.edit.toPlainText()
        if not self._is_list:
            return text
        return tuple(line.strip() for line in text.splitlines() if line.strip())


class _Lines(QPlainTextEdit):
    """Tab leaves it; so high that a few lines are seen."""

    left = Signal()  # it has the keys no more

    def __init__(self, n_lines: int) -> None:
        super().__init__()
        self._n_lines = n_lines
        self.setTabChangesFocus(True)
        self.fit()

    def fit(self) -> None:
        around = 2 * self.frameWidth() + 2 * round(self.document().documentMargin()) + 14
        self.setFixedHeight(self.fontMetrics().lineSpacing() * self._n_lines + around)

    def changeEvent(self, event: Any) -> None:
        super().changeEvent(event)
        if event.type() in (event.Type.FontChange, event.Type.StyleChange):
            self.fit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.left.emit()


class ChoiceInput(FieldInput):
    """One of a few."""

    def __init__(
        self, choices: Sequence[tuple[str, object]], parent: QWidget | None = None
    ) -> None:
        self.combo = CalmComboBox()
        super().__init__(self.combo, parent)
        self.combo.add_choices(list(choices))
        self.combo.currentIndexChanged.connect(self._on_index)

    def set_value(self, value: Any) -> None:
        with QSignalBlocker(self.combo):
            self.combo.choose(value)

    @Slot(int)
    def _on_index(self, _index: int) -> None:
        self.changed.emit(self.combo.currentData())


class SwitchInput(FieldInput):
    """On or off."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self.box = QCheckBox()
        self.box.setProperty("kind", "bare")
        super().__init__(self.box, parent)
        self.box.toggled.connect(self.changed.emit)

    def set_value(self, value: Any) -> None:
        with QSignalBlocker(self.box):
            self.box.setChecked(bool(value))

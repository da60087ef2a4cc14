"""Settings that are text: the system prompt, a JSON schema, a grammar, lists of strings. What is
typed is told while it is typed, a few times a second, and checked when the typing pauses.
"""

import json
import re
from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker, QTimer, Slot
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from gui.chat.chat_settings import MAX_ENTRIES
from gui.chat.setting_row import SettingRow
from gui.chat.words import tr
from gui.theme import Theme

TELL_MS = 200
PAUSE_MS = 300
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\"}
_ROOT = re.compile(r"^\s*root\s*::=", re.MULTILINE)


class TextRow(SettingRow):
    """A text of some lines.

    Args:
        height_px: of the field, at the drawing's font size.
        check: what is wrong with the text, "" for nothing.
    """

    def __init__(
        self,
        theme: Theme,
        name: str,
        height_px: int,
        check: Callable[[str], str] | None = None,
        parent: QWidget | None = None,
        *,
        is_code: bool = False,
    ) -> None:
        self.edit = QPlainTextEdit()
        self._height_px, self._is_code = height_px, is_code
        super().__init__(theme, name, parent)
        self._check = check
        self._telling = QTimer(self, interval=TELL_MS, singleShot=True)
        self._telling.timeout.connect(self._tell)
        self._pausing = QTimer(self, interval=PAUSE_MS, singleShot=True)
        self._pausing.timeout.connect(self._show_check)
        self.edit.setTabChangesFocus(True)
        self.set_field(self.edit, below=True)
        self.edit.textChanged.connect(self._on_typed)

    def set_value(self, value: str) -> None:
        self._telling.stop()
        if self.edit.toPlainText() != value:
            self._pausing.stop()
            with QSignalBlocker(self.edit):
                self.edit.setPlainText(value)
        if not self._pausing.isActive():
            self._show_check()

    def flush(self) -> None:
        if self._telling.isActive():
            self._telling.stop()
            self._tell()
        if self._pausing.isActive():
            self._show_check()

    def hideEvent(self, event: QHideEvent) -> None:
        self.flush()
        super().hideEvent(event)

    @Slot()
    def _on_typed(self) -> None:
        # A word half typed is kept but not blamed.
        if not self._telling.isActive():
            self._telling.start()
        self._pausing.start()

    @Slot()
    def _tell(self) -> None:
        self.changed.emit(self.edit.toPlainText())

    @Slot()
    def _show_check(self) -> None:
        self._pausing.stop()
        self.show_problem(self._check(self.edit.toPlainText()) if self._check else "")

    def _dress(self) -> None:
        super()._dress()
        self.edit.setFixedHeight(self.theme.px(self._height_px))
        if self._is_code:
            self.edit.setFont(self.theme.font("mono"))


class LinesRow(TextRow):
    """A list of strings, one a line; \\n, \\t and \\\\ stand for what they do elsewhere."""

    def __init__(
        self, theme: Theme, name: str, height_px: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(theme, name, height_px, check_lines, parent, is_code=True)

    def set_value(self, value: str | list[str] | tuple[str, ...]) -> None:
        if list(value) != texts_of(self.edit.toPlainText()):
            super().set_value("\n".join(escaped(text) for text in value))

    @Slot()
    def _tell(self) -> None:
        if not check_lines(self.edit.toPlainText()):
            self.changed.emit(texts_of(self.edit.toPlainText()))


def escaped(text: str) -> str:
    """A string as one line of the field."""
    text = text.replace("\\", "\\\\").replace("\n", "\\n")
    return text.replace("\t", "\\t").replace("\r", "\\r")


def texts_of(lines: str) -> list[str]:
    """The strings of the field's lines; a line that is empty says nothing."""
    found = [re.sub(r"\\([ntr\\])", lambda m: ESCAPES[m[1]], one) for one in lines.split("\n")]
    return list(dict.fromkeys(text for text in found if text))


def check_lines(text: str) -> str:
    if len(texts_of(text)) > MAX_ENTRIES:
        return tr("At most {n} lines take part. Take some out.").format(n=MAX_ENTRIES)
    return ""


def check_schema(text: str) -> str:
    """What is wrong with a JSON schema at a glance; the engine says more when a reply is asked
    for."""
    if not text.strip():
        return ""
    try:
        schema = json.loads(text)
    except json.JSONDecodeError as error:
        words = tr("Not JSON yet: line {line}, column {column}: {what}.")
        return words.format(line=error.lineno, column=error.colno, what=error.msg)
    except RecursionError:
        return tr("This JSON is nested too deeply to be read.")
    if not isinstance(schema, dict):
        return tr('A JSON schema is an object, for example {"type": "object"}.')
    known = {"type", "properties", "items", "enum", "const", "anyOf", "oneOf", "$ref", "format"}
    if schema and not schema.keys() & known:
        return tr("This says nothing of the reply's shape. Add “type” or “properties”.")
    return ""


def check_grammar(text: str) -> str:
    """What is wrong with a GBNF grammar at a glance."""
    if text.strip() and not _ROOT.search(text):
        return tr('A grammar needs a rule named root, for example: root ::= "yes" | "no".')
    return ""

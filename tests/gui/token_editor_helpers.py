"""An editor with a text and its tokens, for tests of keys, mouse and looks."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gui.theme import Theme
from gui.tokens.document import TokenDocument
from gui.widgets.token_editor import TokenEditor
from tests.gui.token_helpers import toy_tokens

Key = Qt.Key
CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def shown_editor(qtbot: QtBot, theme: Theme, text: str, width: int = 600) -> TokenEditor:
    """An editor on the screen, with the focus, the caret before the text."""
    editor = TokenEditor(theme)
    qtbot.addWidget(editor)
    editor.resize(width, 300)
    editor.set_text(text)
    put_toy_tokens(editor.document)
    editor.show()
    editor.setFocus()
    qtbot.waitExposed(editor)
    qtbot.waitUntil(editor.hasFocus)
    return editor


def put_toy_tokens(document: TokenDocument) -> None:
    put(document, toy_tokens(document.text.text()))


def put(document: TokenDocument, tokens: list[tuple[int, int]]) -> None:
    """Tokens as ids and lengths."""
    ids = np.array([token for token, _ in tokens], np.int32)
    lengths = np.array([length for _, length in tokens], np.int32)
    document.put_tokens(0, ids, lengths, np.zeros(len(tokens), np.uint8))


def press(editor: TokenEditor, *keys: Qt.Key | tuple[Qt.Key, Qt.KeyboardModifier]) -> None:
    for one in keys:
        key, modifier = one if isinstance(one, tuple) else (one, Qt.KeyboardModifier.NoModifier)
        QTest.keyClick(editor, key, modifier)


def point_of(editor: TokenEditor, place: int) -> QPoint:
    """A point in the viewport on the left half of the character at a byte."""
    rect = editor.caret_rect(place)
    return QPoint(round(rect.x()) + 2, round(rect.center().y()))

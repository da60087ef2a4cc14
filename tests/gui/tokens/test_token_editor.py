"""Typing, moving, selecting, the clipboard and undo in the token editor, by real keys."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QGuiApplication, QInputMethodEvent, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.theme import Theme
from gui.widgets.token_editor import TokenEditor
from tests.gui.token_editor_helpers import CONTROL, SHIFT, Key, press, put, shown_editor

FAMILY = "👨\u200d👩\u200d👧"


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    return Theme(qapp, mode="light")


def test_letters_are_typed_where_the_caret_is(qtbot: QtBot, theme: Theme) -> None:
    editor = shown_editor(qtbot, theme, "deep sea")
    press(editor, Key.Key_End)
    QTest.keyClicks(editor, " bed")
    press(editor, Key.Key_Return)
    QTest.keyClicks(editor, "sand")
    assert editor.text() == "deep sea bed\nsand"
    press(editor, Key.Key_Home, Key.Key_Backspace, Key.Key_Home, Key.Key_Delete)
    assert editor.text() == "eep sea bedsand"


def test_every_edit_is_told_and_each_token_the_caret_comes_to(qtbot: QtBot, theme: Theme) -> None:
    editor = shown_editor(qtbot, theme, "ab cd")
    put(editor.document, [(1, 2), (2, 3)])
    tokens: list[int] = []
    editor.cursor_token.connect(tokens.append)
    press(editor, Key.Key_Right, Key.Key_Right, Key.Key_Right)
    assert tokens[-1] == 1
    with qtbot.waitSignal(editor.edited):
        QTest.keyClicks(editor, "x")


def test_the_caret_goes_by_what_is_seen_as_one_character(qtbot: QtBot, theme: Theme) -> None:
    editor = shown_editor(qtbot, theme, f"a{FAMILY}e\u0301b")
    places = [0]
    for _ in range(4):
        press(editor, Key.Key_Right)
        places.append(editor.place)
    family = len(FAMILY.encode())
    assert places == [0, 1, 1 + family, 4 + family, 5 + family]
    press(editor, Key.Key_Left, Key.Key_Backspace)
    assert editor.text() == f"a{FAMILY}b"
    press(editor, Key.Key_Backspace)
    assert editor.text() == "ab"


def test_words_rows_paragraphs_and_ends_are_gone_to(qtbot: QtBot, theme: Theme) -> None:
    editor = shown_editor(qtbot, theme, "one two, three\nfour\n\nfive")
    press(editor, (Key.Key_Right, CONTROL), (Key.Key_Right, CONTROL))
    assert editor.place == 7
    press(editor, (Key.Key_Left, CONTROL))
    assert editor.place == 4
    press(editor, Key.Key_Down)
    assert editor.place == 19, "the row below is as long as four letters"
    press(editor, Key.Key_Down, Key.Key_Down)
    assert editor.place == 25, "and the goal stays where it was"
    press(editor, Key.Key_Up, Key.Key_Up, Key.Key_Up)
    assert editor.place == 4
    press(editor, Key.Key_Up)
    assert editor.place == 0
    press(editor, (Key.Key_End, CONTROL))
    assert editor.place == editor.document.n_bytes
    press(editor, (Key.Key_Home, CONTROL))
    assert editor.place == 0


def test_shift_selects_and_typing_takes_its_place(qtbot: QtBot, theme: Theme) -> None:
    editor = shown_editor(qtbot, theme, "deep water")
    press(editor, (Key.Key_Right, CONTROL), (Key.Key_End, SHIFT))
    assert editor.selected_text() == "water"
    QTest.keyClicks(editor, "sea")
    assert editor.text() == "deep sea"
    press(editor, (Key.Key_A, CONTROL), Key.Key_Delete)
    assert editor.text() == ""


def test_copy_cut_and_paste(qtbot: QtBot, theme: Theme) -> None:
    editor = shown_editor(qtbot, theme, "deep 深海 water")
    editor.select(5, 11)
    press(editor, (Key.Key_C, CONTROL))
    assert QGuiApplication.clipboard().text() == "深海"
    press(editor, (Key.Key_X, CONTROL), (Key.Key_End, CONTROL), (Key.Key_V, CONTROL))
    assert editor.text() == "deep  water深海"


def test_what_was_done_is_undone_and_done_again(qtbot: QtBot, theme: Theme) -> None:
    editor = shown_editor(qtbot, theme, "sea")
    press(editor, Key.Key_End)
    QTest.keyClicks(editor, "bed")
    press(editor, Key.Key_Home)
    QTest.keyClicks(editor, "a ")
    assert editor.isUndoAvailable()
    press(editor, (Key.Key_Z, CONTROL))
    assert editor.text() == "seabed"
    press(editor, (Key.Key_Z, CONTROL))
    assert editor.text() == "sea"
    press(editor, (Key.Key_Z, CONTROL | SHIFT), (Key.Key_Z, CONTROL | SHIFT))
    assert editor.text() == "a seabed"
    assert not editor.isRedoAvailable()


def test_another_text_can_be_undone_too(qtbot: QtBot, theme: Theme) -> None:
    editor = shown_editor(qtbot, theme, "what I wrote")
    editor.set_text("an example")
    press(editor, (Key.Key_Z, CONTROL))
    assert editor.text() == "what I wrote"


def test_read_only_text_is_selected_and_copied_but_not_changed(qtbot: QtBot, theme: Theme) -> None:
    editor = shown_editor(qtbot, theme, "kept")
    editor.set_read_only(True)
    QTest.keyClicks(editor, "x")
    press(editor, Key.Key_Delete, Key.Key_Return, (Key.Key_V, CONTROL), (Key.Key_Z, CONTROL))
    assert editor.text() == "kept"
    press(editor, (Key.Key_A, CONTROL), (Key.Key_C, CONTROL))
    assert QGuiApplication.clipboard().text() == "kept"
    assert not editor.isUndoAvailable()


def test_an_input_method_composes_and_commits(qtbot: QtBot, theme: Theme) -> None:
    editor = shown_editor(qtbot, theme, "a🐙b")
    editor.set_caret(5)
    QApplication.sendEvent(editor, QInputMethodEvent("しんか", []))
    assert editor.text() == "a🐙b", "nothing is settled yet"
    commit = QInputMethodEvent("", [])
    commit.setCommitString("深")
    QApplication.sendEvent(editor, commit)
    assert editor.text() == "a🐙深b"
    replace = QInputMethodEvent("", [])
    replace.setCommitString("x", -3, 3)
    QApplication.sendEvent(editor, replace)
    assert editor.text() == "axb", "the emoji is two units of the method's"
    query = Qt.InputMethodQuery
    assert editor.inputMethodQuery(query.ImSurroundingText) == "axb"
    assert editor.inputMethodQuery(query.ImCursorPosition) == 2
    assert editor.inputMethodQuery(query.ImEnabled)


def test_half_a_character_is_refused_in_words(qtbot: QtBot, theme: Theme) -> None:
    editor = shown_editor(qtbot, theme, "kept")
    with qtbot.waitSignal(editor.refused) as refused:
        editor.insert("\ud83d")
    assert "half a character" in refused.args[0]
    assert editor.text() == "kept"


def test_keys_that_edit_are_not_taken_by_shortcuts(qtbot: QtBot, theme: Theme) -> None:
    editor = shown_editor(qtbot, theme, "text")

    def is_ours(key: Qt.Key, modifiers: Qt.KeyboardModifier, text: str = "") -> bool:
        event = QKeyEvent(QEvent.Type.ShortcutOverride, key, modifiers, text)
        event.ignore()
        QApplication.sendEvent(editor, event)
        return event.isAccepted()

    assert is_ours(Key.Key_A, Qt.KeyboardModifier.NoModifier, "a")
    assert is_ours(Key.Key_Z, CONTROL)
    assert not is_ours(Key.Key_K, CONTROL, "\x0b"), "the command palette's"


def test_page_keys_and_the_view_that_follows_the_caret(qtbot: QtBot, theme: Theme) -> None:
    editor = shown_editor(qtbot, theme, "".join(f"row {n}\n" for n in range(500)))
    for _ in range(5):
        press(editor, Key.Key_PageDown)
    row = editor.document.text.segment_at(editor.place)
    assert 20 < row < 80
    assert editor.viewport().rect().contains(editor.caret_rect().center().toPoint())
    press(editor, (Key.Key_End, CONTROL))
    assert editor.viewport().rect().contains(editor.caret_rect().center().toPoint())
    bar = editor.verticalScrollBar()
    assert bar.value() == bar.maximum()
    for _ in range(90):
        press(editor, Key.Key_PageUp)
    assert editor.place == 0
    assert bar.value() == 0


def test_an_edit_above_does_not_move_what_is_looked_at(qtbot: QtBot, theme: Theme) -> None:
    editor = shown_editor(qtbot, theme, "".join(f"row {n}\n" for n in range(500)))
    editor.scroll_by(3_000)
    first = next(iter(editor.in_view()))
    editor.document.replace(0, 0, "three\nmore\nrows\n")
    again = next(iter(editor.in_view()))
    assert again.prepared.laid.text == first.prepared.laid.text
    assert again.top == first.top


def test_the_editor_says_what_it_is_and_at_which_token(qtbot: QtBot, theme: Theme) -> None:
    editor = shown_editor(qtbot, theme, "ab cd")
    put(editor.document, [(1, 2), (2, 3)])
    editor.describe = lambda token: f"token number {token}"
    press(editor, Key.Key_End)
    assert editor.accessibleName()
    assert editor.accessibleDescription() == "token number 1"


def test_an_empty_editor_shows_its_hint(qtbot: QtBot, theme: Theme) -> None:
    editor = shown_editor(qtbot, theme, "")
    plain = editor.grab().toImage()
    editor.set_placeholder("Type something.")
    assert editor.grab().toImage() != plain
    QTest.keyClicks(editor, "a")
    editor.clearFocus()
    shown = editor.grab().toImage()
    editor.set_placeholder("")
    assert editor.grab().toImage() == shown, "no hint over a text"


def test_a_document_outlives_its_editor(qtbot: QtBot, theme: Theme) -> None:
    editor = TokenEditor(theme)
    qtbot.addWidget(editor)
    document = editor.document
    other = TokenEditor(theme, document)
    qtbot.addWidget(other)
    document.set_text("seen by both")
    assert editor.text() == other.text() == "seen by both"
    editor.detach()
    document.set_text("by one")
    assert document.watchers == [other]

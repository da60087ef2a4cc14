"""The sheet of shortcuts names the keys that no menu shows, and those keys do what it says."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.chat.columns.columns import Columns
from gui.commands import plain
from gui.shortcut_lines import hand_written
from gui.shortcuts import ShortcutSheet
from gui.theme import Theme
from tests.gui.certainty_helpers import certainty, step
from tests.gui.chat_room_helpers import Bench, bench, context

__all__ = ["bench", "context"]

CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


def lines_of(group: str) -> dict[str, str]:
    return {one.text: one.keys for one in hand_written() if one.note == group}


@pytest.fixture
def sheet(qapp: QApplication, qtbot: QtBot) -> Iterator[ShortcutSheet]:
    theme = Theme(qapp)
    sheet = ShortcutSheet(theme, list)
    yield sheet
    sheet.close()


def test_the_sheet_has_every_key_of_a_message(bench: Bench) -> None:
    told = set(lines_of("A message chosen with Alt+↑").values())
    actions = bench.room.work.transcript.more_actions
    with_keys = [one for one in actions if one.shortcut]
    assert len(with_keys) >= 9
    missing = [plain(one.text) for one in with_keys if one.shortcut not in told]
    assert not missing, f"not in the sheet: {missing}"


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        ("surprising", "Shift+Alt+←, Shift+Alt+→"),
        ("sampler pick", "Space"),
        ("end reply shift", "Shift+Enter"),
        ("search tokens", "Ctrl+F"),
        ("received token enter copy", "Enter"),
    ],
)
def test_keys_of_tokens_steps_and_received_are_found(
    sheet: ShortcutSheet, words: str, keys: str
) -> None:
    sheet.filter.setText(words)
    assert keys in [row[1] for row in sheet.rows()] and len(sheet.rows()) < 4


def press(bench: Bench, key: Qt.Key) -> None:
    """Keys pressed in the message field, as a person's are."""
    edit = bench.room.work.composer.edit
    edit.setFocus()
    QTest.keyClick(edit, key, CTRL_SHIFT)


def is_coloured(bench: Bench) -> bool:
    is_on = certainty(bench.room).button.isChecked()
    assert is_on == bench.room.session.settings.certainty
    assert is_on == (bench.room.work.transcript.token_book is not None)
    return is_on


def test_ctrl_shift_c_colours_the_tokens_and_no_more(bench: Bench) -> None:
    assert not is_coloured(bench)
    press(bench, Qt.Key.Key_C)
    assert is_coloured(bench)
    press(bench, Qt.Key.Key_C)
    assert not is_coloured(bench)


def test_ctrl_shift_t_begins_to_step_and_leaves(bench: Bench) -> None:
    feature = step(bench.room)
    press(bench, Qt.Key.Key_T)
    assert feature.button.isChecked() and feature.panel.isVisible()
    press(bench, Qt.Key.Key_T)
    assert not feature.button.isChecked() and not feature.panel.isVisible()
    n_before = len(bench.engine.generates)
    QTest.keyClicks(bench.room.work.composer.edit, "Why?")
    press(bench, Qt.Key.Key_T)
    bench.qtbot.waitUntil(lambda: len(bench.engine.generates) > n_before)
    assert bench.engine.generates[-1].max_tokens == 1 and feature.panel.field.hasFocus()


def test_ctrl_shift_k_opens_the_columns_and_closes_them(bench: Bench) -> None:
    columns = next(one for one in bench.room.features if isinstance(one, Columns))
    press(bench, Qt.Key.Key_K)
    assert columns.is_open and columns.view is not None and columns.view.isVisible()
    press(bench, Qt.Key.Key_K)
    assert not columns.is_open

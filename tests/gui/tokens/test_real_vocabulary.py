"""The vocabulary page and the merges panel in the Tokens room, with the real worker and the starter
model's tokenizer."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gui.context import AppContext
from gui.tokens.merges_panel import MergesPanel
from gui.tokens.room import TokensRoom
from gui.tokens.vocabulary_page import VocabularyPage

WAIT_MS = 30_000


@pytest.fixture
def room(qtbot: QtBot, context: AppContext) -> Iterator[TokensRoom]:
    made = TokensRoom(context)
    qtbot.addWidget(made)
    made.resize(1024, 700)
    made.show()
    yield made
    made.save_state()


def test_from_the_vocabulary_to_the_merges(qtbot: QtBot, room: TokensRoom) -> None:
    room.show_page("vocabulary")
    page = room.page_of("vocabulary")
    assert isinstance(page, VocabularyPage)
    qtbot.waitUntil(lambda: page.model.rowCount() == 49_152, timeout=WAIT_MS)
    QTest.keyClicks(page.filters.search, "sphere")
    qtbot.waitUntil(lambda: page.model.rowCount() == 12, timeout=WAIT_MS)
    page.table.selectRow(0)
    qtbot.waitUntil(lambda: bool(page.details.values["own"].text()), timeout=WAIT_MS)
    assert page.details.values["own"].text() == "this token"
    QTest.mouseClick(page.details.merges_button, Qt.MouseButton.LeftButton)
    assert room.page_key == "text"
    panel = room.findChild(MergesPanel)
    assert panel is not None
    qtbot.waitUntil(lambda: panel.steps is not None, timeout=WAIT_MS)
    assert panel.field.text() == " atmosphere"
    assert panel.chips.texts == ["·atmosphere"]
    QTest.mouseClick(panel.first_button, Qt.MouseButton.LeftButton)
    assert panel.chips.texts == list("·atmosphere")

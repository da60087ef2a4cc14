"""The chat and compare pages over the room's real worker: the starter's template and vocabulary,
and GPT-4's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from engine.paths import Paths
from engine.tokens.openai import OpenAiTokenizer
from gui.context import AppContext
from gui.tokens.chat_page import ChatPage
from gui.tokens.compare_page import ComparePage
from gui.tokens.room import TokensRoom
from gui.tokens.samples import read_samples
from tests.gui.tokens_page_helpers import make_context

WAIT_MS = 60_000


class RealRoom:
    """The room on screen with the starter's tokenizer in use."""

    def __init__(self, qtbot: QtBot, context: AppContext) -> None:
        self.qtbot, self.context = qtbot, context
        self.room = TokensRoom(context)
        self.room.resize(1300, 820)
        with qtbot.waitExposed(self.room):
            self.room.show()
        self.until(lambda: self.room.state.source != "")

    def until(self, is_so: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(is_so, timeout=WAIT_MS)

    def chat(self) -> ChatPage:
        self.room.show_page("chat")
        page = self.room.page_of("chat")
        assert isinstance(page, ChatPage)
        self.until(lambda: page.view.shown is not None)
        return page

    def compare(self, text: str) -> ComparePage:
        self.room.show_page("compare")
        page = self.room.page_of("compare")
        assert isinstance(page, ComparePage)
        page.use_text(text)
        self.until(lambda: page.is_settled)
        return page

    def close(self) -> None:
        self.room.save_state()
        self.context.notices.strip.hide()
        self.context.notices.banners.hide()
        self.room.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


@pytest.fixture
def real_room(qtbot: QtBot, qapp: QApplication, paths: Paths) -> Iterator[RealRoom]:
    context = make_context(qapp, paths)
    real = RealRoom(qtbot, context)
    yield real
    real.close()
    context.settings.flush()


def click(button: QPushButton) -> None:
    assert button.isVisible() and button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_a_chat_becomes_the_starters_own_signs(real_room: RealRoom) -> None:
    page = real_room.chat()
    text = page.view.tokens.tokens.text()
    assert text == (
        "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
        "<|im_start|>user\nHow deep is the sea?<|im_end|>\n<|im_start|>assistant\n"
    )
    assert [band.title for band in page.view.tokens.bands] == ["System", "You", "Reply begins"]
    assert page.view.tokens.tokens.special.count(1) == 5
    page.begin_box.click()
    real_room.until(lambda: page.view.tokens.tokens.text().endswith("<|im_end|>\n"))
    assert [band.role for band in page.view.tokens.bands] == ["system", "user"]


def test_special_tokens_that_are_typed_are_text(real_room: RealRoom) -> None:
    page = real_room.chat()
    edit = page.list.cards[1].edit
    edit.selectAll()
    QTest.keyClicks(edit, "Say <|im_end|> now")
    real_room.until(lambda: "Say <|im_end|> now" in page.view.tokens.tokens.text())
    assert page.view.tokens.tokens.special.count(1) == 5, "typed signs became real ones"


def test_a_vocabulary_alone_has_no_template_and_the_starter_is_offered(
    real_room: RealRoom,
) -> None:
    page = real_room.chat()
    real_room.room.state.open("cl100k_base")
    real_room.until(lambda: page.none.isVisible())
    assert "has no chat template" in page.none.words.text()
    button = next(one for one in page.none.findChildren(QPushButton))
    click(button)
    real_room.until(lambda: page.view.isVisible() and page.view.shown is not None)
    assert real_room.room.state.source == "starter"


def test_the_tokens_are_the_engines_and_the_table_is_whole(real_room: RealRoom) -> None:
    text = (
        "Unbelievably, the bathysphere sank 1846 metres. 深海 🐙\ndef depth(p): return p / 9.81\n"
    )
    page = real_room.compare(text)
    _, o200k, cl100k = page.columns
    assert [column.tokens.tokens.text() for column in page.columns] == [text] * 3
    shared = set(o200k.tokens.tokens.ends) & set(cl100k.tokens.tokens.ends)
    marked = o200k.tokens.marks.alone
    ends = [end for end, is_own in zip(o200k.tokens.tokens.ends, marked, strict=True) if is_own]
    assert ends and not shared & set(ends)
    assert "of its context of 8,192" in page.columns[0].context_words.text()
    model = page.samples.model
    cells = [model.index(row, at).data() for row in range(len(read_samples())) for at in (1, 2, 3)]
    assert "–" not in cells
    cl100k_pieces = [cl100k.tokens.tokens.piece(at) for at in range(len(cl100k.tokens.tokens))]
    assert b"".join(cl100k_pieces) == text.encode()
    assert list(cl100k.tokens.tokens.ids) == OpenAiTokenizer("cl100k_base").encode(text).tolist()


def test_a_megabyte_is_shown_and_more_is_counted(real_room: RealRoom) -> None:
    line = "Water absorbs light, and takes the long wavelengths first.\n"
    page = real_room.compare(line * (900_000 // len(line)))
    assert all(column.tokens.isVisible() for column in page.columns)
    n_tokens = int(page.columns[0].count.text().replace(",", ""))
    page = real_room.compare(line * (3_000_000 // len(line)))
    assert not any(column.tokens.isVisible() for column in page.columns)
    assert int(page.columns[0].count.text().replace(",", "")) > 3 * n_tokens
    assert "does not fit" in page.columns[0].context_words.text()

"""The Tokens room's Text page through its widgets, with the real worker and the starter's
tokenizer: editing, looking, finding, copying, keeping.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.context import AppContext
from gui.settings_store import SettingsStore
from gui.tokens.kept_text import FILE, LONGEST_BYTES
from gui.tokens.pieces_model import BITS, BYTES, ID, PIECE
from gui.tokens.pieces_panel import PiecesPanel
from gui.tokens.state import Probabilities
from gui.tokens.text_file import LARGEST_BYTES
from tests.gui.tokens_room_helpers import RoomBench, banners, clipboard, real_room, tokens_engine

__all__ = ["real_room", "tokens_engine"]  # fixtures
OCTOPUS = "\U0001f419"


def pieces(room: RoomBench) -> PiecesPanel:
    panel = room.page.panels.panel("pieces")
    assert isinstance(panel, PiecesPanel)
    return panel


def row(room: RoomBench, index: int, column: int) -> str:
    model = pieces(room).model
    return str(model.index(index, column).data())


def test_the_first_run_shows_a_text_its_tokens_and_figures(real_room: RoomBench) -> None:
    state, cards = real_room.room.state, real_room.page.cards
    n_tokens = len(state.document.tokens)
    assert n_tokens > 40 and (state.document.tokens.ids >= 0).all()
    assert cards.tokens.figure.text() == str(n_tokens)
    assert cards.ratio.figure.text() == f"{state.document.n_bytes / n_tokens:.2f}"
    assert cards.perplexity.figure.text() == "–" and cards.bits.figure.text() == "–"
    assert "BPE · 49,152" in real_room.room.chooser.button.text()


def test_the_cards_show_what_a_model_made_of_the_text(real_room: RoomBench) -> None:
    state = real_room.room.state
    n_tokens = len(state.document.tokens)
    logprobs = np.full(n_tokens, -2 * np.log(2), np.float32)
    ranks = np.full(n_tokens, 3, np.int32)
    state.set_probabilities(Probabilities(logprobs, ranks, 61.4, 2.143))
    assert real_room.page.cards.perplexity.figure.text() == "61.4"
    assert real_room.page.cards.bits.figure.text() == "2.14"
    assert row(real_room, 4, BITS) == "2.00"
    state.choose_token(4)
    facts = [(a.text(), b.text()) for a, b in real_room.room.details.token._facts]
    assert ("surprise", "2.00 bits") in facts


def test_typing_is_tokenised_and_counted(real_room: RoomBench) -> None:
    real_room.action("&Clear the text").trigger()
    real_room.settle()
    assert real_room.text == "" and real_room.page.cards.tokens.figure.text() == "0"
    QTest.keyClicks(real_room.page.editor, "the deep sea")
    real_room.settle()
    real_room.until(lambda: real_room.page.cards.tokens.figure.text() == "3")
    assert real_room.page.cards.ratio.figure.text() == "4.00"


def test_undo_brings_a_replaced_text_back(real_room: RoomBench) -> None:
    before = real_room.text
    real_room.show_text("another")
    assert real_room.text == "another"
    assert real_room.room.undo() and real_room.text == before
    assert real_room.room.redo() and real_room.text == "another"
    assert real_room.room.undo() and not real_room.room.undo(), "the first text was not typed"


def test_a_clicked_token_is_told_in_the_details_and_gone_through(real_room: RoomBench) -> None:
    real_room.show_text("the sea and the sea and the sea")
    real_room.click_token(1)
    state, card = real_room.room.state, real_room.room.details.token
    assert state.chosen == 1 and real_room.page.editor.chosen == 1
    facts = {a.text(): b.text() for a, b in card._facts if not a.isHidden()}
    assert facts["bytes"] == "20 73 65 61" and facts["here"] == "3 times"
    assert facts["type"] == "normal" and "merge rank" in facts
    assert facts["id"] == str(int(state.document.tokens.ids[1]))
    assert card.piece.text() == "·sea" and card.place.text() == "1 of 3 here"
    card.next_button.click()
    assert state.chosen == 4 and card.place.text() == "2 of 3 here"
    real_room.action("&Next of this token").trigger()
    real_room.action("&Next of this token").trigger()
    assert state.chosen == 1, "behind the last comes the first"
    real_room.action("&Previous of this token").trigger()
    assert state.chosen == 7
    QTest.keyClicks(real_room.page.editor, "x")
    assert state.chosen == -1 and not card.nothing.isHidden()


def test_a_part_of_a_character_is_shown_in_hex_with_the_character(real_room: RoomBench) -> None:
    real_room.show_text(f"a {OCTOPUS}b")
    document = real_room.room.state.document
    parts = [n for n in range(len(document.tokens)) if row(real_room, n, PIECE).count("part")]
    assert len(parts) >= 2
    for k, index in enumerate(parts, 1):
        words = row(real_room, index, PIECE)
        assert f"part {k} of {len(parts)} of “{OCTOPUS}”" in words and "<" in words
        assert f"part {k} of" in real_room.page.editor.describe(index)
    family = "\U0001f469\u200d\U0001f680"
    real_room.show_text(family)
    n_tokens = len(document.tokens)
    assert n_tokens > 2
    assert f"part 1 of {n_tokens} of “{family[0]}" in row(real_room, 0, PIECE)


def test_the_tooltip_says_what_the_details_say(real_room: RoomBench) -> None:
    real_room.show_text("the sea")
    words = real_room.page.editor.describe(1)
    assert words.startswith("·sea\n") and "bytes: 20 73 65 61" in words
    assert "here: 1 time" in words and "merge rank: " in words


def test_rows_and_the_text_choose_each_other(real_room: RoomBench) -> None:
    panel = pieces(real_room)
    real_room.click_token(2)
    assert panel.table.currentIndex().row() == 2
    panel.table.setFocus()
    QTest.keyClick(panel.table, Qt.Key.Key_Down)
    assert real_room.room.state.chosen == 3 and real_room.page.editor.chosen == 3
    assert row(real_room, 3, ID) == str(int(real_room.room.state.document.tokens.ids[3]))
    assert bytes.fromhex(row(real_room, 3, BYTES)) == real_room.room.state.document.piece(3)


def test_finding_letters_a_regular_expression_and_an_id(real_room: RoomBench) -> None:
    real_room.show_text("Sea, sea: 深海 sea 深")
    page, bar = real_room.page, real_room.page.search
    real_room.action("&Find in the text…").trigger()
    assert bar.isVisible() and bar.field.hasFocus()
    QTest.keyClicks(bar.field, "sea")
    real_room.until(lambda: bar.count.text() == "1 of 3")
    QTest.keyClick(bar.field, Qt.Key.Key_Return)
    assert bar.count.text() == "2 of 3" and page.editor.selected_text() == "sea"
    QTest.keyClick(bar.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert bar.count.text() == "1 of 3" and page.editor.selected_text() == "Sea"
    bar.field.setText("深.?$")
    bar.modes.buttons["regex"].click()
    real_room.until(lambda: bar.count.text() == "1 of 1")
    bar.next()
    assert page.editor.selected_text() == "深"
    bar.field.setText("(")
    real_room.until(lambda: bar.count.text().startswith("This is not a regular expression"))
    assert not bar.next_button.isEnabled()
    bar.modes.buttons["id"].click()
    real_room.until(lambda: bar.count.text() == "An id is a whole number, as 929.")
    bar.field.setText(str(int(page.editor.document.tokens.ids[0])))
    real_room.until(lambda: bar.count.text() == "1 of 1")
    QTest.keyClick(bar.field, Qt.Key.Key_Escape)
    assert not bar.isVisible() and page.editor.hasFocus()


def test_marks_follow_an_edit(real_room: RoomBench) -> None:
    real_room.show_text("one two one")
    bar = real_room.page.search
    real_room.page.find_text()
    bar.field.setText("one")
    real_room.until(lambda: bar.count.text().endswith(" of 2"))
    real_room.page.editor.set_caret(0)
    real_room.page.editor.insert("one ")
    real_room.until(lambda: bar.count.text().endswith(" of 3"))
    bar.close_button.click()
    assert bar.isHidden()


def test_copying_ids_and_json_of_the_text_and_of_a_selection(real_room: RoomBench) -> None:
    real_room.show_text("the deep sea")
    ids = real_room.room.state.document.tokens.ids.tolist()
    real_room.action("Copy the &ids").trigger()
    assert json.loads(clipboard()) == ids and clipboard() == str(ids)
    assert real_room.told == "3 tokens copied."
    real_room.page.editor.select(3, 8)
    real_room.action("Copy as &JSON").trigger()
    assert json.loads(clipboard()) == {
        "ids": [ids[1]],
        "pieces_hex": [b" deep".hex()],
        "spans": [[0, 5]],
        "text_ok": True,
    }


def test_the_editors_menu_copies_too(real_room: RoomBench) -> None:
    real_room.show_text("the deep sea")
    menu = real_room.page.editor.menu()
    (line,) = [one for one in menu.actions() if one.text() == "Copy the ids"]
    line.trigger()
    menu.deleteLater()
    assert json.loads(clipboard()) == real_room.room.state.document.tokens.ids.tolist()


def test_an_image_of_the_view_and_of_a_selection(real_room: RoomBench, tmp_path: Path) -> None:
    real_room.show_text("the deep sea\n" * 300)
    view = real_room.page.editor.viewport()
    real_room.action("Copy as an i&mage").trigger()
    image = QApplication.clipboard().image()
    assert image.size() == view.size() * 2
    real_room.page.editor.select(0, 12)
    file = tmp_path / "tokens.png"
    real_room.page.copier.save_to(str(file))
    saved = QImage(str(file))
    assert saved.width() == view.width() * 2 and 20 < saved.height() < image.height() / 2
    colours = {saved.pixelColor(x, saved.height() // 2).name() for x in range(saved.width())}
    first = real_room.context.theme.palette.token[0].lower()
    assert first in colours and real_room.context.theme.palette.pane.lower() in colours
    QApplication.clipboard().clear()


def test_an_image_that_cannot_be_written_is_told(real_room: RoomBench, tmp_path: Path) -> None:
    real_room.page.copier.save_to(str(tmp_path / "no" / "tokens.png"))
    assert banners(real_room.context) == ["“tokens.png” could not be written."]


def test_special_tokens_are_read_when_they_are_asked_for(real_room: RoomBench) -> None:
    real_room.show_text("<|im_start|>user")
    tokens = real_room.room.state.document.tokens
    assert not tokens.special.any() and len(tokens) > 2
    real_room.page.special.click()
    real_room.settle()
    real_room.until(lambda: len(tokens) == 2)
    assert tokens.special.tolist() == [1, 0]
    assert "begin and end" in real_room.page.special.toolTip()
    real_room.until(lambda: real_room.page.cards.tokens.figure.text() == "2")


def test_a_file_is_opened_and_can_be_undone(real_room: RoomBench, tmp_path: Path) -> None:
    before = real_room.text
    file = tmp_path / "depth.txt"
    file.write_bytes(b"\xef\xbb\xbfThe sea \xe6\xb7\xb1")
    real_room.page.open_path(str(file))
    real_room.until(lambda: real_room.text == "The sea 深")
    assert "depth.txt" in real_room.told
    assert real_room.room.undo() and real_room.text == before


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("latin.txt", "“latin.txt” is not text in UTF-8."),
        ("large.txt", "“large.txt” is too large for the editor."),
        ("none.txt", "“none.txt” cannot be read."),
    ],
)
def test_a_file_that_is_no_text_gets_a_sentence(
    real_room: RoomBench, tmp_path: Path, name: str, words: str
) -> None:
    before = real_room.text
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9 au lait")
    with open(tmp_path / "large.txt", "wb") as file:
        file.truncate(LARGEST_BYTES + 1)
    real_room.page.open_path(str(tmp_path / name))
    real_room.until(lambda: banners(real_room.context) == [words])
    assert real_room.text == before


def test_a_dropped_file_is_opened(real_room: RoomBench, tmp_path: Path) -> None:
    file = tmp_path / "dropped.txt"
    file.write_text("dropped in")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(file))])
    drop = QDropEvent(
        QPointF(QPoint(20, 20)),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    real_room.page.editor.dropEvent(drop)
    real_room.until(lambda: real_room.text == "dropped in")


def test_half_a_character_is_refused_in_words(real_room: RoomBench) -> None:
    before = real_room.text
    real_room.room.parts.show_text("a\ud83d")
    assert real_room.text == before
    assert banners(real_room.context)[0].startswith("This text holds half a character")


def test_everything_is_there_again(real_room: RoomBench, qtbot: QtBot) -> None:
    real_room.show_text("kept for next time")
    real_room.page.editor.set_caret(4)
    real_room.page.panels.show_panel("merges")
    real_room.room.chooser.use("o200k_base")
    real_room.until(lambda: real_room.room.state.source == "o200k_base")
    real_room.settle()
    real_room.room.save_state()
    context = real_room.context
    context.settings.flush()
    context.settings = SettingsStore(context.paths.settings)
    again = RoomBench(qtbot, context)
    try:
        assert again.text == "kept for next time" and again.page.editor.place == 4
        assert again.room.state.source == "o200k_base"
        assert again.page.panels.key == "merges" and again.page.panels.is_open
    finally:
        again.close()


def test_the_text_is_written_while_one_types(real_room: RoomBench) -> None:
    file = real_room.context.paths.home / FILE
    real_room.show_text("safe from a crash")
    real_room.until(lambda: file.is_file() and b"safe from a crash" in file.read_bytes())


def test_what_is_not_kept_is_said(real_room: RoomBench) -> None:
    file = real_room.context.paths.home / FILE
    real_room.show_text("first")
    real_room.until(lambda: file.is_file() and b"first" in file.read_bytes())
    real_room.room.parts.show_text("deep " * (LONGEST_BYTES // 5 + 1))
    assert real_room.page.kept.note == "A text over 4 MB is not kept for the next start."
    real_room.settle()
    assert real_room.page.note.text() == real_room.page.kept.note
    real_room.room.state.is_private = True
    real_room.show_text("secret")
    assert "temporary chat" in real_room.page.note.text()
    real_room.page.kept.flush()
    assert b"secret" not in file.read_bytes() and b"first" in file.read_bytes()


def test_panels_are_closed_opened_and_remembered(real_room: RoomBench) -> None:
    panels, toggle = real_room.page.panels, real_room.action("Open or close the &panels")
    settings = real_room.context.settings

    def looks() -> tuple[bool, str, str]:
        return panels.is_open, panels.chips.value, settings.value.tokens_panel

    height = real_room.page.editor.height()
    toggle.trigger()
    assert looks() == (False, "", "-pieces")
    real_room.until(lambda: real_room.page.editor.height() > height + 60)
    panels.chips.buttons["tree"].click()
    assert looks() == (True, "tree", "tree")
    panels.switch.click()
    panels.switch.click()
    assert looks() == (True, "tree", "tree")


def test_a_panel_is_told_what_it_missed(real_room: RoomBench) -> None:
    real_room.page.panels.show_panel("tree")
    real_room.show_text("one two three")
    real_room.room.state.choose_token(1)
    assert pieces(real_room).model.rowCount() != 3
    real_room.page.panels.show_panel("pieces")
    assert pieces(real_room).model.rowCount() == 3
    assert pieces(real_room).table.currentIndex().row() == 1


@pytest.mark.parametrize("key", ["pieces", "merges", "next", "tree", "surprise"])
def test_every_panel_can_be_looked_at(real_room: RoomBench, key: str) -> None:
    real_room.page.panels.chips.buttons[key].click()
    assert real_room.page.panels.panel(key).isVisible()
    assert real_room.page.panels.chips.buttons[key].toolTip()


def test_the_details_are_for_the_text_alone(real_room: RoomBench, context: AppContext) -> None:
    room = real_room.room
    assert room.details.isVisible()
    room.show_page("vocabulary")
    assert not room.details.isVisible() and not room.details_button.isVisible()
    room.show_page("text")
    assert room.details.isVisible()
    room.resize(700, 700)
    real_room.until(lambda: not room.details.isVisible())
    room.details_button.click()
    assert room.details.isVisible()

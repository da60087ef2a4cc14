"""The vocabulary page through its own widgets, over a small real tokenizer."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.process.token_messages import CheckVocabulary, FilterVocabulary
from gui.context import AppContext
from gui.tokens.vocabulary import VocabularyTable
from gui.tokens.vocabulary_model import LENGTH, REACH, TOKEN, VocabularyModel
from gui.tokens.vocabulary_page import VocabularyPage
from tests.engine.tokenizer_files import gguf_bpe, gguf_spm
from tests.gui.vocabulary_helpers import HereWorker, Wishes, parts_of


class Bench:
    def __init__(self, qtbot: QtBot, context: AppContext, path: Path) -> None:
        self.qtbot, self.wishes = qtbot, Wishes()
        self.worker = HereWorker(path)
        self.parts = parts_of(context, self.worker, self.wishes)
        self.page = VocabularyPage(self.parts)
        qtbot.addWidget(self.page)
        self.page.resize(960, 600)
        self.page.show()
        self.worker.answer_all()

    def settle(self) -> None:
        """What was typed is asked for, and answered."""
        self.qtbot.waitUntil(lambda: not self.page._timer.isActive())
        self.worker.answer_all()

    def shown(self) -> list[str]:
        model = self.page.model
        return [model.index(row, TOKEN).data() for row in range(model.rowCount())]


@pytest.fixture
def page_bench(qtbot: QtBot, context: AppContext, tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(qtbot, context, gguf_bpe(tmp_path, "gpt-2"))
    yield bench
    bench.page.save_state()


def test_all_tokens_are_there_at_first(page_bench: Bench) -> None:
    page, vocabulary = page_bench.page, page_bench.parts.state.vocabulary
    assert vocabulary is not None and page.model.rowCount() == len(vocabulary)
    assert page.count.text() == f"All {len(vocabulary)} tokens"
    assert page.stack.currentWidget() is page.table


def test_typing_filters_and_only_the_last_question_counts(page_bench: Bench) -> None:
    n_before = len(page_bench.worker.requests)
    QTest.keyClicks(page_bench.page.filters.search, "he")
    page_bench.settle()
    asked = page_bench.worker.requests[n_before:]
    assert [one.text for one in asked if isinstance(one, FilterVocabulary)] == ["he"]
    assert page_bench.shown()
    assert all("he" in piece.lower() for piece in page_bench.shown())


def test_ids_and_patterns(page_bench: Bench) -> None:
    filters = page_bench.page.filters
    QTest.mouseClick(filters.mode._buttons["id"], Qt.MouseButton.LeftButton)
    QTest.keyClicks(filters.search, "3, 5-6")
    page_bench.settle()
    assert page_bench.page.model.ids.tolist() == [3, 5, 6]
    filters.search.clear()
    QTest.mouseClick(filters.mode._buttons["regex"], Qt.MouseButton.LeftButton)
    QTest.keyClicks(filters.search, "^[a-c]$")
    page_bench.settle()
    assert page_bench.shown() == ["a", "b", "c"]


def test_a_bad_pattern_gets_a_sentence_and_loses_nothing(page_bench: Bench) -> None:
    filters = page_bench.page.filters
    shown = page_bench.shown()
    QTest.mouseClick(filters.mode._buttons["regex"], Qt.MouseButton.LeftButton)
    QTest.keyClicks(filters.search, "((")
    page_bench.settle()
    assert filters.problem.isVisible()
    assert "no regular expression" in filters.problem.text()
    assert page_bench.shown() == shown
    QTest.keyClicks(filters.search, "a))")
    page_bench.settle()
    assert not filters.problem.isVisible()


def test_length_script_type_and_order(page_bench: Bench) -> None:
    page, filters = page_bench.page, page_bench.page.filters
    filters.min_length.setValue(3)
    filters.script.choose("Latin")
    QTest.mouseClick(filters.longest_button, Qt.MouseButton.LeftButton)
    page_bench.settle()
    rows = range(page.model.rowCount())
    lengths = [int(page.model.index(row, LENGTH).data()) for row in rows]
    assert lengths and min(lengths) >= 3 and lengths == sorted(lengths, reverse=True)
    assert filters.query()["order"] == "longest"
    filters.clear()
    filters.kind.choose("user")
    page_bench.settle()
    assert page_bench.shown() == ["<think>"]
    assert not filters.longest_button.isChecked()


def test_an_empty_result_explains_itself(page_bench: Bench) -> None:
    page = page_bench.page
    QTest.keyClicks(page.filters.search, "zzzzzz")
    page_bench.settle()
    assert page.stack.currentWidget() is page.empty
    assert "No token fits" in page.empty.text()
    page.filters.clear()
    page.filters.min_length.setValue(5)
    page.filters.max_length.setValue(2)
    page_bench.settle()
    assert "greater than the greatest" in page.empty.text()


def test_a_chosen_token_is_shown_in_full(page_bench: Bench) -> None:
    page = page_bench.page
    vocabulary = page_bench.parts.state.vocabulary
    assert vocabulary is not None
    token = next(at for at in range(len(vocabulary)) if vocabulary.piece(at) == b"he")
    page.table.setFocus()
    page._choose(page.model.row_of(token))
    page_bench.worker.answer_all()
    values = {key: one.text() for key, one in page.details.values.items()}
    assert values["id"] == str(token) and values["bytes"] == "68 65"
    assert values["merge"] == "h + e" and values["own"] == "this token"
    assert values["script"] == "Latin" and "Not checked" in values["reach"]
    QTest.keyClick(page.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text() == "he"
    modifiers = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(page.table, Qt.Key.Key_C, modifiers)
    assert QApplication.clipboard().text() == str(token)


def test_a_token_goes_to_the_text_and_to_the_merges(page_bench: Bench) -> None:
    page = page_bench.page
    QTest.keyClicks(page.filters.search, "he")
    page_bench.settle()
    page._choose(0)
    piece = page.details._text
    QTest.mouseClick(page.details.show_button, Qt.MouseButton.LeftButton)
    assert page_bench.wishes.texts == [piece]
    page.table.setFocus()
    QTest.keyClick(page.table, Qt.Key.Key_Return)
    assert page_bench.wishes.panels == ["merges"]
    assert page_bench.parts.state.word == piece


def test_a_part_of_a_character_is_never_a_broken_glyph(page_bench: Bench) -> None:
    page, vocabulary = page_bench.page, page_bench.parts.state.vocabulary
    assert vocabulary is not None
    token = next(at for at in range(len(vocabulary)) if vocabulary.piece(at) == b"\xe4")
    row = page.model.row_of(token)
    assert page.model.index(row, TOKEN).data() == "⟨e4⟩"
    page._choose(row)
    page_bench.worker.answer_all()
    assert not page.details.copy_text_button.isEnabled()
    assert "no text of its own" in page.details.values["own"].text()


def test_the_round_trip_is_checked_and_filtered_by(page_bench: Bench) -> None:
    page = page_bench.page
    assert page.table.isColumnHidden(REACH)
    QTest.mouseClick(page.check.check_button, Qt.MouseButton.LeftButton)
    assert page.check.cancel_button.isVisible()
    page_bench.worker.answer_all()
    assert page.model.is_checked and not page.table.isColumnHidden(REACH)
    assert f"{page.model.reach_counts['part']:,} part of a character" in page.check.words.text()
    page.filters.reach.choose("part")
    page_bench.settle()
    assert page.model.rowCount() == page.model.reach_counts["part"]
    page.filters.reach.choose("never")
    page_bench.settle()
    assert page.model.rowCount() == page.model.reach_counts["never"]


def test_asking_for_glitch_tokens_checks_first(page_bench: Bench) -> None:
    page = page_bench.page
    page.filters.reach.choose("never")
    page_bench.settle()
    assert any(isinstance(one, CheckVocabulary) for one in page_bench.worker.requests)
    assert page.model.rowCount() == page.model.reach_counts["never"]


def test_a_check_can_be_cancelled(page_bench: Bench) -> None:
    page = page_bench.page
    page.filters.reach.choose("never")
    page_bench.qtbot.waitUntil(lambda: page.check.cancel_button.isVisible())
    QTest.mouseClick(page.check.cancel_button, Qt.MouseButton.LeftButton)
    page_bench.settle()
    assert not page.model.is_checked
    assert page.check.check_button.isVisible() and page.filters.reach.currentData() == ""
    assert page.model.rowCount() == len(page_bench.parts.state.vocabulary or ())


def test_another_tokenizer_is_filtered_the_same_way(page_bench: Bench, tmp_path: Path) -> None:
    page = page_bench.page
    QTest.keyClicks(page.filters.search, "he")
    page_bench.settle()
    page_bench.parts.state.open(str(gguf_spm(tmp_path)))
    page_bench.worker.answer_all()
    assert page.filters.search.text() == "he"
    assert page_bench.shown() and all("he" in piece.lower() for piece in page_bench.shown())
    assert page.model.headerData(4, Qt.Orientation.Horizontal) == "Score"


def test_the_model_keeps_qts_rules(page_bench: Bench) -> None:
    mode = QAbstractItemModelTester.FailureReportingMode.Warning
    tester = QAbstractItemModelTester(page_bench.page.model, mode)
    QTest.keyClicks(page_bench.page.filters.search, "e")
    page_bench.settle()
    assert tester.model() is page_bench.page.model


def test_a_large_vocabulary_is_shown_at_once(
    page_bench: Bench, context: AppContext, qtbot: QtBot
) -> None:
    """262,144 rows: words are made for what is looked at only."""
    from gui.tokens.token_table import TokenTable

    model = VocabularyModel(context.theme)
    table = TokenTable(context.theme, model)
    qtbot.addWidget(table)
    made: list[int] = []
    plain = model._cells[TOKEN]

    def counted(vocabulary: VocabularyTable, token: int) -> str:
        made.append(token)
        return plain(vocabulary, token)

    model._cells[TOKEN] = counted
    table.resize(800, 500)
    table.show()
    ids = np.resize(np.arange(100, dtype=np.int32), 262_144)
    model.show(page_bench.parts.state.vocabulary, ids)
    table.scrollToBottom()
    table.grab()
    assert 0 < len(made) < 2_000
    assert model.rowCount() == 262_144

"""The compare page of the Tokens room: one text by several tokenizers, and the table of samples."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QAbstractButton

from engine.process.token_messages import CountTokens, Encode, Encoded, EncodedPart
from gui.tokens.compare_column import CompareColumn, against, context_words
from gui.tokens.compare_page import ComparePage
from gui.tokens.compare_text import LARGEST_SHOWN_BYTES, Cut, alone, cut_of
from gui.tokens.sample_model import SampleTable
from gui.tokens.sample_panel import SamplePanel
from gui.tokens.samples import Sample, read_samples
from gui.widgets.picker import Picker
from tests.fakes.fake_tokens import lengths
from tests.fakes.rendered import int32
from tests.gui.tokens_page_helpers import PageBench, page_bench

__all__ = ["page_bench"]
TEXT = "The pressure at 1,025 m is about 103 bar."


@pytest.fixture
def page(page_bench: PageBench) -> ComparePage:
    """Starter, o200k and cl100k on a text typed here."""
    page_bench.use("starter")
    page = page_bench.show(ComparePage(page_bench.parts))
    press(page, "A text here")
    page.edit.setPlainText(TEXT)
    page_bench.until(lambda: page.is_settled)
    return page


def press(page: ComparePage, name: str) -> None:
    button = next(one for one in page.findChildren(QAbstractButton) if one.text() == name)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def click(button: QAbstractButton) -> None:
    assert button.isVisible() and button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def pick(page: ComparePage, name: str) -> None:
    """Choose from the popup that is open."""
    popup = next(one for one in page.findChildren(Picker) if one.isVisible())
    popup.search.setText(name)
    item = popup.entries.currentItem()
    assert item.text().startswith(name)
    spot = popup.entries.visualItemRect(item).center()
    QTest.mouseClick(popup.entries.viewport(), Qt.MouseButton.LeftButton, pos=spot)


def counts(page: ComparePage) -> list[str]:
    return [column.count.text() for column in page.columns]


def n_tokens(source: str, text: str = TEXT) -> int:
    return len(lengths(source, text))


# ---- one text ----


def test_each_tokenizer_has_its_tokens_and_figures(page: ComparePage) -> None:
    sources = ["starter", "o200k_base", "cl100k_base"]
    assert page.sources == sources
    assert counts(page) == [str(n_tokens(one)) for one in sources]
    for column, source in zip(page.columns, sources, strict=True):
        assert column.tokens.tokens.text() == TEXT
        assert f"{len(TEXT) / n_tokens(source):.2f} bytes per token" in column.facts.text()
    assert against(n_tokens("o200k_base"), n_tokens("starter")) in page.columns[1].facts.text()
    assert "the first" not in page.columns[0].facts.text()


def test_the_cost_is_told_against_each_context_window(page: ComparePage) -> None:
    first, other, bare = page.columns
    assert first.context_words.text() == context_words(n_tokens("starter") / 8192, 8192)
    assert "of its context of 128,000" in other.context_words.text()
    assert first.context_bar.isVisible() and first.context_bar.value() == 1
    assert not bare.context_bar.isVisible() and "alone" in bare.context_words.text()


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.004, "0.4 % of its context of 8,192"),
        (0.00042, "0.04 % of its context of 8,192"),
        (0.5, "50 % of its context of 8,192"),
        (1.25, "125 % of its context of 8,192: it does not fit"),
    ],
)
def test_a_share_is_as_exact_as_it_need_be(share: float, words: str) -> None:
    assert context_words(share, 8192) == words


def test_boundaries_of_one_alone_are_marked(page: ComparePage) -> None:
    """cl100k cuts every 4 letters here, o200k every 8: so all of o200k's are cl100k's too."""
    starter, o200k, cl100k = (column.tokens.marks.alone for column in page.columns)
    assert o200k.count(1) == 0
    assert cl100k.count(1) > 0 and starter.count(1) > 0
    assert page.columns[1].own.text() == "0 boundaries of its own"
    assert page.columns[2].own.text() == f"{cl100k.count(1)} boundaries of its own"


def test_the_mark_of_a_boundary_is_painted(page: ComparePage) -> None:
    column = page.columns[2]
    marked = column.tokens.viewport().grab().toImage()
    column.show_alone(b"")
    assert column.tokens.viewport().grab().toImage() != marked


@given(st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=30), min_size=1, max_size=4))
def test_marked_are_just_the_boundaries_that_no_other_has(sizes: list[list[int]]) -> None:
    n_bytes = max(map(sum, sizes))
    whole = [one if sum(one) == n_bytes else [*one, n_bytes - sum(one)] for one in sizes]
    cuts = [a_cut(one) for one in whole]
    for place, (cut, mask) in enumerate(zip(cuts, alone(cuts), strict=True)):
        others = [set(other.ends.tolist()) for n, other in enumerate(cuts) if n != place]
        for end, is_marked in zip(cut.ends.tolist(), mask, strict=False):
            is_own = end < n_bytes and not any(end in other for other in others)
            assert bool(is_marked) == is_own
        assert len(mask) == (len(cut.ends) if len(cuts) > 1 else 0)


def a_cut(sizes: list[int]) -> Cut:
    data = bytes(97 + n % 26 for n in range(sum(sizes)))
    zeros = int32([0] * len(sizes))
    special = zeros.__class__("uint8", (len(sizes),), bytes(len(sizes)))
    encoded = Encoded(int32(range(len(sizes))), int32(sizes), special, len(sizes), text_ok=True)
    return cut_of(data, encoded, [])


def test_tokens_that_come_in_parts_are_put_together() -> None:
    def bits(n: int) -> object:
        return int32([0]).__class__("uint8", (n,), bytes(n))

    parts = [
        EncodedPart(1, int32([7, 8]), int32([2, 1]), bits(2), 3, 6),  # type: ignore[arg-type]
        EncodedPart(1, int32([9]), int32([3]), bits(1), 6, 6),  # type: ignore[arg-type]
    ]
    end = Encoded(int32([]), int32([]), bits(0), 3, text_ok=True)  # type: ignore[arg-type]
    cut = cut_of(b"abcdef", end, parts)
    assert cut.tokens is not None
    assert list(cut.tokens.ids) == [7, 8, 9]
    assert [cut.tokens.piece(at) for at in range(3)] == [b"ab", b"c", b"def"]
    assert np.array_equal(cut.ends, [2, 3, 6]) and cut.n_tokens == 3
    assert [cut.token_at(place) for place in (0, 1, 2, 5, 99)] == [0, 0, 1, 2, 2]


# ---- choosing ----


def test_tokenizers_are_added_changed_and_taken_out(
    page_bench: PageBench, page: ComparePage
) -> None:
    click(page.add_button)
    pick(page, "The starter model")
    page_bench.until(lambda: page.is_settled)
    assert page.sources[-1] == "starter" and len(page.columns) == 4
    assert not page.add_button.isEnabled(), "four are the most"
    click(page.columns[3].remove)
    click(page.columns[0].name)
    pick(page, "cl100k (GPT-4)")
    page_bench.until(lambda: page.is_settled)
    assert page.sources == ["cl100k_base", "o200k_base", "cl100k_base"]
    click(page.columns[2].remove)
    assert not any(one.remove.isEnabled() for one in page.columns), "two are the fewest"
    assert counts(page)[0] == str(n_tokens("cl100k_base"))


def test_one_that_cannot_be_opened_says_so_and_the_others_go_on(
    page_bench: PageBench, page: ComparePage
) -> None:
    page.set_sources(["/gone.gguf", "o200k_base"])
    page_bench.until(lambda: page.is_settled)
    assert page.columns[0].note.text() == "There is no tokenizer “/gone.gguf”. Choose another."
    assert counts(page) == ["–", str(n_tokens("o200k_base"))]
    assert page.columns[1].tokens.tokens.text() == TEXT


def test_columns_can_be_stacked(page: ComparePage) -> None:
    press(page, "Stacked")
    first, second, _ = page.columns
    QGuiApplication.processEvents()
    assert first.mapTo(page, QPoint()).x() == second.mapTo(page, QPoint()).x()
    assert first.y() < second.y()


def test_all_is_remembered(page_bench: PageBench, page: ComparePage) -> None:
    page.set_sources(["o200k_base", "starter"])
    page.edit.setPlainText("Kept for next time")
    press(page, "Stacked")
    press(page, "Against English")
    page_bench.until(lambda: page.is_settled)
    page_bench.leave(page)
    again = page_bench.show(ComparePage(page_bench.parts))
    page_bench.until(lambda: again.is_settled)
    assert again.sources == ["o200k_base", "starter"]
    assert again.edit.toPlainText() == "Kept for next time" and again.whose.value == "own"
    assert again.way.value == "below" and again.samples.figure == "english"
    assert counts(again)[0] == str(n_tokens("o200k_base", "Kept for next time"))


# ---- the text ----


def test_the_text_pages_text_is_compared_and_followed(
    page_bench: PageBench, page: ComparePage
) -> None:
    press(page, "The text page’s text")
    assert not page.edit.isVisible()
    page_bench.state.document.set_text("another text, from there")
    page_bench.state.text_changed.emit()
    page_bench.until(lambda: page.is_settled)
    assert page.columns[0].tokens.tokens.text() == "another text, from there"


def test_an_answer_that_was_overtaken_is_not_shown(
    page_bench: PageBench, page: ComparePage
) -> None:
    page_bench.engine.holds = (Encode,)
    n_before = len(page_bench.engine.asked(Encode))
    for n, words in enumerate(("old words", "new"), 1):
        page.edit.setPlainText(words)
        wanted = n_before + n
        page_bench.until(is_asked(page_bench, wanted))
    page_bench.engine.holds = ()
    page_bench.engine.let_go()
    page_bench.until(lambda: page.is_settled)
    assert [column.tokens.tokens.text() for column in page.columns] == ["new"] * 3


def is_asked(bench: PageBench, n: int) -> Callable[[], bool]:
    return lambda: len(bench.engine.asked(Encode)) == n


def test_a_large_text_is_counted_and_not_shown(page_bench: PageBench, page: ComparePage) -> None:
    page_bench.state.document.set_text("word " * (LARGEST_SHOWN_BYTES // 5 + 1))
    press(page, "The text page’s text")
    page_bench.until(lambda: page.is_settled)
    assert counts(page)[2] == f"{(LARGEST_SHOWN_BYTES + 5 + 3) // 4:,}"
    assert all("counted, not shown" in column.note.text() for column in page.columns)
    assert not any(column.tokens.isVisible() for column in page.columns)


def test_progress_is_shown_while_a_text_is_counted(page: ComparePage) -> None:
    one = page.comparison.all[0]
    one.done = 0.4
    page.comparison.told.emit(0)
    assert page.columns[0].progress.isVisible() and page.columns[0].progress.value() == 400
    one.done = 1.0
    page.comparison.told.emit(0)
    assert not page.columns[0].progress.isVisible()


def test_half_a_character_is_said_in_words(page: ComparePage) -> None:
    page.comparison.set_text("half \ud83d")
    assert all("half of a character" in column.note.text() for column in page.columns)


def test_what_is_scrolled_takes_the_others_along(page_bench: PageBench, page: ComparePage) -> None:
    page.edit.setPlainText("\n".join(f"line {n} of many more lines" for n in range(400)))
    page_bench.until(lambda: page.is_settled)
    leader: CompareColumn = page.columns[0]
    page_bench.until(lambda: all(column.tokens.n_laid > 1200 for column in page.columns))
    leader.tokens.setFocus()
    leader.tokens.set_current(900)
    place = leader.tokens.tokens.start(leader.tokens.first_in_view())
    assert place > 1000
    for column in page.columns[1:]:
        top = column.tokens.tokens.start(column.tokens.first_in_view())
        assert abs(top - place) < 60, "the same line, or the one beside"


# ---- the table ----


def sample_cells(model: QAbstractItemModel, column: int) -> list[str]:
    return [model.index(row, column).data() for row in range(model.rowCount())]


def test_the_table_counts_every_sample_with_every_tokenizer(page: ComparePage) -> None:
    model, samples = page.samples.model, read_samples()
    assert sample_cells(model, 0) == [one.name for one in samples]
    for column, source in enumerate(page.sources, 1):
        expected = [f"{len(lengths(source, one.text)):,}" for one in samples]
        shown = [cell.rstrip(" ▲▼") for cell in sample_cells(model, column)]
        assert shown == expected


def test_the_best_and_worst_have_a_sign_and_are_read_aloud(page: ComparePage) -> None:
    model = page.samples.model
    row = [model.index(0, column) for column in (1, 2, 3)]
    values = [int(index.data().rstrip(" ▲▼").replace(",", "")) for index in row]
    best, worst = row[values.index(min(values))], row[values.index(max(values))]
    assert best.data().endswith(" ▲") and worst.data().endswith(" ▼")
    assert "best of the row" in best.data(Qt.ItemDataRole.AccessibleTextRole)
    press(page, "Bytes per token")
    assert best.data().endswith(" ▲"), "more bytes per token are better"


def test_other_languages_are_told_against_english(page: ComparePage) -> None:
    press(page, "Against English")
    model, samples = page.samples.model, read_samples()
    names = [one.name for one in samples]
    column = [cell.rstrip(" ▲▼") for cell in sample_cells(model, 1)]
    assert column[names.index("English")] == "1.00×"
    english, german = (samples[names.index(one)].text for one in ("English", "German"))
    tax = n_tokens("starter", german) / n_tokens("starter", english)
    assert column[names.index("German")] == f"{tax:.2f}×"
    assert column[names.index("Python")] == "–", "code is not the same story"
    assert "other languages pay" in page.samples.note.text()


def test_a_heading_sorts(page: ComparePage) -> None:
    header = page.samples.table.horizontalHeader()
    spot = QPoint(header.sectionViewportPosition(1) + 20, header.height() // 2)
    QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    cells = [cell.rstrip(" ▲▼") for cell in sample_cells(page.samples.model, 1)]
    numbers = [int(cell.replace(",", "")) for cell in cells]
    assert numbers in (sorted(numbers), sorted(numbers, reverse=True))


def test_the_table_is_copied_with_all_figures(page: ComparePage) -> None:
    clipboard = QGuiApplication.clipboard()
    click(page.samples.csv_button)
    lines = clipboard.text().splitlines()
    assert len(lines) == 1 + len(read_samples())
    assert lines[0].startswith("Sample,bytes,starter: tokens,starter: bytes/token,")
    english = next(line for line in lines if line.startswith("English,"))
    n = n_tokens("starter", read_samples()[0].text)
    assert english.split(",")[2] == str(n) and english.split(",")[4] == "1.000"
    click(page.samples.markdown_button)
    assert clipboard.text().startswith("| Sample | bytes | starter: tokens |")


def test_a_row_can_be_compared_on(page_bench: PageBench, page: ComparePage) -> None:
    table = page.samples.table
    table.setCurrentIndex(page.samples.model.index(3, 0))
    QTest.keyClick(table, Qt.Key.Key_Return)
    page_bench.until(lambda: page.is_settled)
    assert page.edit.toPlainText().strip() == page.samples.model.sample_at(3).text.strip()


def test_samples_are_counted_once(page_bench: PageBench, page: ComparePage) -> None:
    n_before = len(page_bench.engine.asked(CountTokens))
    page.set_sources(["cl100k_base", "starter"])
    page_bench.until(lambda: page.is_settled)
    assert len(page_bench.engine.asked(CountTokens)) == n_before


def test_the_model_keeps_qts_rules(page_bench: PageBench) -> None:
    samples = [Sample("English", "language", "a b c"), Sample("Code|x", "code", "x = 1")]
    model = SampleTable(page_bench.context.theme, samples)
    tester = QAbstractItemModelTester(
        model, QAbstractItemModelTester.FailureReportingMode.Fatal, model
    )
    model.set_columns(["one", "two"], [[3, 4], None])
    model.set_figure("english")
    model.sort(1, Qt.SortOrder.DescendingOrder)
    assert model.index(0, 1).data() == "1.00×" and model.index(1, 1).data() == "–"
    assert "Code\\|x" in model.as_markdown()
    assert model.rowCount(model.index(0, 0)) == 0 and not QModelIndex().isValid()
    del tester


def test_a_tokenizer_that_cannot_count_is_said_below(page_bench: PageBench) -> None:
    panel = SamplePanel(page_bench.parts)
    page_bench.qtbot.addWidget(panel)
    panel.show_sources(["/gone.gguf", "starter"], ["gone", "starter"])
    page_bench.until(lambda: panel.is_settled)
    assert "There is no tokenizer" in panel.note.text()
    assert panel.model.index(0, 1).data() == "–" and panel.model.index(0, 2).data() != "–"

"""The tokenizer page: kind and vocabulary, training with the merges as they come, and what is done
with a tokenizer that is there.
"""

from __future__ import annotations

import pytest
from msgspec import structs
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest

from engine.process.messages import Failed, Progress
from engine.process.pretrain_messages import (
    DeleteTokenizer,
    Merge,
    MergesArrived,
    TrainTokenizer,
)
from gui.pretrain.tokenizer_page import TokenizerPage
from tests.fakes.fake_texts import BOOK_PATH, MERGES, TOKENIZER, TOKENIZER_PATH
from tests.gui.fitting import misfits
from tests.gui.pretrain.room_helpers import PretrainBench, bench, unnamed

__all__ = ["bench"]  # a fixture


@pytest.fixture
def page(bench: PretrainBench) -> TokenizerPage:
    """Looked at, with a text."""
    bench.plan()
    bench.room.show_page("tokenizer")
    page = bench.room.page
    assert isinstance(page, TokenizerPage)
    bench.until(lambda: page.desk.is_listed)
    return page


def train(bench: PretrainBench, page: TokenizerPage) -> TrainTokenizer:
    page.form.train_button.click()
    (request,) = bench.engine.asked(TrainTokenizer)
    assert isinstance(request, TrainTokenizer)
    return request


def test_nothing_needs_to_be_done_here(bench: PretrainBench, page: TokenizerPage) -> None:
    assert "Nothing needs to be done here" in page.form.status.text()
    assert page.merges.isHidden() and page.curve.isHidden() and page.made.isHidden()
    assert bench.room.header.facts.whole == "trained with the run"


def test_without_a_text_nothing_can_be_trained(bench: PretrainBench) -> None:
    bench.room.show_page("tokenizer")
    page = bench.room.page
    assert isinstance(page, TokenizerPage)
    assert not page.form.train_button.isEnabled()
    assert page.form.status.text() == "Choose a text first; it is trained on that."


def test_kind_and_vocabulary_go_into_the_plan(bench: PretrainBench, page: TokenizerPage) -> None:
    state = bench.room.state
    page.form.dial.slider.setFocus()
    QTest.keyClick(page.form.dial.slider, Qt.Key.Key_Right)
    assert state.draft.tokenizer.vocab == 3072 == page.form.dial.field.value()
    page.form.dial.field.setValue(5_000)
    assert state.draft.tokenizer.vocab == 5_000
    page.form.kind.buttons["chars"].click()
    assert state.draft.tokenizer.kind == "chars" and page.form.dial.isHidden()
    assert "Each character" in page.form.words.text()
    assert bench.room.undo() and page.form.kind.value == "bpe"
    assert page.form.dial.isVisibleTo(page)


def test_a_vocabulary_too_large_for_its_text_is_told(
    bench: PretrainBench, page: TokenizerPage
) -> None:
    assert page.form.warning.isHidden()
    bench.room.state.change(corpus__path=BOOK_PATH)
    bench.until(lambda: page.form.warning.isVisibleTo(page))
    assert "88 kB of text" in page.form.warning.text() and "about 880" in page.form.warning.text()
    page.form.dial.field.setValue(800)
    assert page.form.warning.isHidden()


def test_merges_arrive_with_their_counts(bench: PretrainBench, page: TokenizerPage) -> None:
    request = train(bench, page)
    assert (request.corpus, request.kind, request.n_vocab) == ("stories", "bpe", 2048)
    assert request.name == "Stories 2,048"
    assert not page.form.train_button.isEnabled() and not page.form.dial.isEnabled()
    bench.engine.tell(Progress(job=request.job, fraction=0.5, what=""))
    bench.engine.tell(MergesArrived(request.job, MERGES[:2], 2, 1_784))
    bench.engine.tell(MergesArrived(request.job, MERGES[2:], 4, 1_784))
    bench.until(lambda: len(page.merges.chips.chips) == 4)
    assert page.merges.note.text() == "merge 4 of 1,784"
    assert page.merges.chips.texts[0] == "·t + he → ·the"
    assert page.merges.chips.chips[0].count == "41,220"
    page.merges.all_button.click()
    line = page.merges.model.index(3, 0)
    assert "·look + ed → ·looked" in line.data() and "2,904" in line.data()
    assert "as in “looked”" in line.data(Qt.ItemDataRole.ToolTipRole)
    assert bench.room.header.facts.whole == "training the tokenizer"


def test_thousands_of_merges_do_not_hold_the_window(
    bench: PretrainBench, page: TokenizerPage
) -> None:
    QAbstractItemModelTester(page.merges.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    request = train(bench, page)
    pictures: list[int] = []
    timer = page.merges.chips._timer
    timer.timeout.connect(lambda: pictures.append(1))
    for n in range(300):
        merges = [Merge("a", "b", f"ab{n}", 10)] * 10
        bench.engine.tell(MergesArrived(request.job, merges, n * 10, 3_000))
    bench.until(lambda: page.merges.model.rowCount() == 3_000)
    bench.until(lambda: page.merges.chips.texts[-1:] == ["a + b → ab299"])
    assert len(pictures) < 30, "many events, few pictures"


def test_a_trained_tokenizer_is_in_use_and_shown(bench: PretrainBench, page: TokenizerPage) -> None:
    request = train(bench, page)
    bench.engine.done(request, TOKENIZER)
    state = bench.room.state
    assert bench.room.state.tokenizer == TOKENIZER and state.draft.tokenizer.path == TOKENIZER_PATH
    assert page.made.isVisibleTo(page) and page.made.title.text() == "Stories 2,048"
    assert "3.70 bytes a token" in page.made.note.text()
    bench.until(lambda: page.curve.chart is not None and bool(page.curve.chart.lines))
    chart = page.curve.chart
    assert chart is not None and [float(x) for x in chart.lines[0].x] == [260, 512, 1024, 2048]
    chart.setFocus()
    QTest.keyClick(chart, Qt.Key.Key_Left)
    assert chart.readout.text() == "1,024 tokens · holds 3.00 bytes a token"
    assert bench.steps()["tokenizer"][0] == "2,048"
    assert "In use: “Stories 2,048”" in page.form.status.text()
    bench.until(lambda: page.longest.isVisibleTo(page))
    page.form.leave_button.click()
    assert state.draft.tokenizer.path == "" and state.tokenizer is None
    assert page.made.isHidden()


def test_another_kind_lets_go_of_the_tokenizer(bench: PretrainBench, page: TokenizerPage) -> None:
    page.desk.use(TOKENIZER)
    page.form.kind.buttons["bytes"].click()
    assert bench.room.state.tokenizer is None
    assert bench.room.state.draft.tokenizer.path == ""
    assert bench.room.undo()
    bench.until(lambda: bench.room.state.tokenizer is not None)


def test_stop_keeps_nothing(bench: PretrainBench, page: TokenizerPage) -> None:
    request = train(bench, page)
    page.strip.stop_button.click()
    assert bench.engine.cancelled == [request.job] and not page.desk.is_training
    assert page.form.train_button.isEnabled() and bench.room.state.tokenizer is None
    assert page.merges.isHidden()


def test_a_failure_is_told_beside_the_buttons(bench: PretrainBench, page: TokenizerPage) -> None:
    request = train(bench, page)
    bench.engine.tell(
        Failed(job=request.job, message="Too few pairs.", hint="Choose 512.", detail="")
    )
    assert page.form.problem.text() == "Too few pairs. Choose 512."
    assert page.form.train_button.isEnabled()


def test_what_a_tokenizer_warns_of_is_read_beside_it(
    bench: PretrainBench, page: TokenizerPage
) -> None:
    request = train(bench, page)
    warned = structs.replace(TOKENIZER, n_vocab=700, warnings=["The text has no more pairs."])
    bench.engine.done(request, warned)
    assert page.made_words.text() == "The text has no more pairs."
    assert page.made_words.property("kind") == "warn"
    assert bench.room.state.draft.tokenizer.vocab == 700, "what it has, not what was wished"
    assert bench.room.undo(), "all of it at once"
    table = bench.room.state.draft.tokenizer
    assert (table.path, table.vocab) == ("", 2048)


def test_one_that_is_there_is_used_by_enter(bench: PretrainBench, page: TokenizerPage) -> None:
    page.list.setCurrentRow(0)
    QTest.keyClick(page.list, Qt.Key.Key_Return)
    assert bench.room.state.draft.tokenizer.path == TOKENIZER_PATH


def test_a_deleted_one_comes_back(bench: PretrainBench, page: TokenizerPage) -> None:
    page.desk.use(TOKENIZER)
    page.list.setCurrentRow(0)
    QTest.keyClick(page.list, Qt.Key.Key_Delete)
    bench.until(lambda: bench.room.state.tokenizer is None)
    assert not page.desk.tokenizers and page.kept.isHidden()
    bench.context.notices.undo()
    bench.until(lambda: bench.room.state.draft.tokenizer.path == TOKENIZER_PATH)
    request = bench.engine.asked(DeleteTokenizer)[-1]
    assert isinstance(request, DeleteTokenizer) and request.is_undone


def test_it_opens_in_the_tokens_room(bench: PretrainBench, page: TokenizerPage) -> None:
    went: list[str] = []
    bench.context.rooms["tokens"] = lambda: went.append("room")
    bench.context.openers["tokens.tokenizer"] = went.append
    page.open_in_tokens()
    assert bench.told == "Train a tokenizer first, or choose one" and not went
    page.desk.use(TOKENIZER)
    page.open_button.click()
    assert went == ["room", f"{TOKENIZER_PATH}/vocab.gguf"]


def test_every_control_has_a_name_and_a_tooltip(bench: PretrainBench, page: TokenizerPage) -> None:
    page.desk.use(TOKENIZER)
    page.merges.all_button.click()
    bench.until(lambda: page.curve.chart is not None)
    assert not (wrong := unnamed(bench.room)), "\n".join(wrong)


@pytest.mark.parametrize("font_px", [0, 20])
def test_it_fits_a_small_window(bench: PretrainBench, page: TokenizerPage, font_px: int) -> None:
    page.desk.use(TOKENIZER)
    bench.context.theme.set_font_px(font_px)
    bench.room.resize(1024 - 74, 640)
    bench.until(lambda: page.curve.chart is not None)
    assert not (wrong := misfits(bench.room)), "\n".join(wrong)

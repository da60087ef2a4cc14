"""From base to assistant: conversations, a base with a template, a plan or a run at once, what came
of it, and the report card.
"""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from engine.process.messages import Failed, Progress
from engine.process.pretrain_messages import (
    Exported,
    MakeChatBase,
    MakeReportCard,
    MakeStoryRows,
)
from engine.process.tune_messages import DatasetInfo, DescribeBase
from finetune.config import RunConfig
from finetune.pretraining.assistant import N_ROWS, chat_base_name, read_card, write_card
from finetune.run.events import RunFailed
from finetune.run.folder import RunFolder
from gui.pretrain.assistant_page import AssistantPage
from gui.shots import run_maker
from gui.shots.raised_result import make_assistant, report_card
from gui.tune.data_page import DataPage
from tests.fakes.fake_bases import base_info
from tests.fakes.fake_texts import BOOK_PATH, STORIES_PATH
from tests.gui.fitting import misfits
from tests.gui.pretrain.raised_helpers import BEST, assistant_page, looked_at, overhang
from tests.gui.pretrain.room_helpers import PretrainBench, bench, unnamed
from tests.gui.tune.room_helpers import TuneBench

__all__ = ["bench"]  # a fixture
ROWS = DatasetInfo("talk", "Conversations about Stories", "/data/talk", N_ROWS)


@pytest.fixture
def page(bench: PretrainBench) -> AssistantPage:
    looked_at(bench)
    return assistant_page(bench)


def folder_of(bench: PretrainBench) -> RunFolder:
    folder = bench.room.state.run
    assert folder is not None
    return folder


def made(bench: PretrainBench, rows: DatasetInfo | None = ROWS) -> str:
    """The worker makes all that is asked; the file that the plan begins with."""
    if rows is not None:
        bench.until(lambda: bool(bench.engine.asked(MakeStoryRows)))
        bench.engine.done(bench.engine.asked(MakeStoryRows)[-1], rows)
    bench.until(lambda: bool(bench.heavy.asked(MakeChatBase)))
    asked = bench.heavy.asked(MakeChatBase)[-1]
    assert isinstance(asked, MakeChatBase)
    path = str(folder_of(bench).product / chat_base_name(asked.checkpoint))
    bench.engine.bases.append(base_info(path, n_ctx_train=128, n_params=2_000_000))
    bench.heavy.done(asked, Exported(path, 9))
    bench.until(lambda: bool(bench.engine.asked(DescribeBase)))
    return path


# ---- making one ----


def test_one_click_makes_rows_a_base_and_starts_the_run(
    bench: PretrainBench, page: AssistantPage
) -> None:
    assert not page.form.start.isHidden() and page.form.write.isHidden()
    page.form.start.click()
    assert page.strip.is_running and not page.form.start.isEnabled()
    bench.until(lambda: bool(bench.engine.asked(MakeStoryRows)))
    (rows,) = bench.engine.asked(MakeStoryRows)
    assert isinstance(rows, MakeStoryRows)
    assert (rows.corpus, rows.n) == (STORIES_PATH, N_ROWS)
    bench.engine.tell(Progress(job=rows.job, fraction=0.5, what="writing"))
    assert page.strip.bar.value() == 500
    path = made(bench)
    bench.until(lambda: bool(bench.launched))
    config = bench.launched[0].config()
    assert (config.base.path, config.data.path) == (path, "/data/talk")
    assert config.train.method == "full" and config.train.max_length == 128
    assert config.out.name == "tales-2m assistant"
    bench.until(lambda: bench.told.startswith("The fine-tuning began"))
    assert page.strip.isHidden() and page.form.start.isEnabled()
    bench.until(lambda: page.runs.run is not None)
    assert not page.tuned.isHidden() and page.tuned.title.text() == "tales-2m assistant"
    assert page.card.isHidden(), "there is nothing to ask yet"


def test_conversations_that_are_there_are_taken_again(
    bench: PretrainBench, page: AssistantPage
) -> None:
    bench.engine.datasets.append(ROWS)
    page.form.start.click()
    made(bench, None)
    bench.until(lambda: bool(bench.launched))
    assert not bench.engine.asked(MakeStoryRows)
    assert bench.launched[0].config().data.path == ROWS.path


def test_the_plan_can_be_looked_at_first(
    bench: PretrainBench, page: AssistantPage, qtbot: QtBot
) -> None:
    other = TuneBench(qtbot, bench.context, is_shown=False)
    bench.context.rooms["tune"] = other.show
    try:
        page.form.n_rows.setValue(500)
        page.form.look.click()
        path = made(bench)
        bench.until(lambda: other.room.state.draft.base.path == path)
        assert other.room.page_key == "how" and not bench.launched
        bench.until(lambda: other.room.state.base is not None)
        assert other.room.state.draft.train.method == "full"
        (rows,) = bench.engine.asked(MakeStoryRows)
        assert isinstance(rows, MakeStoryRows) and rows.n == 500
        assert other.room.undo() and other.room.state.draft == RunConfig()
    finally:
        other.close()


def test_it_is_stopped_and_begun_again(bench: PretrainBench, page: AssistantPage) -> None:
    page.form.start.click()
    bench.until(lambda: bool(bench.engine.asked(MakeStoryRows)))
    (rows,) = bench.engine.asked(MakeStoryRows)
    page.strip.stop_button.click()
    assert rows.job in bench.engine.cancelled and page.form.start.isEnabled()
    page.form.start.click()
    bench.until(lambda: len(bench.engine.asked(MakeStoryRows)) == 2)
    made(bench)
    bench.until(lambda: len(bench.launched) == 1)


def test_what_fails_is_told_beside_the_button(bench: PretrainBench, page: AssistantPage) -> None:
    page.form.start.click()
    bench.until(lambda: bool(bench.engine.asked(MakeStoryRows)))
    (rows,) = bench.engine.asked(MakeStoryRows)
    bench.engine.tell(
        Failed(job=rows.job, message="The disk is full.", hint="Make room.", detail="")
    )
    assert page.problem.text() == "✗ The disk is full. Make room." and not page.problem.isHidden()
    assert page.form.start.isEnabled() and not page.strip.is_running
    page.form.start.click()
    assert page.problem.isHidden()


# ---- a text of one's own ----


def test_a_text_of_ones_own_gives_a_writer(bench: PretrainBench, qtbot: QtBot) -> None:
    looked_at(bench, BOOK_PATH)
    page = assistant_page(bench)
    assert "writer in that text’s style" in page.form.words.text()
    assert page.form.start.isHidden() and page.form.n_rows.isHidden()
    wrote: list[tuple[str, str]] = []
    bench.context.rooms["chat"] = lambda: None
    bench.context.openers["chat.notebook"] = lambda *what: wrote.append(what)
    page.form.write.click()
    assert wrote == [(page.look.gguf, "")]
    other = TuneBench(qtbot, bench.context, is_shown=False)
    bench.context.rooms["tune"] = other.show
    try:
        page.form.own.click()
        path = made(bench, None)
        bench.until(lambda: other.room.state.draft.base.path == path)
        assert other.room.state.draft.data.path == "" and other.room.page_key == "data"
        assert not bench.engine.asked(MakeStoryRows)
        data = other.room.page_of("data")
        assert isinstance(data, DataPage)
        bench.until(lambda: data.desk.is_listed and other.room.state.base is not None)
    finally:
        other.close()


# ---- what came of it ----


def test_the_assistant_is_found_chatted_with_and_led_to(
    bench: PretrainBench, page: AssistantPage
) -> None:
    went: list[tuple[object, ...]] = []
    for room in ("chat", "tune"):
        bench.context.rooms[room] = lambda: None
    bench.context.openers["chat.adapter"] = lambda *what: went.append(what)
    bench.context.openers["tune.run"] = lambda *what: went.append(what)
    folder = make_assistant(bench.context.paths.runs, folder_of(bench), BEST)
    bench.context.runs.refresh()
    bench.until(lambda: page.runs.run is not None)
    assert page.tuned.words.text() == "finished, 240 of 240 steps"
    page.tuned.chat_button.click()
    page.tuned.run_button.click()
    assert went == [(str(folder.model), "", 1.0), (str(folder.path),)]
    assert page.tuned.choice.isHidden()
    second = make_assistant(bench.context.paths.runs, folder_of(bench), "step-900", name="another")
    bench.context.runs.refresh()
    bench.until(lambda: len(page.runs.runs) == 2)
    assert not page.tuned.choice.isHidden()
    page.tuned.choice.setCurrentIndex(page.tuned.choice.findData(str(second.path)))
    assert page.tuned.title.text() == "another"


def test_a_fine_tuning_is_followed_while_it_goes_on(
    bench: PretrainBench, page: AssistantPage
) -> None:
    base = folder_of(bench)
    chat_base = str(base.product / chat_base_name(BEST))
    folder = run_maker.make_run(bench.context.paths.runs, "talker", base=chat_base)
    run_maker.set_alive(folder)
    told = (run_maker.beginning(), run_maker.steps(1, 90))
    run_maker.write_events(folder, run_maker.in_order(*told))
    bench.context.runs.refresh()
    bench.until(lambda: page.runs.run is not None and not page.turns.is_busy)
    assert not page.tuned.bar.isHidden() and page.tuned.bar.value() == 500
    assert page.tuned.words.text().startswith("step 90 of 180")
    assert page.tuned.chat_button.isHidden() and page.card.isHidden()
    run_maker.write_events(folder, [RunFailed(1, 90, 1.0, "The disk is full.", "Make room.")])
    run_maker.set_alive(folder, False)
    bench.context.runs.refresh()
    bench.until(lambda: "The disk is full." in page.tuned.words.text())
    assert page.tuned.bar.isHidden() and page.tuned.words.property("kind") == "bad"


def test_a_report_card_is_made_kept_and_read_again(
    bench: PretrainBench, page: AssistantPage
) -> None:
    base = folder_of(bench)
    folder = make_assistant(bench.context.paths.runs, base, "step-1200")
    bench.context.runs.refresh()
    bench.until(lambda: page.runs.run is not None and not page.turns.is_busy)
    assert not page.card.isHidden() and page.card.bars.isHidden()
    page.card.make.click()
    (asked,) = bench.heavy.asked(MakeReportCard)
    assert isinstance(asked, MakeReportCard)
    assert (asked.run, asked.tuned, asked.checkpoint) == (
        str(base.path),
        str(folder.path),
        "step-1200",
    )
    bench.heavy.tell(Progress(job=asked.job, fraction=0.5, what="base"))
    assert page.card.strip.bar.value() == 500 and not page.card.make.isEnabled()
    write_card(base, folder.path, report_card())
    bench.heavy.done(asked, report_card())
    bench.until(lambda: not page.turns.is_busy)
    assert page.card.note.text() == "246 of 280 right"
    first, seen, new, *kinds = page.card.bars.rows
    assert first.name == "all" and first.value == "37 % → 88 %"
    assert (seen.name, new.name) == ("seen pairings", "new pairings")
    assert len(kinds) == 7 and "the base" in first.words
    assert page.card.words.text().startswith("The assistant answers 88 % right")
    assert page.card.examples.rows[0][3].text() == "It was in the shed."
    assert read_card(base, folder.path) == report_card()
    page.runs.chosen = ""
    page.runs.choose(str(folder.path))
    bench.until(lambda: page.runs.card is not None)


def test_a_card_that_cannot_be_made_is_told(bench: PretrainBench, page: AssistantPage) -> None:
    make_assistant(bench.context.paths.runs, folder_of(bench), BEST)
    bench.context.runs.refresh()
    bench.until(lambda: page.runs.run is not None and not page.turns.is_busy)
    page.card.make.click()
    bench.heavy.fail(bench.heavy.asked(MakeReportCard)[0], "It sees 64 tokens at once.")
    assert page.card.words.text() == "✗ It sees 64 tokens at once."
    assert page.card.make.isEnabled() and not page.card.strip.is_running


# ---- the page ----


@pytest.mark.parametrize("font_px", [0, 20])
def test_it_fits_a_small_window_and_says_what_it_is(bench: PretrainBench, font_px: int) -> None:
    base = looked_at(bench)
    tuned = make_assistant(bench.context.paths.runs, base, BEST)
    write_card(base, tuned.path, report_card())
    bench.context.runs.refresh()
    page = assistant_page(bench)
    bench.until(lambda: page.runs.card is not None and not page.turns.is_busy)
    bench.context.theme.set_font_px(font_px)
    bench.room.resize(1024 - 74, 640)
    bench.until(lambda: bench.room.width() == 1024 - 74)
    assert not (wrong := misfits(bench.room)), "\n".join(wrong)
    assert overhang(page) == 0
    assert not unnamed(bench.room)

"""The bench of a base: measured by checkpoint and kept, memory, facts, questions, a few-shot
prompt, files for others.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QTableWidgetItem

from engine.process.messages import (
    Candidate,
    Done,
    Failed,
    Generate,
    Generated,
    Load,
    Progress,
    Reply,
    Token,
    Tokens,
    Top,
)
from engine.process.pretrain_messages import Exported, ExportRaised, ListCorpora, RunBaseBench
from engine.process.tune_messages import Parity
from finetune.pretraining.bench_file import write_bench
from gui.pretrain.bench_page import PASSAGES, BenchPage
from gui.pretrain.memory_card import groups
from gui.pretrain.recited_view import n_same
from gui.shots.raised_result import base_bench, recited
from gui.side_worker import SideWorker
from tests.fakes.fake_engine import model_info
from tests.fakes.fake_texts import BOOK_PATH, SHOTS, FakeTexts
from tests.gui.fitting import misfits
from tests.gui.pretrain.raised_helpers import (
    BEST,
    bench_page,
    choose,
    looked_at,
    overhang,
)
from tests.gui.pretrain.room_helpers import PretrainBench, bench, raised_run, unnamed

__all__ = ["bench"]  # a fixture


@pytest.fixture
def page(bench: PretrainBench) -> BenchPage:
    """A run that was not measured."""
    looked_at(bench)
    return bench_page(bench)


def measured(bench: PretrainBench) -> BenchPage:
    """A run that was measured at its best checkpoint."""
    folder = looked_at(bench)
    write_bench(folder, base_bench(folder, BEST))
    page = bench_page(bench)
    bench.until(lambda: page.desk.bench is not None and page.is_settled)
    return page


def folder_path(bench: PretrainBench) -> Path:
    folder = bench.room.state.run
    assert folder is not None
    return folder.path


# ---- measuring ----


def test_it_is_offered_with_what_will_be_measured(page: BenchPage) -> None:
    words = page.words.text()
    for part in ("held-out text", "the memory test", "questions about its story world"):
        assert part in words
    assert page.run_button.text() == "Run the bench" and page.run_button.isEnabled()
    assert page.row.choice.currentText() == "step 1,830 · best"
    assert page.bits.isHidden() and page.memory.isHidden() and page.questions.isHidden()


def test_measuring_is_followed_stopped_and_shown(bench: PretrainBench, page: BenchPage) -> None:
    page.run_button.click()
    (asked,) = bench.heavy.asked(RunBaseBench)
    assert isinstance(asked, RunBaseBench) and asked.checkpoint == BEST
    bench.heavy.tell(Progress(job=asked.job, fraction=0.25, what="text"))
    assert page.strip.bar.value() == 250 and not page.run_button.isEnabled()
    assert page.header_words() == "measuring"
    page.strip.stop_button.click()
    assert bench.heavy.cancelled == [asked.job] and page.run_button.isEnabled()
    page.run_button.click()
    folder = bench.room.state.run
    assert folder is not None
    bench.heavy.done(bench.heavy.asked(RunBaseBench)[1], base_bench(folder, BEST))
    bench.until(lambda: page.is_settled)
    assert page.bits.bits.text() == "0.572 bits per byte"
    assert "the training’s curve says 0.5" in page.bits.words.text()
    assert page.run_button.text() == "Run again" and page.strip.isHidden()


def test_a_failure_is_told_and_it_can_be_tried_again(bench: PretrainBench, page: BenchPage) -> None:
    page.run_button.click()
    (asked,) = bench.heavy.asked(RunBaseBench)
    told = Failed(
        job=asked.job, message="The run’s text is gone.", hint="Raise it again.", detail=""
    )
    bench.heavy.tell(told)
    assert page.words.text() == "✗ The run’s text is gone. Raise it again."
    assert page.run_button.isEnabled() and page.strip.isHidden()
    page.look.changed.emit()
    assert page.words.text().startswith("✗"), "a run that goes on does not take it away"
    page.run_button.click()
    assert page.words.text() == ""


def test_a_run_that_goes_on_changes_nothing_that_was_chosen(bench: PretrainBench) -> None:
    page = measured(bench)
    page.memory.choice.setCurrentIndex(3)
    page.few_shot.n_shots.setValue(1)
    n_asked = len(bench.engine.asked(ListCorpora))
    for _ in range(3):
        bench.context.runs.run_changed.emit(str(folder_path(bench)))
    assert page.memory.choice.currentIndex() == 3 and page.few_shot.n_shots.value() == 1
    assert len(bench.engine.asked(ListCorpora)) == n_asked


def test_what_was_measured_is_kept_for_each_checkpoint(bench: PretrainBench) -> None:
    page = measured(bench)
    assert "Kept in the run’s folder" in page.words.text()
    page.row.choice.setCurrentIndex(2)
    assert bench.room.state.checkpoint == "step-1200"
    bench.until(lambda: page.desk.is_read and page.is_settled)
    assert page.bits.isHidden()
    assert page.words.text().startswith("Not measured yet")
    page.run_button.click()
    (asked,) = bench.heavy.asked(RunBaseBench)
    assert isinstance(asked, RunBaseBench) and asked.checkpoint == "step-1200"
    page.row.choice.setCurrentIndex(0)
    bench.until(lambda: page.desk.bench is not None)
    folder = bench.room.state.run
    assert folder is not None
    bench.heavy.done(asked, base_bench(folder, "step-1200"))
    assert page.desk.bench is not None and page.desk.bench.checkpoint == BEST


def test_a_run_without_a_checkpoint_has_no_bench_yet(bench: PretrainBench) -> None:
    folder = raised_run(bench.context.paths)
    choose(bench, folder)
    bench.room.show_page("bench")
    page = bench.room.page_of("bench")
    assert isinstance(page, BenchPage)
    assert "first checkpoint" in page.words.text()
    assert not page.run_button.isEnabled() and not page.chat_button.isEnabled()


# ---- what came of it ----


def test_memory_is_drawn_against_times_seen(bench: PretrainBench) -> None:
    page = measured(bench)
    rows = page.memory.bars.rows
    assert [row.name for row in rows] == ["never seen", "seen once", "10 times", "100 times"]
    assert rows[-1].shares[0] > 0.9 > rows[2].shares[0] > rows[1].shares[0]
    assert "3 of them whole" in rows[-1].words
    first = page.memory.view.recited
    assert first is not None and first.share == 1.0
    assert page.memory.view.said.n_marked == len(first.truth)
    page.memory.choice.setCurrentIndex(0)
    shown = page.memory.view.recited
    assert shown is not None and shown.times_seen == 0
    assert page.memory.view.said.n_marked == n_same(shown.truth, shown.said)
    assert page.memory.view.prompt.text() == shown.prompt


def test_times_seen_that_are_many_are_taken_together() -> None:
    one = recited()[0]
    many = [type(one)(n, one.prompt, one.truth, one.said, one.share) for n in range(40)]
    found = groups(many)
    assert [name for name, _ in found] == [
        "never seen",
        "1 to 3 times",
        "4 to 15 times",
        "16 to 39 times",
    ]
    assert sum(len(group) for _, group in found) == 40


def test_facts_told_stand_beside_facts_never_told(bench: PretrainBench) -> None:
    page = measured(bench)
    told, untold, *kinds = page.recall.bars.rows
    assert (told.name, told.value) == ("told in stories", "81 of 96")
    assert (untold.name, untold.value) == ("told nowhere", "10 of 96")
    assert len(kinds) == 4
    assert "the commonest answer" in told.words


def test_questions_stand_by_kind_with_their_baselines(bench: PretrainBench) -> None:
    page = measured(bench)
    first = page.questions.bars.rows[0]
    assert first.name == "where a thing is" and first.value == "17 of 40"
    assert first.marks == (6 / 40, 10 / 40)
    assert page.questions.note.text() == "103 of 280 right"
    QTest.keyClick(page.questions.bars, Qt.Key.Key_Down)
    assert page.questions.bars.accessibleDescription() == first.words


def test_without_a_memory_test_or_stories_it_says_how_to_get_them(bench: PretrainBench) -> None:
    folder = looked_at(bench, BOOK_PATH, memory_test=0)
    found = base_bench(folder, BEST)
    write_bench(folder, type(found)(found.run, BEST, 1.2, 900))
    page = bench_page(bench)
    bench.until(lambda: page.desk.bench is not None and page.is_settled)
    assert "raised without one" in page.memory.empty.text() and page.memory.bars.isHidden()
    assert "Only in a story world" in page.questions.words.text()
    assert page.recall.isHidden()
    page.memory.plan_button.click()
    assert bench.room.state.draft.corpus.memory_test == PASSAGES
    assert bench.room.state.run is None and bench.room.page_key == "text"
    assert bench.room.undo() and bench.room.state.draft.corpus.memory_test == 0


# ---- few-shot ----


def asking(page: BenchPage) -> FakeTexts:
    """A fake worker that goes on with texts."""
    engine = FakeTexts()
    page.asker._worker = SideWorker(page.parts.context.paths, engine)  # type: ignore[arg-type]
    return engine


def token(text: str, share_log: float) -> Token:
    other = Candidate(9, b" lamp", -2.0)
    top = Top([Candidate(7, text.encode(), share_log), other], 0.1, [], 0.0)
    return Token(7, text.encode(), text, share_log, 0, top)


def generated(text: str) -> Generated:
    return Generated([Reply(text, "stop", 2)], 4, 0, 4, 2, 100.0, 1.0, [4], 1)


def test_a_story_prompt_is_built_and_asked(bench: PretrainBench, page: BenchPage) -> None:
    engine, card = asking(page), page.few_shot
    bench.until(lambda: card.is_story)
    asked = SHOTS.asked[0]
    assert card.prompt.toPlainText() == SHOTS.shots[0].whole + asked.asked
    card.n_shots.setValue(0)
    assert card.prompt.toPlainText() == asked.asked
    card.ask_button.click()
    (load,) = engine.asked(Load)
    assert isinstance(load, Load) and load.path == page.look.gguf
    assert not card.ask_button.isEnabled() and not card.stop_button.isHidden()
    engine.done(load, model_info())
    (said,) = engine.asked(Generate)
    assert isinstance(said, Generate)
    assert (said.prompt, said.stop) == (asked.asked, ["”", "\n"])
    assert said.sampling.temperature == 0.0 and said.top_logprobs > 0 and said.private
    engine.tell(Tokens(job=said.job, items=[token(" In", -0.1), token(" the", -3.0)]))
    engine.tell(Done(job=said.job, result=generated(" In the")))
    assert card.verdict.text() == "It said “In the”; right is “In the oak.”"
    assert [one.label for one in card.said.candidates.lines] == ["·In", "·lamp"]
    card.said._chips[1].click()
    assert card.said.chosen == 1 and card.said.candidates.lines[0].is_chosen
    card.ask_button.click()
    assert len(engine.asked(Load)) == 1, "it is still loaded"
    card.stop_button.click()
    assert engine.cancelled == [engine.asked(Generate)[1].job]
    card.other.click()
    assert card.note.text() == "why someone feels so" and card.said.isHidden()


def test_pairs_of_ones_own_are_laid_out_and_opened_in_chat(
    bench: PretrainBench, page: BenchPage
) -> None:
    wrote: list[tuple[str, str]] = []
    bench.context.rooms["chat"] = lambda: None
    bench.context.openers["chat.notebook"] = lambda *what: wrote.append(what)
    card = page.few_shot
    bench.until(lambda: card.is_story)
    card.kind.setCurrentIndex(1)
    assert card.prompt.toPlainText() == "" and not card.ask_button.isEnabled()
    card.pairs.table.setItem(0, 0, QTableWidgetItem("one"))
    card.pairs.table.setItem(0, 1, QTableWidgetItem("two"))
    card.pairs.query.setText("three")
    assert card.prompt.toPlainText() == "one → two\nthree →"
    card.chat_button.click()
    page.chat_button.click()
    assert wrote == [(page.look.gguf, "one → two\nthree →"), (page.look.gguf, "")]


def test_a_prompt_that_cannot_be_asked_is_told(bench: PretrainBench, page: BenchPage) -> None:
    engine, card = asking(page), page.few_shot
    bench.until(lambda: card.is_story)
    card.ask_button.click()
    engine.fail(engine.asked(Load)[0], "The file is damaged.")
    assert card.verdict.text() == "✗ The file is damaged."
    assert card.ask_button.isEnabled() and card.stop_button.isHidden()


# ---- files ----


def test_a_checkpoint_is_written_for_others(
    bench: PretrainBench, page: BenchPage, tmp_path: Path
) -> None:
    card = page.export
    assert list(card.parity.values()) == [
        "torch · llama.cpp",
        "torch · transformers",
        "transformers · llama.cpp",
    ]
    card.kind.choose("Q8_0")
    card.gguf.click()
    (asked,) = bench.heavy.asked(ExportRaised)
    assert isinstance(asked, ExportRaised)
    assert (asked.kind, asked.checkpoint) == ("Q8_0", BEST)
    assert Path(asked.target).parent == bench.context.paths.models
    assert asked.target.endswith("tales-2m-step-1830-Q8_0.gguf") and not card.gguf.isEnabled()
    parity = [Parity("Q8_0", 0.994, 1e-4, 512, max_difference=0.2)]
    bench.heavy.done(asked, Exported(asked.target, 1_000, parity))
    assert card.jobs.words.text() == f"✓ Written: {asked.target}"
    assert card.parity.values() == {"Q8_0": "99.4 % · 2e-01"}
    card.export(str(tmp_path), "safetensors")
    folder = bench.heavy.asked(ExportRaised)[1]
    assert isinstance(folder, ExportRaised) and folder.kind == "safetensors"


# ---- the page ----


def test_everything_says_what_it_is(bench: PretrainBench) -> None:
    measured(bench)
    assert not unnamed(bench.room)


@pytest.mark.parametrize("font_px", [0, 20])
def test_it_fits_a_small_window(bench: PretrainBench, font_px: int) -> None:
    page = measured(bench)
    bench.context.theme.set_font_px(font_px)
    bench.room.resize(1024 - 74, 640)
    bench.until(lambda: bench.room.width() == 1024 - 74)
    assert not (wrong := misfits(bench.room)), "\n".join(wrong)
    assert overhang(page) == 0

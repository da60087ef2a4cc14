"""The Model page: one dial and what follows from it, budgets, the measurement, what is said before
the start, every field, RUN.toml files.
"""

from __future__ import annotations

import shlex
import tomllib
from pathlib import Path
from typing import cast

import pytest
from msgspec import structs
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from engine.process.messages import Progress
from engine.process.pretrain_messages import CalibratePretrain, PretrainCalibration
from finetune.pretraining.config import (
    MAX_DEPTH,
    PretrainConfig,
    help_of,
    read_pretrain_config,
    read_pretrain_draft,
)
from finetune.pretraining.dial import plan
from finetune.run_toml import changed, config_of
from gui.pretrain.field_words import field_names
from gui.pretrain.fields import LEFT_OUT, derived_sections, other_sections
from gui.pretrain.model_page import ModelPage
from gui.pretrain.model_plan import DIALLED, Machine, fitting_batch, planned_of
from gui.pretrain.model_words import long_text, plan_facts
from gui.pretrain.state import PretrainState
from gui.settings_store import SettingsStore
from gui.staged.field_inputs import LineInput
from tests.fakes.fake_texts import BOOK_PATH, STORIES_PATH, corpus_info
from tests.gui.fitting import misfits
from tests.gui.pretrain.room_helpers import PretrainBench, bench
from tests.gui.tune.room_helpers import clipboard

__all__ = ["bench"]  # a fixture

SPEED = PretrainCalibration(16_000.0, 900_000_000, 0.25, 3.0, "fp32", 2)
GB = 10**9


@pytest.fixture
def model(bench: PretrainBench) -> PretrainBench:
    """The page looked at, with a text chosen; the measurement waits for the test."""
    bench.heavy.holds = (CalibratePretrain,)
    bench.plan()
    bench.room.show_page("model")
    bench.until(lambda: page_of(bench).machine.free_bytes > 0)
    room_for(bench, 20 * GB)
    return bench


def page_of(bench: PretrainBench) -> ModelPage:
    return cast(ModelPage, bench.room.page_of("model"))


def room_for(bench: PretrainBench, free: int, disk: int = 10**15, flops: float = 0.0) -> None:
    """A machine of the test's own."""
    page = page_of(bench)
    page.machine = Machine(free, disk, flops)
    page.show_plan()


def measured(bench: PretrainBench, speed: PretrainCalibration = SPEED) -> None:
    """The measurement that goes on ends."""
    bench.until(lambda: bool(bench.heavy.asked(CalibratePretrain)))
    (request,) = bench.heavy.asked(CalibratePretrain)[-1:]
    bench.heavy.done(request, speed)


def facts(bench: PretrainBench) -> dict[str, str]:
    return {one.name: one.value for one in page_of(bench).facts.shown}


def notes(bench: PretrainBench) -> list[str]:
    return [one.words for one in page_of(bench).notes.notes if one.kind != "dim"]


def typed(bench: PretrainBench, name: str, text: str) -> None:
    """A person writes into a field and goes on."""
    page = page_of(bench)
    forms = [one for one in (page.derived, page.few, page.others) if one is not None]
    row = next(form.rows[name] for form in forms if name in form.rows)
    assert isinstance(row.input, LineInput)
    row.input.edit.setFocus()
    row.input.edit.selectAll()
    QTest.keyClicks(row.input.edit, text)
    if not text:
        QTest.keyClick(row.input.edit, Qt.Key.Key_Delete)
    QTest.keyClick(row.input.edit, Qt.Key.Key_Return)


def value(bench: PretrainBench, name: str) -> str:
    field = page_of(bench).derived.rows[name].input
    assert isinstance(field, LineInput)
    return field.edit.text()


# ---- the dial ----


def test_one_dial_sets_every_number(model: PretrainBench) -> None:
    page = page_of(model)
    page.dial.slider.setFocus()
    QTest.keyClick(page.dial.slider, Qt.Key.Key_Right)
    assert model.room.state.draft.model.depth == 5
    expected = plan(model.room.state.draft, 2048)
    for name, attribute in DIALLED.items():
        if name in page.derived.rows:
            shown = float(value(model, name))
            assert shown == pytest.approx(getattr(expected, attribute), rel=1e-5), name
    assert facts(model)["layers · width · heads"] == "5 · 256 · 8"
    assert facts(model)["parameters"] == "4.42 M"
    assert model.steps()["model"][0] == "depth 5"


def test_the_dial_ends_at_gpt_2_with_the_honest_time(model: PretrainBench) -> None:
    page = page_of(model)
    model.room.state.set_corpus(corpus_info(n_bytes=40 * GB, held_out_bytes=0))
    model.room.state.change(tokenizer__vocab=50_257)
    page.dial.slider.setFocus()
    QTest.keyClick(page.dial.slider, Qt.Key.Key_End)
    assert page.dial.value == MAX_DEPTH == 12
    assert "GPT-2" in page.dial.words.text()
    assert facts(model)["parameters"] == "124 M" and facts(model)["tokens"] == "10 B"
    assert facts(model)["time on this machine"] == "not measured"
    room_for(model, 64 * GB, flops=1e12)
    seconds = 10e9 * plan(model.room.state.draft, 50_257).flops_per_token / 1e12
    assert facts(model)["time on this machine"] == f"about {seconds / 86_400:.0f} days"
    assert any("This takes about" in words for words in notes(model))


def test_a_derived_number_is_changed_and_follows_again(model: PretrainBench) -> None:
    page = page_of(model)
    row = page.derived.rows["model.width"]
    assert value(model, "model.width") == "192" and row.reset.isHidden()
    typed(model, "model.width", "256")
    assert model.room.state.draft.model.width == 256
    assert facts(model)["layers · width · heads"] == "4 · 256 · 8", "heads follow the width"
    assert value(model, "model.heads") == "8"
    assert row.reset.toolTip() == "Put “Width” back to what the dial says"
    row.reset.click()
    assert model.room.state.draft.model.width == 0 and value(model, "model.width") == "192"
    typed(model, "model.width", "256")
    typed(model, "model.width", "")
    assert model.room.state.draft.model.width == 0, "emptied, it follows the dial again"
    assert value(model, "model.width") == "192"


def test_typing_what_the_dial_says_anyway_changes_nothing(model: PretrainBench) -> None:
    typed(model, "model.width", "192")
    assert model.room.state.draft.model.width == 0


def test_a_changed_number_stays_when_the_dial_moves(model: PretrainBench) -> None:
    typed(model, "model.context", "512")
    page_of(model).dial.slider.setValue(3)
    assert value(model, "model.context") == "512" and value(model, "model.width") == "128"


def test_turning_the_dial_is_undone(model: PretrainBench) -> None:
    page_of(model).dial.slider.setValue(6)
    assert model.room.undo_words()[0] == "changing “Depth”"
    assert model.room.undo()
    assert model.room.state.draft.model.depth == 4 and page_of(model).dial.value == 4
    assert model.room.redo() and page_of(model).dial.value == 6


# ---- how long ----


def test_a_time_is_turned_into_tokens_once_it_is_measured(model: PretrainBench) -> None:
    page = page_of(model)
    page.budget.buttons["10"].click()
    assert model.room.state.draft.train.minutes == 10.0
    assert "when a few steps were measured" in page.budget_words.text()
    assert "tokens" not in facts(model), "nobody knows yet"
    measured(model)
    assert (
        facts(model)["tokens"] == "9.6 M" and facts(model)["time on this machine"] == "10 min 0 s"
    )
    assert page.budget_words.text().startswith("9.6 M tokens · ")


def test_the_dials_own_budget_comes_back(model: PretrainBench) -> None:
    page = page_of(model)
    page.budget.buttons["3"].click()
    page.budget.buttons["dial"].click()
    train = model.room.state.draft.train
    assert (train.minutes, train.tokens, train.steps) == (0.0, 0, 0)
    assert page.budget_words.text().startswith("7.5 M tokens · 3,662 steps")
    typed(model, "train.steps", "100")
    assert page.budget.value == "", "a length of a person's own"


def test_only_one_length_is_said(model: PretrainBench) -> None:
    page_of(model).budget.buttons["60"].click()
    typed(model, "train.tokens", "1000000")
    train = model.room.state.draft.train
    assert (train.minutes, train.tokens, train.steps) == (0.0, 1_000_000, 0)
    typed(model, "train.steps", "50")
    assert model.room.state.draft.train.tokens == 0
    assert not model.room.state.draft.problems().get("train.minutes")


@pytest.mark.parametrize(
    ("days", "words"),
    [(0.5, "12 h 0 min"), (2.25, "2 d 6 h"), (296.1, "296 days"), (1460, "4.0 years")],
)
def test_times_that_nobody_waits_for_are_in_days_and_years(days: float, words: str) -> None:
    assert long_text(days * 86_400) == words


# ---- measured on this machine ----


def test_a_plan_is_measured_by_itself_when_it_settled(model: PretrainBench) -> None:
    page = page_of(model)
    model.until(lambda: bool(model.heavy.asked(CalibratePretrain)))
    (request,) = model.heavy.asked(CalibratePretrain)
    assert not page.measuring.button.isVisible() and page.measuring.strip.is_running
    assert isinstance(request, CalibratePretrain)
    asked = config_of(PretrainConfig, tomllib.loads(request.config), is_draft=True)
    assert asked.model.depth == 4 and asked.train.accumulate == 1
    model.heavy.tell(Progress(request.job, 0.5, "training"))
    assert page.measuring.strip.words.text().startswith("Measuring a few steps · 50 %")
    model.heavy.done(request, SPEED)
    shown = {one.name: one.value for one in page.measuring.facts.shown}
    assert shown["Speed"] == "16,000 tok/s" and shown["Precision"] == "fp32, 2 threads"
    assert shown["Memory at its peak"] == "0.9 GB of 20.0 GB free"
    assert facts(model)["speed"] == "16,000 tok/s"


def test_it_can_be_stopped_and_is_not_begun_again_by_itself(model: PretrainBench) -> None:
    page = page_of(model)
    model.until(lambda: page.measuring.is_running)
    page.measuring.strip.stop_button.click()
    assert model.heavy.cancelled and not page.measuring.is_running
    page.measuring.measure_if_quick()
    assert len(model.heavy.asked(CalibratePretrain)) == 1
    page.measuring.button.click()
    assert len(model.heavy.asked(CalibratePretrain)) == 2


def test_another_plan_is_measured_anew(model: PretrainBench) -> None:
    measured(model)
    page_of(model).dial.slider.setValue(2)
    assert model.room.state.calibration is None
    assert facts(model)["time on this machine"].startswith("about "), "reckoned from the other"
    model.until(lambda: len(model.heavy.asked(CalibratePretrain)) == 2)


def test_what_takes_long_to_measure_waits_for_a_person(model: PretrainBench) -> None:
    measured(model)
    model.room.state.change(model__depth=12)
    page = page_of(model)
    page._soon.stop()
    page._measure()
    assert len(model.heavy.asked(CalibratePretrain)) == 1
    assert page.measuring.button.isEnabled()
    page.measuring.button.click()
    assert len(model.heavy.asked(CalibratePretrain)) == 2


def test_a_failed_measurement_says_why(model: PretrainBench) -> None:
    model.until(lambda: bool(model.heavy.asked(CalibratePretrain)))
    (request,) = model.heavy.asked(CalibratePretrain)
    model.heavy.fail(request, "There is too little memory.")
    page = page_of(model)
    assert page.measuring.words.text() == "There is too little memory."
    assert page.measuring.button.isVisible()


def test_the_speed_is_remembered_for_the_next_time(model: PretrainBench) -> None:
    measured(model)
    model.context.settings.flush()
    kept = SettingsStore(model.context.paths.settings).value.pretrain_flops
    flops = 16_000 * plan(model.room.state.draft, 2048).flops_per_token
    assert kept == pytest.approx(flops)


# ---- before the start ----


def test_too_little_text_for_the_budget_is_said(model: PretrainBench) -> None:
    assert not notes(model)
    model.room.state.set_corpus(corpus_info(n_bytes=1_100_000, held_out_bytes=55_000))
    (words,) = notes(model)
    assert "read about 22 times" in words and "by heart" in words
    remedy = page_of(model).notes.notes[0].remedy
    assert remedy == "Take more text, less time, or a smaller dial."


def test_warnings_of_the_text_are_said_again(model: PretrainBench) -> None:
    info = corpus_info(warnings=["This is very little text."])
    model.room.state.set_corpus(info)
    assert "This is very little text." in notes(model)


def test_a_plain_file_is_judged_by_its_size(model: PretrainBench, tmp_path: Path) -> None:
    file = tmp_path / "short.txt"
    file.write_text("A short text. " * 1_000, encoding="utf-8")
    model.room.state.change(corpus__path=str(file))
    model.until(lambda: page_of(model).machine.text_bytes == 14_000)
    found = notes(model)
    assert any(words.startswith("This is very little text (14") for words in found)
    assert any("by heart" in words and "is read about" in words for words in found)
    (tmp_path / "more").mkdir()
    for number in range(3):
        (tmp_path / "more" / f"{number}.txt").write_text("x" * 1_000, encoding="utf-8")
    model.room.state.change(corpus__path=str(tmp_path / "more"))
    model.until(lambda: page_of(model).machine.text_bytes == 3_000)


def test_what_a_text_of_ones_own_comes_to_is_said_beforehand(model: PretrainBench) -> None:
    def dim() -> list[str]:
        return [one.words for one in page_of(model).notes.notes if one.kind == "dim"]

    assert not dim(), "stories have an assistant in them"
    model.room.state.set_corpus(corpus_info(BOOK_PATH, name="Book", stories_seed=-1))
    assert any("a writer in the style of its text" in words for words in dim())


def test_a_plan_beyond_memory_is_said_and_fitted(model: PretrainBench) -> None:
    page = page_of(model)
    model.room.state.change(model__depth=8)
    free = 3 * GB
    room_for(model, free)
    assert any("does not fit" in words for words in notes(model))
    before = page.planned
    assert before is not None
    rows = before.plan.batch * before.plan.accumulate
    assert page.fit_button.isVisible()
    page.fit_button.click()
    after = page.planned
    assert after is not None and after.memory_bytes <= free
    assert after.plan.batch * after.plan.accumulate >= rows, "a step learns from as much"
    assert not any("does not fit" in words for words in notes(model))


def test_a_model_that_no_batch_makes_fit_says_so() -> None:
    found = plan(changed(PretrainConfig(), model__depth=12), 50_257)
    assert fitting_batch(found, GB) is None
    batch, n = fitting_batch(found, 8 * GB) or (0, 0)
    assert 1 <= batch < found.batch and batch * n >= found.batch * found.accumulate


def test_a_full_disk_is_said(model: PretrainBench) -> None:
    room_for(model, 20 * GB, disk=10_000_000)
    assert any(words.startswith("Disk: about ") for words in notes(model))


def test_what_keeps_it_from_starting_is_said(model: PretrainBench) -> None:
    model.room.state.change(model__width=100)
    assert notes(model)[0] == "Width: a multiple of 8"
    assert page_of(model).derived.rows["model.width"].problem.text() == "a multiple of 8"
    assert facts(model) == {}
    model.room.state.change(model__width=0, model__kv_heads=4)
    assert notes(model)[0] == "Heads of keys and values: 4 do not divide 6 heads."
    assert not page_of(model).measuring.button.isEnabled()


def test_start_makes_the_run_with_what_is_being_typed(model: PretrainBench) -> None:
    page = page_of(model)
    field = page.few.rows["out.name"].input
    assert isinstance(field, LineInput)
    field.edit.setFocus()
    QTest.keyClicks(field.edit, "tales-2m")
    QTest.keyClick(field.edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    model.until(lambda: bool(model.launched))
    config = model.launched[0].pretrain_config()
    assert config.out.name == "tales-2m" and config.corpus.path == STORIES_PATH
    assert read_pretrain_config(model.launched[0].run_toml) == config


def test_the_start_button_starts(model: PretrainBench) -> None:
    typed(model, "corpus.memory_test", "4")
    page_of(model).start_button.click()
    model.until(lambda: bool(model.launched))
    assert model.launched[0].pretrain_config().corpus.memory_test == 4


# ---- every field ----


def test_every_field_of_a_run_has_its_control_and_explanation(model: PretrainBench) -> None:
    page = page_of(model)
    page.mode.buttons["all"].click()
    assert page.others is not None and page.others.isVisible() and not page.few.isVisible()
    names = [name for _, group in (*derived_sections(), *other_sections()) for name in group]
    assert sorted(names) == sorted(set(field_names()) - set(LEFT_OUT))
    for name, row in {**page.derived.rows, **page.others.rows}.items():
        assert row.input.field.toolTip() == help_of(name), name
        assert row.input.field.accessibleName() == row.title


def test_the_mode_is_there_again(model: PretrainBench) -> None:
    page_of(model).mode.buttons["all"].click()
    assert model.context.settings.value.pretrain_all_fields


def test_another_vocabulary_means_another_tokenizer(model: PretrainBench) -> None:
    model.room.state.change(tokenizer__path="/tokenizers/small")
    page_of(model).mode.buttons["all"].click()
    typed(model, "tokenizer.vocab", "4096")
    assert model.room.state.draft.tokenizer.path == ""


# ---- files ----


def test_copy_as_command_saves_the_plan_and_copies_the_line(
    model: PretrainBench, tmp_path: Path
) -> None:
    target = tmp_path / "my tales.toml"
    model.action("&Copy as command…").trigger()
    (dialog,) = model.room.window().findChildren(QFileDialog)
    dialog.fileSelected.emit(str(target))
    dialog.done(0)
    model.until(lambda: model.told.startswith("Command copied"))
    assert shlex.split(clipboard()) == ["bathysphere", "pretrain", str(target)]
    assert read_pretrain_draft(target) == model.room.state.draft


def test_a_saved_plan_is_opened_again_and_undone(model: PretrainBench, tmp_path: Path) -> None:
    target, page = tmp_path / "RUN.toml", page_of(model)
    model.room.state.change(model__depth=7, out__notes="with “quotes”")
    page.files.save(str(target))
    model.until(lambda: model.told == "“RUN.toml” saved")
    model.room.state.change(model__depth=2)
    page.files.open(str(target))
    model.until(lambda: page.dial.value == 7)
    assert model.room.undo() and page.dial.value == 2


# ---- the plan ----


def test_what_is_known_of_text_and_tokenizer_goes_into_the_plan() -> None:
    state = PretrainState()
    info = corpus_info(n_bytes=10_500_000, held_out_bytes=500_000, n_characters=5_000_000)
    state.set_corpus(structs.replace(info, n_different_characters=90))
    state.change(corpus__path=info.path, out__dir="x", tokenizer__kind="chars")
    found = planned_of(state, Machine())
    assert found is not None
    assert found.plan.n_vocab == 350, "bytes, marks and the text's characters"
    assert found.plan.n_corpus_tokens == round(10_000_000 / 2.1), "bytes a character"
    state.change(tokenizer__kind="bytes")
    found = planned_of(state, Machine())
    assert found is not None and found.plan.n_corpus_tokens == 10_000_000
    assert not found.is_measured and found.plan.seconds == 0.0
    assert "memory" in {one.name for one in plan_facts(found, Machine())}


@pytest.mark.parametrize("font_px", [0, 20])
@pytest.mark.parametrize("mode", ["simple", "all"])
def test_it_fits_a_small_window(model: PretrainBench, font_px: int, mode: str) -> None:
    model.context.theme.set_font_px(font_px)
    model.room.resize(1024 - 74, 640)
    model.room.state.change(model__depth=12)
    page_of(model).mode.buttons[mode].click()
    model.until(lambda: page_of(model).form.width() < 1024)
    QCoreApplication.processEvents()
    assert not (wrong := misfits(model.room)), "\n".join(wrong)

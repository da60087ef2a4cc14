"""The How page: budgets and their plans, every field with its problems, the calibration, what is
said before the start, RUN.toml files of a person's own.
"""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QWidget

from engine.process.messages import Progress
from engine.process.parts import Array
from engine.process.tune_messages import Calibrate, Checked, DatasetStats, RowWarning
from finetune.config import changed, help_of, read_config, read_draft
from gui.staged.field_inputs import FloatInput, LineInput, LinesInput
from gui.staged.fields_form import FieldsForm
from gui.staged.toml_files import command_line
from gui.tune.field_words import field_names
from gui.tune.fields import LEFT_OUT, groups
from tests.fakes.fake_bases import CALIBRATION, DATA, SMALL, base_info
from tests.gui.tune.room_helpers import TuneBench, bench, clipboard

__all__ = ["bench"]  # a fixture


@pytest.fixture
def how(bench: TuneBench) -> TuneBench:
    """Looked at, with a draft that could be started, nothing measured."""
    bench.heavy.holds = (Calibrate,)
    state = bench.room.state
    state.change(base__path=SMALL, data__path=DATA)
    bench.until(lambda: state.base is not None and state.dataset is not None)
    bench.room.show_page("how")
    return bench


def measured(bench: TuneBench) -> None:
    (request,) = bench.heavy.asked(Calibrate)[-1:]
    bench.heavy.done(request, CALIBRATION)


def all_fields(bench: TuneBench) -> FieldsForm:
    bench.how.mode.buttons["all"].click()
    assert bench.how.fields is not None
    return bench.how.fields


def typed(bench: TuneBench, name: str, text: str) -> None:
    """A person writes into a field and goes on."""
    field = all_fields(bench).rows[name].input
    assert isinstance(field, LineInput)
    field.edit.setFocus()
    field.edit.selectAll()
    QTest.keyClicks(field.edit, text)
    QTest.keyClick(field.edit, Qt.Key.Key_Return)


def stats(n_tokens: int = 9_600) -> DatasetStats:
    lengths = Array("<i4", (0,), b"")
    return DatasetStats(240, 24, n_tokens, n_tokens // 2, 0, 0, 0, lengths, {})


# ---- simple ----


def test_a_draft_without_a_length_gets_the_middle_budget(how: TuneBench) -> None:
    draft = how.room.state.draft
    assert draft.train.minutes == 10.0 and draft.train.steps > 0 and draft.train.epochs == 0.0
    assert how.how.cards.cards["balanced"].isChecked() and how.how.reasons.text()


def test_a_card_is_the_plan_and_is_undone(how: TuneBench) -> None:
    how.how.cards.cards["quick"].click()
    assert how.room.state.draft.train.minutes == 1.0
    assert how.room.undo() and how.room.state.draft.train.minutes == 10.0
    assert how.how.cards.cards["balanced"].isChecked()


def test_what_was_measured_makes_the_plan_fit_the_time(how: TuneBench) -> None:
    how.how.cards.cards["quick"].click()
    assert "Guessed" in how.how.reasons.text()
    how.until(lambda: len(how.heavy.asked(Calibrate)) == 2, 5_000)
    before = how.room.state.draft.train.steps
    measured(how)
    after = how.room.state.draft.train.steps
    assert after != before and "Measured here: 430 tokens/s" in how.how.reasons.text()
    assert f"{after} steps, about" in how.how.cards.cards["quick"].numbers.text()


def test_a_plan_changed_by_hand_stays_when_it_is_measured(how: TuneBench) -> None:
    typed(how, "train.steps", "77")
    measured(how)
    assert how.room.state.draft.train.steps == 77
    assert "changed by hand" in how.how.reasons.text()
    typed(how, "train.minutes", "0")
    assert how.how.reasons.text() == "A plan of your own: see “All fields”."
    assert not any(card.isChecked() for card in how.how.cards.cards.values())


class Layouts(QObject):
    """Counts what a widget is asked to lay out."""

    n = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.n += event.type() == QEvent.Type.LayoutRequest
        return False


def test_a_page_that_nobody_touches_does_nothing(how: TuneBench) -> None:
    seen = Layouts()
    how.qtbot.wait(100)
    for widget in how.how.findChildren(QWidget):
        widget.installEventFilter(seen)
    how.qtbot.wait(200)
    assert seen.n < 20, "a layout that asks for the next one would keep a core busy"


# ---- calibration ----


def test_it_is_measured_when_the_page_is_looked_at(how: TuneBench) -> None:
    card = how.how.calibration
    (request,) = how.heavy.asked(Calibrate)
    assert card.strip.isVisible() and not card.button.isVisible()
    how.heavy.tell(Progress(job=request.job, fraction=0.5, what="steps"))
    assert "50 %" in card.strip.words.text()
    measured(how)
    assert how.room.state.calibration == CALIBRATION
    assert card.button.isVisible()
    facts = {fact.name: fact.value for fact in card.facts.shown}
    assert facts["Speed"] == "430 tok/s" and facts["A step"] == "0.80 s"
    assert facts["Memory at its peak"] == "1.9 GB of 4.0 GB free, fits"


def test_measuring_can_be_stopped_and_is_not_begun_again_by_itself(how: TuneBench) -> None:
    card = how.how.calibration
    card.strip.stop_button.click()
    assert how.heavy.cancelled and card.button.isVisible()
    how.room.show_page("base")
    how.room.show_page("how")
    assert len(how.heavy.asked(Calibrate)) == 1
    card.button.click()
    assert len(how.heavy.asked(Calibrate)) == 2


def test_another_plan_is_another_pace(how: TuneBench) -> None:
    measured(how)
    how.room.state.change(train__steps=33)
    assert how.how.calibration.facts.shown, "how many steps there are is not of their pace"
    how.room.state.change(train__batch=2)
    assert not how.how.calibration.facts.shown
    assert how.how.calibration.words.text() == "Not measured yet for this plan."


def test_what_is_measured_for_an_older_plan_does_not_count(how: TuneBench) -> None:
    how.room.state.change(lora__rank=4)
    assert how.heavy.cancelled and how.room.state.calibration is None


def test_too_little_memory_is_said(how: TuneBench) -> None:
    (request,) = how.heavy.asked(Calibrate)
    how.heavy.done(request, type(CALIBRATION)(90.0, 5.0, 6.0, 9 * 10**9, 4 * 10**9, "bf16", 2))
    assert "more memory than is free" in how.how.calibration.words.text()
    assert any("does not fit" in note.words for note in how.how.notes.notes)


def test_a_failed_calibration_says_why(how: TuneBench) -> None:
    (request,) = how.heavy.asked(Calibrate)
    how.heavy.fail(request, "The base is gone.")
    assert how.how.calibration.words.text() == "The base is gone."
    assert how.how.calibration.button.isEnabled()


# ---- all fields ----


def test_every_field_of_a_run_has_its_control_and_explanation(how: TuneBench) -> None:
    names = [name for _, group in groups() for name in group]
    assert sorted(names) == sorted(set(field_names()) - set(LEFT_OUT))
    for name, row in all_fields(how).rows.items():
        assert row.input.field.toolTip() == help_of(name), name
        assert row.input.field.accessibleName() == row.title


def test_fields_change_the_draft(how: TuneBench) -> None:
    typed(how, "train.learning_rate", "2e-5")
    typed(how, "lora.targets", "q_proj,v_proj")
    typed(how, "data.validation", "0.2")
    draft = how.room.state.draft
    assert draft.train.learning_rate == 2e-5 and draft.lora.targets == "q_proj,v_proj"
    assert draft.data.validation == 0.2
    typed(how, "data.validation", "/rows/kept.jsonl")
    assert how.room.state.draft.data.validation == "/rows/kept.jsonl"


def test_steps_and_epochs_take_turns(how: TuneBench) -> None:
    typed(how, "train.epochs", "3")
    assert how.room.state.draft.train.steps == 0
    typed(how, "train.steps", "40")
    assert how.room.state.draft.train.epochs == 0.0
    assert not how.room.state.draft.problems().get("train.epochs")


def test_problems_stand_beside_their_fields_all_at_once(how: TuneBench) -> None:
    how.room.state.change(lora__rank=0, train__batch=0)
    rows = all_fields(how).rows
    assert rows["lora.rank"].problem.text() == "from 1 to 1024"
    assert rows["train.batch"].problem.text() == "from 1 to 4096"
    assert rows["lora.rank"].input.field.property("problem") is True
    typed(how, "lora.rank", "8")
    assert rows["lora.rank"].problem.isHidden()


def test_what_is_no_number_changes_nothing_and_is_said(how: TuneBench) -> None:
    before = how.room.state.draft
    typed(how, "train.learning_rate", "fast")
    row = all_fields(how).rows["train.learning_rate"]
    assert row.problem.text() == "a number, such as 0.5 or 2e-4"
    assert how.room.state.draft == before
    typed(how, "train.learning_rate", "3e-4")
    assert row.problem.isHidden() and how.room.state.draft.train.learning_rate == 3e-4


def test_a_field_goes_back_to_its_default(how: TuneBench) -> None:
    rows = all_fields(how).rows
    assert rows["lora.rank"].reset.isHidden()
    typed(how, "lora.rank", "64")
    assert rows["lora.rank"].reset.isVisible()
    assert rows["lora.rank"].reset.toolTip() == "Put “Rank” back to 16"
    rows["lora.rank"].reset.click()
    assert how.room.state.draft.lora.rank == 16 and rows["lora.rank"].reset.isHidden()


def test_an_adapters_fields_are_off_where_every_weight_is_trained(how: TuneBench) -> None:
    how.room.state.change(train__method="full")
    row = all_fields(how).rows["lora.rank"]
    assert not row.input.isEnabled()
    assert row.input.field.toolTip() == "Every weight is trained, so there is no adapter"


def test_prompts_are_a_line_each(how: TuneBench) -> None:
    field = how.how.few.rows["watch.prompts"].input
    assert isinstance(field, LinesInput)
    field.edit.setFocus()
    field.edit.setPlainText("Who are you?\n\n  Who made you?  \n")
    how.room.side.steps.setFocus()
    assert how.room.state.draft.watch.prompts == ("Who are you?", "Who made you?")


def test_what_was_typed_counts_when_the_run_starts(how: TuneBench) -> None:
    field = how.how.few.rows["out.name"].input
    assert isinstance(field, LineInput)
    field.edit.setFocus()
    QTest.keyClicks(field.edit, "concierge")
    QTest.keyClick(field.edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    how.until(lambda: bool(how.launched))
    assert how.launched[0].config().out.name == "concierge"


@pytest.mark.parametrize(
    ("text", "value"),
    [("16", 16), ("1_000", 1000), ("16.0", 16), ("16.5", None), ("", None), ("nan", None)],
)
def test_whole_numbers(qapp: object, text: str, value: int | None) -> None:
    field = FloatInput(is_whole=True)
    parsed = field.parse(text)
    assert parsed == value if value is not None else not isinstance(parsed, int)


# ---- before the start ----


def test_the_rows_warnings_are_said_again_grave_ones_first(how: TuneBench) -> None:
    cut = RowWarning("cut", "3 rows are cut by 40 tokens.", "Allow longer rows.", 3, [])
    end = RowWarning("no_end", "No end is learned.", "Use another template.", 240, [], True)
    how.room.state.set_checked(Checked(stats(), [cut, end]))
    assert [(note.kind, note.words) for note in how.how.notes.notes] == [
        ("warn", "No end is learned."),
        ("dim", "3 rows are cut by 40 tokens."),
    ]
    assert how.how.notes.isVisible()


def test_what_keeps_it_from_starting_is_said(how: TuneBench) -> None:
    how.room.state.change(lora__rank=0)
    assert [note.words for note in how.how.notes.notes if note.kind == "bad"] == [
        "Rank: from 1 to 1024"
    ]


def test_full_training_that_is_tight_is_said(how: TuneBench) -> None:
    how.room.state.set_base(base_info(full_bytes=3_900_000_000))
    how.room.state.change(train__method="full")
    assert [note.words for note in how.how.notes.notes] == [
        "Memory: about 3.9 GB of 4.0 GB free, tight."
    ]


def test_a_base_in_4_bits_is_judged_by_what_it_takes_then(how: TuneBench) -> None:
    state = how.room.state
    state.set_base(base_info(n_params=2 * 10**9, lora_bytes=9 * 10**9, precision="bf16"))
    assert any("does not fit" in note.words for note in how.how.notes.notes)
    state.change(base__in_4_bits=True)
    assert not how.how.notes.notes


# ---- files ----


def dialog_of(bench: TuneBench) -> QFileDialog:
    (dialog,) = bench.room.window().findChildren(QFileDialog)
    return dialog


def test_copy_as_command_saves_the_plan_and_copies_the_line(how: TuneBench, tmp_path: Path) -> None:
    target = tmp_path / "night porter.toml"
    how.action("&Copy as command…").trigger()
    dialog = dialog_of(how)
    dialog.fileSelected.emit(str(target))
    dialog.done(0)
    how.until(lambda: how.told.startswith("Command copied"))
    assert shlex.split(clipboard()) == ["bathysphere", "sft", str(target)]
    saved = read_draft(target)
    assert saved == how.room.state.draft
    whole = changed(saved, out__dir="somewhere")
    assert not whole.problems(), "all but its folder, which a run is given when it begins"


def test_a_saved_plan_is_opened_again_and_undone(how: TuneBench, tmp_path: Path) -> None:
    target = tmp_path / "RUN.toml"
    how.room.state.change(lora__rank=4, out__notes="with “quotes”")
    how.how.files.save(str(target))
    how.until(lambda: how.told == "“RUN.toml” saved")
    kept = how.room.state.draft
    how.room.state.change(lora__rank=99)
    how.how.files.open(str(target))
    how.until(lambda: how.room.state.draft == kept)
    assert how.room.undo() and how.room.state.draft.lora.rank == 99


def test_a_file_that_is_no_plan_is_told_and_changes_nothing(how: TuneBench, tmp_path: Path) -> None:
    target = tmp_path / "RUN.toml"
    target.write_text("[train]\nstepz = 4\n", encoding="utf-8")
    before = how.room.state.draft
    how.how.files.open(str(target))
    how.until(lambda: bool(how.banners))
    assert "train.stepz is unknown" in how.banners[0] and how.room.state.draft == before


def test_the_line_is_quoted(tmp_path: Path) -> None:
    assert shlex.split(command_line("sft", Path("/a b/RUN.toml"))) == [
        "bathysphere",
        "sft",
        "/a b/RUN.toml",
    ]


def test_a_started_run_has_a_file_that_can_be_read(how: TuneBench) -> None:
    how.how.start_button.click()
    how.until(lambda: bool(how.launched))
    config = read_config(how.launched[0].run_toml)
    assert config.train.steps == how.room.state.draft.train.steps and not config.problems()

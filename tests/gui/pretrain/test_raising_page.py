"""The training page: bits per byte, one token while it learns, samples, merges, checkpoints that
open in other rooms, buttons, failures, what is there again.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.process.pretrain_messages import Merge
from finetune.pretraining.config import PretrainConfig
from finetune.run.events import (
    Began,
    MergesTold,
    NextTokens,
    Paused,
    PhaseChanged,
    RunFailed,
    Sample,
    Warned,
)
from finetune.run.folder import RunFolder, create_run
from finetune.run_toml import changed
from gui.context import AppContext
from gui.pretrain.checkpoint_lines import few_of as few_checkpoints
from gui.pretrain.next_token_card import N_LINES, lines_of
from gui.pretrain.raising_page import RaisingPage
from gui.pretrain.raising_words import PhaseClock
from gui.pretrain.samples_card import MOST_LINES, few_of
from gui.run_record import Checkpoint
from gui.settings import load
from gui.shots import raised_maker, run_maker
from tests.gui.fitting import misfits
from tests.gui.pretrain.raising_helpers import Room, now_s, raised, tell
from tests.gui.tune.run_helpers import running


@pytest.fixture
def room(context: AppContext) -> Room:
    return Room(context)


@pytest.fixture
def resumed() -> list[RunFolder]:
    return []


@pytest.fixture
def page(qtbot: QtBot, room: Room, resumed: list[RunFolder]) -> Iterator[RaisingPage]:
    page = RaisingPage(room.parts, resume=resumed.append)
    for part in (page, page.buttons, page.pane):
        qtbot.addWidget(part)
    page.resize(900, 900)
    page.show()
    page.pane.show()
    qtbot.waitUntil(lambda: page.loss.chart is not None and len(page.charts.charts) == 4)
    yield page
    page.save_state()


def shown(qtbot: QtBot, room: Room, page: RaisingPage, folder: RunFolder) -> None:
    room.choose(qtbot, folder)
    path, charts = str(folder.path), page.charts
    qtbot.waitUntil(lambda: page.loss._record is not None and page.loss._record.path == path)
    # The last that is shown of a record.
    qtbot.waitUntil(lambda: charts._record is not None and charts._record.path == path)


def begun(room: Room) -> RunFolder:
    """A run that has said nothing yet."""
    config = changed(PretrainConfig(), corpus__path="/corpora/book", out__name="fresh")
    folder = create_run(room.context.paths.runs, config)
    run_maker.set_alive(folder)
    tell(folder, Began(1, 0, now_s(), pid=1))
    return folder


def commands(folder: RunFolder) -> list[str]:
    if not folder.commands.exists():
        return []
    lines = folder.commands.read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["command"] for line in lines]


# ---- figures ----


def test_the_loss_is_told_in_bits_per_byte_over_tokens(
    qtbot: QtBot, room: Room, page: RaisingPage
) -> None:
    folder = raised(room.context.paths.runs)
    shown(qtbot, room, page, folder)
    record, chart = room.context.runs.record(str(folder.path)), page.loss.chart
    assert chart is not None
    lines = {line.name: line for line in chart.lines if not line.is_faint}
    assert list(lines) == ["train", "held out"]
    bits = record.validation_losses / (math.log(2) * raised_maker.BYTES_PER_TOKEN)
    np.testing.assert_allclose(lines["held out"].y, bits)
    np.testing.assert_allclose(
        lines["held out"].x, record.validation_steps * raised_maker.TOKENS_PER_STEP
    )
    assert page.loss.validation.text() == f"held out {bits[-1]:.2f}"
    assert chart.values_at(lines["train"].x[-1]).startswith("3.07 M tokens · train ")


def test_the_charts_arrow_keys_go_from_step_to_step(
    qtbot: QtBot, room: Room, page: RaisingPage
) -> None:
    shown(qtbot, room, page, raised(room.context.paths.runs))
    chart = page.loss.chart
    assert chart is not None
    QTest.keyClick(chart, Qt.Key.Key_Home)
    QTest.keyClick(chart, Qt.Key.Key_Right)
    assert chart.chosen == 2 * raised_maker.TOKENS_PER_STEP, "the second step's tokens"


def test_the_header_counts_tokens_and_the_time_left(
    qtbot: QtBot, room: Room, page: RaisingPage
) -> None:
    shown(qtbot, room, page, raised(room.context.paths.runs))
    words = page.header_words()
    assert words.startswith("3.07 M of 7.5 M tokens · ") and " left · " in words
    assert words.endswith(" tok/s")


def test_facts_of_the_model_stand_beside_it(qtbot: QtBot, room: Room, page: RaisingPage) -> None:
    shown(qtbot, room, page, raised(room.context.paths.runs))
    facts = page.pane.facts.values()
    assert facts["parameters"] == "2.16 M" and facts["vocabulary"] == "2,048 tokens"
    assert facts["tokens per parameter"] == "3.5" and facts["compute"] == "9.9e13 FLOP"
    assert facts["read"] == "1.0 times"
    assert "nudge every weight" in page.pane.lesson.words.text()


def test_parity_of_the_three_engines_is_shown_when_it_is_over(
    qtbot: QtBot, room: Room, page: RaisingPage
) -> None:
    shown(qtbot, room, page, raised(room.context.paths.runs, raised_maker.N_STEPS))
    assert page.pane.parity.values() == {
        "torch · llama.cpp": "100.0 % · 4e-04",
        "torch · transformers": "100.0 % · 2e-05",
        "transformers · llama.cpp": "100.0 % · 4e-04",
    }
    assert page.header_words() == "finished, 7.5 M tokens learned from"


def test_the_small_charts_stand_over_tokens_too(
    qtbot: QtBot, room: Room, page: RaisingPage
) -> None:
    shown(qtbot, room, page, raised(room.context.paths.runs))
    charts = page.charts.charts
    qtbot.waitUntil(
        lambda: all(one.lines and len(one.lines[0].x) == 750 for one in charts.values())
    )
    assert set(charts) == {"rate", "norm", "speed", "memory"}
    assert charts["rate"].lines[0].x[-1] == 750 * raised_maker.TOKENS_PER_STEP


def test_it_goes_on_while_one_looks(qtbot: QtBot, room: Room, page: RaisingPage) -> None:
    folder = raised(room.context.paths.runs, step=200)
    shown(qtbot, room, page, folder)
    assert page.moments.step == 200
    at_s = now_s()
    run_maker.write_events(folder, [raised_maker._step(n, at_s) for n in range(201, 401)])
    run_maker.write_events(folder, list(raised_maker._evaluated(400, at_s)))
    run_maker.write_samples(folder, [Sample(1, 400, raised_maker.PROMPT, " box, said Mira.")])
    qtbot.waitUntil(lambda: page.header_words().startswith("1.64 M of 7.5 M tokens"))
    qtbot.waitUntil(lambda: page.moments.step == 400)
    qtbot.waitUntil(lambda: page.samples.shown().get(400) == "box, said Mira.")


# ---- one token while it learns ----


def test_one_token_is_followed_from_noise_to_knowledge(
    qtbot: QtBot, room: Room, page: RaisingPage
) -> None:
    shown(qtbot, room, page, raised(room.context.paths.runs))
    card = page.token
    assert card.text.text() == "Mira put the red ball in the …"
    assert card.start.text() == "at the start every token had 0.049 %"
    assert card.bars.lines[0].label == "·box" and card.bars.lines[0].is_chosen
    assert card.note.text() == "right: 43 %"
    page.moments.slider.setFocus()
    QTest.keyClick(page.moments.slider, Qt.Key.Key_Home)
    assert page.moments.step == 0
    shares = [line.share for line in card.bars.lines]
    assert max(shares) < 0.001, "noise: all about alike"
    assert card.bars.lines[-1].label == "·box", "what really came is told though it is far down"
    assert "place 1,204" in card.note.toolTip()


def test_there_are_always_as_many_lines() -> None:
    pieces = [f" w{n}" for n in range(N_LINES)]
    shares = [0.1] * N_LINES
    told = NextTokens(1, 0, 0.0, "a", pieces, shares, " right", 0.001, 50)
    lines = lines_of(told)
    assert len(lines) == N_LINES and lines[-1].label == "·right" and lines[-1].is_chosen
    found = lines_of(NextTokens(1, 0, 0.0, "a", pieces, shares, " w3", 0.1, 4))
    assert [one.is_chosen for one in found] == [n == 3 for n in range(N_LINES)]


def test_the_slider_follows_the_newest_until_it_is_moved(
    qtbot: QtBot, room: Room, page: RaisingPage
) -> None:
    folder = raised(room.context.paths.runs, step=200)
    shown(qtbot, room, page, folder)
    page.moments.choose(20)
    at_s = now_s()
    run_maker.write_events(folder, list(raised_maker._evaluated(400, at_s)))
    qtbot.waitUntil(lambda: page.moments.slider.maximum() == 4)
    assert page.moments.step == 20, "a person looks at it"
    page.moments.choose(400)
    run_maker.write_events(folder, list(raised_maker._evaluated(600, at_s)))
    qtbot.waitUntil(lambda: page.moments.step == 600)


# ---- samples ----


def test_samples_begin_with_noise(qtbot: QtBot, room: Room, page: RaisingPage) -> None:
    shown(qtbot, room, page, raised(room.context.paths.runs))
    found = page.samples.shown()
    assert list(found) == [0, 20, 100, 200, 400]
    assert found[0].startswith("ræ:oq the@")
    assert found[400].startswith("box. Mira looked for the ball.")


def test_a_samples_step_leads_the_slider_there(qtbot: QtBot, room: Room, page: RaisingPage) -> None:
    shown(qtbot, room, page, raised(room.context.paths.runs))
    line = next(one for one in page.samples._lines if one.step == 100)
    QTest.mouseClick(line.moment, Qt.MouseButton.LeftButton)
    assert page.moments.step == 100
    assert line.words.property("kind") == "", "it stands out"
    assert room.state.checkpoint == "step-100"


def test_the_sample_looked_at_is_whole_the_others_are_short(
    qtbot: QtBot, room: Room, page: RaisingPage
) -> None:
    folder = raised(room.context.paths.runs, step=200)
    said = " and the dog" * 20
    long = [Sample(1, step, raised_maker.PROMPT, said) for step in (100, 200)]
    run_maker.write_samples(folder, long)
    shown(qtbot, room, page, folder)
    qtbot.waitUntil(lambda: len(page.samples.shown()[200]) == len(said) - 1)
    assert page.samples.shown()[100].endswith("…") and len(page.samples.shown()[100]) < 100
    page.moments.choose(100)
    assert page.samples.shown()[100] == said.strip() and len(page.samples.shown()[200]) < 100


def test_another_beginning_can_be_looked_at(qtbot: QtBot, room: Room, page: RaisingPage) -> None:
    folder = raised(room.context.paths.runs)
    run_maker.write_samples(
        folder, [Sample(1, 0, "Otto\nwas", " zq"), Sample(1, 400, "Otto\nwas", " ill.")]
    )
    shown(qtbot, room, page, folder)
    qtbot.waitUntil(lambda: page.samples.prompt.count() == 2)
    page.samples.prompt.choose("Otto\nwas")
    assert page.samples.shown() == {0: "zq", 400: "ill."}
    assert page.samples.prompt.itemText(1) == "“Otto was”"


@pytest.mark.parametrize("looked_at", [0, 35, 290])
def test_of_many_samples_a_few_are_shown_the_one_looked_at_among_them(looked_at: int) -> None:
    steps = list(range(0, 300, 10))
    found = few_of(steps, looked_at)
    assert len(found) <= MOST_LINES and found == sorted(found)
    assert found[0] == 0 and found[-1] == 290
    assert looked_at // 10 * 10 in found


# ---- before the first step ----


def test_phases_are_told_with_the_time_left(qtbot: QtBot, room: Room, page: RaisingPage) -> None:
    folder = begun(room)
    at_s = now_s()
    tell(folder, PhaseChanged(1, 0, at_s, "tokenizer"))
    shown(qtbot, room, page, folder)
    qtbot.waitUntil(lambda: page.loss.waiting.text().startswith("Training the tokenizer"))
    tell(folder, PhaseChanged(1, 0, at_s + 1, "tokenizer", 0.25, "448 of 1,792 merges"))
    qtbot.waitUntil(lambda: "25 %" in page.loss.waiting.text())
    tell(folder, PhaseChanged(1, 0, at_s + 11, "tokenizer", 0.75, "1,344 of 1,792 merges"))
    qtbot.waitUntil(lambda: page.loss.waiting.text().endswith("· 5 s left"))
    assert "1,344 of 1,792 merges" in page.loss.waiting.text()
    assert not page.samples.empty.isHidden() and not page.token.empty.isHidden()


def test_phases_speak_of_text_not_of_rows(qtbot: QtBot, room: Room, page: RaisingPage) -> None:
    folder = begun(room)
    shown(qtbot, room, page, folder)
    for phase, words in (
        ("preparing", "Preparing the text"),
        ("evaluating", "Measuring on the held-out text"),
        ("exporting", "Writing the model"),
    ):
        tell(folder, PhaseChanged(1, 0, now_s(), phase))  # type: ignore[arg-type]
        qtbot.waitUntil(lambda words=words: page.loss.waiting.text() == words)  # type: ignore[misc]


def test_merges_arrive_while_the_tokenizer_is_trained(
    qtbot: QtBot, room: Room, page: RaisingPage
) -> None:
    folder = begun(room)
    shown(qtbot, room, page, folder)
    assert page.merges.isHidden(), "characters and bytes have none"
    merges = [Merge("·t", "he", "·the", 41_220, "the"), Merge("a", "nd", "and", 18_034, "and")]
    tell(folder, MergesTold(1, 0, now_s(), merges, 2, 1_792))
    qtbot.waitUntil(lambda: page.merges.note.text() == "merge 2 of 1,792")
    qtbot.waitUntil(lambda: page.merges.chips.texts == ["·t + he → ·the", "a + nd → and"])


def test_a_phases_time_is_not_guessed_from_another_phase() -> None:
    clock = PhaseClock()
    assert clock.words(None) == ""
    assert clock.words(PhaseChanged(1, 0, 0.0, "preparing", 0.1)) == ""
    assert clock.words(PhaseChanged(1, 0, 10.0, "preparing", 0.6)) == "8 s left"
    assert clock.words(PhaseChanged(1, 0, 11.0, "tokenizer", 0.5)) == ""
    assert clock.words(PhaseChanged(1, 0, 13.0, "tokenizer", 0.75)) == "2 s left"
    assert clock.words(PhaseChanged(1, 0, 14.0, "loading")) == ""


# ---- checkpoints ----


def test_every_checkpoint_opens_in_other_rooms_while_it_goes_on(
    qtbot: QtBot, room: Room, page: RaisingPage
) -> None:
    folder = raised(room.context.paths.runs)
    shown(qtbot, room, page, folder)
    line = next(one for one in page.pane.checkpoints.lines if one.checkpoint.step == 200)  # type: ignore[union-attr]
    file = str(folder.checkpoints / "step-200" / "model.gguf")
    QTest.mouseClick(line.chat, Qt.MouseButton.LeftButton)
    assert room.opened == [("room", "chat"), ("chat.notebook", file, raised_maker.PROMPT)]
    room.opened.clear()
    QTest.mouseClick(line.tokens, Qt.MouseButton.LeftButton)
    (_, opened, text) = room.opened
    assert opened == ("tokens.tokenizer", file)
    assert text[1] == raised_maker.PROMPT + raised_maker.SAMPLES[200]
    room.opened.clear()
    QTest.mouseClick(line.against, Qt.MouseButton.LeftButton)
    newest = str(folder.checkpoints / "step-600" / "model.gguf")
    assert room.opened[1:] == [("chat.adapter", file, "", 1.0), ("chat.against", newest)]
    assert commands(folder) == [], "the run is not held up"


def test_the_newest_is_compared_with_the_one_before(
    qtbot: QtBot, room: Room, page: RaisingPage
) -> None:
    folder = raised(room.context.paths.runs)
    shown(qtbot, room, page, folder)
    newest = page.pane.checkpoints.lines[0]
    assert newest.checkpoint is not None and newest.checkpoint.step == 600
    newest.against.click()
    assert room.opened[-1] == ("chat.against", str(folder.checkpoints / "step-400" / "model.gguf"))


def test_a_checkpoint_whose_file_is_gone_says_so(
    qtbot: QtBot, room: Room, page: RaisingPage
) -> None:
    folder = raised(room.context.paths.runs)
    room.context.notices.set_window(page, page)
    (folder.checkpoints / "step-600" / "model.gguf").unlink()
    shown(qtbot, room, page, folder)
    page.pane.checkpoints.lines[0].chat.click()
    assert not room.opened
    (banner,) = room.context.notices.banners.banners
    assert "no model file" in banner.message


def test_the_slider_goes_through_all_checkpoints(
    qtbot: QtBot, room: Room, page: RaisingPage
) -> None:
    shown(qtbot, room, page, raised(room.context.paths.runs, raised_maker.N_STEPS))
    lines = page.pane.checkpoints
    assert lines.lines[0].step.text() == "step 1,830"
    assert lines.more.text() == "and 3 more: the slider leads to them"
    page.moments.choose(20)
    assert room.state.checkpoint == "step-20"
    assert any(one.checkpoint.step == 20 for one in lines.lines)  # type: ignore[union-attr]
    room.actions["Write with the checkpoint looked at"]()
    assert str(room.opened[-1][1]).endswith("step-20/model.gguf")


def test_the_newest_few_checkpoints_and_the_one_looked_at() -> None:
    saved = [Checkpoint(step, f"step-{step}") for step in range(0, 200, 10)]
    assert [one.step for one in few_checkpoints(saved, None)] == [190, 180, 170, 160, 150, 140]
    assert [one.step for one in few_checkpoints(saved, saved[2])][-1] == 20
    assert len(few_checkpoints(saved[:2], saved[0])) == 2


# ---- what can be asked of it ----


def test_stop_pause_and_evaluate_leave_commands(
    qtbot: QtBot, room: Room, page: RaisingPage
) -> None:
    folder = raised(room.context.paths.runs)
    shown(qtbot, room, page, folder)
    buttons = page.buttons
    for one in (buttons.evaluate, buttons.pause, buttons.stop):
        QTest.mouseClick(one, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: commands(folder) == ["evaluate", "pause", "stop"])
    tell(folder, Paused(1, 750, now_s(), "asked"))
    qtbot.waitUntil(lambda: buttons.pause.text() == "Go on")
    qtbot.waitUntil(lambda: page.header_words().endswith("paused by you"))


def test_a_failed_run_says_what_to_do_and_is_resumed(
    qtbot: QtBot, room: Room, page: RaisingPage, resumed: list[RunFolder]
) -> None:
    folder = raised(room.context.paths.runs)
    failed = RunFailed(1, 750, now_s(), "The loss is no number any more.", "Lower the rates.")
    tell(folder, Warned(1, 300, now_s(), "Memory is short."), failed)
    run_maker.set_alive(folder, False)
    shown(qtbot, room, page, folder)
    qtbot.waitUntil(lambda: bool(page.notices.banners.banners))
    (banner,) = page.notices.banners.banners
    assert banner.message == "The loss is no number any more."
    assert "Memory is short." in page.notices.words.text()
    page.buttons.resume.click()
    qtbot.waitUntil(lambda: resumed == [folder])


def test_buttons_become_icons_where_there_is_little_room(
    qtbot: QtBot, room: Room, page: RaisingPage
) -> None:
    shown(qtbot, room, page, raised(room.context.paths.runs))
    buttons = page.buttons
    buttons.show()
    buttons.resize(buttons.sizeHint())
    assert buttons.stop.text() == "Stop and save"
    buttons.resize(buttons.minimumSizeHint())
    assert buttons.stop.text() == "" and not buttons.stop.icon().isNull()
    assert buttons.stop.accessibleName() == "Stop and save"
    buttons.resize(buttons.sizeHint())
    assert buttons.stop.text() == "Stop and save" and buttons.stop.icon().isNull()


# ---- how it is looked at ----


def test_how_the_chart_is_looked_at_is_there_again(
    qtbot: QtBot, room: Room, page: RaisingPage
) -> None:
    shown(qtbot, room, page, raised(room.context.paths.runs))
    page.loss.smoothing.setValue(30)
    QTest.mouseClick(page.loss.log, Qt.MouseButton.LeftButton)
    room.context.settings.flush()
    kept = load(room.context.paths.settings)[0]
    assert kept.pretrain_smoothing == 30 and kept.pretrain_log_axis
    assert not kept.tune_log_axis, "Fine-tune's own is another"
    again = RaisingPage(room.parts)
    for part in (again, again.buttons, again.pane):
        qtbot.addWidget(part)
    assert again.loss.smoothing.value() == 30 and again.loss.log.isChecked()
    again.save_state()


def test_other_models_are_laid_over_it_but_no_fine_tuning(
    qtbot: QtBot, room: Room, page: RaisingPage
) -> None:
    runs = room.context.paths.runs
    other, folder = raised(runs, raised_maker.N_STEPS, "before"), raised(runs)
    running(runs)
    shown(qtbot, room, page, folder)
    qtbot.waitUntil(lambda: len(room.context.runs.summaries) == 3)
    menu = page.overlay.menu(str(folder.path))
    assert [action.text() for action in menu.actions()] == ["before"]
    menu.actions()[0].trigger()
    menu.deleteLater()
    chart = page.loss.chart
    assert chart is not None
    qtbot.waitUntil(lambda: "before" in [line.name for line in chart.lines])
    line = next(one for one in chart.lines if one.name == "before")
    assert line.x[-1] == raised_maker.N_STEPS * raised_maker.TOKENS_PER_STEP
    assert page.overlay.chosen == [str(other.path)]


def test_notes_are_kept_in_its_folder(qtbot: QtBot, room: Room, page: RaisingPage) -> None:
    folder = raised(room.context.paths.runs)
    shown(qtbot, room, page, folder)
    qtbot.waitUntil(lambda: not page.notes.isReadOnly())
    page.notes.setPlainText("learned “box” early")
    page.notes.flush()
    qtbot.waitUntil(lambda: folder.notes.exists())
    assert folder.notes.read_text(encoding="utf-8") == "learned “box” early"


def test_another_run_starts_at_its_own_newest_moment(
    qtbot: QtBot, room: Room, page: RaisingPage
) -> None:
    runs = room.context.paths.runs
    first, second = raised(runs, 750, "one"), raised(runs, 200, "two")
    shown(qtbot, room, page, first)
    page.moments.choose(20)
    shown(qtbot, room, page, second)
    qtbot.waitUntil(lambda: page.moments.step == 200)


@pytest.mark.parametrize("font_px", [0, 20])
def test_it_fits_a_narrow_page(qtbot: QtBot, room: Room, page: RaisingPage, font_px: int) -> None:
    room.context.theme.set_font_px(font_px)
    shown(qtbot, room, page, raised(room.context.paths.runs))
    page.resize(510, 640)
    qtbot.waitUntil(lambda: page.loss.width() < 510)
    QCoreApplication.processEvents()
    inner = page.page.widget()
    assert inner is not None and inner.width() <= page.page.viewport().width()
    assert not (wrong := misfits(page)), "\n".join(wrong)

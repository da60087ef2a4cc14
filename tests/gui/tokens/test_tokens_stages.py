"""The next token stage by stage: what is asked, live settings, drawing, being the sampler."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QBoxLayout

from engine.process.messages import Candidate
from engine.process.token_messages import LookAt, Stage, Stages
from gui.chat.chat_settings import ChatSettings
from gui.chat.number_field import NumberField
from gui.chat.spin_row import SeedRow
from gui.tokens.stage_facts import drawn, moved, stage_name
from gui.tokens.stages_panel import StagesPanel
from tests.gui.probability_helpers import END_ID, ProbabilityBench, candidate, click, prob

__all__ = ["prob"]

MODEL = [
    candidate(10, " water", 0.3),
    candidate(11, " sea", 0.2),
    candidate(END_ID, "<|im_end|>", 0.1),
    Candidate(12, b"\xf0\x9f", math.log(0.05)),
]
CUT = [candidate(10, " water", 0.6), candidate(11, " sea", 0.4)]
STAGES = Stages(
    [
        Stage("model", MODEL, 0.35, 49_152, 8, -5.6 * math.log(2)),
        Stage("top_k", CUT, 0.0, 2),
        Stage("temperature", CUT, 0.0, 2),
    ]
)


@pytest.fixture
def panel(prob: ProbabilityBench) -> StagesPanel:
    panel = StagesPanel(prob.parts)
    prob.state.token_chosen.connect(panel.on_token_chosen)
    prob.state.text_changed.connect(panel.on_text_changed)
    prob.show(panel)
    return panel


def answered(prob: ProbabilityBench, count: int = 1) -> LookAt:
    request = prob.wait_for(LookAt, count)
    prob.finish(request, STAGES)
    return request


def choose(panel: StagesPanel, name: str) -> None:
    """Click a stage."""
    names = [stage.name for stage in panel.stages.all]
    item = panel.stages.item(names.index(name))
    place = panel.stages.visualItemRect(item).center()
    QTest.mouseClick(panel.stages.viewport(), Qt.MouseButton.LeftButton, pos=place)


def labels(panel: StagesPanel) -> list[str]:
    return [line.label for line in panel.list.lines]


def click_line(panel: StagesPanel, row: int) -> None:
    panel.bars.ensureVisible(0, round(panel.list.row_rect(row).center().y()))
    place = QPoint(40, round(panel.list.row_rect(row).center().y()))
    QTest.mouseClick(panel.list, Qt.MouseButton.LeftButton, pos=place)


def number(panel: StagesPanel, name: str) -> NumberField:
    row = panel.controls.rows[name]
    assert isinstance(row, NumberField)
    return row


def test_the_chosen_token_is_told_from_what_stands_before_it(
    prob: ProbabilityBench, panel: StagesPanel
) -> None:
    request = answered(prob)
    assert request.ids == prob.ids and request.chosen == -1 and request.count >= 10
    assert panel.title == "After “the deep sea is dark and cold”"
    prob.state.choose_token(5)
    request = answered(prob, 2)
    assert (request.ids, request.chosen) == (prob.ids[:5], prob.ids[5])
    assert panel.title.startswith("After “the d") and "cold" not in panel.title
    rows = [panel.stages.item(row).text() for row in range(panel.stages.count())]
    assert rows == [
        "The model\n49,152 tokens",
        "Top-k\n2 left · 50 % moved",
        "Temperature\n2 left · 0 % moved",
    ]
    assert labels(panel) == ["·water", "·sea"]  # what a token is drawn from
    assert panel.foot.text() == "rest 0 % · chosen: ruled out here"
    choose(panel, "model")
    assert labels(panel) == ["·water", "·sea", "<|im_end|>", "F0 9F"]
    assert panel.foot.text() == "rest 35 % · chosen: rank 9, 5.6 bits"


def test_a_slider_asks_again_and_only_its_latest_place_counts(
    prob: ProbabilityBench, panel: StagesPanel
) -> None:
    first = answered(prob)
    assert first.sampling == ChatSettings().sampling()
    choose(panel, "top_k")
    slider = number(panel, "temperature").slider
    for value in range(1, 31):
        slider.setValue(value)
    second = prob.wait_for(LookAt, 2)
    slider.setValue(36)
    slider.setValue(38)
    prob.finish(second, STAGES)
    third = prob.wait_for(LookAt, 3)
    assert third.sampling.temperature == pytest.approx(1.9)
    assert third.ids == first.ids and not prob.engine.cancelled
    prob.finish(third, STAGES)
    assert panel.stages.stage is not None and panel.stages.stage.name == "top_k"  # still


def test_all_samplers_of_a_chat_are_there_with_its_words(
    prob: ProbabilityBench, panel: StagesPanel
) -> None:
    answered(prob)
    for section in panel.controls.groups.values():
        click(section.heading)
    wanted = {"temperature", "top_k", "top_p", "min_p", "typical_p", "repeat_penalty"}
    wanted |= {"xtc_probability", "dry_multiplier", "mirostat", "top_n_sigma", "seed"}
    assert wanted <= panel.controls.rows.keys()
    assert panel.controls.rows["top_p"].title == "Top-p"
    number(panel, "repeat_penalty").spin.setValue(1.3)
    request = prob.wait_for(LookAt, 2)
    assert request.sampling.repeat_penalty == pytest.approx(1.3)


def test_settings_come_from_the_open_chat_and_go_back_to_their_defaults(
    prob: ProbabilityBench, panel: StagesPanel
) -> None:
    assert not panel.controls.as_in_chat.isVisible()  # there is no chat room here yet
    prob.context.chat_settings = lambda: ChatSettings(top_k=7, temperature=0.3)
    panel.hide()
    panel.show()
    answered(prob, 2)
    click(panel.controls.as_in_chat)
    request = answered(prob, 3)
    assert (request.sampling.top_k, request.sampling.temperature) == (7, 0.3)
    assert number(panel, "top_k").value() == 7
    click(panel.controls.reset)
    request = answered(prob, 4)
    assert request.sampling == ChatSettings().sampling()
    assert not panel.controls.reset.isEnabled()


def test_a_click_puts_a_candidate_at_the_end_and_looks_on_from_there(
    prob: ProbabilityBench, panel: StagesPanel
) -> None:
    answered(prob)
    before = prob.text
    click_line(panel, 1)
    assert prob.text == before + " sea"
    request = answered(prob, 2)
    assert request.ids == prob.ids and len(request.ids) > 0
    prob.state.document.undo()
    assert prob.text == before


def test_a_candidate_takes_the_chosen_tokens_place_by_keys(
    prob: ProbabilityBench, panel: StagesPanel
) -> None:
    answered(prob)
    prob.state.choose_token(4)
    answered(prob, 2)
    start, end = prob.state.document.span(4)
    before = prob.text
    panel.list.setFocus()
    QTest.keyClick(panel.list, Qt.Key.Key_Down)
    QTest.keyClick(panel.list, Qt.Key.Key_Return)
    assert prob.text == before[:start] + " sea" + before[end:]
    place = start + len(" sea")
    prob.qtbot.waitUntil(lambda: prob.state.chosen == prob.state.document.token_at(place))
    request = prob.wait_for(LookAt, 3)
    assert request.ids == prob.ids[: prob.state.chosen]  # the next place
    prob.state.document.undo()
    assert prob.text == before


def test_what_is_no_text_is_not_put_in_and_says_why(
    prob: ProbabilityBench, panel: StagesPanel
) -> None:
    answered(prob)
    choose(panel, "model")
    before = prob.text
    click_line(panel, 2)
    assert "<|im_end|> is no text" in panel.rolled_words.text()
    click_line(panel, 3)
    assert "part of a character" in panel.rolled_words.text()
    assert prob.text == before


def test_a_roll_is_the_seeds_and_can_be_put_into_the_text(
    prob: ProbabilityBench, panel: StagesPanel
) -> None:
    answered(prob)
    assert not panel.put.isEnabled()
    seed = panel.controls.rows["seed"]
    assert isinstance(seed, SeedRow)
    seed.spin.setValue(5)
    answered(prob, 2)
    expected = drawn(STAGES.stages[-1], 5)
    assert expected is not None
    click(panel.roll)
    token = "·" + expected.piece.decode().strip()
    assert f"“{token}”" in panel.rolled_words.text() and "seed 5" in panel.rolled_words.text()
    before = prob.text
    click(panel.put)
    assert prob.text == before + expected.piece.decode()
    assert not panel.put.isEnabled()


def test_a_roll_beyond_what_is_listed_asks_for_all_of_them(
    prob: ProbabilityBench, panel: StagesPanel
) -> None:
    request = prob.wait_for(LookAt)
    wide = Stage("model", [candidate(10, " water", 1e-9)], 1.0, 30)
    prob.finish(request, Stages([wide]))
    click(panel.roll)
    request = prob.wait_for(LookAt, 2)
    assert request.count == 30
    everything = [candidate(10, " water", 1e-9), candidate(13, " dark", 1.0)]
    prob.finish(request, Stages([Stage("model", everything, 0.0, 2)]))
    assert "·dark" in panel.rolled_words.text()
    assert labels(panel) == ["·water"]


def test_nobody_looking_ends_the_question(prob: ProbabilityBench, panel: StagesPanel) -> None:
    request = prob.wait_for(LookAt)
    panel.hide()
    assert request.job in prob.engine.cancelled
    prob.state.choose_token(3)
    assert len(prob.asked(LookAt)) == 1
    panel.show()
    answered(prob, 2)


def test_another_place_ends_the_question_before(prob: ProbabilityBench, panel: StagesPanel) -> None:
    first = prob.wait_for(LookAt)
    prob.state.choose_token(3)
    second = prob.wait_for(LookAt, 2)
    assert first.job in prob.engine.cancelled
    prob.finish(first, STAGES)  # too late
    assert panel.stages.count() == 0
    prob.finish(second, STAGES)
    assert panel.stages.count() == 3


def test_a_failure_is_told(prob: ProbabilityBench, panel: StagesPanel) -> None:
    prob.fail(prob.wait_for(LookAt), "Nothing stands before this token.")
    assert panel.foot.text() == "Nothing stands before this token."
    assert not panel.roll.isEnabled()


def test_without_a_model_it_says_so(prob: ProbabilityBench, panel: StagesPanel) -> None:
    answered(prob)
    prob.context.model.set(None)
    assert panel.note.isVisible() and labels(panel) == [] and panel.stages.count() == 0


def test_a_narrow_panel_puts_its_parts_below_one_another(
    prob: ProbabilityBench, panel: StagesPanel
) -> None:
    answered(prob)
    assert panel.row.direction() == QBoxLayout.Direction.LeftToRight
    prob.host.resize(440, 640)
    prob.qtbot.waitUntil(lambda: panel.row.direction() == QBoxLayout.Direction.TopToBottom)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=8), st.integers(0, 10_000))
def test_a_draw_takes_each_token_as_often_as_it_is_likely(weights: list[int], seed: int) -> None:
    total = sum(weights)
    ones = [Candidate(n, b"x", math.log(weight / total)) for n, weight in enumerate(weights)]
    stage = Stage("top_k", ones, 0.0, len(ones))
    found = drawn(stage, seed)
    assert found in ones and found == drawn(stage, seed)
    rest = Stage("model", ones[:0], 1.0, len(ones))
    assert drawn(rest, seed) is None


def test_draws_follow_the_probabilities() -> None:
    found = [drawn(STAGES.stages[-1], seed) for seed in range(4000)]
    share = sum(one is not None and one.id == 10 for one in found) / len(found)
    assert share == pytest.approx(0.6, abs=0.04)


def test_what_a_stage_moved_is_what_it_cut() -> None:
    assert moved(STAGES.stages[0], STAGES.stages[1]) == pytest.approx(0.5)
    assert moved(STAGES.stages[1], STAGES.stages[2]) == 0.0
    assert stage_name("penalties") == "Penalties" and stage_name("typical_p") == "Typical-p"

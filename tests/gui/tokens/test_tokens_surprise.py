"""The surprise map in the window: the switch, colours, what an edit leaves, totals, the chart."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from engine.process.messages import ModelInfo
from engine.process.token_messages import MapSurprise, Surprise, SurprisePart, TokenizerInfo
from gui.theme import palettes
from gui.tokens.model_link import link_of
from gui.tokens.state import Probabilities
from gui.tokens.surprise import bits, cumulative_bits, facts, levels, map_of
from gui.tokens.surprise_panel import SurprisePanel, total_words
from gui.tokens.surprise_switch import SurpriseSwitch
from gui.tokens.token_spans import NO_SHADE
from gui.widgets.ramp import surprise_level
from tests.fakes.fake_engine import model_info
from tests.gui.probability_helpers import ProbabilityBench, click, prob
from tests.gui.token_helpers import packed

__all__ = ["prob"]

TOTAL = Surprise(n_tokens=15, n_bytes=29, bits=91.25, perplexity=61.4, bits_per_byte=3.146)


def part_of(request: MapSurprise, first: int, end: int) -> SurprisePart:
    """Each token less likely than the one before it."""
    logprobs = -np.arange(first, end, dtype=np.float32)
    if first == 0:
        logprobs[0] = np.nan
    ranks = np.arange(first, end, dtype=np.int32)
    return SurprisePart(
        job=request.job, first=first, logprobs=packed(logprobs), ranks=packed(ranks)
    )


def tell_all(prob: ProbabilityBench, request: MapSurprise) -> None:
    prob.engine.tell(part_of(request, 0, len(request.ids)))
    prob.finish(request, TOTAL)


def shades(prob: ProbabilityBench) -> list[int] | None:
    found = prob.state.document.tokens.shades
    return None if found is None else found.tolist()


@pytest.fixture
def switch(prob: ProbabilityBench) -> SurpriseSwitch:
    return SurpriseSwitch(prob.parts)


@pytest.fixture
def panel(prob: ProbabilityBench, switch: SurpriseSwitch) -> SurprisePanel:
    panel = SurprisePanel(prob.parts)
    prob.show(switch, panel)
    return panel


def test_the_switch_colours_every_token_and_takes_the_colours_away(
    prob: ProbabilityBench, switch: SurpriseSwitch, panel: SurprisePanel
) -> None:
    assert not prob.asked(MapSurprise)
    click(switch.button)
    request = prob.wait_for(MapSurprise)
    assert request.ids == prob.ids and len(request.ids) > 6
    prob.engine.tell(part_of(request, 0, 4))
    expected = [surprise_level(None if n == 0 else -float(n)) for n in range(len(request.ids))]
    unknown = [NO_SHADE] * (len(request.ids) - 4)
    prob.qtbot.waitUntil(lambda: shades(prob) == expected[:4] + unknown)
    assert f"{400 // len(request.ids)} %" in switch.button.text()
    assert panel.bar.isVisible() and panel.bar.value() == 4
    known = prob.state.probabilities
    assert known is None  # until all is
    prob.engine.tell(part_of(request, 4, len(request.ids)))
    prob.finish(request, TOTAL)
    assert shades(prob) == expected and set(expected) == {0, 1, 2, 3}
    known = prob.state.probabilities
    assert known is not None and known.perplexity == 61.4 and known.bits_per_byte == 3.146
    assert panel.words.text().startswith("91.2 bits over 15 tokens · perplexity 61.4 · 3.15 bits")
    click(switch.button)
    assert shades(prob) is None and prob.state.probabilities is known  # the text stands still
    click(switch.button)
    assert shades(prob) == expected and len(prob.asked(MapSurprise)) == 1
    click(switch.button)
    prob.state.document.replace(0, 0, "So ")
    assert not map_of(prob.parts).n_told and shades(prob) is None


def test_the_ramp_of_the_palette_is_what_is_painted(
    prob: ProbabilityBench, switch: SurpriseSwitch, panel: SurprisePanel
) -> None:
    click(switch.button)
    tell_all(prob, prob.wait_for(MapSurprise))
    wanted = {colour.upper() for colour in palettes()["light"].surprise}

    def painted() -> set[str]:
        image = prob.editor.viewport().grab().toImage()
        rows, columns = range(0, min(80, image.height()), 2), range(0, image.width(), 3)
        return {image.pixelColor(x, y).name().upper() for x in columns for y in rows}

    prob.qtbot.waitUntil(lambda: wanted <= painted())


def test_an_edit_fades_what_is_behind_it_and_asks_again_after_a_pause(
    prob: ProbabilityBench, switch: SurpriseSwitch, panel: SurprisePanel
) -> None:
    click(switch.button)
    first = prob.wait_for(MapSurprise)
    tell_all(prob, first)
    place = prob.state.document.tokens.start(6)
    prob.state.document.replace(place, place, " blue")
    assert prob.state.probabilities is None
    prob.qtbot.waitUntil(lambda: (shades(prob) or [0])[-1] == NO_SHADE)
    kept = shades(prob)
    assert kept is not None and NO_SHADE not in kept[:4] and kept[1] == 1
    prob.state.document.replace(place, place, " so")  # before the pause is over
    second = prob.wait_for(MapSurprise, 2)
    assert second.ids == prob.ids != first.ids
    tell_all(prob, second)
    assert NO_SHADE not in (shades(prob) or [NO_SHADE])
    assert prob.state.probabilities is not None


def test_an_edit_ends_the_job_and_its_late_answers_change_nothing(
    prob: ProbabilityBench, switch: SurpriseSwitch, panel: SurprisePanel
) -> None:
    click(switch.button)
    first = prob.wait_for(MapSurprise)
    prob.state.document.replace(0, 0, "So ")
    assert first.job in prob.engine.cancelled
    tell_all(prob, first)
    assert prob.state.probabilities is None and map_of(prob.parts).n_told == 0
    tell_all(prob, prob.wait_for(MapSurprise, 2))
    assert prob.state.probabilities is not None


def test_a_text_that_stands_still_is_asked_for_once(
    prob: ProbabilityBench, switch: SurpriseSwitch, panel: SurprisePanel
) -> None:
    click(switch.button)
    tell_all(prob, prob.wait_for(MapSurprise))
    prob.state.text_changed.emit()
    prob.state.choose_token(3)
    assert map_of(prob.parts).status == "known" and len(prob.asked(MapSurprise)) == 1


def test_nobody_looking_ends_the_job_and_coming_back_asks_again(
    prob: ProbabilityBench, switch: SurpriseSwitch, panel: SurprisePanel
) -> None:
    click(switch.button)
    first = prob.wait_for(MapSurprise)
    prob.host.hide()
    assert first.job in prob.engine.cancelled
    prob.host.show()
    tell_all(prob, prob.wait_for(MapSurprise, 2))
    assert map_of(prob.parts).status == "known"


def test_stop_keeps_what_came_and_go_on_asks_for_all(
    prob: ProbabilityBench, switch: SurpriseSwitch, panel: SurprisePanel
) -> None:
    click(panel.start)
    assert switch.button.isChecked()
    request = prob.wait_for(MapSurprise)
    prob.engine.tell(part_of(request, 0, 5))
    prob.qtbot.waitUntil(lambda: panel.bar.value() == 5)
    click(panel.stop)
    assert request.job in prob.engine.cancelled and "5 tokens" in panel.words.text()
    kept = shades(prob)
    assert kept is not None and NO_SHADE not in kept[:5] and set(kept[5:]) == {NO_SHADE}
    click(panel.start)
    prob.wait_for(MapSurprise, 2)


def test_without_a_model_a_sentence_says_so_and_leads_to_the_chat_room(
    prob: ProbabilityBench, switch: SurpriseSwitch, panel: SurprisePanel
) -> None:
    gone: list[str] = []
    prob.context.rooms["chat"] = lambda: gone.append("chat")
    prob.context.model.set(None)
    click(switch.button)
    assert prob.panels_shown == ["surprise"] and not prob.asked(MapSurprise)
    assert "none is loaded" in panel.note.words.text()
    assert panel.note.button.text() == "Load a model"
    click(panel.note.button)
    assert gone == ["chat"]
    prob.context.model.set(model_info())  # it is loaded: the map comes by itself
    assert not panel.note.isVisible()
    prob.wait_for(MapSurprise)


@pytest.mark.parametrize("path", ["/models/other.gguf", ""])
def test_another_tokenizer_is_said_and_the_models_own_is_offered(
    prob: ProbabilityBench, switch: SurpriseSwitch, panel: SurprisePanel, path: str
) -> None:
    own: TokenizerInfo | None = prob.state.info
    prob.state.info = TokenizerInfo(
        source="x", name="X", kind="BPE", n_tokens=9, is_exact=True, path=path
    )
    prob.state.tokenizer_changed.emit()
    click(switch.button)
    assert "SmolLM2 135M Instruct’s own" in panel.note.words.text()
    click(panel.note.button)
    assert prob.worker.opened == [model_info().path]
    prob.state.info = own
    prob.state.tokenizer_changed.emit()
    prob.wait_for(MapSurprise)


def test_a_model_that_goes_takes_its_job_with_it(
    prob: ProbabilityBench, switch: SurpriseSwitch, panel: SurprisePanel
) -> None:
    click(switch.button)
    request = prob.wait_for(MapSurprise)
    other: ModelInfo = model_info("/models/other.gguf", "Other")
    prob.context.model.set(other)
    assert request.job in prob.engine.cancelled and link_of(prob.parts).remedy == "use"
    assert panel.note.isVisible()


def test_a_failure_is_told_and_can_be_tried_again(
    prob: ProbabilityBench, switch: SurpriseSwitch, panel: SurprisePanel
) -> None:
    click(switch.button)
    prob.fail(prob.wait_for(MapSurprise), "The context is full.")
    assert panel.words.text() == "The context is full."
    assert "The context is full." in switch.button.accessibleDescription()
    click(panel.start)
    tell_all(prob, prob.wait_for(MapSurprise, 2))
    assert panel.words.text().startswith("91.2 bits")


def test_a_click_and_keys_in_the_chart_choose_the_token(
    prob: ProbabilityBench, switch: SurpriseSwitch, panel: SurprisePanel
) -> None:
    click(switch.button)
    tell_all(prob, prob.wait_for(MapSurprise))
    chart = panel.chart
    QTest.mouseClick(
        chart,
        Qt.MouseButton.LeftButton,
        pos=QPoint(chart.width() - 8, chart.height() // 2),
    )
    last = len(prob.ids) - 1
    assert prob.state.chosen == last
    QTest.keyClick(chart, Qt.Key.Key_Left)
    assert prob.state.chosen == last - 1
    QTest.keyClick(chart, Qt.Key.Key_Home)
    assert prob.state.chosen == 0 and "nothing stands before it" in panel.foot.text()
    QTest.keyClick(chart, Qt.Key.Key_PageDown)
    assert prob.state.chosen == last
    assert "rank" in panel.foot.text() and "bits so far" in panel.foot.text()
    assert "bits so far" in chart.accessibleDescription()


def test_the_key_works_all_over_the_room(prob: ProbabilityBench, switch: SurpriseSwitch) -> None:
    prob.show(switch)
    prob.actions["Ctrl+Shift+M"].trigger()
    assert switch.button.isChecked()
    prob.wait_for(MapSurprise)


def test_totals_of_nothing_and_of_a_text_longer_than_the_context() -> None:
    nothing = Surprise(n_tokens=0, n_bytes=0, bits=0.0, perplexity=math.nan, bits_per_byte=math.nan)
    assert "nan" not in total_words(nothing)
    assert total_words(TOTAL).endswith("3.15 bits per byte")
    long = Surprise(9000, 40_000, 30_000.0, 10.1, 0.75, seen_at_least=4096)
    assert total_words(long).endswith("each told from at least 4,096 tokens before it")


def test_facts_of_a_token() -> None:
    logprobs = np.array([np.nan, math.log(0.25), math.log(0.004)], np.float32)
    known = Probabilities(logprobs, np.array([-1, 2, 811], np.int32), 9.0, 1.0)
    assert facts(None, 0) == [] and facts(known, 3) == [] and facts(known, -1) == []
    assert facts(known, 0) == [("surprise", "nothing stands before it")]
    assert facts(known, 1) == [
        ("surprise", "2.00 bits"),
        ("probability", "25 %"),
        ("rank", "3"),
        ("bits so far", "2.0"),
    ]
    assert facts(known, 2)[2:] == [("rank", "812"), ("bits so far", "10.0")]


SHARES = st.sampled_from([0.9, 0.51, 0.49, 0.11, 0.09, 0.011, 0.009, 1e-9]) | st.just(math.nan)


@given(st.lists(SHARES, max_size=40))
def test_colours_and_bits_are_those_of_the_ramp(shares: list[float]) -> None:
    logprobs = np.log(np.array(shares, np.float32))
    told = [None if math.isnan(one) else math.log(one) for one in shares]
    assert levels(logprobs).tolist() == [surprise_level(one) for one in told]
    expected = [0.0 if one is None else -one / math.log(2) for one in told]
    assert np.allclose(bits(logprobs), expected, atol=1e-5)
    assert np.allclose(cumulative_bits(logprobs), np.cumsum(expected), atol=1e-4)

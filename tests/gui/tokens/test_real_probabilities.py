"""The surprise map, the stages and the tree with the real worker and the starter model: what the
window shows is what `bathysphere score` says, and a reply that is being written goes on.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from typing import cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.side_worker import SideWorker
from gui.tokens.feeder import TokenFeeder
from gui.tokens.parts import TokensParts
from gui.tokens.room import TokensRoom
from gui.tokens.stages_panel import StagesPanel
from gui.tokens.state import STARTER, TokensState
from gui.tokens.surprise import bits, facts
from gui.tokens.surprise_panel import SurprisePanel
from gui.tokens.surprise_switch import SurpriseSwitch
from gui.tokens.tree_panel import TreePanel
from tests.gui.probability_helpers import click
from tests.gui.real_window import ENDLESS, LOAD_MS, Open, RealWindow, open_window, real

__all__ = ["Open", "open_window", "real"]

pytestmark = pytest.mark.real_model
TEXT = "The capital of France is Paris. The bathysphere sank 1846 metres into the dark."


class RealProbabilities:
    """A text in a window of its own, beside the one whose Chat room holds the model."""

    def __init__(self, real: RealWindow) -> None:
        self.real = real
        self.host = QWidget()
        self.host.resize(1000, 640)
        self.column = QVBoxLayout(self.host)
        self.worker = SideWorker(real.context.paths, parent=self.host)
        self.state = TokensState(self.worker, self.host)
        self.parts = TokensParts(
            context=real.context,
            worker=self.worker,
            state=self.state,
            add_action=lambda text, _do, _shortcut: QAction(text, self.host),
            show_page=lambda _key: None,
            show_text=self.state.document.set_text,
            show_panel=lambda _key: None,
            add_header_widget=lambda _widget: None,
        )
        self.feeder = TokenFeeder(self.state.document, self.worker, self.host)
        self.feeder.settled.connect(self.state.text_changed)
        self.state.open(STARTER)
        real.until(lambda: self.state.info is not None, LOAD_MS)
        assert self.state.info is not None
        self.feeder.set_tokenizer(self.state.info)
        self.state.document.set_text(TEXT)
        real.until(lambda: not self.state.document.is_stale)

    def show(self, *widgets: QWidget) -> None:
        for widget in widgets:
            self.column.addWidget(widget)
        with self.real.qtbot.waitExposed(self.host):
            self.host.show()

    def close(self) -> None:
        self.host.hide()
        self.worker.close()
        self.host.deleteLater()


@pytest.fixture
def here(real: RealWindow) -> Iterator[RealProbabilities]:
    here = RealProbabilities(real)
    try:
        yield here
    finally:
        here.close()


def test_the_map_is_what_score_says(here: RealProbabilities) -> None:
    switch, panel = SurpriseSwitch(here.parts), SurprisePanel(here.parts)
    here.show(switch, panel)
    click(switch.button)
    here.real.until(lambda: here.state.probabilities is not None)
    known = here.state.probabilities
    assert known is not None and panel.map.total is not None
    command = [sys.executable, "-m", "gui.main", "score", TEXT, "--json"]
    told = json.loads(subprocess.run(command, capture_output=True, timeout=90, check=True).stdout)
    assert [one["id"] for one in told["tokens"]] == here.state.document.tokens.ids.tolist()
    assert panel.map.total.bits == pytest.approx(told["bits"], rel=1e-3)
    assert panel.words.text().startswith(f"{panel.map.total.bits:,.1f} bits over")
    assert known.perplexity == pytest.approx(told["perplexity"], rel=1e-2)
    assert known.bits_per_byte == pytest.approx(told["bits_per_byte"], rel=1e-3)
    expected = [one["bits"] or 0.0 for one in told["tokens"]]
    assert bits(known.logprobs).tolist() == pytest.approx(expected, abs=0.05)
    # An edit in the middle: the tokens before it are not asked about in vain, the total is another.
    before = panel.map.total
    here.state.document.replace(31, 31, " Yes.")
    here.real.until(lambda: panel.map.status == "known" and panel.map.total is not before)
    assert len(facts(here.state.probabilities, 3)) == 4


def test_stages_say_what_the_map_says_and_follow_the_sliders(here: RealProbabilities) -> None:
    switch, panel = SurpriseSwitch(here.parts), StagesPanel(here.parts)
    here.state.token_chosen.connect(panel.on_token_chosen)
    here.state.text_changed.connect(panel.on_text_changed)
    here.show(switch, panel)
    click(switch.button)
    here.real.until(lambda: here.state.probabilities is not None)
    known = here.state.probabilities
    assert known is not None
    for token in (5, 9):
        here.state.choose_token(token)
        here.real.until(lambda: not panel.look.is_asking)
        first = panel.stages.all[0]
        assert first.name == "model" and first.n_left == 49_152
        assert first.chosen_logprob == pytest.approx(float(known.logprobs[token]), abs=0.05)
        assert first.chosen_rank == int(known.ranks[token])
    names = [stage.name for stage in panel.stages.all]
    assert names[0] == "model" and "top_k" in names and names[-1] == "temperature"
    assert panel.stages.all[names.index("top_k")].n_left == 40
    panel.controls.rows["temperature"].changed.emit(0.0)
    here.real.until(lambda: panel.stages.all[-1].n_left == 1)
    panel.controls.rows["temperature"].changed.emit(1.0)
    for name, off in (("top_k", 0), ("top_p", 1.0), ("min_p", 0.0)):
        panel.controls.rows[name].changed.emit(off)
    here.real.until(lambda: panel.stages.all[-1].n_left == 49_152)
    shares = [math.exp(one.logprob) for one in panel.stages.all[-1].candidates]
    assert sum(shares) + panel.stages.all[-1].rest == pytest.approx(1.0, abs=1e-3)


def test_rolls_fall_on_tokens_that_are_not_listed_too(here: RealProbabilities) -> None:
    panel = StagesPanel(here.parts)
    here.state.text_changed.connect(panel.on_text_changed)
    here.show(panel)
    for name, value in (("temperature", 2.0), ("top_k", 0), ("top_p", 1.0), ("min_p", 0.0)):
        panel.controls.change(name, value)
    for seed in range(4):  # nearly all of it lies beyond the twelve that are listed
        here.real.until(lambda: not panel.look.is_asking and panel.roll.isEnabled())
        panel.controls.change("seed", seed)
        here.real.until(lambda: not panel.look.is_asking)
        click(panel.roll)
        here.real.until(lambda: panel.rolled is not None)
        assert f"seed {seed}" in panel.rolled_words.text()
    assert panel.rolled is not None
    listed = [one.id for one in panel.stages.all[-1].candidates]
    assert len(listed) == 12


def test_a_tree_grows_and_its_likeliest_way_is_gone_on_with(here: RealProbabilities) -> None:
    panel = TreePanel(here.parts)
    here.state.text_changed.connect(panel.on_text_changed)
    here.show(panel)
    here.state.document.set_text("The capital of France is")
    view = panel.view
    here.real.until(lambda: not panel.is_growing and view.shape.n_levels == 4)
    first = [view.shape.nodes[one] for one in view.shape.children[-1]]
    assert len(first) == 3 and first[0].logprob >= first[1].logprob >= first[2].logprob
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Right)
    way = view.shape.data(view.current).decode()
    assert view.current != 0 and len(way) > 1
    QTest.keyClick(view, Qt.Key.Key_Return)
    text = here.state.document.text
    assert text.text() == "The capital of France is" + way
    here.real.until(lambda: not panel.is_growing and view.current == -1)
    assert view.shape.n_levels == 4


def test_a_reply_that_is_being_written_goes_on(here: RealProbabilities) -> None:
    real = here.real
    real.never_end()
    real.send(ENDLESS)
    switch = SurpriseSwitch(here.parts)
    panel = TreePanel(here.parts)
    here.show(switch, panel)
    click(switch.button)
    real.until(lambda: here.state.probabilities is not None)
    real.until(lambda: panel.view.shape.n_levels == 4)
    real.write_some(5)
    assert real.room.session.is_busy
    real.room.session.stop()
    real.wait_for_end()


def test_in_the_room_the_switch_fills_cards_and_a_picked_token_can_be_undone(
    real: RealWindow,
) -> None:
    real.window.show_page("tokens")
    room = cast(TokensRoom, real.window.widget_of("tokens"))
    state = room.state
    real.until(lambda: state.info is not None, LOAD_MS)
    room.parts.show_text("The capital of France is")
    real.until(lambda: not state.document.is_stale)
    switch = room.findChild(SurpriseSwitch)
    assert switch is not None
    real.click(switch.button)
    real.until(lambda: state.probabilities is not None)
    assert switch.legend.isVisible() == (real.window.width() >= real.context.theme.px(1250))
    room.parts.show_panel("next")
    panel = cast(StagesPanel, room.text_page.panels.panel("next"))
    real.until(lambda: not panel.look.is_asking and panel.stages.count() > 1)
    before = state.document.text.text()
    panel.list.setFocus()
    QTest.keyClick(panel.list, Qt.Key.Key_Return)
    assert state.document.text.text() == before + panel_piece(panel)
    real.until(lambda: state.probabilities is not None)
    assert len(state.document.tokens) == 6
    room.text_page.editor.setFocus()
    QTest.keyClick(room.text_page.editor, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert state.document.text.text() == before


def panel_piece(panel: StagesPanel) -> str:
    """The likeliest token that was on show, as text."""
    stage = panel.stages.stage
    assert stage is not None
    return stage.candidates[0].piece.decode()

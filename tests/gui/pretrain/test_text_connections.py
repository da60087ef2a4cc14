"""Texts of the hub: offline nothing is sent, online each is listed with what it was for; no other
source connects.
"""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from engine.process.messages import Done
from engine.process.pretrain_messages import CorpusSource, LookAtSource, MakeCorpus, SourceLook
from gui.connections import connects
from gui.context import AppContext
from tests.gui.pretrain.room_helpers import PretrainBench

TALES = CorpusSource("hub", repository="someone/tales", most_bytes=1_000_000)
OWN = [
    CorpusSource("path", path="/x"),
    CorpusSource("stories", n_stories=5),
    CorpusSource("python"),
]


@pytest.mark.parametrize("source", OWN)
def test_what_is_on_this_machine_connects_to_nothing(source: CorpusSource) -> None:
    assert not connects(LookAtSource(job=1, source=source))
    assert not connects(MakeCorpus(job=1, sources=[source], name="own"))


def test_the_hub_does_also_among_others() -> None:
    assert connects(LookAtSource(job=1, source=TALES))
    assert connects(MakeCorpus(job=1, sources=[*OWN, TALES], name="mixed"))


def test_offline_the_look_and_the_fetch_are_refused_in_the_form(
    qtbot: QtBot, context: AppContext
) -> None:
    bench = PretrainBench(qtbot, context, is_real=True)
    try:
        page = bench.text
        page.open_source("hub")
        form = page.hub_form
        form.repository.setText("someone/tales")
        form.look_button.click()
        bench.until(lambda: form.look.problem.isVisibleTo(form))
        assert "offline" in form.look.problem.text()
        form.end_button.click()
        bench.until(lambda: form.problem.isVisibleTo(form))
        assert "offline" in form.problem.text() and page.view_key == "hub"
        assert context.connections.entries == []
    finally:
        bench.close()


def test_online_a_text_is_listed_with_what_it_was_for(context: AppContext) -> None:
    connections = context.connections
    connections.set_offline(False)
    look = LookAtSource(job=7, source=TALES)
    context.engine.job_began.emit(look)
    (entry,) = connections.entries
    assert entry.why == "the text of someone/tales" and entry.end == "open"
    context.engine.job_ended.emit(look, Done(job=7, result=SourceLook("a table")))
    assert connections.entries[0].end == "done"
    make = MakeCorpus(job=8, sources=[*OWN, TALES], name="mixed")
    context.engine.job_began.emit(make)
    assert connections.entries[1].why == "the text of someone/tales"

"""From choosing a text to a model on the disk, through the room's own widgets and with every real
process: the worker, the tokenizer's training, the run.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from finetune.run.folder import RunFolder
from finetune.run.launch import start_run
from gui.context import AppContext
from gui.pretrain.room import PretrainRoom
from tests.gui.pretrain.room_helpers import PretrainBench

SLOW_MS = 240_000  # torch is loaded by a process of its own, on a machine that may be busy


@pytest.fixture
def real(
    qtbot: QtBot, context: AppContext, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PretrainBench]:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # a model this small is slower on more
    context.theme.apply()
    one = PretrainBench(qtbot, context, is_shown=False, is_real=True)
    one.room.starter._launch = start_run
    one.show()
    try:
        yield one
        assert one.banners == []
    finally:
        one.close()


def is_over(run: RunFolder, room: PretrainRoom) -> bool:
    """Whether it ended, its process is gone, and who waited for that has heard."""
    summary = room.run_summary()
    is_waited_for = any(thread.name.startswith("run-") for thread in threading.enumerate())
    has_ended = summary is not None and bool(summary.attempt) and not summary.is_live
    return has_ended and not run.pid() and not is_waited_for


def test_stories_become_a_model(real: PretrainBench) -> None:
    room, state, text = real.room, real.room.state, real.text
    text.sources.doors["stories"].click()
    text.stories_form.n_stories.setValue(500)
    real.until(lambda: text.stories_form.end_button.isEnabled(), SLOW_MS)
    text.stories_form.end_button.click()
    real.until(lambda: text.view_key == "corpus", SLOW_MS)
    text.next_button.click()
    real.tokenizer.form.dial.field.setValue(400)
    real.tokenizer.form.train_button.click()
    real.until(lambda: state.tokenizer is not None, SLOW_MS)
    state.change(model__depth=1, model__context=64, train__batch=4, watch__max_tokens=4)
    state.change(train__minutes=0.0, train__steps=4, train__eval_every=2)
    real.action("&Start raising the model").trigger()
    real.until(lambda: state.run is not None, SLOW_MS)
    run = state.run
    assert run is not None
    real.until(lambda: is_over(run, room), SLOW_MS)
    summary = room.run_summary()
    assert summary is not None and summary.state == "finished", summary
    assert run.model.read_bytes()[:4] == b"GGUF" and summary.product == str(run.model)
    assert (run.tokenizer / "tokenizer.json").is_file(), "a run holds all there is to know of it"
    real.until(lambda: real.steps()["tokenizer"][0] == "400")
    (line,) = room.side.runs.lines[1:]
    assert line.name == "Stories" and line.note.endswith("bits/byte")

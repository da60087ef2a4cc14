"""The Model and Training pages with every real process: a plan is measured, a text of one's own
becomes a model while one looks, its checkpoints are files that llama.cpp opens, and the next window
finds it again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import cast

import psutil
import pytest
from pytestqt.qtbot import QtBot

from finetune.run.folder import RunFolder
from finetune.run.launch import start_run
from gui.context import AppContext
from gui.pretrain.model_page import ModelPage
from gui.pretrain.raising_page import RaisingPage
from tests.gui.pretrain.room_helpers import PretrainBench

SLOW_MS = 240_000  # torch is loaded by processes of its own, on a machine that may be busy
FIRST_SAMPLE_S = 15.0
WORDS = "the quick brown fox jumps over a lazy dog while seven wizards bake plum jam"


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """One text of some kilobytes."""
    words = WORDS.split()
    lines = (
        " ".join(words[(n * step) % len(words)] for n in range(12)) for step in range(1, 1_200)
    )
    path = tmp_path / "plain.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def opened(qtbot: QtBot, context: AppContext) -> PretrainBench:
    one = PretrainBench(qtbot, context, is_shown=False, is_real=True)
    one.room.starter._launch = start_run
    one.show()
    return one


@pytest.fixture
def real(
    qtbot: QtBot, context: AppContext, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PretrainBench]:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # a model this small is slower on more
    context.theme.apply()
    one = opened(qtbot, context)
    try:
        yield one
    finally:
        one.close()


def is_over(run: RunFolder) -> bool:
    """Whether its process is gone, and who waited for that has heard."""
    waits = any(thread.name.startswith("run-") for thread in threading.enumerate())
    return not run.pid() and not waits


def ended(run: RunFolder) -> None:
    """End its process, if it is there."""
    if pid := run.pid():
        process = psutil.Process(pid)
        process.kill()
        process.wait(20)


def test_a_text_of_ones_own_is_raised_while_one_looks(
    real: PretrainBench, text: Path, context: AppContext
) -> None:
    room, state = real.room, real.room.state
    went: list[tuple[object, ...]] = []
    context.rooms["chat"] = lambda: None
    context.openers["chat.notebook"] = lambda *what: went.append(what)
    state.change(corpus__path=str(text), tokenizer__kind="chars", watch__max_tokens=8)
    state.change(model__depth=1, model__context=64, train__batch=4, train__steps=6)
    state.change(train__eval_every=2)

    room.show_page("model")
    model = cast(ModelPage, room.page_of("model"))
    real.until(lambda: state.calibration is not None, SLOW_MS)
    shown = {one.name: one.value for one in model.facts.shown}
    assert state.calibration is not None and state.calibration.tokens_per_s > 0
    assert shown["speed"].endswith(" tok/s") and "not measured" not in shown.values()

    began_s = time.time()
    model.start_button.click()
    real.until(lambda: state.run is not None, SLOW_MS)
    run = state.run
    assert run is not None and room.page_key == "run"
    page = cast(RaisingPage, room.page_of("run"))
    real.until(lambda: 0 in page.samples.shown(), SLOW_MS)
    first_s = run.samples.stat().st_mtime - began_s  # later ones are seconds away at most
    assert first_s < 4 * FIRST_SAMPLE_S, "noise is seen at once; the machine may be busy"

    real.until(lambda: is_over(run), SLOW_MS)
    real.until(lambda: page.header_words().startswith("finished"), SLOW_MS)
    record = context.runs.record(str(run.path))
    real.until(lambda: context.runs.record(str(run.path)).end is not None, SLOW_MS)
    assert [one.step for one in record.checkpoints] == [0, 2, 4, 6]
    assert [one.step for one in record.next_tokens] == [0, 2, 4, 6]
    vocabulary = record.raised.n_vocab if record.raised is not None else 0
    noise = record.next_tokens[0].target_probability
    assert 0.2 / vocabulary < noise < 5.0 / vocabulary, "at the start all tokens are alike"
    assert list(page.samples.shown()) == [0, 2, 4, 6]
    assert page.loss.validation.text().startswith("held out ")
    real.until(lambda: len(page.pane.parity.values()) == 3)

    page.pane.checkpoints.lines[0].chat.click()
    ((file, beginning),) = went
    assert Path(str(file)).read_bytes()[:4] == b"GGUF" and beginning == record.prompts[0]


def test_the_window_finds_its_models_again(
    real: PretrainBench,
    text: Path,
    qtbot: QtBot,
    context: AppContext,
    request: pytest.FixtureRequest,
) -> None:
    """Closed in the middle; the run goes on, and the next window shows it where it was left."""
    state = real.room.state
    state.change(corpus__path=str(text), tokenizer__vocab=300, watch__max_tokens=4)
    state.change(model__depth=1, model__context=64, train__batch=2, train__steps=100_000)
    state.change(train__eval_every=50_000, out__name="goes on")
    real.action("&Start raising the model").trigger()
    real.until(lambda: state.run is not None, SLOW_MS)
    run = state.run
    assert run is not None
    request.addfinalizer(partial(ended, run))  # whatever comes, no process is left
    page = cast(RaisingPage, real.room.page_of("run"))
    real.until(lambda: (page.summary() is not None) and page.summary().step > 0, SLOW_MS)  # type: ignore[union-attr]
    told = page.record().merges
    assert told is not None and told.n_done == told.n_merges > 20
    assert page.merges.isVisible() and page.merges.chips.texts
    real.room.save_state()
    context.settings.flush()
    again = opened(qtbot, context)
    try:
        assert again.room.state.run == run and again.room.page_key == "run"
        found = cast(RaisingPage, again.room.page_of("run"))
        again.until(lambda: " of 12.8 M tokens · " in found.header_words(), SLOW_MS)
        found.buttons.stop.click()
        again.until(lambda: is_over(run), SLOW_MS)
        again.until(lambda: found.header_words().startswith("stopped after"), SLOW_MS)
        assert found.buttons.resume.isVisible()
        assert run.model.is_file(), "what it learned is saved"
    finally:
        again.room.save_state()
        again.room.hide()
        again.room.deleteLater()

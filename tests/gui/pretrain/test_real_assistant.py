"""A raised model is examined, written, and made an assistant of, through the pages' own widgets and
with every real process: both workers, the engine that is asked, the fine-tuning.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.process.pretrain_messages import Cleaning, CorpusInfo, CorpusSource
from finetune.corpus.making import make_corpus
from finetune.pretraining.assistant import read_card
from finetune.pretraining.bench_file import read_bench
from finetune.pretraining.config import PretrainConfig
from finetune.run.folder import RunFolder, create_run
from finetune.run.launch import start_run
from finetune.run_toml import changed
from gui.context import AppContext
from tests.engine.loading import drain
from tests.gui.pretrain.raised_helpers import assistant_page, bench_page, choose
from tests.gui.pretrain.room_helpers import PretrainBench
from tests.gui.pretrain.test_real_raising import SLOW_MS, is_over

FEW_ROWS = 100


@pytest.fixture
def real(
    qtbot: QtBot, context: AppContext, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PretrainBench]:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    context.theme.apply()
    one = PretrainBench(qtbot, context, is_real=True)
    try:
        yield one
        assert one.banners == []
    finally:
        one.close()


def raised(real: PretrainBench) -> RunFolder:
    """A model of a few steps on a story world, at its end."""
    source = CorpusSource("stories", n_stories=300, seed=3)
    corpora = real.context.paths.corpora
    _, corpus = drain(make_corpus(corpora, [source], Cleaning(), 0.1, "tales"))
    assert isinstance(corpus, CorpusInfo)
    config = changed(
        PretrainConfig(),
        corpus__path=corpus.path,
        corpus__memory_test=1,
        tokenizer__vocab=700,
        model__depth=1,
        model__context=256,
        train__steps=8,
        train__batch=4,
        train__eval_every=4,
        watch__max_tokens=4,
        out__name="tales",
    )
    folder = create_run(real.context.paths.runs, config)
    start_run(folder)
    choose(real, folder)
    real.until(lambda: is_over(folder, real.room), SLOW_MS)
    real.until(lambda: bool(real.context.runs.record(str(folder.path)).checkpoints), SLOW_MS)
    return folder


def test_a_base_is_examined_and_becomes_an_assistant(real: PretrainBench) -> None:
    folder = raised(real)
    page = bench_page(real)
    page.run_button.click()
    real.until(lambda: page.desk.bench is not None and page.is_settled, SLOW_MS)
    kept = read_bench(folder, page.look.checkpoint)
    assert kept == page.desk.bench and kept is not None
    assert page.memory.bars.rows and page.recall.bars.rows and page.questions.bars.rows
    assert not any(card.isHidden() for card in (page.memory, page.recall, page.questions))

    card = page.few_shot
    real.until(lambda: card.is_story, SLOW_MS)
    card.n_shots.setValue(0)
    card.ask_button.click()
    real.until(lambda: bool(card.said.tokens) and not page.asker.is_asking, SLOW_MS)
    assert len(card.said.candidates.lines) == 8 and "right is" in card.verdict.text()

    page.export.kind.choose("Q8_0")
    page.export.gguf.click()
    real.until(lambda: page.export.jobs.words.text().startswith("✓"), SLOW_MS)
    (file,) = real.context.paths.models.glob("tales-step-*-Q8_0.gguf")
    assert file.stat().st_size > 0 and list(page.export.parity.values()) == ["Q8_0"]

    made = assistant_page(real)
    made.starter._launch = start_run
    made.form.n_rows.setValue(FEW_ROWS)
    made.form.start.click()
    real.until(lambda: made.runs.run is not None and bool(made.runs.run.product), SLOW_MS)
    run = made.runs.run
    assert run is not None and run.state == "finished", run
    assert RunFolder(Path(run.path)).model.is_file()
    real.until(lambda: not made.card.isHidden(), SLOW_MS)
    made.card.make.click()
    real.until(lambda: made.runs.card is not None and not made.turns.is_busy, SLOW_MS)
    assert read_card(folder, Path(run.path)) == made.runs.card
    assert made.card.bars.rows[0].name == "all"
    real.until(lambda: not RunFolder(Path(run.path)).pid(), SLOW_MS)

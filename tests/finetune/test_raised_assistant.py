"""A model raised here goes the whole way through Fine-tune: described as a base, its rows looked
at, every weight or an adapter taught, chatted with through its template. Tiny; nothing is faked.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from engine.errors import AppError
from engine.models.gguf_header import describe, read_header
from engine.paths import user_paths
from engine.process.pretrain_messages import (
    Cleaning,
    CorpusInfo,
    CorpusSource,
    Exported,
    ExportRaised,
    MakeChatBase,
    MakeReportCard,
    MakeStoryRows,
    ReportCard,
)
from engine.process.tune_messages import (
    BaseInfo,
    CheckDataset,
    Checked,
    DatasetInfo,
    DescribeBase,
    ExportPeft,
    HandOver,
    MergeRun,
)
from engine.tokens.opened import Tokenizers
from finetune.config import RunConfig
from finetune.corpus.making import make_corpus
from finetune.measure.answers import Answerer, Asked
from finetune.measure.results import RunResult, read_result
from finetune.model.chat_marks import CHAT_TEMPLATE
from finetune.pretraining.assistant import (
    assistant_config,
    chat_base_name,
    checkpoint_of_base,
    read_card,
)
from finetune.pretraining.config import MIN_CONTEXT, PretrainConfig
from finetune.run.events import Ended
from finetune.run.folder import RunFolder, create_run
from finetune.run_toml import changed
from finetune.runner import run
from finetune.serve import base as serve_base
from finetune.serve import data as serve_data
from finetune.serve import learn as serve_learn
from finetune.serve import raised as serve_raised
from finetune.serve import result as serve_result
from finetune.serve import stories as serve_stories
from finetune.serve.data import Shared
from tests.engine.loading import drain
from tests.finetune.training import one_thread

SERVERS = (serve_base, serve_data, serve_learn, serve_raised, serve_result, serve_stories)
CONTEXT = 256


class Chain:
    """A base raised on a few stories, conversations about them, and the base with a template."""

    def __init__(self, place: Path, context: int) -> None:
        source = CorpusSource("stories", n_stories=300, seed=3)
        _, self.corpus = drain(make_corpus(place / "corpora", [source], Cleaning(), 0.1, "tales"))
        assert isinstance(self.corpus, CorpusInfo)
        config = changed(
            PretrainConfig(),
            corpus__path=self.corpus.path,
            tokenizer__vocab=700,
            model__depth=1,
            model__context=context,
            train__steps=8,
            train__batch=4,
            train__eval_every=4,
            watch__max_tokens=8,
            out__name="tales",
        )
        self.base = create_run(place / "runs", config)
        self.runs = place / "runs"
        assert isinstance(ended(self.base), Ended)


def ended(folder: RunFolder) -> Any:
    with one_thread():
        return run(folder, asked_s=time.time())


def asked(request: Any) -> Any:
    """What the worker answers."""
    shared = Shared(user_paths(), Tokenizers())
    for server in SERVERS:
        if (found := server.answer(request, shared)) is not None:
            return found
        if (steps := server.job(request, shared)) is not None:
            return drain(steps)[1]
    raise AssertionError(request)


@pytest.fixture(scope="module", name="home")
def module_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A user folder for what is made once: fixtures of a module come before that of each test."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BATHYSPHERE_HOME", str(home))
        yield home


@pytest.fixture(scope="module", name="chain")
def raised_chain(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Chain:
    return Chain(tmp_path_factory.mktemp("chain"), CONTEXT)


def rows_of(chain: Chain, n: int = 60) -> DatasetInfo:
    found = asked(MakeStoryRows(job=1, corpus=chain.corpus.path, n=n))
    assert isinstance(found, DatasetInfo) and found.n_rows == n
    return found


def chat_base(chain: Chain, checkpoint: str = "") -> str:
    found = asked(MakeChatBase(job=1, run=str(chain.base.path), checkpoint=checkpoint))
    assert isinstance(found, Exported)
    return found.path


def teach(chain: Chain, config: RunConfig, **fields: Any) -> tuple[RunFolder, RunResult]:
    """A few steps of a fine-tuning, and what it came to."""
    few = {"train__epochs": 0.0, "train__steps": 4, "train__eval_every": 2, "train__minutes": 0.0}
    short = {"watch__max_tokens": 8, "train__precision": "fp32"}
    folder = create_run(chain.runs, changed(config, **(few | short | fields)))
    done = ended(folder)
    assert isinstance(done, Ended), done
    result = read_result(folder)
    assert result is not None
    return folder, result


def test_it_is_a_base_that_can_be_taught(chain: Chain) -> None:
    path = chat_base(chain)
    checkpoint = checkpoint_of_base(chain.base, path)
    assert Path(path) == chain.base.product / chat_base_name(checkpoint)
    assert checkpoint.startswith("step-")
    info = asked(DescribeBase(job=1, path=path))
    assert isinstance(info, BaseInfo) and not info.reason
    assert (info.architecture, info.n_ctx_train, info.template) == ("qwen3", CONTEXT, "file")


def test_the_base_itself_has_no_template_so_it_is_offered_raw_text(chain: Chain) -> None:
    assert describe(read_header(chain.base.model), chain.base.model).template == "none"
    with Answerer(chain.base.model, None) as answerer:
        assert answerer.info.template == "none"


def test_its_rows_are_looked_at_with_its_own_marks(chain: Chain) -> None:
    rows, path = rows_of(chain), chat_base(chain)
    found = asked(CheckDataset(job=1, dataset=rows.id, base=path, max_length=CONTEXT))
    assert isinstance(found, Checked)
    assert found.stats.n_rows == rows.n_rows


@pytest.fixture(scope="module", name="taught")
def made_assistant(chain: Chain, home: Path) -> tuple[RunFolder, RunResult]:
    """A few steps of every weight, and what they came to."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BATHYSPHERE_HOME", str(home))  # a test may have had its own meanwhile
        path, rows = chat_base(chain), rows_of(chain)
        config = assistant_config(path, rows.path, "tales assistant", CONTEXT, 300_000)
        return teach(chain, config)


def test_all_its_weights_are_taught_and_it_chats_through_its_template(
    taught: tuple[RunFolder, RunResult],
) -> None:
    folder, result = taught
    product = folder.path / result.product
    assert product == folder.model
    assert read_header(product).text("tokenizer.chat_template") == CHAT_TEMPLATE
    parity = [one.top1 for one in result.parity if one.form != "f16 base"]
    assert parity and min(parity) > 0.98, result.parity
    with Answerer(product, None) as answerer:
        assert answerer.info.template == "file"
        said = answerer.voice().answer(Asked("Hello!", max_tokens=12))
    assert said.finish in ("stop", "length")
    assert "<|" not in said.text


@pytest.mark.parametrize(("kind", "least"), [("F16", 0.99), ("Q8_0", 0.95), ("", 0.98)])
def test_the_assistant_is_written_as_any_type_with_its_template(
    taught: tuple[RunFolder, RunResult], tmp_path: Path, kind: str, least: float
) -> None:
    folder, out = taught[0], tmp_path / "assistant.gguf"
    made = asked(MergeRun(job=1, run=str(folder.path), out=str(out), quantisation=kind))
    header = read_header(out)
    assert describe(header, out).quantisation == (kind or "F16")
    assert header.text("tokenizer.chat_template") == CHAT_TEMPLATE
    assert made.parity and all(one.top1 >= least for one in made.parity), made.parity


def test_the_assistant_goes_to_other_programs_as_a_model(
    taught: tuple[RunFolder, RunResult], tmp_path: Path
) -> None:
    folder = taught[0]
    asked(HandOver(job=1, run=str(folder.path), to="lm_studio", out=str(tmp_path / "lm")))
    (file,) = (tmp_path / "lm").rglob("*.gguf")
    assert file.read_bytes() == folder.model.read_bytes()
    made = asked(HandOver(job=1, run=str(folder.path), to="ollama", out=str(tmp_path / "o")))
    assert Path(made.path).read_text(encoding="utf-8").startswith(f"FROM {tmp_path / 'o'}")
    with pytest.raises(AppError, match="taught every weight"):
        asked(ExportPeft(job=1, run=str(folder.path), out=str(tmp_path / "peft")))


def test_rows_of_odd_width_are_quantised_too(chain: Chain, tmp_path: Path) -> None:
    out = str(tmp_path / "q.gguf")
    made = asked(ExportRaised(job=1, run=str(chain.base.path), target=out, kind="Q4_K_M"))
    assert Path(made.path).stat().st_size == made.n_bytes
    assert made.parity[0].top1 > 0.5


def test_the_report_card_is_kept_in_the_bases_run(
    chain: Chain, taught: tuple[RunFolder, RunResult]
) -> None:
    folder = taught[0]
    card = asked(MakeReportCard(job=1, run=str(chain.base.path), tuned=str(folder.path)))
    assert isinstance(card, ReportCard) and card.assistant
    assert read_card(chain.base, folder.path) == card
    assert read_card(chain.base, Path("/elsewhere/other")) is None


def test_an_adapter_is_taught_too_with_all_that_is_watched(chain: Chain) -> None:
    path, rows = chat_base(chain), rows_of(chain)
    config = changed(
        RunConfig(),
        base__path=path,
        data__path=rows.path,
        lora__rank=4,
        data__own_answers=0.2,
        train__batch=4,
        out__name="lora",
    )
    folder, result = teach(chain, config)
    assert folder.adapter.is_file()
    assert result.forgetting is not None
    assert all(one.top1 > 0.95 for one in result.parity), result.parity
    with Answerer(Path(path), None) as answerer:
        said = answerer.voice(folder.adapter).answer(Asked("Hello!", max_tokens=12))
    assert said.finish in ("stop", "length")


def test_the_shortest_context_comes_through(tmp_path: Path) -> None:
    chain = Chain(tmp_path, MIN_CONTEXT)
    path, rows = chat_base(chain), rows_of(chain)
    config = assistant_config(path, rows.path, "short", MIN_CONTEXT, 300_000)
    assert config.train.max_length == MIN_CONTEXT
    folder, result = teach(chain, config, watch__forgetting=True)
    assert (folder.path / result.product).is_file()
    assert result.parity
    assert result.forgetting is not None
    with pytest.raises(AppError, match="sees 64 tokens at once, too few for a story"):
        asked(MakeReportCard(job=1, run=str(chain.base.path), tuned=str(folder.path)))


def test_the_plan_fits_the_size(tmp_path: Path) -> None:
    small = assistant_config("a.gguf", "rows", "x", 256, 2_200_000)
    large = assistant_config("a.gguf", "rows", "x", 1024, 124_000_000)
    assert not set(small.problems()) - {"out.dir"}
    assert small.train.learning_rate == 1.5e-3 and small.train.minutes == 2.0
    assert large.train.learning_rate == 2e-4 and large.train.minutes == 0.0
    assert small.train.method == large.train.method == "full"


def test_a_damaged_card_is_no_card(tmp_path: Path) -> None:
    run_folder = RunFolder(tmp_path)
    (tmp_path / "bench").mkdir()
    (tmp_path / "bench" / "card-x.json").write_bytes(msgspec.json.encode({"base": 3}))
    assert read_card(run_folder, Path("/runs/x")) is None

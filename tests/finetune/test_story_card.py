"""The report card and a base's scores, by llama.cpp: a model that knows nothing, raised for these
tests, and hand-written answerers that know everything or nothing."""

from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar

import msgspec
import pytest
import torch

from engine.errors import AppError
from engine.models.gguf_header import read_header
from engine.process.jobs import JobGenerator
from engine.process.messages import Generate, Generated, Reply
from engine.process.pretrain_messages import CorpusInfo, MakeReportCard, ReportCard
from finetune.config import RunConfig
from finetune.corpus.made_files import INFO
from finetune.corpus.stories.questions import questions
from finetune.corpus.stories.write import write_stories
from finetune.export.chat_base import write_chat_base
from finetune.export.raised_files import write_raised
from finetune.measure.answers import Answer, Answerer, Asked
from finetune.measure.results import RunResult, to_json
from finetune.model.bpe import TrainedTokenizer, train_tokenizer
from finetune.model.chat_marks import CHAT_TEMPLATE
from finetune.model.gpt import GPT, GPTConfig
from finetune.model.start import start
from finetune.pretraining import report_card, story_scores
from finetune.pretraining.config import PretrainConfig
from finetune.pretraining.report_card import make_report_card, n_right
from finetune.run.folder import RunFolder
from finetune.run_toml import changed, to_toml
from finetune.serve import stories as serve
from tests.engine.loading import drain

SEED, N = 5, 14


def tokenizer() -> TrainedTokenizer:
    texts = [one.text for one in write_stories(60, SEED)]
    _, found = drain(train_tokenizer(lambda: texts, "bpe", 700))
    assert isinstance(found, TrainedTokenizer)
    return found


@pytest.fixture(scope="module", name="place")
def two_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A story world, a base of noise, and an "assistant" that is the same with a template."""
    place = tmp_path_factory.mktemp("card")
    corpus = place / "tales"
    corpus.mkdir()
    info = CorpusInfo("tales", "Tales", str(corpus), 9, 900, stories_seed=SEED, n_stories=60)
    (corpus / INFO).write_bytes(msgspec.json.encode(info))
    raised, tuned = RunFolder(place / "base"), RunFolder(place / "assistant")
    for folder in (raised, tuned):
        folder.product.mkdir(parents=True)
    config = changed(PretrainConfig(), corpus__path=str(corpus), out__dir=str(raised.path))
    raised.run_toml.write_text(to_toml(config), encoding="utf-8")
    tuned.run_toml.write_text(to_toml(RunConfig()), encoding="utf-8")
    tuned.result.write_bytes(to_json(RunResult("base", "product/model.gguf", 1)))
    known = tokenizer()
    torch.manual_seed(1)
    gpt = GPTConfig(known.n_vocab, 1, 32, 1, 1, 32, 32, context=512)
    model = GPT(gpt)
    start(model)
    write_raised(raised.model, gpt, known, model.state_dict(), "tales", {})
    write_chat_base(raised.model, tuned.model)
    return place


def test_a_chat_base_is_the_model_with_a_template(place: Path, tmp_path: Path) -> None:
    base, chat = (read_header(place / one / "product/model.gguf") for one in ("base", "assistant"))
    assert base.text("tokenizer.chat_template") == ""
    assert chat.text("tokenizer.chat_template") == CHAT_TEMPLATE
    assert [(one.name, one.shape, one.type) for one in base.tensors] == [
        (one.name, one.shape, one.type) for one in chat.tensors
    ]
    data = [
        path.read_bytes()[header.data_start :]
        for path, header in (
            (place / "base/product/model.gguf", base),
            (place / "assistant/product/model.gguf", chat),
        )
    ]
    assert data[0] == data[1]
    with pytest.raises(AppError, match="not a GGUF model"):
        write_chat_base(place / "tales" / INFO, tmp_path / "none.gguf")
    assert not (tmp_path / "none.gguf").exists()


def test_noise_knows_nothing_and_says_the_same_again(place: Path) -> None:
    told: list[tuple[float, str]] = []
    cards = [
        make_report_card(
            str(place / "base"),
            str(place / "assistant"),
            tell=lambda share, what: told.append((share, what)),
            n_questions=N,
        )
        for _ in range(2)
    ]
    assert cards[0] == cards[1]
    for scores in (cards[0].base, cards[0].assistant):
        assert n_right(scores) == (0, N)
        assert all(one.examples for one in scores)
    shares = [share for share, _ in told[: len(told) // 2]]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert {what for _, what in told} == {"base", "assistant"}


def test_noise_recalls_no_facts(place: Path) -> None:
    with Answerer(place / "base/product/model.gguf", None) as answerer:
        scores = story_scores.fact_scores(answerer, SEED, 60, lambda share: None)
    assert {(one.kind, one.is_seen) for one in scores} == {
        (kind, is_seen) for kind in ("home", "pet", "food", "trade") for is_seen in (True, False)
    }
    assert sum(one.n for one in scores) == 4 * 48
    assert n_right(scores)[0] < 20


# ---- hand-written answerers ----


class FakeAnswerer:
    """Knows nothing in raw mode and everything in a chat; keeps what it was asked."""

    n_ctx = 100_000
    made: ClassVar[list["FakeAnswerer"]] = []

    def __init__(self, model: Path, cache: None) -> None:
        self.model = model
        self.prompts: list[str | None] = []
        self.adapter: Path | None = None
        FakeAnswerer.made.append(self)

    @property
    def info(self) -> Any:
        return self

    @property
    def client(self) -> Any:
        return self

    def ask(self, make: Any) -> Generated:
        request = make(1)
        assert isinstance(request, Generate)
        self.prompts.append(request.prompt)
        return Generated([Reply(" Nothing, \n", "stop", 2)], 1, 0, 1, 2, 9.0, 1.0, [1], 1)

    def ids_of(self, text: str) -> list[int]:
        return [0] * len(text.split())

    def voice(self, adapter: Path | None) -> "FakeAnswerer":
        self.adapter = adapter
        return self

    def answer(self, asked: Asked) -> Answer:
        by_prompt = {one.prompt: one.answer for one in questions(N, SEED)}
        return Answer(by_prompt[asked.question], "stop")

    def __enter__(self) -> "FakeAnswerer":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> list[FakeAnswerer]:
    monkeypatch.setattr(report_card, "Answerer", FakeAnswerer)
    monkeypatch.setattr(FakeAnswerer, "made", [])
    monkeypatch.setattr(FakeAnswerer, "n_ctx", 100_000)
    return FakeAnswerer.made


def card(place: Path) -> ReportCard:
    return make_report_card(str(place / "base"), str(place / "assistant"), n_questions=N)


def test_who_knows_all_gets_all(place: Path, fakes: list[FakeAnswerer]) -> None:
    found = card(place)
    assert n_right(found.assistant) == (N, N)
    assert n_right(found.base) == (0, N)
    base, assistant = FakeAnswerer.made
    assert base.model == place / "base/product/model.gguf"
    assert (assistant.model, assistant.adapter) == (place / "assistant/product/model.gguf", None)
    for prompt, question in zip(base.prompts, questions(N, SEED), strict=True):
        # Two stories with answers, then the one that is asked for.
        assert prompt is not None
        assert prompt.count("said Grandfather.") == 2
        assert prompt.endswith(f"“{question.text}” asked Grandmother. “")
        assert prompt.count(question.story.text if question.story else "") == 1


def test_an_adapter_is_heard_on_its_base(
    place: Path, tmp_path: Path, fakes: list[FakeAnswerer]
) -> None:
    tuned = RunFolder(tmp_path / "lora")
    tuned.product.mkdir(parents=True)
    tuned.adapter.write_bytes(b"adapter")
    found = make_report_card(str(place / "base"), str(tuned.path), n_questions=N)
    assert n_right(found.assistant) == (N, N)
    assert FakeAnswerer.made[1].model == place / "base/product/model.gguf"
    assert FakeAnswerer.made[1].adapter == tuned.adapter


def test_fewer_shots_where_the_context_is_small(
    place: Path, fakes: list[FakeAnswerer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeAnswerer, "n_ctx", 170)
    card(place)
    shots = {str(prompt).count("said Grandfather.") for prompt in FakeAnswerer.made[0].prompts}
    assert shots <= {0, 1}
    monkeypatch.setattr(FakeAnswerer, "n_ctx", 60)
    with pytest.raises(AppError, match="sees 60 tokens at once"):
        card(place)


# ---- what cannot be ----


def served(place: Path, **fields: Any) -> JobGenerator:
    given = {"run": str(place / "base"), "tuned": str(place / "assistant")} | fields
    work = serve.job(MakeReportCard(job=1, **given), None)  # type: ignore[arg-type]
    assert work is not None
    return work


def test_what_is_missing_is_said(place: Path, tmp_path: Path) -> None:
    with pytest.raises(AppError, match="no model yet"):
        drain(served(place, tuned=str(tmp_path)))
    with pytest.raises(AppError, match="no model yet"):
        drain(served(place, checkpoint="step-9"))
    other = RunFolder(tmp_path)
    config = changed(PretrainConfig(), corpus__path=str(tmp_path), out__dir=str(tmp_path))
    other.run_toml.write_text(to_toml(config), encoding="utf-8")
    with pytest.raises(AppError, match="not raised on a story world"):
        drain(served(place, run=str(tmp_path)))

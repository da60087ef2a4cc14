"""How quick this machine is with a plan: a real worker, and what it leaves behind."""

import pytest
import torch

from engine.errors import AppError, JobCancelledError
from engine.paths import user_paths
from engine.process.jobs import JobGenerator
from engine.process.messages import AnyResult, Nothing, Progress
from engine.process.pretrain_messages import CalibratePretrain, ListCorpora, PretrainCalibration
from engine.tokens.opened import Tokenizers
from finetune.pretraining.config import PretrainConfig
from finetune.run_toml import changed, to_toml
from finetune.serve import plans
from finetune.serve.data import Shared

CONFIG = changed(
    PretrainConfig(),
    model__depth=1,
    model__width=32,
    model__context=64,
    train__batch=2,
    tokenizer__kind="bytes",
    train__precision="fp32",
)


def job_of(config: str) -> JobGenerator:
    found = plans.job(CalibratePretrain(job=1, config=config), Shared(user_paths(), Tokenizers()))
    assert found is not None
    return found


def end_of(job: JobGenerator) -> tuple[AnyResult, list[float]]:
    told: list[float] = []
    while True:
        try:
            one = next(job)
        except StopIteration as end:
            return end.value, told
        if isinstance(one, Progress):
            told.append(one.fraction)


def test_a_plan_without_a_text_is_measured() -> None:
    chance = torch.get_rng_state()
    found, told = end_of(job_of(to_toml(CONFIG)))
    assert isinstance(found, PretrainCalibration)
    assert found.tokens_per_s == pytest.approx(2 * 64 / found.step_s)
    assert found.peak_bytes > 10_000_000 and found.precision == "fp32"
    assert told == sorted(told) and told[0] == 0.0
    assert torch.equal(torch.get_rng_state(), chance)


def test_whoever_asked_may_want_it_no_more() -> None:
    job = job_of(to_toml(CONFIG))
    next(job)
    next(job)  # its thread has begun
    job.throw(JobCancelledError())
    found, _ = end_of(job)
    assert isinstance(found, Nothing)


def test_no_toml_is_told_and_others_requests_are_left_alone() -> None:
    with pytest.raises(AppError, match="no valid TOML"):
        next(job_of("[model"))
    assert plans.job(ListCorpora(job=1), Shared(user_paths(), Tokenizers())) is None

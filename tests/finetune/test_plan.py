"""Plans: what a budget means, reasons, and shrinking to the memory that is there."""

from __future__ import annotations

import dataclasses
import math
from typing import get_args

import pytest

from engine.process.tune_messages import BaseInfo, Calibration
from finetune.config import RunConfig, changed
from finetune.memory import Figures, training_bytes
from finetune.plan import (
    BUDGETS,
    Plan,
    Reason,
    ReasonKind,
    Rows,
    fit_memory,
    memory_needed,
    plan_for,
    step_tokens,
)
from finetune.plan_words import ENGLISH, in_english
from finetune.schedule import count_steps, evaluation_cadence, learning_rate

ROWS = Rows(n_rows=20, n_tokens=1000, longest=80)
DRAFT = changed(
    RunConfig(), base__path="starter", data__path="identity", out__dir="run", train__steps=1
)


def base(free_gb: float = 16.0) -> BaseInfo:
    figures = Figures(134_515_008, 30, 576, 1536, 4)
    return BaseInfo(
        "starter.gguf", "starter", "llama", "", n_params=134_515_008, n_layer=30,
        lora_bytes=training_bytes(figures, n_tokens=8 * 512), full_bytes=9 * 10**9,
        free_bytes=int(free_gb * 1e9), precision="fp32",
    )  # fmt: skip


def measured(tokens_per_s: float) -> Calibration:
    return Calibration(
        tokens_per_s=tokens_per_s, s_per_step=1.0, load_s=6.0, peak_bytes=10**9,
        free_bytes=16 * 10**9, precision="fp32", n_threads=2,
    )  # fmt: skip


def said(plan: Plan) -> list[str]:
    return [in_english(one) for one in plan.reasons]


@pytest.mark.parametrize("name", list(BUDGETS))
@pytest.mark.parametrize("speed", [None, 20.0, 400.0])
def test_a_budget_is_a_whole_plan_within_its_time(name: str, speed: float | None) -> None:
    known = None if speed is None else measured(speed)
    plan = plan_for(name, DRAFT, ROWS, base(), known)  # type: ignore[arg-type]
    assert not plan.config.problems()
    assert plan.seconds <= 60 * BUDGETS[name].minutes + 1  # type: ignore[index]
    assert said(plan) and all(one.endswith(".") and "{" not in one for one in said(plan))
    assert plan.config.train.max_length >= ROWS.longest
    assert (plan.config.base, plan.config.out) == (DRAFT.base, DRAFT.out)


def test_quick_mixes_in_the_bases_own_answers() -> None:
    plan = plan_for("quick", DRAFT, ROWS, base(), measured(150.0))
    assert plan.config.data.own_answers > 0
    assert plan.config.train.minutes == 1.0
    assert any("own answers" in one for one in said(plan))


def test_a_quicker_machine_gets_more_steps_until_the_rows_were_seen_enough() -> None:
    slow, quick, quickest = (
        plan_for("quick", DRAFT, ROWS, base(), measured(speed)).config.train.steps
        for speed in (50.0, 150.0, 5000.0)
    )
    wanted = math.ceil(BUDGETS["quick"].epochs * 2 * ROWS.n_tokens / 256)
    assert slow < quick <= quickest == wanted


def test_what_was_measured_is_said() -> None:
    guessed = said(plan_for("balanced", DRAFT, ROWS, base()))
    known = said(plan_for("balanced", DRAFT, ROWS, base(), measured(123.0)))
    assert any("Guessed" in one for one in guessed)
    assert any("123 tokens/s" in one for one in known)
    assert plan_for("balanced", DRAFT, ROWS).seconds == 0.0


def test_every_kind_of_reason_has_words() -> None:
    assert set(ENGLISH) == set(get_args(ReasonKind))
    figures: dict[str, float] = dict.fromkeys(("longest", "read", "tokens", "steps", "speed"), 1234)
    for kind in get_args(ReasonKind):
        words = in_english(Reason(kind, figures | {"times": 2.75}))
        assert words.endswith(".") and "{" not in words
    assert in_english(Reason("time", {"steps": 1234, "times": 2.75})) == (
        "The time is enough for 1,234 steps, which see your rows 2.8 times."
    )


def test_what_is_short_is_told_as_it_is() -> None:
    plan = plan_for("quick", DRAFT, ROWS, base(), measured(1.0))
    assert plan.config.train.steps == 1
    assert [one.kind for one in plan.reasons if one.kind in ("seen", "time", "one_step")] == [
        "one_step"
    ]


def test_a_long_row_is_told_to_be_cut() -> None:
    plan = plan_for("quick", DRAFT, Rows(5, 9000, 8000), base())
    assert any("8,000 tokens, of which 256 are read" in one for one in said(plan))


def test_little_memory_first_makes_batches_smaller() -> None:
    config = changed(DRAFT, train__batch=8, train__max_length=512)
    assert fit_memory(config, base(16.0)).config == config
    plan = fit_memory(config, base(4.0))
    assert step_tokens(plan.config.train) == step_tokens(config.train)
    assert plan.config.train.batch * plan.config.train.accumulate == 8
    assert plan.config.train.batch < 8 and plan.fits
    assert plan.n_bytes <= 0.8 * 4e9
    assert any("halved" in one for one in said(plan))


def test_less_memory_then_checkpoints_then_shortens_then_says_it_does_not_fit() -> None:
    config = changed(DRAFT, train__batch=3, train__max_length=4096)
    needs = memory_needed(changed(config, train__batch=1), base())
    plan = fit_memory(config, base(0.9 * needs / 0.8 / 1e9))
    assert plan.config.train.batch == 1 and plan.config.train.checkpointing
    assert plan.config.train.max_length == 4096
    plan = fit_memory(config, base(1.7))
    assert plan.config.train.max_length < 4096
    plan = fit_memory(config, base(0.5))
    assert not plan.fits and "close other programs" in said(plan)[-1]


def test_a_base_in_4_bits_takes_an_eighth_of_fp32() -> None:
    usual = memory_needed(DRAFT, base())
    held = memory_needed(changed(DRAFT, base__in_4_bits=True), base())
    assert usual - held == pytest.approx(134_515_008 * (4 - 0.52), abs=2)
    full = changed(DRAFT, base__in_4_bits=True, train__method="full")
    assert "only with LoRA" in full.problems()["base.in_4_bits"]


def test_the_learning_rate_rises_and_falls() -> None:
    train = dataclasses.replace(DRAFT.train, learning_rate=1.0, warmup=0.2, schedule="cosine")
    rates = [learning_rate(train, step, 20) for step in range(20)]
    assert rates[:4] == [0.2, 0.4, 0.6, 0.8]
    assert rates[4] == 1.0 and rates[12] == pytest.approx(0.5)
    assert rates[4:] == sorted(rates[4:], reverse=True) and rates[-1] < 0.02
    linear = dataclasses.replace(train, schedule="linear", warmup=0.0)
    assert learning_rate(linear, 5, 20) == 0.75
    constant = dataclasses.replace(train, schedule="constant", warmup=0.0)
    assert {learning_rate(constant, step, 20) for step in range(20)} == {1.0}


def test_steps_and_cadence() -> None:
    train = dataclasses.replace(DRAFT.train, steps=0, epochs=2.5, batch=4, accumulate=2)
    assert count_steps(train, n_packs=33) == 12
    assert count_steps(train, n_packs=33, world=2) == 8
    assert count_steps(dataclasses.replace(train, epochs=0.01), n_packs=8) == 1
    assert evaluation_cadence(train, 95) == 10
    assert evaluation_cadence(dataclasses.replace(train, eval_every=7), 95) == 7

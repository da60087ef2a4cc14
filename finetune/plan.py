"""What a time budget means for a base, some rows and a machine: a plan, and its reasons.

Light: the window asks this with each change. What a step takes is measured by the calibration
(calibrate.py); without it, it is guessed from the model's size, and said to be. Reasons are data:
plan_words.py says them in English, the window in its language.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Literal

from engine.process.tune_messages import BaseInfo, Calibration
from finetune.config import RunConfig, TrainTable, changed
from finetune.measure.budget import budget_of
from finetune.memory import FOUR_BITS_BYTES, LORA_TOKENS, PROGRAM_BYTES

BudgetName = Literal["quick", "balanced", "thorough"]
ReasonKind = Literal[
    "cut",  # longest: tokens of the longest row; read: of these
    "whole",  # longest
    "step_tokens",  # tokens: of a step
    "seen",  # steps; times: how often they see the rows
    "time",  # the time is enough for no more. steps, times
    "one_step",  # the time is enough for one. times
    "measured",  # speed: tokens/s
    "guessed",  # speed
    "own_answers",
    "patience",  # times: evaluations without a better loss
    "halved",
    "one_by_one",
    "checkpointing",
    "shorter",
    "no_memory",
]

# Share of the free memory that a run may take.
MEMORY_SHARE = 0.8
LOAD_S = 8.0  # from Start to the first step, where it was not measured
# Without a calibration: tokens/s times weights, of two cores in fp32.
_GUESSED_SPEED = 1.6e10
LEAST_STEPS = 8
_SMALLEST_STEP, _STEPS_PER_EPOCH = 256, 4


@dataclass(frozen=True)
class Budget:
    """epochs: how often rows are seen where time allows; step_tokens: about so many in a step;
    own_answers: the base's own, for each row of the person's; longest: no longer rows than this."""

    minutes: float
    epochs: float
    step_tokens: int
    learning_rate: float
    own_answers: float
    longest: int
    patience: int
    evaluations: int  # in the whole run; each takes seconds


BUDGETS: dict[BudgetName, Budget] = {
    "quick": Budget(1.0, 2.75, 256, 1e-3, 1.0, 256, 0, 2),
    "balanced": Budget(10.0, 4.0, 1024, 4e-4, 0.5, 1024, 3, 10),
    "thorough": Budget(480.0, 5.0, 4096, 2e-4, 0.25, 2048, 4, 10),
}


@dataclass(frozen=True)
class Rows:
    """What is known of the rows that are learned from; 0 where it is not. longest: tokens of the
    longest row."""

    n_rows: int = 0
    n_tokens: int = 0
    longest: int = 0


@dataclass(frozen=True)
class Reason:
    """One thing that was chosen, or that a plan rests on; figures by the names that ReasonKind
    lists."""

    kind: ReasonKind
    figures: dict[str, float] = field(default_factory=dict)

    def shown(self) -> dict[str, str]:
        """Figures as people read them."""
        return {
            name: f"{one:,}" if isinstance(one, int) else f"{one:.1f}"
            for name, one in self.figures.items()
        }


@dataclass(frozen=True)
class Plan:
    """config: with the budget's choices in it. reasons: what was chosen and why, in order.
    seconds: the whole run, n_bytes: at its peak; 0 where that cannot be told. fits: whether the
    memory that is free now holds it."""

    config: RunConfig
    reasons: list[Reason] = field(default_factory=list)
    seconds: float = 0.0
    n_bytes: int = 0
    fits: bool = True


def plan_for(
    name: BudgetName,
    draft: RunConfig,
    rows: Rows,
    base: BaseInfo | None = None,
    measured: Calibration | None = None,
) -> Plan:
    """A budget's plan.

    Args:
        draft: what the person chose so far; base, data, adapter and names stay.
        measured: of a plan for the same base.
    """
    budget = BUDGETS[name]
    config, reasons = _sized(draft, budget, rows)
    plan = fit_memory(config, base, measured)
    config, reasons = plan.config, reasons + plan.reasons
    speed, source = _speed(base, measured)
    per_epoch = _steps_per_epoch(config, rows)
    wanted = max(LEAST_STEPS, math.ceil(budget.epochs * per_epoch))
    steps, reason = _steps(config, budget, wanted, per_epoch, speed, measured)
    reasons += [reason, *source]
    eval_every = math.ceil(steps / budget.evaluations)
    config = changed(config, train__steps=steps, train__epochs=0.0, train__eval_every=eval_every)
    if budget.own_answers:
        reasons.append(Reason("own_answers"))
    if budget.patience:
        reasons.append(Reason("patience", {"times": budget.patience}))
    seconds = 0.0
    if speed:
        s_per_step = _s_per_step(config, speed)
        load_s = measured.load_s if measured is not None else LOAD_S
        seconds = load_s + steps * s_per_step + budget_of(config).reserve_s
    return replace(plan, config=config, reasons=reasons, seconds=seconds)


# ---- sizes ----


def _sized(draft: RunConfig, budget: Budget, rows: Rows) -> tuple[RunConfig, list[Reason]]:
    """Rows' length and batch, from the tokens that a step is to have."""
    length, reasons = budget.longest, list[Reason]()
    n_step = budget.step_tokens
    if rows.n_tokens:  # few rows: smaller steps rather than fewer than some in an epoch
        n_step = min(n_step, max(_SMALLEST_STEP, _rounded(rows.n_tokens // _STEPS_PER_EPOCH)))
    if rows.longest:
        length = min(length, max(64, _rounded(rows.longest)))
    if draft.train.packing:
        length = min(budget.longest, max(length, n_step))
    if rows.longest > length:
        reasons.append(Reason("cut", {"longest": rows.longest, "read": length}))
    elif rows.longest:
        reasons.append(Reason("whole", {"longest": rows.longest}))
    batch = max(1, n_step // length)
    reasons.append(Reason("step_tokens", {"tokens": batch * length}))
    config = changed(
        draft,
        data__own_answers=budget.own_answers,
        train__minutes=budget.minutes,
        train__max_length=length,
        train__batch=batch,
        train__accumulate=1,
        train__learning_rate=budget.learning_rate,
        train__patience=budget.patience,
        train__checkpointing=False,
        train__eval_every=0,
    )
    return config, reasons


def _rounded(n: int) -> int:
    """Up to a multiple of 64."""
    return -(-n // 64) * 64


def step_tokens(train: TrainTable) -> int:
    """Of one step, where its lines are full."""
    return train.batch * train.accumulate * train.max_length


def _steps_per_epoch(config: RunConfig, rows: Rows) -> float:
    """Steps in which all rows are seen once, the base's own answers among them."""
    train = config.train
    share = 1.0 + config.data.own_answers
    if train.packing and rows.n_tokens:
        return max(1.0, share * rows.n_tokens / step_tokens(train))
    return max(1.0, share * max(1, rows.n_rows) / (train.batch * train.accumulate))


# ---- time ----


def _speed(base: BaseInfo | None, measured: Calibration | None) -> tuple[float, list[Reason]]:
    """Tokens/s, 0 where nothing is known, and where the figure comes from."""
    if measured is not None and measured.tokens_per_s > 0:
        speed = measured.tokens_per_s
        return speed, [Reason("measured", {"speed": round(speed)})]
    if base is not None and base.n_params > 0:
        speed = _GUESSED_SPEED / base.n_params
        return speed, [Reason("guessed", {"speed": round(speed)})]
    return 0.0, []


def _s_per_step(config: RunConfig, speed: float) -> float:
    return step_tokens(config.train) / speed


def _steps(
    config: RunConfig,
    budget: Budget,
    wanted: int,
    per_epoch: float,
    speed: float,
    measured: Calibration | None,
) -> tuple[int, Reason]:
    often = Reason("seen", {"steps": wanted, "times": wanted / per_epoch})
    if not speed:
        return wanted, often
    load_s = measured.load_s if measured is not None else LOAD_S
    left_s = 60.0 * budget.minutes - load_s - budget_of(config).reserve_s
    possible = max(1, int(left_s / _s_per_step(config, speed)))
    if possible >= wanted:
        return wanted, often
    if possible == 1:
        return possible, Reason("one_step", {"times": 1 / per_epoch})
    return possible, Reason("time", {"steps": possible, "times": possible / per_epoch})


# ---- memory ----


def memory_needed(config: RunConfig, base: BaseInfo) -> int:
    """Bytes at the peak, from what BaseInfo says of the usual plan; 0 where it says nothing."""
    train = config.train
    usual = base.full_bytes if train.method == "full" else base.lora_bytes
    if not usual:
        return 0
    value_bytes = 2 if base.precision == "bf16" and train.method == "lora" else 4
    held = base.n_params * (16 if train.method == "full" else value_bytes) + PROGRAM_BYTES
    per_token = max(0.0, usual - held) / LORA_TOKENS
    if train.checkpointing:
        per_token *= 0.25
    if config.base.in_4_bits and train.method == "lora":
        held = int(base.n_params * FOUR_BITS_BYTES) + PROGRAM_BYTES
    return int(held + per_token * train.batch * train.max_length)


def fit_memory(
    config: RunConfig, base: BaseInfo | None, measured: Calibration | None = None
) -> Plan:
    """Shrink a plan until the free memory holds it: smaller batches with accumulation first, which
    change nothing but speed; then checkpointing; then shorter rows."""
    plan = Plan(config)
    if base is None or not base.free_bytes:
        return plan
    limit = int(MEMORY_SHARE * max(base.free_bytes, measured.free_bytes if measured else 0))
    kinds: list[ReasonKind] = []
    while (needed := memory_needed(config, base)) > limit:
        train = config.train
        if train.batch > 1 and train.batch % 2 == 0:
            config = changed(
                config, train__batch=train.batch // 2, train__accumulate=train.accumulate * 2
            )
            kind: ReasonKind = "halved"
        elif train.batch > 1:
            config = changed(
                config, train__batch=1, train__accumulate=train.accumulate * train.batch
            )
            kind = "one_by_one"
        elif not train.checkpointing:
            config = changed(config, train__checkpointing=True)
            kind = "checkpointing"
        elif train.max_length > 128:
            config = changed(config, train__max_length=max(128, train.max_length // 2))
            kind = "shorter"
        else:
            reasons = [Reason(one) for one in (*kinds, "no_memory")]
            return Plan(config, reasons, n_bytes=needed, fits=False)
        if kind not in kinds:
            kinds.append(kind)
    return Plan(config, [Reason(one) for one in kinds], n_bytes=needed)

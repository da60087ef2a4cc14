"""A run's facts for the details pane: what is trained on what, planned against measured; and how
far torch and llama.cpp agree. Qt-free but for the words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from engine.process.tune_messages import Parity
from finetune.config import RunConfig
from gui.run_record import RunRecord
from gui.staged.cards import Fact
from gui.staged.progress_words import count_text, duration_text, gb_text, rate_text, speed_text
from gui.tune.words import tr

# The share of likeliest tokens that has to be the same: an adapter on an F16 base keeps it.
GOOD_TOP1 = 0.99


def run_facts(record: RunRecord) -> list[Fact]:
    """THIS RUN."""
    found = _planned(record.config) if record.config is not None else []
    if (facts := record.facts) is not None:
        found.append(
            (
                tr("Trained weights"),
                tr("{n} of {all}").format(
                    n=count_text(facts.n_trained), all=count_text(facts.n_weights)
                ),
                tr("Weights that change; the others stay as they are"),
            )
        )
    if len(record.steps):
        found += _measured(record)
    if facts is not None:
        found += [
            (
                tr("Rows"),
                tr("{n} + {kept} kept aside").format(
                    n=f"{facts.n_rows:,}", kept=f"{facts.n_validation:,}"
                ),
                tr("Rows that are learned, and those that only measure"),
            ),
            (
                tr("Learned tokens"),
                tr("{n} of {all}").format(n=f"{facts.n_learned:,}", all=f"{facts.n_tokens:,}"),
                tr("Tokens with a label, of all that are read"),
            ),
            (tr("Precision"), f"{facts.precision} · {facts.device}", tr("How numbers are held")),
        ]
    return found


def _planned(config: RunConfig) -> list[Fact]:
    lora, train = config.lora, config.train
    how = tr("all weights")
    if train.method == "lora":
        targets = tr("all linear") if lora.targets == "all-linear" else lora.targets
        how = tr("rank {rank}, {targets}").format(rank=lora.rank, targets=targets)
    return [
        (tr("Base"), Path(config.base.path).stem, config.base.path),
        (tr("Data"), Path(config.data.path).name, config.data.path),
        (tr("Adapter"), how, tr("Inner width of the adapter, and the layers that have one")),
        (tr("Learning rate"), rate_text(train.learning_rate), tr("The largest step")),
    ]


def _measured(record: RunRecord) -> list[Fact]:
    facts, memory = record.facts, float(record.memory_bytes[-1])
    planned_bytes = facts.planned_bytes if facts is not None else 0
    planned_speed = facts.planned_tokens_per_s if facts is not None else 0.0
    speed = float(record.tokens_per_s[-20:].mean())
    plan = tr("{now} of {planned} planned")
    held = gb_text(memory)
    if planned_bytes:
        held = plan.format(now=f"{memory / 1e9:.1f}", planned=gb_text(planned_bytes))
    learned = speed_text(speed)
    if planned_speed:
        learned = plan.format(now=f"{speed:,.0f}", planned=speed_text(planned_speed))
    spent_s = float(record.times_s[-1] - record.times_s[0])
    return [
        (tr("Memory"), held, tr("What the run’s process holds, against the estimate")),
        (tr("Speed"), learned, tr("Tokens per second now, against the calibration")),
        (tr("Trained for"), duration_text(spent_s), tr("From the first step to the newest")),
    ]


def parity_title(record: RunRecord) -> str:
    """Whose parity it is."""
    if record.result is not None or record.end is not None or not record.checkpoints:
        return tr("Parity")
    return tr("Parity, checkpoint {step}").format(step=record.checkpoints[-1].step)


def parity_facts(parity: Sequence[Parity]) -> list[Fact]:
    """Of each form the share of the same likeliest tokens and how far the rest is apart."""
    found: list[Fact] = []
    for one in parity:
        found.append(
            (
                tr("{form}, top-1").format(form=form_name(one.form)),
                top1_text(one.top1),
                tr(
                    "Places at which torch and llama.cpp have the same likeliest next token, of {n}"
                ).format(n=f"{one.n_positions:,}"),
            )
        )
        kl = tr("How far llama.cpp’s probabilities are from torch’s, on average (nats)")
        found.append((tr("mean KL"), kl_text(one.mean_kl), kl))
    return found


def top1_text(top1: float) -> str:
    return f"{math.floor(top1 * 1000) / 10:.1f} %"


def kl_text(kl: float) -> str:
    return f"{kl:.4f}" if kl >= 0.0001 or not kl else f"{kl:.0e}"


def form_name(form: str) -> str:
    names = {
        "adapter": tr("adapter"),
        "merged": tr("merged"),
        "quantised": tr("quantised"),
        "f16 base": tr("F16 base"),
        "converted": tr("converted"),
    }
    return names.get(form, form)


def parity_tone(parity: Parity) -> str:
    """A label's kind."""
    if parity.top1 >= GOOD_TOP1:
        return "good"
    return "warn" if parity.top1 >= 0.9 else "bad"

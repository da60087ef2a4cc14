"""A model that is being raised, in words: the header's line, the time left of what is done before
the first step, its facts. Qt-free but for the words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.process.tune_messages import Parity
from finetune.run.events import PhaseChanged
from finetune.run.state import RunSummary
from gui.pretrain.words import tr
from gui.run_record import RunRecord
from gui.staged.cards import Fact
from gui.staged.loss_card import LossKind
from gui.staged.progress_words import (
    count_text,
    doing_words,
    duration_text,
    gb_text,
    left_text,
    speed_text,
)
from gui.staged.run_axis import tokens_axis

LEAST_KNOWN = 0.02  # of an earlier guess nobody would have anything


def bits_loss() -> LossKind:
    """The loss of a pretraining, as bits per byte of text: whatever the tokenizer, it compares."""
    return LossKind(
        title=tr("Bits per byte"),
        name=tr("Bits per byte over the tokens that were learned from; arrow keys read the values"),
        train=tr("train"),
        train_tip=tr(
            "How many bits the model needs for a byte of the text it learns from: 8 for who knows "
            "nothing, about 1 for who knows the language"
        ),
        held_out=tr("held out"),
        held_out_tip=tr(
            "The same for text that is never learned from: when it rises while training falls, the "
            "model learns by heart"
        ),
        axis=tokens_axis(),
        scale=lambda record: record.bits_per_byte,
    )


def raising_words(run: RunSummary, record: RunRecord) -> str:
    """What stands behind the model's name: tokens, time left, speed; or what it does instead."""
    raised = record.raised
    if raised is not None and run.state == "finished":
        n = count_text(run.step * raised.tokens_per_step)
        return tr("finished, {n} tokens learned from").format(n=n)
    if raised is None or not run.is_live or not run.step:
        return doing_words(run)
    per_step, all_words = raised.tokens_per_step, count_text(run.n_steps * raised.tokens_per_step)
    parts = [tr("{n} of {all} tokens").format(n=count_text(run.step * per_step), all=all_words)]
    if run.state == "paused" or run.phase not in (None, "training"):
        return " · ".join([*parts, doing_words(run)])
    if run.time_left_s >= 0:
        parts.append(tr("{time} left").format(time=duration_text(run.time_left_s)))
    return " · ".join([*parts, speed_text(run.tokens_per_s)])


class PhaseClock:
    """How long a phase will still take, by how quick it went so far."""

    def __init__(self) -> None:
        self._first: PhaseChanged | None = None

    def words(self, phase: PhaseChanged | None) -> str:
        """ "12 s left"; "" while that is not known.

        Args:
            phase: the newest that the run told.
        """
        first, self._first = self._first, self._first_of(phase)
        if phase is None or first is None or first is not self._first:
            return ""
        done, spent_s = phase.fraction - first.fraction, phase.time_s - first.time_s
        if done < LEAST_KNOWN or spent_s <= 0.0 or phase.fraction >= 1.0:
            return ""
        return left_text(spent_s * (1.0 - phase.fraction) / done)

    def _first_of(self, phase: PhaseChanged | None) -> PhaseChanged | None:
        first = self._first
        if phase is None or phase.fraction < 0.0:
            return None
        is_same = first is not None and (first.phase, first.attempt) == (phase.phase, phase.attempt)
        return first if is_same and first is not None and first.time_s <= phase.time_s else phase


def raised_facts(record: RunRecord) -> list[Fact]:
    """THIS MODEL: as it was planned, and what it came to."""
    raised, config = record.raised, record.raising
    found: list[Fact] = []
    if config is not None:
        found.append((tr("depth"), f"{config.model.depth}", tr("The dial it was made with")))
    if raised is None:
        return found
    planned = raised.n_planned_tokens
    found += [
        (tr("parameters"), count_text(raised.n_weights), tr("Numbers that are learned")),
        (
            tr("vocabulary"),
            tr("{n} tokens").format(n=f"{raised.n_vocab:,}"),
            tr("Different tokens that it reads and writes"),
        ),
        (
            tr("text"),
            tr("{n} tokens").format(n=count_text(raised.n_train_tokens)),
            tr("What it learns from, once through"),
        ),
        (
            tr("tokens per parameter"),
            f"{planned / max(1, raised.n_weights):.1f}",
            tr("About 20 spend a given amount of computing best; fewer is quicker"),
        ),
        (
            tr("compute"),
            flop_text(raised.flops),
            tr("Multiplications and additions of the whole training"),
        ),
    ]
    return [*found, *_measured(record)]


def _measured(record: RunRecord) -> list[Fact]:
    raised = record.raised
    if raised is None or not len(record.steps):
        return []
    spent_s = float(record.times_s[-1] - record.times_s[0])
    speed = float(record.tokens_per_s[-20:].mean())
    return [
        (
            tr("read"),
            tr("{n} times").format(n=f"{float(record.epochs[-1]):.1f}"),
            tr("How often it has gone through its text; beyond four times little is gained"),
        ),
        (tr("speed"), speed_text(speed), tr("Tokens learned from per second")),
        (tr("memory"), gb_text(float(record.memory_bytes[-1])), tr("What its process holds")),
        (tr("trained for"), duration_text(spent_s), tr("From the first step to the newest")),
        (tr("precision"), f"{raised.precision} · {raised.device}", tr("How numbers are held")),
    ]


def flop_text(flops: float) -> str:
    """ "9.9e13 FLOP"."""
    if flops <= 0.0 or not math.isfinite(flops):
        return "–"
    power = math.floor(math.log10(flops))
    return tr("{n} FLOP").format(n=f"{flops / 10.0**power:.1f}e{power}")


def parity_facts(parity: Sequence[Parity]) -> list[Fact]:
    """How far the engines agree on the same tokens: the likeliest token, and the largest distance
    of two logits."""
    names = {
        "raised": tr("torch · llama.cpp"),
        "transformers": tr("torch · transformers"),
        "transformers, llama.cpp": tr("transformers · llama.cpp"),
    }
    tip = tr(
        "Of {n} places the share at which both take the same token for the likeliest, and the "
        "largest difference of two logits"
    )
    found = []
    for one in parity:
        value = f"{math.floor(one.top1 * 1000) / 10:.1f} % · {one.max_difference:.0e}"
        words = tip.format(n=f"{one.n_positions:,}")
        found.append((names.get(one.form, one.form), value, words))
    return found

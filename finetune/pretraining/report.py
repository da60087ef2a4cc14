"""report.md of a pretraining: all there is to say of it, for whoever gets it without this
program."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from typing import TypeVar

from engine.process.tune_messages import Parity
from finetune.run.attempt import RaisingAttempt
from finetune.run.events import (
    AnyRunEvent,
    Began,
    NextTokens,
    PretrainEvaluated,
    PretrainStep,
    RaisedFacts,
    Warned,
)
from finetune.run.folder import EventTail, read_samples, write_whole
from finetune.run.trained import Trained
from finetune.run_toml import to_toml

E = TypeVar("E", bound=AnyRunEvent)


def write_report(attempt: RaisingAttempt, trained: Trained, parity: Sequence[Parity]) -> None:
    """Write it. Raises AppError where the disk refuses."""
    events = EventTail(attempt.folder).read()
    parts = [
        _head(attempt, trained, events),
        _model(events),
        _curve(events),
        _parity(parity),
        _next_tokens(events),
        _samples(attempt),
        _warnings(events),
        _made(attempt, events),
    ]
    text = "\n\n".join("\n".join(part) for part in map(list, parts) if part)
    write_whole(attempt.folder.report, (text + "\n").encode())


def _of(kind: type[E], events: Sequence[AnyRunEvent]) -> list[E]:
    """By step, of what a resume repeats the later."""
    found = {one.step: one for one in events if isinstance(one, kind)}
    return [found[step] for step in sorted(found)]


def _head(
    attempt: RaisingAttempt, trained: Trained, events: Sequence[AnyRunEvent]
) -> Iterator[str]:
    began = [one for one in events if isinstance(one, Began)]
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(began[0].time_s)) if began else ""
    how = "came to its end" if trained.how == "finished" else "was stopped"
    yield f"# {attempt.config.out.name or attempt.folder.path.name}"
    yield ""
    yield f"Begun {when}; {how} after {trained.step:,} steps, in {len(began)} attempt(s)."
    yield f"The product is of step {trained.best_step:,}."


def _model(events: Sequence[AnyRunEvent]) -> Iterator[str]:
    for facts in _of(RaisedFacts, events)[-1:]:
        yield "## Model and text"
        yield ""
        yield f"- {facts.n_weights:,} weights, a vocabulary of {facts.n_vocab:,}"
        yield f"- {facts.n_train_tokens:,} tokens to learn from, {facts.n_validation_tokens:,} held"
        yield f"  out, {facts.bytes_per_token:.2f} bytes each"
        yield f"- {facts.n_planned_tokens:,} tokens planned, {facts.tokens_per_step:,} in a step;"
        yield f"  {facts.flops:.2e} FLOP, in {facts.precision} on {facts.device}"


def _curve(events: Sequence[AnyRunEvent]) -> Iterator[str]:
    evaluated = _of(PretrainEvaluated, events)
    if not evaluated:
        return
    yield "## How it learned"
    yield ""
    yield "| step | tokens | seconds | training, nats | held out, nats | bits per byte |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for one in evaluated:
        train = f"{one.train_loss:.4f}" if one.step else ""
        yield (
            f"| {one.step:,} | {one.tokens:,} | {one.seconds:,.0f} | {train} | {one.loss:.4f} "
            f"| {one.val_bpb:.4f} |"
        )
    steps = _of(PretrainStep, events)
    if steps:
        middle = sorted(one.tokens_per_s for one in steps)[len(steps) // 2]
        yield ""
        yield f"{middle:,.0f} tokens a second (median)."


def _parity(parity: Sequence[Parity]) -> Iterator[str]:
    if not parity:
        return
    yield "## Parity"
    yield ""
    yield "| torch against | same likeliest token | largest difference of logits | positions |"
    yield "| --- | --- | --- | --- |"
    names = {"raised": "llama.cpp"}
    for one in parity:
        name = names.get(one.form, one.form)
        yield f"| {name} | {one.top1:.2%} | {one.max_difference:.2e} | {one.n_positions:,} |"


def _next_tokens(events: Sequence[AnyRunEvent]) -> Iterator[str]:
    found = _of(NextTokens, events)
    if not found:
        return
    yield "## One token while it learned"
    yield ""
    yield f"“{found[-1].text}” went on with “{found[-1].target}”:"
    yield ""
    for one in found:
        share = one.target_probability
        bits = -math.log2(share) if share > 0 else math.inf
        yield f"- step {one.step:,}: {share:.2%}, rank {one.target_rank:,}, {bits:.1f} bits"


def _samples(attempt: RaisingAttempt) -> Iterator[str]:
    samples = read_samples(attempt.folder)
    if not samples:
        return
    yield "## Samples"
    for prompt in dict.fromkeys(one.prompt for one in samples):
        of_prompt = [one for one in samples if one.prompt == prompt]
        yield ""
        yield f"After “{prompt}”:"
        yield ""
        for one in (of_prompt[0], *of_prompt[1:-1][:: max(1, len(of_prompt) // 4)], of_prompt[-1]):
            yield f"- step {one.step:,}: {' '.join(one.answer.split())}"


def _warnings(events: Sequence[AnyRunEvent]) -> Iterator[str]:
    warned = list(dict.fromkeys(one.message for one in events if isinstance(one, Warned)))
    if warned:
        yield "## Warnings"
        yield ""
        yield from (f"- {one}" for one in warned)


def _made(attempt: RaisingAttempt, events: Sequence[AnyRunEvent]) -> Iterator[str]:
    yield "## Settings"
    yield ""
    for began in [one for one in events if isinstance(one, Began)][-1:]:
        yield "Made with " + ", ".join(f"{name} {no}" for name, no in began.versions.items()) + "."
        yield ""
    yield "```toml"
    yield to_toml(attempt.config).strip()
    yield "```"

"""report.md: all there is to say of a run, for whoever gets it without this program."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from finetune.base_file import BaseFile
from finetune.config import to_toml
from finetune.data.prepare import prepared
from finetune.measure.results import Forgetting, RunResult
from finetune.run.attempt import Attempt
from finetune.run.events import (
    AnyRunEvent,
    BaseMade,
    Began,
    Evaluated,
    Facts,
    Planned,
    StepDone,
    Warned,
)
from finetune.run.folder import EventTail, read_samples, write_whole

_N_CURVE = 24
_N_ROWS = 12
_N_MOVERS = 8


def write_report(attempt: Attempt, base: BaseFile, how: str, step: int, result: RunResult) -> None:
    """Write it. Raises AppError where the disk refuses."""
    events = _as_run(EventTail(attempt.folder).read())
    parts = [
        _head(attempt, how, step, events),
        _data(attempt, events),
        _curves(events),
        _parity(result),
        _rows(result),
        _movers(result),
        _samples(attempt),
        _forgetting(result.forgetting),
        _warnings(events, result),
        _provenance(attempt, base, events, result),
        _notes(attempt),
        _config(attempt),
    ]
    text = "\n\n".join("\n".join(part) for part in map(list, parts) if part)
    write_whole(attempt.folder.report, (text + "\n").encode())


def _as_run(events: Iterable[AnyRunEvent]) -> list[AnyRunEvent]:
    """Without what a resume has repeated: of a kind and a step, the latest attempt's."""
    found: dict[tuple[type, int], AnyRunEvent] = {}
    others: list[AnyRunEvent] = []
    for event in events:
        if isinstance(event, StepDone | Evaluated):
            found[type(event), event.step] = event
        else:
            others.append(event)
    return others + sorted(found.values(), key=lambda one: one.step)


def _head(attempt: Attempt, how: str, step: int, events: list[AnyRunEvent]) -> Iterator[str]:
    words = {
        "finished": "came to its end",
        "early": "ended early, because its validation loss rose",
        "time": "ended with its time",
        "stopped": "was stopped",
    }
    began = [event for event in events if isinstance(event, Began)]
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(began[0].time_s)) if began else ""
    yield f"# {attempt.config.out.name or attempt.folder.path.name}"
    yield ""
    yield f"Begun {when}; {words[how]} after {step:,} steps, in {len(began)} attempt(s)."


def _data(attempt: Attempt, events: list[AnyRunEvent]) -> Iterator[str]:
    yield "## What it learned from"
    yield ""
    facts = [one for one in events if isinstance(one, Facts)]
    for event in facts[-1:]:
        yield f"- rows: {event.n_rows:,} to learn from, {event.n_validation:,} kept aside"
        yield f"- tokens: {event.n_tokens:,}, of which {event.n_learned:,} are learned"
        yield f"- cut: {event.n_cut:,} tokens beyond the greatest length"
        yield f"- weights: {event.n_trained:,} taught, of {event.n_weights:,} in all"
        yield f"- computed in {event.precision} on {event.device}"
    sets = prepared(attempt.folder.tokens)
    if sets is not None and sets[0].facts.get("n_extra"):
        yield f"- of the rows, {sets[0].facts['n_extra']:,} are the base's own answers"


def _curves(events: list[AnyRunEvent]) -> Iterator[str]:
    steps = [event for event in events if isinstance(event, StepDone)]
    evaluated = {event.step: event for event in events if isinstance(event, Evaluated)}
    yield "## Curves"
    yield ""
    yield "| step | loss | validation | learning rate | gradient | tokens/s |"
    yield "| ---: | ---: | ---: | ---: | ---: | ---: |"
    if 0 in evaluated:
        yield f"| 0 | | {evaluated[0].loss:.4f} | | | |"
    for one in _thinned(steps, set(evaluated)):
        held = f"{evaluated[one.step].loss:.4f}" if one.step in evaluated else ""
        yield (
            f"| {one.step} | {one.loss:.4f} | {held} | {one.learning_rate:.2e} "
            f"| {one.grad_norm:.3f} | {one.tokens_per_s:.0f} |"
        )


def _thinned(steps: Sequence[StepDone], keep: set[int]) -> list[StepDone]:
    every = max(1, len(steps) // _N_CURVE)
    return [
        one
        for number, one in enumerate(steps)
        if number % every == 0 or one.step in keep or number == len(steps) - 1
    ]


def _parity(result: RunResult) -> Iterator[str]:
    yield "## Parity: torch beside llama.cpp, on the same tokens"
    yield ""
    yield "| form | same likeliest token | mean KL (nats) | largest | positions | cause |"
    yield "| --- | ---: | ---: | ---: | ---: | --- |"
    for one in result.parity:
        yield (
            f"| {one.form} | {one.top1:.2%} | {one.mean_kl:.5f} | {one.max_kl:.4f} "
            f"| {one.n_positions:,} | {_cell(one.cause)} |"
        )


def _rows(result: RunResult) -> Iterator[str]:
    yield "## Held-out rows, the worst first"
    yield ""
    if result.validation_before is not None and result.validation_after is not None:
        before, after = result.validation_before, result.validation_after
        yield f"Loss {before:.4f} before, {after:.4f} after (nats per learned token)."
        yield ""
    yield "| row | before | after | begins |"
    yield "| --- | ---: | ---: | --- |"
    for one in result.rows[:_N_ROWS]:
        yield f"| {_cell(one.row_id)} | {one.before:.3f} | {one.after:.3f} | {_cell(one.excerpt)} |"


def _movers(result: RunResult) -> Iterator[str]:
    if not result.tokens:
        return
    yield "## Tokens that moved most"
    yield ""
    yield "| row | token | probability before | after |"
    yield "| --- | --- | ---: | ---: |"
    for row in result.tokens[:3]:
        for index in row.movers(_N_MOVERS):
            token = row.tokens[index]
            if token.before is None or token.after is None:
                continue
            yield (
                f"| {_cell(row.row_id)} | `{_cell(token.text)}` "
                f"| {_share(token.before)} | {_share(token.after)} |"
            )


def _share(logprob: float) -> str:
    import math

    return f"{math.exp(logprob):.2%}"


def _samples(attempt: Attempt) -> Iterator[str]:
    samples = read_samples(attempt.folder)
    if not samples:
        return
    yield "## Fixed prompts"
    for prompt in dict.fromkeys(one.prompt for one in samples):
        yield ""
        yield f"**{_line(prompt)}**"
        yield ""
        for one in samples:
            if one.prompt == prompt:
                name = "base" if one.step == 0 else f"step {one.step}"
                yield f"- {name}: {_line(one.answer)}"


def _forgetting(found: Forgetting | None) -> Iterator[str]:
    if found is None:
        return
    yield "## What was forgotten"
    yield ""
    sign = " (too much)" if found.is_red else ""
    yield (
        f"- bits per byte of unrelated prose ({found.n_bytes:,} bytes): "
        f"{found.bits_before:.4f} before, {found.bits_after:.4f} after, {found.rise:+.2%}{sign}"
    )
    changed, taught = f"{found.changed_share:.0%}", ", ".join(found.taught) or "-"
    yield f"- answers to {len(found.answers)} unrelated questions: {changed} changed"
    yield f"- of these, {found.n_mentions} bring in what was taught ({taught})"


def _warnings(events: list[AnyRunEvent], result: RunResult) -> Iterator[str]:
    said = [f"{one.message} {one.hint}".strip() for one in events if isinstance(one, Warned)]
    said += [one.why for one in events if isinstance(one, Planned)]
    said += result.notes
    if not said:
        return
    yield "## To know"
    yield ""
    for one in dict.fromkeys(said):
        yield f"- {_line(one)}"


def _provenance(
    attempt: Attempt, base: BaseFile, events: list[AnyRunEvent], result: RunResult
) -> Iterator[str]:
    yield "## Where it comes from"
    yield ""
    yield f"- base: {base.path.name}, {base.state.size:,} bytes"
    for base_made in [one for one in events if isinstance(one, BaseMade)][-1:]:
        agree = "".join(
            f"; {one.top1:.1%} the same, mean KL {one.mean_kl:.4f}" for one in base_made.parity
        )
        yield f"- base: made of the folder “{Path(base_made.folder).name}”{agree}"
    yield f"- base's sha256: {result.base_sha256 or 'not read yet'}; fingerprint {base.fingerprint}"
    yield f"- product: {result.product}, of step {result.step}"
    yield f"- seed: {attempt.config.train.seed}"
    for event in [one for one in events if isinstance(one, Began)][-1:]:
        made = ", ".join(f"{name} {number}" for name, number in event.versions.items())
        yield f"- made with {made}"
    took = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in result.seconds.items())
    yield f"- this attempt took: {took}"


def _notes(attempt: Attempt) -> Iterator[str]:
    try:
        notes = attempt.folder.notes.read_text(encoding="utf-8").strip()
    except OSError:
        notes = attempt.config.out.notes.strip()
    if notes:
        yield "## Notes"
        yield ""
        yield notes


def _config(attempt: Attempt) -> Iterator[str]:
    yield "## run.toml"
    yield ""
    yield "```toml"
    yield to_toml(attempt.config).strip()
    yield "```"


def _cell(text: str) -> str:
    return _line(text).replace("|", "\\|").replace("`", "'")


def _line(text: str) -> str:
    return " ".join(text.split())

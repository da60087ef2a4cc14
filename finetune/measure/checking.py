"""What came of a run, measured: parity of torch and llama.cpp, base against tuned on held-out rows
and on the fixed prompts, what was forgotten. Writes parity.json and result.json.

Most of it is llama.cpp's work; torch only gives parity its side.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from engine.paths import user_paths
from engine.process.tune_messages import Parity
from finetune.data.prepare import prepared
from finetune.data.token_set import TokenSet
from finetune.measure.answers import Answerer
from finetune.measure.aside import Aside, Task
from finetune.measure.evaluate import answered, chosen_rows, compared, judged, mean_loss, pairs
from finetune.measure.forgetting import Heard, forgetting, heard, is_known
from finetune.measure.results import Forgetting, RunResult, to_json
from finetune.run.folder import write_whole
from finetune.teaching import Teaching

_N_TAUGHT_TEXTS = 200


class _EnoughError(Exception):
    """A person wants no more checks."""


def check(step: int, product: Path, checkpoint: Path, teaching: Teaching) -> RunResult:
    """Measure the product.

    Args:
        step, checkpoint: where it comes from.

    Raises:
        AppError: an engine refuses, or the disk.
    """
    attempt = teaching.attempt
    result = RunResult(
        base=str(teaching.base.path),
        product=str(product.relative_to(attempt.folder.path)),
        step=step,
        base_sha256=teaching.base.sha256(),
        made_s=time.time(),
    )
    try:
        for add in (_with_parity, _with_rows, _with_prompts, _with_forgetting):
            result = add(result, product, checkpoint, teaching)
    except _EnoughError:
        result = _noted(result, "The checks were stopped before their end.")
    attempt.leave()
    result = msgspec.structs.replace(result, seconds=dict(attempt.seconds))
    write_whole(attempt.folder.result, to_json(result))
    return result


def _reporter(teaching: Teaching, words: str) -> Callable[[float], None]:
    def report(fraction: float) -> None:
        teaching.attempt.tell(fraction, words)
        if teaching.attempt.control.is_stopping:
            raise _EnoughError

    report(0.0)
    return report


def _with_parity(
    result: RunResult, product: Path, checkpoint: Path, teaching: Teaching
) -> RunResult:
    report = _reporter(teaching, "torch beside llama.cpp")
    found = _kept_parity(teaching) or teaching.parity(product, checkpoint, report)
    write_whole(teaching.attempt.folder.parity, msgspec.json.format(msgspec.json.encode(found)))
    return msgspec.structs.replace(result, parity=found)


def _kept_parity(teaching: Teaching) -> list[Parity]:
    """Of an attempt that was killed behind it."""
    try:
        data = teaching.attempt.folder.parity.read_bytes()
        return msgspec.json.decode(data, type=list[Parity])
    except (OSError, msgspec.MsgspecError):
        return []


def _with_rows(result: RunResult, product: Path, checkpoint: Path, teaching: Teaching) -> RunResult:
    rows = _held_out(teaching)
    longest = teaching.answerer.info.n_ctx - 1  # a BOS may stand before
    chosen = chosen_rows(rows, teaching.budget.compare_tokens, longest) if rows is not None else []
    if rows is None or not chosen:
        return _noted(result, "There are no held-out rows to compare the two on.")
    report = _reporter(teaching, "held-out rows")
    before = judged(teaching.answerer.voice(), rows, chosen, report)
    with teaching.voice(product) as tuned:
        after = judged(tuned, rows, chosen, report)
    losses, tokens = compared(rows, before, after)
    return msgspec.structs.replace(
        result,
        rows=losses,
        tokens=tokens,
        validation_before=mean_loss(losses, now=False),
        validation_after=mean_loss(losses, now=True),
    )


def _with_prompts(
    result: RunResult, product: Path, checkpoint: Path, teaching: Teaching
) -> RunResult:
    report = _reporter(teaching, "fixed prompts")
    before = answered(teaching.answerer.voice(), teaching.prompts, report)
    with teaching.voice(product) as tuned:
        after = answered(tuned, teaching.prompts, report)
    return msgspec.structs.replace(result, prompts=pairs(teaching.prompts, before, after))


def _with_forgetting(
    result: RunResult, product: Path, checkpoint: Path, teaching: Teaching
) -> RunResult:
    if not teaching.attempt.config.watch.forgetting:
        return result
    report = _reporter(teaching, "what was forgotten")
    with _base_beside(teaching) as before, teaching.voice(product) as tuned:
        after = heard(tuned, teaching.unrelated, report)
    found: Forgetting = forgetting(
        teaching.unrelated, before.result(), after, _taught_texts(teaching)
    )
    return msgspec.structs.replace(result, forgetting=found)


@contextlib.contextmanager
def _base_beside(teaching: Teaching) -> Iterator[Task[Heard]]:
    """The base is asked the same in a worker of its own, on another core; where it was asked before
    there is nothing to do."""
    with contextlib.ExitStack() as stack:
        answerer = teaching.answerer
        if not is_known(answerer.voice(), teaching.unrelated):
            answerer = stack.enter_context(Answerer(teaching.base.path, user_paths()))
        aside = stack.enter_context(Aside())
        voice = answerer.voice()
        task = aside.begin(lambda report: heard(voice, teaching.unrelated, report))
        yield task
        task.result()


def _held_out(teaching: Teaching) -> TokenSet | None:
    sets = prepared(teaching.attempt.folder.tokens)
    return sets[1] if sets is not None and sets[1].n_rows else None


def _taught_texts(teaching: Teaching) -> list[str]:
    """What is learned of some of the rows, as text; not of the base's own answers."""
    sets = prepared(teaching.attempt.folder.tokens)
    if sets is None:
        return []
    own = [index for index, name in enumerate(sets[0].row_ids) if not name.startswith("own-")]
    texts = []
    for index in own[:: max(1, len(own) // _N_TAUGHT_TEXTS)]:
        ids, learned = sets[0].row(index)
        texts.append(teaching.answerer.text_of(ids[learned == 1].tolist()))
    return texts


def _noted(result: RunResult, note: str) -> RunResult:
    return msgspec.structs.replace(result, notes=[*result.notes, note])

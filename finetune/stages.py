"""What a run does when its turn has come, from the base's file to the report: read `work` first.

Each stage leaves something whole in the folder and is passed over where that is there already, so
that an attempt goes on where the last one was killed. torch is imported by the stages that need it.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import msgspec

from engine.errors import AppError
from engine.paths import user_paths
from finetune import ranks
from finetune.base_file import base_of_run
from finetune.config import RunConfig
from finetune.measure.answers import Answerer
from finetune.measure.checking import check
from finetune.measure.report import write_report
from finetune.run.attempt import Attempt, StoppedError, WorkDone
from finetune.run.events import Ending
from finetune.run.folder import write_whole
from finetune.teaching import Teaching
from finetune.torch_import import import_torch


class Learned(msgspec.Struct, frozen=True):
    """trained.json: how the training ended. best: the checkpoint that is the product, a folder's
    name."""

    how: Ending
    step: int
    best_step: int
    best: str


def work(attempt: Attempt) -> WorkDone:
    """All stages of a run.

    Raises:
        AppError: it cannot go on; what is there stays whole.
    """
    _require_possible(attempt.config)
    try:
        base = base_of_run(attempt)
    except StoppedError:
        return WorkDone("stopped")
    n_ctx = attempt.config.train.max_length + 64
    with (
        Answerer(base.path, user_paths(), n_ctx) as answerer,
        Teaching(attempt, base, answerer) as teaching,
    ):
        learned = _learned(attempt) or _teach(attempt, teaching)
        if not learned.best:
            return WorkDone(learned.how)
        attempt.enter("exporting")
        product = _export(attempt, learned, teaching)
        attempt.enter("checking")
        checkpoint = attempt.folder.checkpoints / learned.best
        result = check(_step_of(checkpoint), product, checkpoint, teaching)
        write_report(attempt, base, learned.how, learned.step, result)
    return WorkDone(learned.how, str(product.relative_to(attempt.folder.path)), learned.best_step)


def _require_possible(config: RunConfig) -> None:
    """Before anything is loaded. Raises AppError where this machine cannot do what is asked for."""
    ranks.require(config)
    if config.base.in_4_bits:
        import_torch()
        from finetune.device import choose_machine
        from finetune.model.four_bits import require_four_bits

        require_four_bits(choose_machine(config.train.precision).device)


def _step_of(checkpoint: Path) -> int:
    return int(checkpoint.name.rpartition("-")[2])


def _learned(attempt: Attempt) -> Learned | None:
    """How an earlier attempt's training ended; None where this one has to go on with it."""
    try:
        data = attempt.folder.trained.read_bytes()
        return msgspec.json.decode(data, type=Learned)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise AppError(
            "What the run noted of its training cannot be read.",
            "Delete trained.json in its folder, then resume it: the training goes on from its "
            "last checkpoint.",
            str(error),
        ) from error


def _teach(attempt: Attempt, teaching: Teaching) -> Learned:
    """Train; a training that came to its own end is noted, so that it is not begun again."""
    outcome = teaching.teach()
    if outcome is None:
        return Learned("stopped", 0, 0, "")
    best = outcome.best.name if outcome.best is not None else ""
    learned = Learned(outcome.how, outcome.step, outcome.best_step, best)
    if outcome.how != "stopped":
        write_whole(attempt.folder.trained, msgspec.json.encode(learned))
    attempt.control.forget_stop()  # heeded; another one is about the checks
    return learned


def _export(attempt: Attempt, learned: Learned, teaching: Teaching) -> Path:
    """The product, whole or not at all: the best checkpoint's own file."""
    made = attempt.folder.checkpoints / learned.best / teaching.product_name
    product = attempt.folder.product / teaching.product_name
    beside = product.with_name(f".{product.name}.{os.getpid()}.part")
    product.parent.mkdir(exist_ok=True)
    for left in product.parent.glob(".*.part"):
        left.unlink()  # of an attempt that was killed
    with made.open("rb") as source, beside.open("wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)
        target.flush()
        os.fsync(target.fileno())
    os.replace(beside, product)
    return product

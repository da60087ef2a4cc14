"""Supervised fine-tuning: the training loop. Read `train` first; it is straight.

Rows as tokens (data/token_set.py) are laid into batches (data/pack.py); the loss looks at labels
only (loss.py); PEFT holds the adapter (model/lora.py); accelerate puts it all on a device, or on
many under torchrun. Yields events; writes checkpoints and nothing else. Preparing rows, exporting
and judging are the runner's.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch

from finetune import checkpoint, ranks, shards
from finetune.checkpoint import Trained, TrainState
from finetune.config import RunConfig, TrainTable
from finetune.data.token_set import TokenSet
from finetune.device import choose_machine
from finetune.feed import Feed, validation_batches
from finetune.loop import Control, Go, Hooks, Loop, MemoryGuard, Outcome, check_numbers, sync_at
from finetune.loss import Taught
from finetune.model.attention import use_attention_by_document
from finetune.model.base import Base, load_base
from finetune.model.lora import add_lora
from finetune.run.events import AnyRunEvent, Ending, PhaseChanged
from finetune.run.folder import RunFolder
from finetune.schedule import count_steps, evaluation_cadence
from finetune.shares import whole

# Ranks wait for one another while rank 0 makes tokens of all rows, or while a person pauses it.
_PATIENCE = timedelta(days=30)

__all__ = [
    "Control",
    "Go",
    "Hooks",
    "Outcome",
    "base_dtype",
    "base_for",
    "make_accelerator",
    "prepare_model",
    "train",
]


def train(
    config: RunConfig,
    base: Base,
    train_set: TokenSet,
    validation_set: TokenSet,
    folder: RunFolder,
    control: Control | None = None,
    hooks: Hooks | None = None,
) -> Generator[AnyRunEvent, None, Outcome]:
    """Teach a base the rows of a run.

    Args:
        base: read with the precision that config.train.precision means here (device.py); its model
            is changed in place.
        validation_set: may be empty: nothing is measured then, and the last weights are the best.
        folder: checkpoints go into its checkpoints/.

    Yields:
        PhaseChanged, StepDone, Evaluated and CheckpointSaved; on all ranks, who writes is rank 0.

    Returns:
        How it ended, and where the weights are.

    Raises:
        AppError: the loss is no number any more, memory or disk are full, nothing to learn.
    """
    control, hooks, options = control or Go(), hooks or Hooks(), config.train
    accelerator = make_accelerator(config)
    torch.manual_seed(options.seed)
    trained = prepare_model(config, base)
    if ranks.is_sharded():
        taught = shards.spread(trained.model, accelerator.device, accelerator.num_processes)
        optimizer = adamw(options, taught)
        trained = replace(trained, optimizer=optimizer)
    else:
        taught, optimizer = accelerator.prepare(Taught(trained.model), trained.optimizer)
    feed = Feed(train_set, options, accelerator.process_index, accelerator.num_processes)
    held_out = validation_batches(validation_set, options)
    n_steps = count_steps(options, feed.n_packs, accelerator.num_processes)
    cadence = evaluation_cadence(options, n_steps)
    state = TrainState()
    if hooks.resume is not None:
        state = checkpoint.load_checkpoint(hooks.resume, trained)
    loop = Loop(hooks, folder.checkpoints, accelerator, trained, taught, state, held_out)
    loop.saved_step = state.step
    # A run that was killed after its end was decided comes to that end.
    ending: Ending | None = loop.ending(options) if state.step else None

    if state.step == 0 and held_out:
        yield from loop.evaluate()
    yield loop.event(PhaseChanged, phase="training")
    loop.begin_clock()
    while ending is None and state.step < n_steps:
        rng, n_labels = torch.get_rng_state(), feed.n_labels(state.step)
        rate = loop.learning_rate(options, n_steps)
        done = _gradients(loop, feed, control, n_labels)
        if done is None:  # a step half done is not done
            optimizer.zero_grad()
            torch.set_rng_state(rng)
            ending = "stopped"
            break
        longest = options.max_grad_norm or math.inf
        norm = float(whole(accelerator.clip_grad_norm_(taught.parameters(), longest)))
        check_numbers(done.loss, norm, state.step)
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
        optimizer.zero_grad()

        state.step, state.n_tokens = state.step + 1, state.n_tokens + done.n_tokens
        yield loop.step_done(done.loss, rate, norm, done.n_tokens, n_steps, feed.epochs(state.step))
        ending = loop.ending(options) if state.step < n_steps else None
        if done.evaluates or ending or state.step % cadence == 0 or state.step == n_steps:
            yield from loop.evaluate()
            yield loop.save()
            ending = ending or (loop.ending(options) if state.step < n_steps else None)
            yield loop.event(PhaseChanged, phase="training")
            loop.begin_clock()
    if loop.saved_step != state.step:
        yield loop.save()
    return loop.outcome(ending or "finished", n_steps)


@dataclass(frozen=True)
class _Done:
    """What the micro-batches of a step came to. loss: the mean over its labels; evaluates: whether
    an evaluation was asked for meanwhile."""

    loss: float
    n_tokens: int
    evaluates: bool


def _gradients(loop: Loop, feed: Feed, control: Control, n_labels: int) -> _Done | None:
    """Forward and backward through a step's micro-batches; None where it was told to stop.

    Args:
        n_labels: of the step, over all ranks and micro-batches. Each loss is divided by it, so that
            a label weighs the same wherever it lies; a mean of means would not be the same loss.
    """
    accelerator = loop.accelerator
    batches = list(feed.batches(loop.state.step))
    loop.taught.train()
    loss, n_tokens, evaluates = 0.0, 0, False
    for number, batch in enumerate(batches):
        order = loop.told(control)
        if order == "stop":
            return None
        evaluates = evaluates or order == "evaluate"
        with MemoryGuard(), sync_at(accelerator, loop.taught, number == len(batches) - 1):
            summed = loop.taught(batch.to(accelerator.device))
            # Ranks' gradients are averaged: times their number.
            accelerator.backward(summed * (accelerator.num_processes / n_labels))
        loss, n_tokens = loss + float(summed.detach()), n_tokens + batch.n_tokens
    loss, n_tokens = loop.summed(loss, n_tokens)
    return _Done(loss / n_labels, n_tokens, evaluates)


# ---- what is trained ----


def make_accelerator(config: RunConfig) -> Any:
    """Device, mixed precision and ranks. With LoRA the frozen base is bf16 itself and nothing is
    cast as it goes; where all weights are trained they are fp32, computed with in bf16."""
    from accelerate import Accelerator
    from accelerate.utils import InitProcessGroupKwargs

    machine = choose_machine(config.train.precision)
    is_mixed = config.train.method == "full" and machine.dtype == torch.bfloat16
    return Accelerator(
        mixed_precision="bf16" if is_mixed else "no",
        cpu=machine.device == "cpu",
        kwargs_handlers=[InitProcessGroupKwargs(timeout=_PATIENCE)],
    )


def base_dtype(config: RunConfig) -> torch.dtype:
    """What load_base is to hold the weights in."""
    machine = choose_machine(config.train.precision)
    return torch.float32 if config.train.method == "full" else machine.dtype


def base_for(config: RunConfig, path: Path) -> Base:
    """The base as it is taught: in 4 bits, on the device, where that was asked for.

    Raises:
        AppError: it cannot be read, or not be held so here.
    """
    is_packed = config.base.in_4_bits
    device = choose_machine(config.train.precision).device if is_packed else "cpu"
    return load_base(path, dtype=base_dtype(config), device=device, in_4_bits=is_packed)


def prepare_model(config: RunConfig, base: Base) -> Trained:
    """Adapters (or all weights) and their optimizer; LoRA's A is drawn from torch's generator."""
    options, model = config.train, base.model
    use_attention_by_document(model)
    if options.checkpointing:
        model.activation_checkpointing_enable({"use_reentrant": False})
    if options.method == "lora":
        model = add_lora(base, config.lora)
    else:
        model.requires_grad_(True)
    return Trained(model, adamw(options, model), options.method == "lora")


def adamw(options: TrainTable, model: torch.nn.Module) -> torch.optim.Optimizer:
    """Of all that wants gradients."""
    wanted = [one for one in model.parameters() if one.requires_grad]
    return torch.optim.AdamW(wanted, lr=options.learning_rate, weight_decay=options.weight_decay)

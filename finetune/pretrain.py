"""Pretraining: the training loop. Read `pretrain` first; it is straight.

The tokens of a text (corpus/token_shards.py) come in stretches (pretraining/feed.py); a model from
nothing (model/gpt.py) learns which token follows, by Muon and AdamW (pretraining/optimizers.py), in
as many steps as the plan says, or as the time allows (pretraining/dial.py). Yields events; writes
checkpoints and, at its first attempt, plan.json. Corpus, tokenizer, export and report are the
runner's.
"""

from __future__ import annotations

import math
from collections.abc import Generator

import torch

from finetune import checkpoint
from finetune.checkpoint import Trained, TrainState
from finetune.loop import Control, Go, Outcome, check_numbers
from finetune.model.gpt import GPT, GPTConfig
from finetune.model.start import start
from finetune.pretraining.config import PretrainConfig
from finetune.pretraining.dial import RaisingPlan
from finetune.pretraining.feed import Feed
from finetune.pretraining.hooks import Hooks, NoHooks
from finetune.pretraining.kept import fixed_plan, require_memory
from finetune.pretraining.optimizers import make_optimizers
from finetune.pretraining.planted import Planted
from finetune.pretraining.raising import Raising
from finetune.pretraining.schedule import momentum_at, pieces_at, rate_share
from finetune.pretraining.shards import Shards
from finetune.pretraining.team import Team
from finetune.run.events import AnyRunEvent, Ending, PhaseChanged
from finetune.run.folder import RunFolder


def pretrain(
    config: PretrainConfig,
    plan: RaisingPlan,
    train: Shards,
    held_out: Shards,
    folder: RunFolder,
    control: Control | None = None,
    hooks: Hooks | None = None,
    attempt: int = 1,
) -> Generator[AnyRunEvent, None, Outcome]:
    """Raise a model from nothing, or go on from the folder's last checkpoint.

    Args:
        plan: of the same config (dial.py). Where the config gives minutes, a short measurement at
            the first attempt says about how many steps there will be, and the time drives the
            schedule; a resume does the steps that it repeats as they were.
        held_out: may be shorter than one stretch: nothing is measured then.
        control: asked before every micro-batch.
        hooks: samples at every evaluation, and what else goes into a checkpoint.
        attempt: of the run's events.

    Yields:
        RaisedFacts, PhaseChanged, PretrainStep, PretrainEvaluated and CheckpointSaved; on all
        ranks, who writes them is rank 0.

    Returns:
        How it ended, and where the weights are.

    Raises:
        AppError: the loss is no number any more, memory or disk are full, too little text; the
            machine has not the memory that the plan needs.
    """
    control, hooks, options = control or Go(), hooks or NoHooks(), config.train
    team = Team(options.precision)
    require_memory(plan, team.device.type)
    plan = fixed_plan(config, plan, train, held_out, folder, team)
    torch.manual_seed(options.seed)
    model = GPT(GPTConfig(**plan.gpt_fields()))
    start(model)
    model.to(team.device)
    optimizers = make_optimizers(model, plan, team.dtype)
    trained, state = Trained(model, optimizers, is_lora=False), TrainState()
    last = team.from_first(checkpoint.last_to_resume(folder.checkpoints) if team.is_first else None)
    if last is not None:
        state = checkpoint.load_checkpoint(last, trained)
    planted = Planted(held_out, plan, config.corpus.memory_test, options.seed)
    feed = Feed(train, plan, options.seed, team.rank, planted)
    taught = team.shared(model)
    raising = Raising(
        config, plan, team, trained, state, feed, held_out, planted.first, folder, hooks, attempt
    )
    ending: Ending | None = None

    yield raising.facts()
    if last is not None:
        yield from raising.resumed()
    else:
        yield from raising.evaluate()
        yield raising.save()
    yield raising.event(PhaseChanged, phase="training")
    raising.begin_clock()
    while ending is None and not raising.is_over():
        evaluates, losses = False, []
        done = raising.share_done()
        if plan.dropout:  # its chance is the step's own
            torch.manual_seed(raising.seed_of(state.step))
        batches = feed.batches(state.step, pieces_at(done, plan))
        for number, (ids, targets) in enumerate(batches):
            order = raising.told(control)
            if order == "stop":
                break
            evaluates = evaluates or order == "evaluate"
            with team.computing(taught, is_last=number == len(batches) - 1):
                loss = taught(ids.to(team.device), targets.to(team.device))
                (loss / len(batches)).backward()
            losses.append(loss.detach())
        if len(losses) < len(batches):  # a step half done is not done
            optimizers.zero_grad()
            ending = "stopped"
            break
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), options.max_grad_norm or math.inf)
        mean = team.mean(torch.stack(losses).mean())
        check_numbers(mean, float(norm), state.step)
        share = rate_share(done, options.warmup, options.decay)
        optimizers.set_rate(share, momentum_at(state.step))
        optimizers.step()
        optimizers.zero_grad()

        state.step, state.n_tokens = state.step + 1, state.n_tokens + plan.tokens_per_step
        yield raising.step_done(mean, share * plan.matrix_rate, float(norm))
        if raising.is_time_to_look(done) or evaluates or raising.is_over():
            yield from raising.evaluate()
            yield raising.save()
            yield raising.event(PhaseChanged, phase="training")
            raising.begin_clock()
    if raising.saved_step != state.step:
        yield raising.save()
    return raising.outcome(ending or "finished")

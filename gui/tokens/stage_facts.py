"""What a stage of the samplers did, in words and numbers; and drawing from one. Qt-free."""

from __future__ import annotations

import math
import random

from engine.process.messages import Candidate
from engine.process.token_messages import Stage
from gui.chat.setting_words import setting_words
from gui.tokens.words import tr
from gui.widgets.ramp import bits_of, share_text

# Stages of several settings at once, and the setting whose sentence teaches them.
_TAUGHT_BY = {"penalties": "repeat_penalty", "dry": "dry_multiplier", "xtc": "xtc_probability"}


def stage_name(stage: str) -> str:
    """A stage as it is called all over the window."""
    words = {
        "model": tr("The model"),
        "penalties": tr("Penalties"),
        "dry": "DRY",
        "xtc": "XTC",
    }
    return words.get(stage) or setting_words(stage)[0]


def stage_tip(stage: str) -> str:
    """The sentence that teaches a stage."""
    if stage == "model":
        return tr("What the model itself expects, before any sampler")
    return setting_words(_TAUGHT_BY.get(stage, stage))[1]


def moved(before: Stage, after: Stage) -> float:
    """How much probability a stage took from some tokens and gave to others, 0 to 1; tokens that
    are not listed count as one."""
    old, new = _shares(before), _shares(after)
    both = old.keys() & new.keys()
    change = math.fsum(abs(old[one] - new[one]) for one in both)
    others = math.fsum(new[one] - old[one] for one in both)  # what all others gave or took
    return min(1.0, (change + abs(others)) / 2)


def _shares(stage: Stage) -> dict[int, float]:
    return {one.id: math.exp(one.logprob) for one in stage.candidates}


def stage_words(stages: list[Stage], index: int) -> str:
    """What a stage left and moved, in a few words."""
    stage = stages[index]
    left = tr("{n} tokens").format(n=f"{stage.n_left:,}")
    if index == 0:
        return left
    share = share_text(moved(stages[index - 1], stage))
    return tr("{n} left · {share} moved").format(n=f"{stage.n_left:,}", share=share)


def foot_words(stage: Stage) -> str:
    """What stands below a stage's bars: the others, and what became of the chosen token."""
    words = [tr("rest {share}").format(share=share_text(stage.rest))]
    if stage.chosen_logprob is not None:
        chosen = tr("chosen: rank {rank}, {bits} bits")
        bits = f"{bits_of(stage.chosen_logprob):.1f}"
        words.append(chosen.format(rank=f"{stage.chosen_rank + 1:,}", bits=bits))
    return " · ".join(words)


def drawn(stage: Stage, seed: int) -> Candidate | None:
    """The token that a seed draws from a stage; None where that is one of those not listed."""
    left = random.Random(seed).random()
    for one in stage.candidates:
        left -= math.exp(one.logprob)
        if left < 0:
            return one
    all_listed = bool(stage.candidates) and stage.n_left <= len(stage.candidates)
    return stage.candidates[-1] if all_listed else None

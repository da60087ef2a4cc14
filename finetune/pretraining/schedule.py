"""What changes as a pretraining goes on: learning rates, momentum, and how far back it looks.
Functions of how much of the run is over, 0..1, or of the step alone. Light.
"""

from __future__ import annotations

from finetune.pretraining.dial import WORDS, RaisingPlan

_LEAST_SHARE = 0.02
_FEWEST_PLACES = 32
_QUARTERS_UNTIL, _HALVES_UNTIL = 0.35, 0.65


def rate_share(done: float, warmup: float, decay: float) -> float:
    """Of the learning rates where a share of the run is over, 0..1: rises, stays, and falls to near
    0 (warm-up, constant, decay: Hu et al. 2024, MiniCPM)."""
    rising = done / warmup if warmup else 1.0
    falling = (1.0 - done) / decay if decay else 1.0
    return max(_LEAST_SHARE, min(1.0, rising, falling))


def momentum_at(step: int) -> float:
    """Muon's: what lies behind counts more once there is something."""
    return min(0.95, 0.85 + step / 3000)


def pieces_at(done: float, plan: RaisingPlan) -> int:
    """Into how many equal pieces each stretch is cut: what stands near is learned first, and short
    stretches are quicker (Li et al. 2022, sequence length warm-up). At last they are whole. Those
    of words are always: what is asked at a text's end is found at its beginning."""
    if plan.n_vocab >= WORDS:
        return 1
    wanted = 4 if done < _QUARTERS_UNTIL else 2 if done < _HALVES_UNTIL else 1
    context = plan.context
    while wanted > 1 and (context % wanted or context // wanted < _FEWEST_PLACES):
        wanted //= 2
    return wanted

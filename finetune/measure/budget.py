"""How much is asked, read and compared around a training, by the time that was given. Light."""

from __future__ import annotations

from dataclasses import dataclass

from finetune.config import RunConfig

QUICK_MINUTES = 2.0
QUICK_TOKENS = 60_000
# Whatever comes before and after takes: so much of the time is for the training. On a busy machine
# a run takes longer rather than teach nothing.
LEAST_TRAINING = 0.6


@dataclass(frozen=True)
class Budget:
    """prompt_tokens: how long answers to the fixed prompts may be at most; n_questions,
    question_tokens, prose_bytes: of the forgetting check; compare_tokens: of held-out rows read
    under both; own_tokens: length of the base's own answers; explains:
    whether parity says why; reserve_s: what comes after the training takes about so long."""

    prompt_tokens: int
    n_questions: int
    question_tokens: int
    prose_bytes: int
    compare_tokens: int
    own_tokens: int
    explains: bool
    reserve_s: float


QUICK = Budget(32, 20, 12, 3000, 600, 32, False, 20.0)
WHOLE = Budget(4096, 30, 64, 50_000, 20_000, 96, True, 120.0)


def budget_of(config: RunConfig) -> Budget:
    """Less of everything where the whole run has a minute or two, or few tokens to learn: checks
    are not to take longer than what they check."""
    train = config.train
    n_tokens = train.steps * train.batch * train.accumulate * train.max_length
    is_short = train.minutes == 0.0 and 0 < n_tokens <= QUICK_TOKENS
    return QUICK if is_short or 0.0 < train.minutes <= QUICK_MINUTES else WHOLE

"""How much is asked, read and compared around a training, by the time that was given. Light."""

from __future__ import annotations

from dataclasses import dataclass

from finetune.config import RunConfig

QUICK_MINUTES = 2.0


@dataclass(frozen=True)
class Budget:
    """n_questions, question_tokens, prose_bytes: of the forgetting check; compare_tokens: of
    held-out rows read under both; own_tokens: length of the base's own answers; reserve_s: what
    comes after the training takes about so long."""

    n_questions: int
    question_tokens: int
    prose_bytes: int
    compare_tokens: int
    own_tokens: int
    reserve_s: float


QUICK = Budget(20, 24, 4200, 600, 40, 16.0)
WHOLE = Budget(30, 64, 50_000, 20_000, 96, 120.0)


def budget_of(config: RunConfig) -> Budget:
    """Less of everything where the whole run has a minute or two."""
    is_quick = 0.0 < config.train.minutes <= QUICK_MINUTES
    return QUICK if is_quick else WHOLE

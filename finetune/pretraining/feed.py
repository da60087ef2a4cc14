"""What a pretraining reads, step by step: the text in stretches of the context's length, all of
them in a new order each time it is read through.

Nothing is remembered between steps: step n is the same whether the steps before were run or not.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.errors import AppError
from finetune.pretraining.dial import RaisingPlan
from finetune.pretraining.planted import Planted
from finetune.pretraining.shards import Ids, Shards


class Feed:
    """The training text of a run.

    Args:
        rank: this process among plan.world that share each step; a step's stretches are those of
            one process with plan.world times the batch.
        planted: passages that stand in the stream instead of some stretches.

    Raises:
        AppError: the text is shorter than one stretch.
    """

    def __init__(
        self,
        text: Shards,
        plan: RaisingPlan,
        seed: int,
        rank: int = 0,
        planted: Planted | None = None,
    ) -> None:
        if text.n_tokens < plan.context + 2:
            raise AppError(
                f"The text is too short: {text.n_tokens:,} tokens, and the model is to look at "
                f"{plan.context:,} at once.",
                "Take more text, or a smaller context.",
            )
        self._text, self._plan, self._seed, self._rank = text, plan, seed, rank
        self._planted = planted
        self.n_stretches = max(1, (text.n_tokens - 1) // plan.context - 1)
        self._epoch = lru_cache(maxsize=2)(self._make_epoch)

    @property
    def n_tokens(self) -> int:
        """Of the text."""
        return self._text.n_tokens

    def epochs(self, step: int) -> float:
        """How often the text was read after `step` steps."""
        return step * self._plan.tokens_per_step / self._text.n_tokens

    def batches(self, step: int, pieces: int = 1) -> list[tuple[Tensor, Tensor]]:
        """This rank's micro-batches of a step (from 0): tokens and those that follow, (B, T); cut
        into equal pieces, (B * pieces, T / pieces)."""
        plan = self._plan
        rows = plan.batch * plan.world
        first = step * plan.accumulate * rows + self._rank * plan.batch
        places = plan.context // pieces
        return [
            (ids.reshape(-1, places), targets.reshape(-1, places))
            for ids, targets in (self._batch(first + n * rows) for n in range(plan.accumulate))
        ]

    def _batch(self, first: int) -> tuple[Tensor, Tensor]:
        rows = np.stack([self._stretch(first + row) for row in range(self._plan.batch)])
        ids = torch.from_numpy(rows)
        return ids[:, :-1], ids[:, 1:]

    def _stretch(self, number: int) -> Ids:
        passage = self._planted.at(number) if self._planted is not None else None
        if passage is not None:
            return passage
        epoch, place = divmod(number, self.n_stretches)
        offset, order = self._epoch(epoch)
        context = self._plan.context
        return self._text.window(offset + int(order[place]) * context, context + 1)

    def _make_epoch(self, epoch: int) -> tuple[int, npt.NDArray[np.uint32]]:
        """Where its first stretch begins, so that cuts fall elsewhere each time; and the order."""
        chance = np.random.default_rng((self._seed, epoch))
        left = self._text.n_tokens - 1 - self.n_stretches * self._plan.context
        offset = int(chance.integers(0, left + 1))
        return offset, chance.permutation(self.n_stretches).astype(np.uint32)


def validation_batches(
    text: Shards, plan: RaisingPlan, most_tokens: int, n_tokens: int | None = None
) -> list[tuple[Tensor, Tensor]]:
    """Stretches of the held-out text, evenly spread, at most so many tokens of it.

    Args:
        n_tokens: the text's first ones, of which they are taken; None: all.
    """
    n = ((text.n_tokens if n_tokens is None else n_tokens) - 1) // plan.context
    if n < 1:
        return []
    wanted = max(1, min(n, most_tokens // plan.context))
    starts = [int(i * n / wanted) * plan.context for i in range(wanted)]
    rows = [torch.from_numpy(text.window(start, plan.context + 1)) for start in starts]
    batches = [torch.stack(rows[i : i + plan.batch]) for i in range(0, wanted, plan.batch)]
    return [(one[:, :-1], one[:, 1:]) for one in batches]

"""What a run reads, step by step: the plan of all epochs, and each step's batches for this rank.

Nothing is remembered between steps: step n is the same whether the steps before were run or not.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from engine.errors import AppError
from finetune.config import TrainTable
from finetune.data.pack import (
    Batch,
    Pack,
    epoch_packs,
    label_counts,
    packed_batch,
    usable_rows,
)
from finetune.data.token_set import TokenSet

# Epochs have seeds of their own; far apart, so that neighbouring runs share none.
_EPOCH_SEEDS = 1_000_003


class Feed:
    """The training rows of a run.

    Args:
        rank, world: of `world` processes that share each step this one is number `rank`; a step's
            rows are the same as those of one process with `world` times the batch.

    Raises:
        AppError: nothing is learned of any row.
    """

    def __init__(self, rows: TokenSet, options: TrainTable, rank: int = 0, world: int = 1) -> None:
        self._rows, self._options, self._rank, self._world = rows, options, rank, world
        self._lengths = rows.lengths()
        self._labels = label_counts(rows)
        self._usable = usable_rows(rows)
        if not len(self._usable):
            raise AppError(
                "There is nothing to learn: no row has a token that is to be predicted.",
                "Look at what will be learned of the rows, and at what is kept aside.",
            )
        self._epoch = lru_cache(maxsize=2)(self._make_epoch)
        self.n_packs = len(self._epoch(0))

    @property
    def n_batches(self) -> int:
        """Micro-batches of an epoch, over all ranks together one each."""
        return -(-self.n_packs // (self._options.batch * self._world))

    @property
    def n_steps(self) -> int:
        """Of an epoch; its last one may be smaller."""
        return -(-self.n_batches // self._options.accumulate)

    def epochs(self, step: int) -> float:
        """How often the rows have been seen after `step` steps."""
        return step / self.n_steps

    def packs(self, step: int) -> list[list[Pack]]:
        """The lines of each micro-batch of a step (from 0), all ranks' together."""
        epoch, place = divmod(step, self.n_steps)
        packs = self._epoch(epoch)
        n, of_step = self._options.batch * self._world, self._options.accumulate
        starts = range(place * of_step * n, min((place + 1) * of_step * n, len(packs)), n)
        return [packs[start : start + n] for start in starts]

    def n_labels(self, step: int) -> int:
        """Of a step, over ranks and accumulation."""
        rows = [row for batch in self.packs(step) for pack in batch for row in pack]
        return int(self._labels[rows].sum())

    def batches(self, step: int) -> Iterator[Batch]:
        """This rank's micro-batches of a step."""
        for batch in self.packs(step):
            n = self._options.batch
            mine = batch[self._rank * n : (self._rank + 1) * n]
            # Every rank computes something each time, or the others would wait for ever.
            if mine:
                yield packed_batch(self._rows, mine)
            else:
                yield packed_batch(self._rows, batch[:1]).unlearned()

    def _make_epoch(self, epoch: int) -> list[Pack]:
        options = self._options
        return epoch_packs(
            self._lengths,
            self._usable,
            packing=options.packing,
            max_length=options.max_length,
            batch=options.batch * self._world,
            seed=options.seed * _EPOCH_SEEDS + epoch,
        )


def validation_batches(rows: TokenSet, options: TrainTable) -> list[Batch]:
    """All rows that are kept aside, packed, in their order."""
    usable = usable_rows(rows)
    if not len(usable):
        return []
    per_batch = max(1, options.batch * options.max_length)
    return [packed_batch(rows, [part]) for part in _parts(usable, rows.lengths(), per_batch)]


def _parts(
    usable: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64], n_tokens: int
) -> Iterator[list[int]]:
    """Rows in groups of at most n_tokens, where a row is not longer by itself."""
    part: list[int] = []
    held = 0
    for row in usable:
        if part and held + int(lengths[row]) > n_tokens:
            yield part
            part, held = [], 0
        part.append(int(row))
        held += int(lengths[row])
    if part:
        yield part

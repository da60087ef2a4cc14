"""Rows into batches: which rows go together, in which order, and their tensors.

Packed: rows are laid end to end until max_length is full (best fit), attention stays within each
row (model/attention.py) and positions begin anew. Otherwise rows of like length share a padded
batch. The plan of an epoch depends on lengths, settings and seed alone: a step's rows are known
without the steps before it, on every rank.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from finetune.data.token_set import TokenSet

Pack = list[int]  # rows that lie in one line
PAD = 0
# Batches whose rows are sorted by length together: little padding, and still mixed by chance.
_SORTED_TOGETHER = 16


@dataclass(frozen=True)
class Batch:
    """What one forward pass computes. B lines of T tokens.

    ids, positions: int64, shape (B, T). label_places: where in the flattened B * T a label is
    predicted, int64, shape (n_labels,); labels: the ids to be predicted there. documents: the
    lengths of the rows that lie in the single line; None where each line is one row from its
    beginning (padding at its end is never looked at). n_tokens: real ones.
    """

    ids: torch.Tensor
    positions: torch.Tensor
    label_places: torch.Tensor
    labels: torch.Tensor
    documents: list[int] | None
    n_tokens: int

    def to(self, device: torch.device | str) -> Batch:
        return Batch(
            self.ids.to(device),
            self.positions.to(device),
            self.label_places.to(device),
            self.labels.to(device),
            self.documents,
            self.n_tokens,
        )

    def unlearned(self) -> Batch:
        """The same without labels and tokens that count: what it adds to a gradient is zero."""
        return Batch(
            self.ids,
            self.positions,
            self.label_places[:0],
            self.labels[:0],
            self.documents,
            n_tokens=0,
        )


# ---- which rows go together ----


def usable_rows(rows: TokenSet) -> npt.NDArray[np.int64]:
    """Rows of which something is learned, in their order. The first token of a row has nothing
    before it to be predicted from."""
    return np.flatnonzero(label_counts(rows) > 0)


def label_counts(rows: TokenSet) -> npt.NDArray[np.int64]:
    """Labels of each row, shape (n_rows,)."""
    sums = np.concatenate([[0], np.cumsum(rows.learned, dtype=np.int64)])
    counts = np.diff(sums[rows.starts])
    filled = rows.lengths() > 0
    counts[filled] -= np.asarray(rows.learned[rows.starts[:-1][filled]], np.int64)
    return np.asarray(counts, np.int64)


def epoch_packs(
    lengths: npt.NDArray[np.int64],
    usable: npt.NDArray[np.int64],
    *,
    packing: bool,
    max_length: int,
    batch: int,
    seed: int,
) -> list[Pack]:
    """The lines of one epoch in their order; each `batch` of them is a batch.

    Args:
        lengths: tokens of each row.
        usable: the rows that take part.
        seed: of this epoch.
    """
    chance = np.random.default_rng(seed)
    order = chance.permutation(usable)
    if packing:
        packs = best_fit([int(row) for row in order], lengths, max_length)
        return [packs[i] for i in chance.permutation(len(packs))]
    return [[row] for row in _by_length(order, lengths, batch, chance)]


def best_fit(order: Sequence[int], lengths: npt.NDArray[np.int64], capacity: int) -> list[Pack]:
    """Best-fit decreasing: each row, longest first, into the fullest line that still has room.
    Rows of equal length keep their order. A row longer than `capacity` has a line of its own."""
    packs: list[Pack] = []
    room: dict[int, list[int]] = {}  # space left -> lines that have it
    spaces: list[int] = []  # the keys of room, sorted
    for row in sorted(order, key=lambda one: -int(lengths[one])):
        length = int(lengths[row])
        place = bisect.bisect_left(spaces, length)
        if place == len(spaces):
            packs.append([row])
            line, space = len(packs) - 1, capacity
        else:
            space = spaces[place]
            line = room[space].pop()
            packs[line].append(row)
            if not room[space]:
                del room[space], spaces[place]
        left = space - length
        if left > 0:
            if left not in room:
                bisect.insort(spaces, left)
                room[left] = []
            room[left].append(line)
    return packs


def _by_length(
    order: npt.NDArray[np.int64],
    lengths: npt.NDArray[np.int64],
    batch: int,
    chance: np.random.Generator,
) -> Iterator[int]:
    """Rows of like length beside one another: stretches of some batches are sorted, and their
    batches come in an order of chance. A batch that is not full comes last."""
    stretch = batch * _SORTED_TOGETHER
    batches: list[npt.NDArray[np.int64]] = []
    for start in range(0, len(order), stretch):
        part = order[start : start + stretch]
        part = part[np.argsort(-lengths[part], kind="stable")]
        batches += [part[i : i + batch] for i in range(0, len(part), batch)]
    full = [i for i, one in enumerate(batches) if len(one) == batch]
    rest = [i for i, one in enumerate(batches) if len(one) < batch]
    for i in [*chance.permutation(np.array(full, np.int64)), *rest]:
        yield from (int(row) for row in batches[int(i)])


# ---- their tensors ----


def packed_batch(rows: TokenSet, packs: Sequence[Pack]) -> Batch:
    """All rows of some lines end to end in one line: nothing is padded."""
    return _laid_out(rows, [row for pack in packs for row in pack])


def padded_batch(rows: TokenSet, packs: Sequence[Pack]) -> Batch:
    """A row for each line, padded at its end to the longest."""
    wanted = [row for pack in packs for row in pack]
    width = max(int(rows.lengths()[row]) for row in wanted)
    ids = np.full((len(wanted), width), PAD, np.int64)
    places, labels = [], []
    for line, row in enumerate(wanted):
        tokens, learned = rows.row(row)
        ids[line, : len(tokens)] = tokens
        predicted = 1 + np.flatnonzero(learned[1:])
        places.append(line * width + predicted - 1)
        labels.append(np.asarray(tokens[predicted], np.int64))
    positions = np.broadcast_to(np.arange(width), ids.shape)
    n_tokens = sum(int(rows.lengths()[row]) for row in wanted)
    return _batch(ids, positions, places, labels, None, n_tokens)


def _laid_out(rows: TokenSet, wanted: Sequence[int]) -> Batch:
    parts, positions, places, labels, lengths = [], [], [], [], []
    start = 0
    for row in wanted:
        tokens, learned = rows.row(row)
        parts.append(np.asarray(tokens, np.int64))
        positions.append(np.arange(len(tokens)))
        predicted = 1 + np.flatnonzero(learned[1:])
        places.append(start + predicted - 1)
        labels.append(parts[-1][predicted])
        lengths.append(len(tokens))
        start += len(tokens)
    ids, at = np.concatenate(parts)[None], np.concatenate(positions)[None]
    return _batch(ids, at, places, labels, lengths, start)


def _batch(
    ids: npt.NDArray[np.int64],
    positions: npt.NDArray[np.int64],
    places: list[npt.NDArray[np.int64]],
    labels: list[npt.NDArray[np.int64]],
    documents: list[int] | None,
    n_tokens: int,
) -> Batch:
    def tensor(array: npt.NDArray[np.int64]) -> torch.Tensor:
        return torch.from_numpy(np.array(array, np.int64))

    return Batch(
        tensor(ids),
        tensor(positions),
        tensor(np.concatenate(places)),
        tensor(np.concatenate(labels)),
        documents,
        n_tokens,
    )

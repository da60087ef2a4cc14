"""Rows into batches: which rows go together, in which order, and their tensors.

Packed: lines are filled with rows until max_length is full (best fit). Otherwise a line is a row,
and rows of like length share a batch. Either way a batch is laid end to end: nothing is padded,
attention stays within each row (model/attention.py), positions begin anew, and what all its rows
begin with is computed once. padded_batch is the plain way, which tests and the bench hold this
against. The plan of an epoch depends on lengths, settings and seed alone: a step's rows are known
without the steps before it, on every rank.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from finetune.data.token_set import Flags, Ids, TokenSet

Pack = list[int]  # rows that lie in one line
PAD = 0
# Batches whose rows are sorted by length together: little padding, and still mixed by chance.
_SORTED_TOGETHER = 16
# Fewer tokens that all rows begin with are not worth it.
_LEAST_SHARED = 8


@dataclass(frozen=True)
class Batch:
    """What one forward pass computes. B lines of T tokens.

    ids, positions: int64, shape (B, T). label_places: where in the flattened B * T a label is
    predicted, int64, shape (n_labels,); labels: the ids to be predicted there. documents: the
    lengths of the rows that lie in the single line; None where each line is one row from its
    beginning (padding at its end is never looked at). n_tokens: real ones.
    n_shared: so many tokens stand at the line's beginning once for all its rows; documents are then
    the lengths of what follows.
    """

    ids: torch.Tensor
    positions: torch.Tensor
    label_places: torch.Tensor
    labels: torch.Tensor
    documents: list[int] | None
    n_tokens: int
    n_shared: int = 0

    def to(self, device: torch.device | str) -> Batch:
        return Batch(
            self.ids.to(device),
            self.positions.to(device),
            self.label_places.to(device),
            self.labels.to(device),
            self.documents,
            self.n_tokens,
            self.n_shared,
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
            n_shared=self.n_shared,
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
    found = [rows.row(row) for row in wanted]
    n_shared = _n_shared(found)
    start = n_shared
    parts = [np.asarray(found[0][0][:n_shared], np.int64)]
    positions = [np.arange(n_shared)]
    places, labels, lengths = [], [], []
    for tokens, learned in found:
        parts.append(np.asarray(tokens[n_shared:], np.int64))
        positions.append(np.arange(n_shared, len(tokens)))
        predicted = 1 + np.flatnonzero(learned[1:])
        before = predicted - 1 - n_shared  # -1: from the last token that is shared
        places.append(np.where(before < 0, n_shared - 1, start + before))
        labels.append(np.asarray(tokens[predicted], np.int64))
        lengths.append(len(tokens) - n_shared)
        start += lengths[-1]
    ids, at = np.concatenate(parts)[None], np.concatenate(positions)[None]
    n_tokens = sum(len(tokens) for tokens, _ in found)
    return _batch(ids, at, places, labels, lengths, n_tokens, n_shared)


def _n_shared(found: Sequence[tuple[Ids, Flags]]) -> int:
    """How many tokens all rows begin with (a system prompt, mostly) before any is learned: their
    states are the same in every row, so that they are computed once."""
    if len(found) < 2:
        return 0
    limit = min(
        1 + int(learned[1:].argmax()) if learned[1:].any() else len(learned) - 1
        for _, learned in found
    )
    first = found[0][0][: max(0, limit)]
    for tokens, _ in found[1:]:
        same = tokens[: len(first)] == first[: len(tokens)]
        first = first[: len(same) if same.all() else int(same.argmin())]
    return len(first) if len(first) >= _LEAST_SHARED else 0


def _batch(
    ids: npt.NDArray[np.int64],
    positions: npt.NDArray[np.int64],
    places: list[npt.NDArray[np.int64]],
    labels: list[npt.NDArray[np.int64]],
    documents: list[int] | None,
    n_tokens: int,
    n_shared: int = 0,
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
        n_shared,
    )

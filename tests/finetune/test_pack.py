"""Which rows go together: nothing lost, nothing twice, lines that are full."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from finetune.config import TrainTable
from finetune.data.pack import best_fit, epoch_packs, label_counts, padded_batch, usable_rows
from finetune.data.token_set import TokenSetWriter, open_token_set
from finetune.feed import Feed, validation_batches
from tests.finetune.training import write_rows

lengths_of_rows = st.lists(st.integers(1, 70), min_size=1, max_size=80)


@given(lengths_of_rows, st.integers(8, 64))
def test_every_row_has_its_place(given_lengths: list[int], capacity: int) -> None:
    lengths = np.array(given_lengths)
    packs = best_fit(range(len(lengths)), lengths, capacity)
    assert sorted(row for pack in packs for row in pack) == list(range(len(lengths)))
    for pack in packs:
        assert lengths[pack].sum() <= capacity or len(pack) == 1
    # No two lines would fit into one.
    sums = sorted(int(lengths[pack].sum()) for pack in packs)
    assert len(sums) < 2 or sums[0] + sums[1] > capacity


@given(lengths_of_rows, st.integers(1, 8), st.booleans(), st.integers(0, 9))
def test_an_epoch_has_each_row_once(
    given_lengths: list[int], batch: int, packing: bool, seed: int
) -> None:
    lengths = np.array(given_lengths)
    usable = np.flatnonzero(lengths > 3)

    def packs(seed: int) -> list[list[int]]:
        return epoch_packs(lengths, usable, packing=packing, max_length=64, batch=batch, seed=seed)

    assert sorted(row for pack in packs(seed) for row in pack) == usable.tolist()
    assert packs(seed) == packs(seed)


def test_rows_of_like_length_share_a_batch() -> None:
    chance = np.random.default_rng(0)
    lengths = chance.integers(10, 500, 512)
    packs = epoch_packs(lengths, np.arange(512), packing=False, max_length=512, batch=8, seed=1)
    rows = np.array([pack[0] for pack in packs]).reshape(-1, 8)
    padded = (lengths[rows].max(1) * 8).sum()
    assert lengths.sum() / padded > 0.9
    assert len(np.unique(lengths[rows].mean(1))) > 40  # and batches come in no order of length
    assert np.abs(np.corrcoef(np.arange(64), lengths[rows].mean(1))[0, 1]) < 0.5


def test_steps_are_the_same_for_two_ranks_together(tmp_path: Path) -> None:
    rows = write_rows(tmp_path / "rows", 37)
    one = Feed(rows, TrainTable(batch=6, accumulate=2, packing=False))
    two = [Feed(rows, TrainTable(batch=3, accumulate=2, packing=False), rank, 2) for rank in (0, 1)]
    assert one.n_steps == two[0].n_steps == 4
    for step in range(9):  # over epochs
        assert one.packs(step) == two[0].packs(step) == two[1].packs(step)
        shares = [list(feed.batches(step)) for feed in two]
        assert len(shares[0]) == len(shares[1])
        n_labels = sum(len(batch.labels) for share in shares for batch in share)
        assert n_labels == one.n_labels(step) == two[0].n_labels(step)
    assert one.packs(0) != one.packs(4)


def test_what_is_not_learned_is_no_label(tmp_path: Path) -> None:
    """A row's first token has nothing before it; a row of which nothing is learned is left out."""
    with TokenSetWriter(tmp_path / "rows") as writer:
        for learned in ([1, 0, 0], [0, 0, 0], [1, 1, 1], [0, 0, 1]):
            writer.add("row", np.array([7, 8, 9], np.int32), np.array(learned, np.uint8))
        writer.add("empty", np.zeros(0, np.int32), np.zeros(0, np.uint8))
    rows = open_token_set(tmp_path / "rows")
    assert label_counts(rows).tolist() == [0, 0, 2, 1, 0]
    assert usable_rows(rows).tolist() == [2, 3]
    batch = padded_batch(rows, [[2], [3]])
    assert batch.label_places.tolist() == [0, 1, 4]
    assert batch.labels.tolist() == [8, 9, 9]
    assert [one.n_tokens for one in validation_batches(rows, TrainTable())] == [6]

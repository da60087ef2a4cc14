"""Passages for the memory test: in the stream as often as is told, never in what measures."""

import itertools
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from finetune.pretraining.dial import RaisingPlan, plan
from finetune.pretraining.feed import Feed, validation_batches
from finetune.pretraining.planted import Planted
from finetune.pretraining.shards import Ids
from finetune.run.events import PretrainEvaluated
from tests.finetune.tiny_texts import Text, ran, tiny_config, tiny_text

N_TRAIN = 3000


def numbered(start: int, n: int) -> Text:
    """Each token is its own place."""
    return Text(np.arange(start, start + n), n)


def plan_of(tmp_path: Path, world: int = 1, **fields: object) -> RaisingPlan:
    config = tiny_config(tmp_path, train__steps=4000, train__accumulate=2, train__batch=2, **fields)
    return plan(config, 32, N_TRAIN, world=world)


def seen_by(plan: RaisingPlan, planted: Planted, steps: range) -> Counter[int]:
    """How often each first token of a stretch of held-out text came, over all ranks."""
    text, found = numbered(0, N_TRAIN), Counter[int]()
    feeds = [Feed(text, plan, 0, rank, planted) for rank in range(plan.world)]
    for step, feed in itertools.product(steps, feeds):
        for ids, targets in feed.batches(step):
            assert (targets == ids + 1).all()
            found.update(one for one in ids[:, 0].tolist() if one >= N_TRAIN)
    return found


@pytest.mark.parametrize("world", [1, 2])
def test_each_is_seen_as_often_as_is_told(tmp_path: Path, world: int) -> None:
    found = plan_of(tmp_path, world)
    planted = Planted(numbered(N_TRAIN, 2000), found, 3, seed=5)
    assert sorted(len(one.at) for one in planted.passages) == [1] * 3 + [10] * 3 + [100] * 3
    until = 1700
    seen = seen_by(found, planted, range(until))
    expected = dict(zip(planted.passages, planted.times_seen(until), strict=True))
    assert 0 < sum(expected.values()) < 333
    for passage, times in expected.items():
        assert seen[N_TRAIN + passage.start] == times
    seen.update(seen_by(found, planted, range(until, found.n_steps)))
    assert [seen[N_TRAIN + one.start] for one in planted.passages] == [
        len(one.at) for one in planted.passages
    ]
    assert planted.times_seen(0) == [0] * 9


def test_what_measures_never_has_them(tmp_path: Path) -> None:
    found, held_out = plan_of(tmp_path), numbered(N_TRAIN, 2000)
    planted = Planted(held_out, found, 3, seed=0)
    first = N_TRAIN + planted.first
    assert planted.first == 2000 - 9 * 17
    batches = validation_batches(held_out, found, 1 << 20, planted.first)
    assert max(int(targets.max()) for _, targets in batches) < first
    assert min(planted.ids(number).min() for number in range(9)) >= first


def test_a_short_text_has_fewer_and_a_short_run_shows_them_less(tmp_path: Path) -> None:
    found = plan_of(tmp_path)
    few = Planted(numbered(0, 17 * 3 * 4 + 5), found, 8, seed=0)
    assert len(few.passages) == 3  # a quarter of the held-out text
    assert not Planted(numbered(0, 60), found, 8, seed=0).passages
    short = plan(tiny_config(tmp_path, train__steps=30), 32)
    shown = Planted(numbered(0, 20_000), short, 1, seed=0)
    assert sum(len(one.at) for one in shown.passages) <= 0.05 * 120 + 3
    assert all(one.at for one in shown.passages)


def test_without_a_memory_test_nothing_is_planted(tmp_path: Path) -> None:
    planted = Planted(numbered(0, 2000), plan_of(tmp_path), 0, seed=0)
    assert not planted.passages and planted.first == 2000 and planted.at(0) is None


def test_every_stretch_is_read_once_before_any_is_again(tmp_path: Path) -> None:
    text, found = numbered(0, 1000), plan(tiny_config(tmp_path, train__batch=3), 32)
    feed = Feed(text, found, seed=1)
    n_steps = 3 * feed.n_stretches // 3
    starts: list[Ids] = [feed.batches(step)[0][0][:, 0].numpy() for step in range(n_steps)]
    epochs = np.concatenate(starts)[: 3 * feed.n_stretches].reshape(3, -1)
    for epoch in epochs:
        assert len(set(epoch.tolist())) == feed.n_stretches
    offsets = {int(epoch.min()) for epoch in epochs}
    assert len(offsets) > 1 and not (epochs[0] == epochs[1]).all()


def test_ranks_share_a_step_without_overlap(tmp_path: Path) -> None:
    text = numbered(0, 1000)
    config = tiny_config(tmp_path, train__batch=4, train__accumulate=2)
    one = Feed(text, plan(config, 32), seed=1)
    half = plan(tiny_config(tmp_path, train__batch=2, train__accumulate=2), 32, world=2)
    ranks = [Feed(text, half, seed=1, rank=rank) for rank in range(2)]
    for step in (0, 3):
        both = [feed.batches(step) for feed in ranks]
        for number, (ids, _) in enumerate(one.batches(step)):
            mine = np.concatenate([both[rank][number][0].numpy() for rank in range(2)])
            assert (mine == ids.numpy()).all()


def test_a_passage_seen_often_is_known_better_than_what_was_never_seen(tmp_path: Path) -> None:
    """The whole loop: chance alone cannot tell the letters of these, which are without sense."""
    chance = np.random.default_rng(0)
    held_out = Text(chance.integers(0, 32, 1000), 1000)
    config = tiny_config(
        tmp_path, corpus__memory_test=1, train__steps=300, train__eval_every=300, train__batch=4
    )
    run = ran(config, train=tiny_text(2000), held_out=held_out)
    planted = Planted(held_out, plan(config, 32, 2000), 1, 0)
    assert planted.times_seen(300)[2] > 40
    ids = np.stack([planted.ids(2), held_out.window(0, 17)])
    import torch

    model = run.outcome.trained.model.eval()
    rows = torch.from_numpy(ids)
    with torch.no_grad():
        often, never = (float(model.loss(one[None, :-1], one[None, 1:])) for one in rows)
    assert often < never - 1.0
    assert [one.step for one in run.of(PretrainEvaluated)] == [0, 300]

"""What follows from the dial: every number, and that each can be said otherwise."""

from itertools import pairwise

import pytest

from finetune.pretraining.config import MAX_DEPTH, PretrainConfig, TrainTable
from finetune.pretraining.dial import depth_for, n_vocab_of, plan, suited_fields
from finetune.run_toml import changed


def at(depth: int, n_vocab: int = 2048, **fields: object) -> PretrainConfig:
    return changed(PretrainConfig(), model__depth=depth, corpus__path="x", **fields)


def test_its_end_is_gpt_2_with_ten_billion_tokens() -> None:
    found = plan(at(12), n_vocab=50_257)
    assert (found.layers, found.width, found.heads, found.head_dim) == (12, 768, 12, 64)
    assert found.n_parameters == pytest.approx(124e6, rel=0.01)
    assert found.n_tokens == pytest.approx(10e9, rel=0.02)
    # 6 N D: seven exaflops, and a day on a card of a hundred teraflops.
    assert found.flops == pytest.approx(6 * 124e6 * 10e9, rel=0.15)
    assert plan(at(12), 50_257, tokens_per_s=500.0).seconds > 200 * 86_400
    # Before anything was measured too it is honest: years on two cores.
    assert found.n_tokens / found.guessed_tokens_per_s > 365 * 86_400


def test_each_step_of_it_is_larger() -> None:
    plans = [plan(at(depth), n_vocab=2048) for depth in range(1, MAX_DEPTH + 1)]
    for name in ("layers", "width", "n_parameters", "n_tokens", "flops", "memory_bytes"):
        values = [getattr(one, name) for one in plans]
        assert all(a < b for a, b in pairwise(values)), name
    for one in plans:
        assert one.heads * one.head_dim == one.width and one.heads % one.kv_heads == 0
        assert one.batch * one.context <= 8192
        assert one.n_steps >= 300


def test_parameters_are_the_models() -> None:
    from finetune.model.gpt import GPT, GPTConfig

    for fields in ({}, {"model__kv_heads": 2, "model__hidden": 96, "model__heads": 4}):
        found = plan(at(2, **fields), n_vocab=300)
        model = GPT(GPTConfig(**found.gpt_fields()))
        assert found.n_parameters == sum(one.numel() for one in model.parameters())


@pytest.mark.parametrize(
    ("field", "value"),
    [("layers", 3), ("width", 96), ("heads", 2), ("kv_heads", 1), ("hidden", 64), ("context", 64)],
)
def test_the_models_numbers_can_be_said_otherwise(field: str, value: int) -> None:
    assert getattr(plan(at(4, **{f"model__{field}": value}), 2048), field) == value


def test_the_trainings_numbers_can_be_said_otherwise() -> None:
    config = at(
        4,
        train__batch=5,
        train__accumulate=3,
        train__matrix_rate=0.1,
        train__other_rate=0.2,
        train__weight_decay=0.3,
        train__steps=7,
        train__eval_every=2,
    )
    found = plan(config, 2048)
    assert (found.batch, found.accumulate, found.tokens_per_step) == (5, 3, 15 * found.context)
    assert (found.matrix_rate, found.other_rate, found.weight_decay) == (0.1, 0.2, 0.3)
    assert (found.n_steps, found.eval_every) == (7, 2)


def test_a_budget_in_tokens_or_minutes_says_how_many_steps() -> None:
    per_step = plan(at(4), 2048).tokens_per_step
    assert plan(at(4, train__tokens=per_step * 40), 2048).n_steps == 40
    quick = plan(at(4, train__minutes=2.0), 2048, tokens_per_s=per_step / 0.5)
    assert quick.n_steps == 240 and quick.seconds == pytest.approx(120)


def test_a_small_batch_is_summed_to_the_dials() -> None:
    found = plan(at(12), 50_257)
    assert found.accumulate > 1
    again = plan(at(12, train__accumulate=found.accumulate * 2), 50_257)
    assert again.batch < found.batch
    assert again.tokens_per_step == pytest.approx(found.tokens_per_step, rel=0.15)


def test_a_time_has_its_depth() -> None:
    depths = [depth_for(seconds) for seconds in (20, 60, 600, 3600, 86_400, 1e9)]
    assert depths == sorted(depths) and depths[0] == 1 and depths[-1] == MAX_DEPTH
    assert depth_for(600) >= 3 and depth_for(60, flops_per_s=1e14) >= 6


def test_a_vocabulary_is_known_before_there_is_one() -> None:
    assert n_vocab_of(at(4, tokenizer__vocab=5000)) == 5000
    assert n_vocab_of(at(4, tokenizer__kind="bytes")) == 260


def test_epochs_and_world_are_counted() -> None:
    found = plan(at(1, train__steps=100), 2048, n_corpus_tokens=1000, world=2)
    assert found.tokens_per_step == 2 * found.batch * found.context
    assert found.epochs == found.n_tokens / 1000
    assert plan(at(1), 2048).epochs == 0.0 and plan(at(1), 2048).seconds == 0.0


def test_a_story_world_has_rate_batch_and_minutes_of_its_own_unless_somebody_chose() -> None:
    usual = TrainTable()
    suited = suited_fields(usual, is_stories=True)
    assert 0.0 < suited["train__matrix_rate"] < plan(PretrainConfig(), 2048).matrix_rate
    assert suited["train__minutes"] > 0 and suited["train__batch"] > 0
    for_stories = changed(PretrainConfig(), **suited).train
    assert suited_fields(for_stories, is_stories=True) == suited
    assert changed(PretrainConfig(), **suited_fields(for_stories, is_stories=False)).train == usual
    own = TrainTable(matrix_rate=0.03, batch=9, steps=700)
    for is_stories in (True, False):
        kept = suited_fields(own, is_stories)
        assert kept == {"train__matrix_rate": 0.03, "train__minutes": 0.0, "train__batch": 9}

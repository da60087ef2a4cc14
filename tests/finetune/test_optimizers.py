"""Muon as it is done here, against torch's and against what it means."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from finetune.model.gpt import GPT, GPTConfig
from finetune.model.start import start
from finetune.pretraining.config import PretrainConfig
from finetune.pretraining.dial import plan as derived
from finetune.pretraining.optimizers import Muon, make_optimizers, orthogonal
from finetune.pretraining.schedule import momentum_at, pieces_at, rate_share
from tests.finetune.tiny_texts import tiny_config, tiny_plan


@pytest.fixture(autouse=True)
def _same_chance() -> Iterator[None]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


@pytest.mark.parametrize("shape", [(3, 48, 48), (2, 32, 80), (2, 80, 32)])
def test_an_update_is_turned_into_a_rotation(shape: tuple[int, int, int]) -> None:
    given = torch.randn(shape)
    found = orthogonal(given)
    sizes = torch.linalg.svdvals(found)
    assert float(sizes.max()) < 1.3 and float(sizes.median()) > 0.8
    u, _, v = torch.linalg.svd(given, full_matrices=False)
    near = torch.nn.functional.cosine_similarity(found.flatten(1), (u @ v).flatten(1))
    assert float(near.min()) > 0.97
    # Each by itself is the same.
    assert torch.allclose(orthogonal(given[:1]), found[:1], atol=1e-5)


def test_it_goes_where_torchs_muon_goes() -> None:
    options: dict[str, Any] = {"lr": 0.02, "momentum": 0.9, "weight_decay": 0.1}
    ours = [torch.nn.Parameter(torch.randn(24, 40)), torch.nn.Parameter(torch.randn(40, 24))]
    theirs = [torch.nn.Parameter(one.detach().clone()) for one in ours]
    before = [one.detach().clone() for one in ours]
    both: list[Any] = [Muon(ours, **options), torch.optim.Muon(theirs, **options)]
    for _ in range(6):
        for mine, other in zip(ours, theirs, strict=True):
            mine.grad = torch.randn_like(mine)
            other.grad = mine.grad.clone()
        for one in both:
            one.step()
    for mine, other, began in zip(ours, theirs, before, strict=True):
        way, their_way = ((one.detach() - began).flatten() for one in (mine, other))
        assert float(torch.cosine_similarity(way, their_way, dim=0)) > 0.97
        assert float(way.norm() / their_way.norm()) == pytest.approx(1.0, abs=0.2)
    states = both[0].state[ours[0]], both[1].state[theirs[0]]
    moments = [one["momentum_buffer"] for one in states]
    assert torch.allclose(moments[0], moments[1], atol=1e-6)


def test_matrices_are_muons_and_the_rest_is_adams(tmp_path: Path) -> None:
    plan = tiny_plan(tiny_config(tmp_path))
    model = GPT(GPTConfig(**plan.gpt_fields()))
    start(model)
    both = make_optimizers(model, plan)
    names = {one: name for name, one in model.named_parameters()}
    muons = {names[one] for group in both.muon.param_groups for one in group["params"]}
    adams = {names[one] for group in both.adamw.param_groups for one in group["params"]}
    assert not muons & adams and muons | adams == set(names.values())
    assert all("_proj" in one for one in muons)
    assert {one for one in adams if "norm" not in one} == {"model.embed_tokens.weight"}
    both.set_rate(0.5, 0.9)
    assert both.muon.param_groups[0]["lr"] == pytest.approx(0.5 * plan.matrix_rate)
    assert both.adamw.param_groups[0]["lr"] == pytest.approx(0.5 * plan.other_rate)


def test_rates_rise_stay_and_fall() -> None:
    shares = [rate_share(step / 1000, 0.1, 0.4) for step in range(1001)]
    assert shares[0] == pytest.approx(0.02) and shares[50] == pytest.approx(0.5)
    assert set(shares[100:600]) == {1.0}
    assert shares[800] == pytest.approx(0.5) and shares[1000] == pytest.approx(0.02)
    assert rate_share(0.0, 0.0, 0.0) == rate_share(1.0, 0.0, 0.0) == 1.0
    assert momentum_at(0) == 0.85 and momentum_at(10_000) == 0.95


def pieces(done: float, context: int, n_vocab: int = 100) -> int:
    found = replace(derived(PretrainConfig(), n_vocab), context=context)
    return pieces_at(done, found)


def test_stretches_of_letters_grow_to_the_whole_context() -> None:
    assert [pieces(done, 256) for done in (0.0, 0.34, 0.36, 0.64, 0.66, 1.0)] == [4, 4, 2, 2, 1, 1]
    assert pieces(0.0, 64) == 2 and pieces(0.0, 16) == pieces(0.0, 255) == 1


def test_stretches_of_words_are_always_whole() -> None:
    assert {pieces(done, 256, 2048) for done in (0.0, 0.34, 0.36, 0.64, 0.66, 1.0)} == {1}

"""A base whose weights are shared among ranks: here in a group of one process, where every tensor
is a share as ever. Two ranks are in test_torchrun.py."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
from torch._C._distributed_c10d import FileStore

from finetune import checkpoint
from finetune.checkpoint import Trained, TrainState
from finetune.data.pack import packed_batch
from finetune.data.token_set import TokenSet
from finetune.loss import Taught, causal_of
from finetune.sft import adamw, prepare_model
from finetune.shards import gathered, layers_of, spread
from finetune.shares import is_shared, shared_as, whole
from tests.finetune.tiny_bases import tiny_torch
from tests.finetune.training import one_thread, tiny_base, tiny_config, write_rows

CONFIG = tiny_config(train__learning_rate=1e-2)


@pytest.fixture(autouse=True)
def _group(tmp_path: Path) -> Iterator[None]:
    """A group of this process alone."""
    with one_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        store = FileStore(str(tmp_path / "store"), 1)
        dist.init_process_group("gloo", store=store, rank=0, world_size=1)
        try:
            yield
        finally:
            dist.destroy_process_group()


def unshared(folder: Path, architecture: str = "llama") -> Trained:
    base = tiny_base(folder, architecture)
    torch.manual_seed(1)
    return prepare_model(CONFIG, base)


def shared(folder: Path, architecture: str = "llama") -> tuple[Taught, Any, Trained]:
    trained = unshared(folder, architecture)
    taught = spread(trained.model, torch.device("cpu"), 1)
    optimizer = adamw(CONFIG.train, taught)
    return taught, optimizer, Trained(trained.model, optimizer, is_lora=True)


def step(taught: Any, optimizer: Any, rows: TokenSet, number: int) -> float:
    loss = taught.train()(packed_batch(rows, [[number], [number + 1]]))
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return float(loss.detach())


@pytest.mark.parametrize("architecture", ["llama", "qwen3", "gemma2", "gpt2"])
def test_it_computes_what_an_unshared_one_computes(architecture: str, tmp_path: Path) -> None:
    """Tied weights, a softcap and GPT-2's turned matrices among them."""
    rows = write_rows(tmp_path / "rows", 6)
    plain = unshared(tmp_path, architecture)
    expected = Taught(plain.model)
    taught, optimizer, trained = shared(tmp_path, architecture)
    assert all(is_shared(one) for one in taught.parameters())
    for number in range(3):
        ours = step(taught, optimizer, rows, number)
        assert ours == pytest.approx(step(expected, plain.optimizer, rows, number), rel=1e-5)
    batch = packed_batch(rows, [[4]])
    torch.testing.assert_close(taught.eval().losses(batch), expected.eval().losses(batch))
    for name, one in plain.weights().items():
        torch.testing.assert_close(gathered(trained).weights()[name], one, atol=1e-5, rtol=1e-4)


def test_a_checkpoint_holds_the_whole_adapter_and_going_on_is_the_same(tmp_path: Path) -> None:
    rows = write_rows(tmp_path / "rows", 8)
    taught, optimizer, trained = shared(tmp_path)
    for number in range(2):
        step(taught, optimizer, rows, number)
    found = gathered(trained)
    assert not any(is_shared(one) for one in found.weights().values())
    made = checkpoint.save_checkpoint(
        tmp_path / "checkpoints", found, TrainState(step=2), torch.get_rng_state()
    )
    expected = [step(taught, optimizer, rows, number) for number in (2, 3)]

    again, other, resumed = shared(tmp_path)
    assert checkpoint.load_checkpoint(made, resumed).step == 2
    assert all(is_shared(one["exp_avg"]) for one in other.state.values())
    assert [step(again, other, rows, number) for number in (2, 3)] == expected
    # What is written is an adapter as any other: an unshared model takes it.
    plain = unshared(tmp_path)
    checkpoint.load_weights(made, plain)
    assert gathered(plain) is plain


def test_layers_are_the_blocks_of_the_model() -> None:
    for architecture in ("llama", "gpt2", "phi3"):
        model = tiny_torch(architecture)
        assert len(layers_of(causal_of(model))) == model.config.num_hidden_layers


def test_what_is_whole_stays_as_it_is() -> None:
    one = torch.arange(6.0)
    assert whole(one) is one and not is_shared(one)
    assert torch.equal(shared_as(one, torch.zeros(6)), one)

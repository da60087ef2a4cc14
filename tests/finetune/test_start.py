"""What a model's weights are before its first step."""

from collections.abc import Iterator

import pytest
import torch

from finetune.model.gpt import GPT, GPTConfig
from finetune.model.start import start

N_VOCAB = 1200  # words


@pytest.fixture(autouse=True)
def _same_chance() -> Iterator[None]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def started(heads: int = 4, kv_heads: int = 4, layers: int = 3) -> GPT:
    model = GPT(GPTConfig(N_VOCAB, layers, 128, heads, kv_heads, 32, 96, context=128))
    start(model)
    return model.eval()


def repeated() -> torch.Tensor:
    """Rows of words in no order, said twice, with something between."""
    row = torch.stack([torch.randperm(N_VOCAB)[:24] for _ in range(16)])
    return torch.cat((row, torch.randint(N_VOCAB, (16, 13)), row), dim=1)


@pytest.mark.parametrize("kv_heads", [4, 2])
def test_it_expects_what_came_the_last_time(kv_heads: int) -> None:
    model, ids = started(kv_heads=kv_heads), repeated()
    with torch.no_grad():
        shares = model(ids)[:, :-1].softmax(-1).gather(2, ids[:, 1:, None])[..., 0]
    first, again = shares[:, 4:23], shares[:, 41:]
    assert again.mean() > 1.5 * first.mean()


@pytest.mark.parametrize(("heads", "kv_heads", "layers"), [(1, 1, 1), (1, 1, 2), (6, 3, 4)])
def test_models_of_every_form_begin(heads: int, kv_heads: int, layers: int) -> None:
    model = started(heads, kv_heads, layers)
    ids = torch.randint(N_VOCAB, (2, 32))
    with torch.no_grad():
        assert torch.isfinite(model(ids)).all()


def test_all_tokens_share_a_number_and_find_it_everywhere() -> None:
    shared = started().model.embed_tokens.weight[:, 0]
    assert (shared == shared[0]).all() and shared[0] > 0


def test_the_same_seed_begins_the_same() -> None:
    torch.manual_seed(5)
    one = started().state_dict()
    torch.manual_seed(5)
    other = started().state_dict()
    assert all(torch.equal(one[name], other[name]) for name in one)

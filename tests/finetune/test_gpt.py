"""The transformer that is raised: against transformers' Qwen3, and against itself in pieces."""

import math
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

from finetune.model import gpt
from finetune.model.gpt import GPT, GPTConfig, Kept, fields_of, open_gpt
from finetune.model.start import start

CONFIG = GPTConfig(
    n_vocab=40, layers=2, width=24, heads=4, kv_heads=2, head_dim=8, hidden=32, context=16
)


@pytest.fixture(autouse=True)
def _same_chance() -> Iterator[None]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def make_model(config: GPTConfig = CONFIG) -> GPT:
    """With weights everywhere: a fresh one's blocks add nothing yet."""
    model = GPT(config)
    for one in model.parameters():
        torch.nn.init.normal_(one, 1.0 if one.ndim < 2 else 0.0, 0.3)
    return model.eval()


def ids_of(n_rows: int, n: int) -> Tensor:
    return torch.randint(CONFIG.n_vocab, (n_rows, n))


def test_it_is_transformers_qwen3() -> None:
    from transformers import Qwen3Config, Qwen3ForCausalLM

    model = make_model()
    theirs: Any = Qwen3ForCausalLM(Qwen3Config(**CONFIG.as_qwen3()))
    theirs.eval()
    missing = theirs.load_state_dict(model.state_dict(), strict=False)
    assert missing.missing_keys == ["lm_head.weight"] and not missing.unexpected_keys
    theirs.tie_weights()
    ids = ids_of(3, 16)
    with torch.no_grad():
        assert torch.allclose(model(ids), theirs(ids).logits, atol=2e-5)


def test_a_place_sees_nothing_of_what_comes_after() -> None:
    model, ids = make_model(), ids_of(1, 16)
    other = ids.clone()
    other[0, 9:] = (other[0, 9:] + 1) % CONFIG.n_vocab
    with torch.no_grad():
        before, after = model(ids), model(other)
    assert torch.equal(before[:, :9], after[:, :9])
    assert not torch.allclose(before[:, 9:], after[:, 9:])


def test_keys_and_values_kept_are_a_whole_reading() -> None:
    model, ids = make_model(), ids_of(2, 12)

    def read(new: Tensor, before: list[Kept] | None = None) -> tuple[Tensor, list[Kept]]:
        x, kept = model.read(new, before)
        return model.said(x), kept

    with torch.no_grad():
        whole = model(ids)
        first, kept = read(ids[:, :5])
        second, kept = read(ids[:, 5:9], kept)
        rest = [first, second]
        for at in range(9, 12):
            one, kept = read(ids[:, at : at + 1], kept)
            rest.append(one)
    assert torch.allclose(torch.cat(rest, dim=1), whole, atol=1e-5)


def test_what_it_writes_is_the_likeliest_again_and_again() -> None:
    model, ids = make_model(), ids_of(1, 4)[0]
    said = list(model.generate(ids, 10, temperature=0.0))
    row = ids.tolist()
    with torch.no_grad():
        for token in said:
            assert token == int(model(torch.tensor([row]))[0, -1].argmax())
            row.append(token)


def test_it_writes_on_beyond_its_context_and_leaves_chance_alone() -> None:
    model, ids = make_model().train(), ids_of(1, 20)[0]
    state = torch.get_rng_state()
    chance = torch.Generator().manual_seed(3)
    said = list(model.generate(ids, 50, 1.0, chance))
    assert len(said) == 50 and all(0 <= one < CONFIG.n_vocab for one in said)
    assert list(model.generate(ids, 50, 1.0, torch.Generator().manual_seed(3))) == said
    assert torch.equal(torch.get_rng_state(), state) and model.training


def test_at_first_it_knows_nothing() -> None:
    model, ids = GPT(CONFIG), ids_of(32, 17)
    start(model)
    with torch.no_grad():
        loss = float(model.loss(ids[:, :-1], ids[:, 1:]))
    assert loss == pytest.approx(math.log(CONFIG.n_vocab), abs=0.1)


def test_the_loss_in_pieces_is_the_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    model, ids = make_model(), ids_of(3, 17)
    whole: Any = model.loss(ids[:, :-1], ids[:, 1:])
    whole.backward()
    before = {name: one.grad for name, one in model.named_parameters()}
    model.zero_grad()
    monkeypatch.setattr(gpt, "LOGITS_AT_ONCE", 7 * CONFIG.n_vocab)
    pieces: Any = model.loss(ids[:, :-1], ids[:, 1:])
    pieces.backward()
    assert pieces.item() == pytest.approx(whole.item(), abs=1e-5)
    for name, one in model.named_parameters():
        grad = before[name]
        assert one.grad is not None and grad is not None
        assert torch.allclose(one.grad, grad, atol=1e-5), name


def test_it_learns_by_heart() -> None:
    model = GPT(CONFIG)
    start(model)
    ids = ids_of(2, 16)
    adam = torch.optim.AdamW(model.parameters(), lr=0.01)
    losses = []
    for _ in range(60):
        loss: Any = model.loss(ids[:, :-1], ids[:, 1:])
        loss.backward()
        adam.step()
        adam.zero_grad()
        losses.append(loss.item())
    assert losses[-1] < 0.2


def test_weights_come_back_by_their_names_and_others_are_refused() -> None:
    model, ids = make_model(), ids_of(1, 8)
    again = open_gpt(model.state_dict(), GPTConfig(**fields_of(CONFIG)))
    with torch.no_grad():
        assert torch.equal(again(ids), model(ids))
    with pytest.raises(RuntimeError, match="size mismatch"):
        open_gpt(model.state_dict(), GPTConfig(**(fields_of(CONFIG) | {"hidden": 48})))

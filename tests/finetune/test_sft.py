"""The training loop on tiny models: equivalences (resume = uninterrupted, packed = unpacked, two
batches = one, quick LoRA = PEFT's), the loss against a plain one, endings and failures in words."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from engine.errors import AppError
from finetune import checkpoint
from finetune.config import LoraTable
from finetune.data.pack import Batch, packed_batch, padded_batch
from finetune.data.token_set import TokenSet, TokenSetWriter, open_token_set
from finetune.loss import Taught, label_losses, summed_loss
from finetune.model.attention import use_attention_by_document
from finetune.model.base import Base
from finetune.model.layouts import LAYOUTS
from finetune.model.lora import add_lora
from finetune.run.events import CheckpointSaved, Evaluated, PhaseChanged
from finetune.sft import Hooks
from tests.finetune.training import Orders, one_thread, run, tiny_base, tiny_config, write_rows


@pytest.fixture(autouse=True)
def exact() -> Iterator[None]:
    with one_thread():
        yield


@pytest.fixture
def rows(tmp_path: Path) -> TokenSet:
    return write_rows(tmp_path / "rows", 24)


@pytest.fixture
def held_out(tmp_path: Path) -> TokenSet:
    return write_rows(tmp_path / "held-out", 5, seed=1)


@pytest.fixture
def nothing(tmp_path: Path) -> TokenSet:
    return write_rows(tmp_path / "nothing", 0)


# ---- the loss ----


def plain_losses(model: Any, ids: np.ndarray, learned: np.ndarray) -> torch.Tensor:
    """One row alone, all of its logits, transformers' usual attention."""
    tokens = torch.from_numpy(np.array(ids, np.int64))[None]
    logits = model(tokens, use_cache=False).logits[0]
    losses = F.cross_entropy(logits[:-1].float(), tokens[0, 1:], reduction="none")
    return losses[torch.from_numpy(np.array(learned[1:], bool))]


@pytest.mark.parametrize("architecture", sorted(LAYOUTS))
@pytest.mark.parametrize("make", [packed_batch, padded_batch])
def test_each_label_has_the_loss_of_its_row_alone(
    architecture: str, make: Any, tmp_path: Path, rows: TokenSet
) -> None:
    base = tiny_base(tmp_path, architecture)
    base.model.set_attn_implementation("eager")
    wanted = [4, 0, 9, 17]
    expected = torch.cat([plain_losses(base.model, *rows.row(one)) for one in wanted])
    use_attention_by_document(base.model)
    found = label_losses(base.model, make(rows, [[one] for one in wanted]))
    torch.testing.assert_close(found, expected.detach(), atol=1e-4, rtol=1e-4)


@pytest.fixture
def alike(tmp_path: Path) -> TokenSet:
    """Rows that all begin with the same 12 tokens, some learned from the 13th on."""
    chance = np.random.default_rng(2)
    same = chance.integers(0, 250, 12)
    with TokenSetWriter(tmp_path / "alike") as writer:
        for number in range(9):
            n = 15 + int(chance.integers(0, 20))
            ids = np.concatenate([same, chance.integers(0, 250, n - 12)]).astype(np.int32)
            writer.add(str(number), ids, (np.arange(n) >= 12 + number % 3).astype(np.uint8))
    return open_token_set(tmp_path / "alike")


@pytest.mark.parametrize("architecture", sorted(LAYOUTS))
def test_what_rows_share_is_computed_once_and_changes_nothing(
    architecture: str, tmp_path: Path, alike: TokenSet
) -> None:
    packs = [[0, 1], [2, 3, 4]]
    packed, padded = packed_batch(alike, packs), padded_batch(alike, [[i] for i in range(5)])
    assert packed.n_shared == 12
    assert packed.ids.numel() == packed.n_tokens - 4 * 12
    assert packed.labels.tolist() == padded.labels.tolist()
    base = tiny_base(tmp_path, architecture)
    use_attention_by_document(base.model)
    found, expected = (label_losses(base.model, batch) for batch in (packed, padded))
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
    one = gradients(tiny_base(tmp_path, architecture), packed, True)
    other = gradients(tiny_base(tmp_path, architecture), padded, True)
    for name in other:
        torch.testing.assert_close(one[name], other[name], atol=2e-3, rtol=1e-3)


def with_documents(batch: Batch, documents: list[int]) -> Batch:
    return Batch(
        batch.ids, batch.positions, batch.label_places, batch.labels, documents, batch.n_tokens
    )


def test_a_wrong_mask_is_another_loss(tmp_path: Path, rows: TokenSet) -> None:
    """What the test above would say if rows saw one another, or positions went on."""
    base = tiny_base(tmp_path)
    use_attention_by_document(base.model)
    batch = packed_batch(rows, [[4, 0, 9]])
    right = label_losses(base.model, batch)
    seeing = label_losses(base.model, with_documents(batch, [batch.n_tokens]))
    assert (right - seeing).abs().max() > 1e-2
    n_first = len(label_losses(base.model, packed_batch(rows, [[4]])))
    torch.testing.assert_close(right[:n_first], seeing[:n_first])  # the first sees nothing before
    assert batch.documents is not None
    a, b, c = batch.documents
    shifted = label_losses(base.model, with_documents(batch, [a - 1, b + 1, c]))
    assert (right - shifted).abs().max() > 1e-3


def test_transformers_own_mask_says_the_same_only_without_a_cache(
    tmp_path: Path, rows: TokenSet
) -> None:
    """Its way to pack: positions that begin anew, no attention_mask, and no cache."""
    base = tiny_base(tmp_path)
    batch = packed_batch(rows, [[4, 0, 9]])
    said = {"input_ids": batch.ids, "position_ids": batch.positions}
    base.model.set_attn_implementation("sdpa")
    with torch.no_grad():
        theirs = base.model(**said, use_cache=False).logits
        cached = base.model(**said, use_cache=True).logits
        masked = base.model(
            **said, use_cache=False, attention_mask=torch.ones_like(batch.ids)
        ).logits
        use_attention_by_document(base.model)
        ours = base.model(**said, use_cache=False, documents=batch.documents).logits
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)
    assert (ours - cached).abs().max() > 1e-2
    assert (ours - masked).abs().max() > 1e-2


@pytest.mark.parametrize("softcap", [None, 5.0])
def test_gradients_of_the_chunked_loss(softcap: float | None, monkeypatch: Any) -> None:
    monkeypatch.setattr("finetune.loss.LOGITS_AT_ONCE", 8 * 50)
    torch.manual_seed(0)
    hidden, weight = torch.randn(37, 16), torch.randn(50, 16)
    bias, labels = torch.randn(50), torch.randint(0, 50, (37,))
    ours = [one.clone().requires_grad_() for one in (hidden, weight, bias)]
    plain = [one.clone().requires_grad_() for one in (hidden, weight, bias)]
    loss: Any = summed_loss(ours[0], ours[1], ours[2], labels, softcap)
    (3 * loss).backward()
    logits = F.linear(plain[0], plain[1], plain[2])
    if softcap is not None:
        logits = softcap * torch.tanh(logits / softcap)
    expected: Any = F.cross_entropy(logits, labels, reduction="sum")
    (3 * expected).backward()
    torch.testing.assert_close(loss, expected)
    for one, other in zip(ours, plain, strict=True):
        torch.testing.assert_close(one.grad, other.grad, atol=1e-4, rtol=1e-4)


def test_logits_are_made_only_where_a_label_is(
    tmp_path: Path, rows: TokenSet, monkeypatch: Any
) -> None:
    """Never n_tokens x n_vocab, and never more than a chunk of labels."""
    base = tiny_base(tmp_path)
    use_attention_by_document(base.model)
    n_vocab = base.model.config.vocab_size
    monkeypatch.setattr("finetune.loss.LOGITS_AT_ONCE", 8 * n_vocab)
    seen: list[int] = []
    linear = torch.nn.functional.linear

    def counted(x: torch.Tensor, weight: torch.Tensor, bias: Any = None) -> torch.Tensor:
        if weight.shape[0] == n_vocab:
            seen.append(len(x))
        return linear(x, weight, bias)

    monkeypatch.setattr("torch.nn.functional.linear", counted)
    batch = packed_batch(rows, [[4, 0, 9, 17]])
    Taught(base.model)(batch)
    assert sum(seen) == len(batch.labels) < batch.n_tokens
    assert max(seen) <= 8


# ---- LoRA ----


def gradients(base: Base, batch: Batch, is_quick: bool, **fields: Any) -> dict[str, torch.Tensor]:
    torch.manual_seed(3)
    use_attention_by_document(base.model)
    model = add_lora(base, LoraTable(rank=4, **fields), is_quick=is_quick)
    torch.manual_seed(4)
    with torch.no_grad():
        for name, one in model.named_parameters():
            if "lora_B" in name:
                one.copy_(torch.randn_like(one) * 0.1)
    model.train()
    loss = Taught(model)(batch)
    loss.backward()
    found = {name: one.grad for name, one in model.named_parameters() if one.requires_grad}
    assert all(one is not None for one in found.values())
    return found | {"loss": loss.detach()}


@pytest.mark.parametrize("architecture", ["llama", "qwen2", "gpt2"])
@pytest.mark.parametrize("fields", [{}, {"rslora": True}, {"dropout": 0.3}])
def test_the_quick_adapter_is_pefts(
    architecture: str, fields: Any, tmp_path: Path, rows: TokenSet
) -> None:
    batch = packed_batch(rows, [[4, 0, 9]])
    quick = gradients(tiny_base(tmp_path, architecture), batch, True, **fields)
    theirs = gradients(tiny_base(tmp_path, architecture), batch, False, **fields)
    assert set(quick) == set(theirs)
    for name in theirs:
        torch.testing.assert_close(quick[name], theirs[name], atol=2e-3, rtol=1e-4)


def test_targets_are_layers_of_the_model(tmp_path: Path) -> None:
    base = tiny_base(tmp_path)
    model = add_lora(base, LoraTable(rank=2, targets="q_proj, v_proj"))
    names = {name.split(".")[-4] for name, _ in model.named_parameters() if "lora_" in name}
    assert names == {"q_proj", "v_proj"}
    with pytest.raises(AppError, match="no layer called lm_head") as refused:
        add_lora(tiny_base(tmp_path), LoraTable(targets="lm_head"))
    assert "q_proj" in refused.value.hint


# ---- equivalences of runs ----


def test_a_run_learns(tmp_path: Path, rows: TokenSet, held_out: TokenSet) -> None:
    ran = run(tmp_path, tiny_config(train__steps=20, train__eval_every=10), rows, rows)
    assert [one.step for one in ran.evaluated()] == [0, 10, 20]
    assert ran.evaluated()[-1].loss < ran.evaluated()[0].loss - 0.2
    assert ran.outcome is not None and ran.outcome.how == "finished"
    assert ran.outcome.best == ran.folder.checkpoints / "step-20"
    saved = [one for one in ran.events if isinstance(one, CheckpointSaved)]
    assert [one.folder for one in saved] == ["step-10", "step-20"]
    assert all(one.is_best for one in saved)


@pytest.mark.parametrize("fields", [{}, {"lora__dropout": 0.2}, {"train__method": "full"}])
@pytest.mark.parametrize("packing", [True, False])
def test_resume_is_the_uninterrupted_run_to_the_bit(
    fields: Any, packing: bool, tmp_path: Path, rows: TokenSet, held_out: TokenSet
) -> None:
    """Two epochs and more, stopped within an accumulation, taken up twice."""
    common: dict[str, Any] = {"train__steps": 14, "train__accumulate": 2, "train__patience": 0}
    config = tiny_config(train__packing=packing, train__weight_decay=0.01, **common, **fields)
    whole = run(tmp_path, config, rows, held_out, name="whole")
    stopped = Orders(["go"] * 9 + ["stop"])
    first = run(tmp_path, config, rows, held_out, name="parts", control=stopped)
    assert first.outcome is not None and first.outcome.how == "stopped"
    losses, more = first.losses(), first
    for stop_at in (6, None):
        last = checkpoint.last_to_resume(first.folder.checkpoints)
        assert last is not None and checkpoint.step_of(last) == len(losses)
        control = Orders(["go"] * stop_at + ["stop"]) if stop_at else None
        torch.manual_seed(99)  # nothing of it may be left to chance
        hooks = Hooks(attempt=2, resume=last)
        more = run(tmp_path, config, rows, held_out, name="parts", control=control, hooks=hooks)
        losses += more.losses()
    assert losses == whole.losses()
    ours, theirs = more.weights(), whole.weights()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    assert more.evaluated()[-1].loss == whole.evaluated()[-1].loss


def test_packed_and_unpacked_runs_are_one(tmp_path: Path, held_out: TokenSet) -> None:
    """Rows of one length: both lay the same rows into the same steps."""
    with TokenSetWriter(tmp_path / "even") as writer:
        chance = np.random.default_rng(5)
        for number in range(16):
            ids = chance.integers(0, 250, 16).astype(np.int32)
            writer.add(str(number), ids, (np.arange(16) >= 4).astype(np.uint8))
    rows = open_token_set(tmp_path / "even")
    common = {"train__steps": 4, "train__eval_every": 4}
    packed = tiny_config(train__packing=True, train__batch=1, train__max_length=256, **common)
    padded = tiny_config(train__packing=False, train__batch=16, **common)
    one = run(tmp_path, packed, rows, held_out, name="packed")
    other = run(tmp_path, padded, rows, held_out, name="padded")
    np.testing.assert_allclose(one.losses(), other.losses(), atol=1e-4)
    np.testing.assert_allclose(one.evaluated()[-1].loss, other.evaluated()[-1].loss, atol=1e-4)


def test_accumulation_is_the_larger_batch(
    tmp_path: Path, rows: TokenSet, held_out: TokenSet
) -> None:
    """Divided by the labels of the whole step: micro-batches of few labels weigh no more."""
    common = {"train__packing": False, "train__steps": 3, "train__eval_every": 3}
    one = run(tmp_path, tiny_config(train__batch=24, **common), rows, held_out, name="one")
    small = tiny_config(train__batch=6, train__accumulate=4, **common)
    other = run(tmp_path, small, rows, held_out, name="many")
    np.testing.assert_allclose(one.losses(), other.losses(), atol=1e-5)
    assert [e.n_tokens for e in one.steps()] == [e.n_tokens for e in other.steps()]


def test_checkpointing_changes_nothing(tmp_path: Path, rows: TokenSet, held_out: TokenSet) -> None:
    one = run(tmp_path, tiny_config(), rows, held_out, name="one")
    config = tiny_config(train__checkpointing=True)
    other = run(tmp_path, config, rows, held_out, name="other")
    np.testing.assert_allclose(one.losses(), other.losses(), atol=1e-5)


def test_the_same_seed_is_the_same_run(tmp_path: Path, rows: TokenSet, held_out: TokenSet) -> None:
    one = run(tmp_path, tiny_config(), rows, held_out, name="one")
    other = run(tmp_path, tiny_config(), rows, held_out, name="other")
    third = run(tmp_path, tiny_config(train__seed=1), rows, held_out, name="third")
    assert one.losses() == other.losses() != third.losses()


# ---- endings ----


def test_a_run_killed_after_it_ended_early_does_not_go_on(tmp_path: Path, rows: TokenSet) -> None:
    other = write_rows(tmp_path / "other", 4, seed=7)
    config = tiny_config(
        train__steps=40, train__eval_every=2, train__patience=1, train__learning_rate=0.05
    )
    first = run(tmp_path, config, rows, other)
    hooks = Hooks(attempt=2, resume=checkpoint.last_to_resume(first.folder.checkpoints))
    again = run(tmp_path, config, rows, other, hooks=hooks)
    assert first.outcome is not None and again.outcome is not None
    assert not again.steps()
    assert (again.outcome.how, again.outcome.best) == ("early", first.outcome.best)


def test_it_ends_early_when_it_gets_no_better(tmp_path: Path, rows: TokenSet) -> None:
    """Held-out rows of other tokens: learning makes them worse soon."""
    other = write_rows(tmp_path / "other", 4, seed=7)
    config = tiny_config(
        train__steps=40, train__eval_every=2, train__patience=2, train__learning_rate=0.05
    )
    ran = run(tmp_path, config, rows, other)
    assert ran.outcome is not None and ran.outcome.how == "early"
    losses = [one.loss for one in ran.evaluated()]
    best = int(np.argmin(losses))
    assert len(losses) == best + 3
    assert ran.outcome.best_step == 2 * best
    assert ran.outcome.step == 2 * (len(losses) - 1)


def test_it_ends_with_its_time(tmp_path: Path, rows: TokenSet, held_out: TokenSet) -> None:
    left = iter([100.0, 100.0, 0.0])
    hooks = Hooks(seconds_left=lambda: next(left, 0.0))
    ran = run(tmp_path, tiny_config(train__steps=50, train__eval_every=40), rows, held_out,
              hooks=hooks)  # fmt: skip
    assert ran.outcome is not None and ran.outcome.how == "time"
    assert ran.outcome.step == 3
    assert ran.evaluated()[-1].step == 3
    assert (ran.folder.checkpoints / "step-3").is_dir()


class Clock:
    """The loop's time: each micro-batch takes step_s, and nothing else any."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, step_s: float) -> None:
        self.now_s, self.step_s = 1000.0, step_s
        monkeypatch.setattr("finetune.loop.time", self)
        monkeypatch.setattr("finetune.loss.summed_loss", self._ticking)

    def monotonic(self) -> float:
        return self.now_s

    time = monotonic

    def _ticking(self, *given: Any) -> torch.Tensor:
        self.now_s += self.step_s
        return summed_loss(*given)


def timed_config(**fields: Any) -> Any:
    """Ten seconds for what would be forty steps."""
    usual: dict[str, Any] = {
        "train__steps": 40,
        "train__minutes": 10 / 60,
        "train__schedule": "linear",
    }
    usual |= {"train__warmup": 0.0, "train__accumulate": 1, "train__patience": 0}
    return tiny_config(**usual | fields)


def test_a_run_that_its_time_ends_has_come_down_the_schedule(
    tmp_path: Path, rows: TokenSet, held_out: TokenSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    Clock(monkeypatch, step_s=0.5)
    ran = run(tmp_path, timed_config(train__eval_every=40), rows, held_out)
    assert ran.outcome is not None and (ran.outcome.how, ran.outcome.step) == ("time", 20)
    # As planned, and the last two seconds go through the rest.
    done = [one.done for one in ran.steps()]
    assert done == pytest.approx([*(step / 40 for step in range(17)), 0.425, 0.5, 0.75], abs=0.02)
    rates = [one.learning_rate for one in ran.steps()]
    assert rates == pytest.approx([5e-3 * (1 - share) for share in done])


def test_where_steps_end_first_they_drive_the_schedule(
    tmp_path: Path, rows: TokenSet, held_out: TokenSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    Clock(monkeypatch, step_s=0.19)
    timed = run(tmp_path, timed_config(), rows, held_out)
    plain = run(tmp_path, timed_config(train__minutes=0.0), rows, held_out, name="plain")
    assert timed.outcome is not None and timed.outcome.how == "finished"
    assert [one.learning_rate for one in timed.steps()] == [
        one.learning_rate for one in plain.steps()
    ]
    assert timed.losses() == plain.losses()
    assert {one.done for one in plain.steps()} == {0.0}


def test_a_resumed_run_repeats_the_rates_that_its_time_gave(
    tmp_path: Path, rows: TokenSet, held_out: TokenSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after step 10, its last checkpoint at 8: steps 9 and 10 are the same to the bit, and
    what follows never goes back up."""
    fields: dict[str, Any] = {"train__eval_every": 4}
    clock = Clock(monkeypatch, step_s=1.0)
    folder = tmp_path / "as-it-was" / "step-8"

    def keep(event: Any) -> None:
        if isinstance(event, CheckpointSaved) and event.step == 8:
            shutil.copytree(tmp_path / "run" / "checkpoints" / "step-8", folder)

    first = run(tmp_path, timed_config(**fields), rows, held_out, at=keep)
    assert first.outcome is not None and first.outcome.step == 10
    lost = {one.step: one.done for one in first.steps() if one.step > 8}
    assert lost[10] > 0.4  # time drove it
    clock.step_s = 0.5  # another day, another speed
    hooks = Hooks(attempt=2, resume=folder, done=lost)
    again = run(tmp_path, timed_config(**fields), rows, held_out, hooks=hooks)
    assert [one.step for one in again.steps()] == [9, 10, 11, 12]
    for before, now in zip(first.steps()[8:], again.steps()[:2], strict=True):
        assert (before.learning_rate, before.loss) == (now.learning_rate, now.loss)
    done = [one.done for one in again.steps()]
    assert done == sorted(done) and done[2] >= lost[10] and done[3] > 0.7


def test_stopped_before_its_first_step_it_leaves_nothing(
    tmp_path: Path, rows: TokenSet, held_out: TokenSet
) -> None:
    ran = run(tmp_path, tiny_config(), rows, held_out, control=Orders(["stop"]))
    assert ran.outcome is not None and ran.outcome.checkpoint is None
    assert not ran.steps() and not ran.folder.checkpoints.exists()


def test_it_evaluates_when_asked(tmp_path: Path, rows: TokenSet, held_out: TokenSet) -> None:
    ran = run(tmp_path, tiny_config(train__steps=5, train__eval_every=50), rows, held_out,
              control=Orders(["go", "evaluate"]))  # fmt: skip
    assert [one.step for one in ran.evaluated()] == [0, 2, 5]


def test_without_held_out_rows_the_last_weights_are_the_best(
    tmp_path: Path, rows: TokenSet, nothing: TokenSet
) -> None:
    ran = run(tmp_path, tiny_config(), rows, nothing)
    assert not ran.evaluated()
    assert ran.outcome is not None
    assert ran.outcome.best == ran.outcome.checkpoint == ran.folder.checkpoints / "step-6"


def test_one_row_is_enough(tmp_path: Path, nothing: TokenSet) -> None:
    ran = run(tmp_path, tiny_config(), write_rows(tmp_path / "one", 1), nothing)
    assert ran.losses()[-1] < ran.losses()[0]


# ---- failures ----


def test_nothing_to_learn_says_so(tmp_path: Path, nothing: TokenSet) -> None:
    with pytest.raises(AppError, match="nothing to learn"):
        run(tmp_path, tiny_config(), nothing, nothing)


def test_a_loss_that_is_no_number_says_what_to_do(
    tmp_path: Path, rows: TokenSet, held_out: TokenSet
) -> None:
    base = tiny_base(tmp_path)

    def spoil(event: Any) -> None:
        if event.step == 3 and isinstance(event, CheckpointSaved):
            with torch.no_grad():
                base.model.model.norm.weight.fill_(torch.nan)

    with pytest.raises(AppError, match="not a number") as failed:
        run(tmp_path, tiny_config(), rows, held_out, base=base, at=spoil)
    assert "lower learning rate" in failed.value.hint
    last = checkpoint.last_to_resume(tmp_path / "run" / "checkpoints")
    assert last is not None and last.name == "step-3"


@pytest.mark.parametrize(("step", "words"), [(0, "fp32"), (3, "lower learning rate")])
def test_a_validation_loss_that_is_no_number_is_told_in_words_and_not_as_a_figure(
    step: int, words: str, tmp_path: Path, rows: TokenSet, held_out: TokenSet
) -> None:
    base = tiny_base(tmp_path)
    told: list[Any] = []

    def spoil(event: Any) -> None:
        told.append(event)
        if event.step == step and isinstance(event, PhaseChanged):  # it evaluates next
            with torch.no_grad():
                base.model.model.norm.weight.fill_(torch.nan)

    with pytest.raises(AppError, match="not a number") as failed:
        run(tmp_path, tiny_config(), rows, held_out, base=base, at=spoil)
    assert words in failed.value.hint and f"at step {step}" in failed.value.detail
    assert [one.step for one in told if isinstance(one, Evaluated)] == [0] * (step > 0)


def test_too_little_memory_says_what_to_do(
    tmp_path: Path, rows: TokenSet, held_out: TokenSet, monkeypatch: Any
) -> None:
    def full(*_: Any) -> Any:
        raise RuntimeError(
            "[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate "
            "memory: you tried to allocate 65536 bytes."
        )

    monkeypatch.setattr("finetune.loss.summed_loss", full)
    with pytest.raises(AppError, match="too little memory") as failed:
        run(tmp_path, tiny_config(), rows, held_out)
    assert "smaller batch" in failed.value.hint


def test_a_full_disk_leaves_the_last_checkpoint_whole(
    tmp_path: Path, rows: TokenSet, held_out: TokenSet
) -> None:
    def fill(folder: Path, _: Any) -> None:
        if "step-6" in folder.name:
            raise OSError(28, "No space left on device")

    with pytest.raises(AppError, match="could not be written"):
        run(tmp_path, tiny_config(), rows, held_out, hooks=Hooks(also_write=fill))
    folder = tmp_path / "run" / "checkpoints"
    assert [one.name for one in folder.iterdir()] == ["step-3"]


# ---- checkpoints ----


def test_checkpoints_are_whole_or_not_there(
    tmp_path: Path, rows: TokenSet, held_out: TokenSet
) -> None:
    def add(folder: Path, _: Any) -> None:
        (folder / "adapter.gguf").write_bytes(b"a product")

    ran = run(tmp_path, tiny_config(), rows, held_out, hooks=Hooks(also_write=add))
    folder = ran.folder.checkpoints
    first, last = folder / "step-3", folder / "step-6"
    assert checkpoint.checkpoints_in(folder) == [first, last]
    assert (last / "adapter.gguf").read_bytes() == b"a product"
    assert not list(folder.glob(".*"))
    # What only a resume needs is kept with the last and the best.
    assert checkpoint.is_whole(last, to_resume=True, by_hash=True)
    raw = bytearray((last / checkpoint.OPTIMIZER_FILE).read_bytes())
    raw[-1] ^= 1
    (last / checkpoint.OPTIMIZER_FILE).write_bytes(raw)
    assert not checkpoint.is_whole(last, to_resume=True, by_hash=True)
    (last / "adapter.gguf").unlink()
    assert checkpoint.checkpoints_in(folder) == [first]
    shutil.rmtree(folder)
    assert checkpoint.last_to_resume(folder) is None


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
def test_peft_reads_a_checkpoint(tmp_path: Path, rows: TokenSet, held_out: TokenSet) -> None:
    from peft import PeftModel

    ran = run(tmp_path, tiny_config(lora__rslora=True), rows, held_out)
    assert ran.outcome is not None and ran.outcome.checkpoint is not None
    again = PeftModel.from_pretrained(tiny_base(tmp_path).model, str(ran.outcome.checkpoint))
    use_attention_by_document(again)
    batch = packed_batch(rows, [[1, 2, 3]])
    ours = ran.outcome.trained.model.eval()
    torch.testing.assert_close(label_losses(again.eval(), batch), label_losses(ours, batch))


def test_a_checkpoint_of_another_run_is_refused(
    tmp_path: Path, rows: TokenSet, held_out: TokenSet
) -> None:
    ran = run(tmp_path, tiny_config(), rows, held_out)
    assert ran.outcome is not None
    hooks = Hooks(resume=ran.outcome.checkpoint)
    with pytest.raises(AppError, match="does not fit"):
        run(tmp_path, tiny_config(lora__rank=8), rows, held_out, name="other", hooks=hooks)

"""The training loop of pretraining, whole: it learns, stops, pauses, goes on to the bit, and says
what it cannot do."""

import math
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from engine.errors import AppError
from finetune.checkpoint import checkpoints_in, is_whole
from finetune.loop import Order
from finetune.model.gpt import GPT
from finetune.pretraining.dial import RaisingPlan
from finetune.pretraining.hooks import NoHooks
from finetune.pretraining.kept import kept_plan
from finetune.run.control import Control
from finetune.run.events import (
    CheckpointSaved,
    Paused,
    PretrainEvaluated,
    PretrainStep,
    RaisedFacts,
    Resumed,
    to_line,
)
from finetune.run.folder import EventTail, RunFolder
from finetune.run.log import RunLog
from tests.finetune.tiny_texts import Ran, Text, ran, tiny_config, tiny_run, tiny_text


@pytest.fixture(autouse=True)
def _torch_as_it_was() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with torch.random.fork_rng():
        yield
    torch.set_num_threads(threads)


class Says:
    """Goes on, but for one batch."""

    def __init__(self, at: int, order: Order) -> None:
        self.at, self.order, self.n = at, order, 0

    def before_batch(self) -> Order:
        self.n += 1
        return self.order if self.n == self.at else "go"


def losses_of(run: Ran) -> dict[int, float]:
    return {one.step: one.loss for one in run.events if isinstance(one, PretrainStep)}


def weights_of(checkpoint: Path) -> bytes:
    return (checkpoint / "model.safetensors").read_bytes()


def test_it_learns_and_tells_of_it(tmp_path: Path) -> None:
    run = ran(tiny_config(tmp_path, train__steps=40, train__eval_every=10))
    facts = run.events[0]
    assert isinstance(facts, RaisedFacts)
    assert (facts.n_steps, facts.tokens_per_step, facts.bytes_per_token) == (40, 64, 1.0)
    steps = [one for one in run.events if isinstance(one, PretrainStep)]
    assert [one.step for one in steps] == list(range(1, 41))
    assert [one.tokens for one in steps] == [64 * one.step for one in steps]
    assert all(a.seconds < b.seconds for a, b in pairwise(steps))
    looks = [one for one in run.events if isinstance(one, PretrainEvaluated)]
    assert [one.step for one in looks] == [0, 10, 20, 30, 40]
    assert looks[0].loss == pytest.approx(math.log(32), abs=0.3)
    assert looks[-1].loss < looks[0].loss - 1.0
    for one in looks:  # a letter is a byte here
        assert one.val_bpb == pytest.approx(one.loss / math.log(2))
    assert run.outcome.how == "finished" and run.outcome.step == 40
    assert run.outcome.best is not None and run.outcome.best.name == "step-40"
    saved = [one.folder for one in run.events if isinstance(one, CheckpointSaved)]
    assert saved == [f"step-{step}" for step in (0, 10, 20, 30, 40)]
    assert all(is_whole(one, by_hash=True) for one in checkpoints_in(tmp_path / "checkpoints"))


def test_bits_per_byte_know_how_long_a_token_is(tmp_path: Path) -> None:
    held_out = replace(tiny_text(400, 1), n_bytes=1000)
    run = ran(tiny_config(tmp_path, train__steps=1), held_out=held_out)
    for one in run.events:
        if isinstance(one, PretrainEvaluated):
            assert one.val_bpb == pytest.approx(one.loss / math.log(2) / 2.5)


@pytest.mark.parametrize("stop_at", [1, 6, 13])
def test_stopped_and_resumed_it_is_the_same_run(tmp_path: Path, stop_at: int) -> None:
    fields = {"train__accumulate": 2, "train__batch": 2}
    whole = ran(tiny_config(tmp_path / "whole", **fields))
    config = tiny_config(tmp_path / "cut", **fields)
    first = ran(config, control=Says(stop_at, "stop"))
    assert first.outcome.how == "stopped" and first.outcome.step == (stop_at - 1) // 2
    second = ran(config, attempt=2)
    assert losses_of(first) | losses_of(second) == losses_of(whole)
    ends = [tmp_path / name / "checkpoints" / "step-12" for name in ("whole", "cut")]
    assert weights_of(ends[0]) == weights_of(ends[1])


def test_dropout_is_the_steps_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.finetune import tiny_texts

    real = tiny_texts.tiny_plan
    monkeypatch.setattr(tiny_texts, "tiny_plan", lambda c: replace(real(c), dropout=0.3))
    whole = ran(tiny_config(tmp_path / "whole"))
    config = tiny_config(tmp_path / "cut")
    first, second = ran(config, control=Says(7, "stop")), ran(config, attempt=2)
    assert losses_of(first) | losses_of(second) == losses_of(whole)
    plain = tiny_config(tmp_path / "plain")
    monkeypatch.setattr(tiny_texts, "tiny_plan", real)
    assert losses_of(ran(plain)) != losses_of(whole)


def test_it_looks_when_it_is_told_to(tmp_path: Path) -> None:
    run = ran(tiny_config(tmp_path), control=Says(6, "evaluate"))
    assert [one.step for one in run.of(PretrainEvaluated)] == [0, 4, 6, 8, 12]
    plain = ran(tiny_config(tmp_path / "plain"))
    assert losses_of(run) == losses_of(plain)


def test_small_batches_summed_are_the_large_one(tmp_path: Path) -> None:
    large = ran(tiny_config(tmp_path / "large", train__batch=8))
    small = ran(tiny_config(tmp_path / "small", train__batch=2, train__accumulate=4))
    for step, loss in losses_of(large).items():
        assert losses_of(small)[step] == pytest.approx(loss, abs=1e-4)


def test_a_time_budget_drives_the_schedule_and_is_kept(tmp_path: Path) -> None:
    config = tiny_config(
        tmp_path, train__steps=0, train__minutes=0.02, train__eval_every=0, train__decay=1.0
    )
    folder = RunFolder(tmp_path)
    events = []
    for one in tiny_run(config):
        events.append(one)
        with folder.events.open("ab") as file:
            file.write(to_line(one))
    steps = [one for one in events if isinstance(one, PretrainStep)]
    assert 0.3 < steps[-1].seconds < 30.0  # 1.2 on a machine that is left alone
    assert all(a.done <= b.done for a, b in pairwise(steps))
    assert steps[-1].done > 0.5 and steps[-1].learning_rate < 0.6 * steps[1].learning_rate
    plan = kept_plan(folder)
    assert plan is not None and plan.n_steps == events[0].n_steps  # type: ignore[union-attr]
    looked = [one.step for one in events if isinstance(one, PretrainEvaluated)]
    assert looked[0] == 0 and looked[-1] == steps[-1].step and len(looked) <= 22


def test_with_a_time_budget_too_a_resume_repeats_what_was(tmp_path: Path) -> None:
    config = tiny_config(tmp_path, train__steps=0, train__minutes=0.05, train__eval_every=5)
    folder = RunFolder(tmp_path)
    first: dict[int, float] = {}
    run = tiny_run(config)
    for one in run:
        with folder.events.open("ab") as file:
            file.write(to_line(one))
        if isinstance(one, PretrainStep):
            first[one.step] = one.loss
            if one.step == 8:  # three steps after a checkpoint it dies
                break
    run.close()  # type: ignore[attr-defined]
    second = losses_of(ran(config, attempt=2))
    assert min(second) == 6
    assert {step: second[step] for step in (6, 7, 8)} == {n: first[n] for n in (6, 7, 8)}


class Watches(NoHooks):
    def __init__(self) -> None:
        self.looked: list[int] = []

    def at_evaluation(self, step: int, model: GPT) -> None:
        assert not model.training
        self.looked.append(step)

    def also_write(self, checkpoint: Path, model: GPT) -> None:
        (checkpoint / "model.gguf").write_bytes(b"GGUF")


def test_what_is_around_it_looks_and_adds_to_checkpoints(tmp_path: Path) -> None:
    hooks = Watches()
    ran(tiny_config(tmp_path), hooks=hooks)
    assert hooks.looked == [0, 4, 8, 12]
    found = checkpoints_in(tmp_path / "checkpoints")
    assert [one.name for one in found] == ["step-0", "step-4", "step-8", "step-12"]
    assert all((one / "model.gguf").exists() for one in found)
    assert [(one / "optimizer.safetensors").exists() for one in found] == [False] * 3 + [True]


def test_nothing_held_out_leaves_the_last_as_the_best(tmp_path: Path) -> None:
    run = ran(tiny_config(tmp_path), held_out=tiny_text(5))
    assert not run.of(PretrainEvaluated)
    assert run.outcome.best is not None and run.outcome.best.name == "step-12"


def test_paused_through_its_folder_it_waits_and_the_time_stands_still(tmp_path: Path) -> None:
    folder, slept = RunFolder(tmp_path), 0.0
    tmp_path.mkdir(exist_ok=True)
    log = RunLog(folder, 1)

    def sleep(seconds: float) -> None:
        nonlocal slept
        slept += seconds
        time.sleep(seconds)
        if slept > 0.5:
            folder.ask("resume")

    control = Control(folder, log, 0.0, free_bytes=lambda: 1 << 40, sleep=sleep)
    config = tiny_config(tmp_path, train__steps=200, train__eval_every=200)
    run = tiny_run(config, control=control)
    steps = []
    for one in run:
        if isinstance(one, PretrainStep):
            steps.append(one)
            if one.step == 5:
                folder.ask("pause")
    log.close()
    events = EventTail(folder).read()
    assert [type(one) for one in events] == [Paused, Resumed]
    assert events[1].time_s - events[0].time_s > 0.4
    after = next(one for one in steps if one.time_s > events[1].time_s)
    before = steps[after.step - 2]
    assert after.time_s - before.time_s > 0.4 > after.seconds - before.seconds


def test_in_bf16_it_learns_and_goes_on_to_the_bit(tmp_path: Path) -> None:
    fields = {"train__precision": "bf16"}
    whole = ran(tiny_config(tmp_path / "whole", **fields))
    facts = whole.events[0]
    assert isinstance(facts, RaisedFacts) and facts.precision == "bf16"
    looks = [one.loss for one in whole.events if isinstance(one, PretrainEvaluated)]
    assert looks[-1] < looks[0] - 0.3
    config = tiny_config(tmp_path / "cut", **fields)
    first, second = ran(config, control=Says(7, "stop")), ran(config, attempt=2)
    assert losses_of(first) | losses_of(second) == losses_of(whole)
    assert losses_of(whole) != losses_of(ran(tiny_config(tmp_path / "fp32")))


# ---- what it cannot do ----


def test_a_dial_beyond_memory_is_told_before_anything_is_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RaisingPlan, "memory_bytes", property(lambda self: 1 << 50))
    with pytest.raises(AppError, match="needs about 1,125,899"):
        ran(tiny_config(tmp_path))
    assert not (tmp_path / "checkpoints").exists()


def test_a_loss_that_is_no_number_is_told_and_the_last_checkpoint_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = GPT.loss
    monkeypatch.setattr(
        GPT, "loss", lambda self, x, y: real(self, x, y) * (math.nan if self.training else 1.0)
    )
    with pytest.raises(AppError, match="not a number any more"):
        ran(tiny_config(tmp_path))
    assert [one.name for one in checkpoints_in(tmp_path / "checkpoints")] == ["step-0"]


def test_a_text_that_is_too_short_is_told(tmp_path: Path) -> None:
    with pytest.raises(AppError, match="too short: 12 tokens") as told:
        ran(tiny_config(tmp_path), train=tiny_text(12))
    assert "smaller context" in told.value.hint


def test_memory_that_is_too_small_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: GPT, ids: object, targets: object) -> None:
        if self.training:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried 9 GB")

    monkeypatch.setattr(GPT, "loss", full)
    with pytest.raises(AppError, match="too little memory"):
        ran(tiny_config(tmp_path), held_out=tiny_text(5))


def test_another_models_checkpoint_is_refused(tmp_path: Path) -> None:
    ran(tiny_config(tmp_path), control=Says(6, "stop"))
    (tmp_path / "plan.json").unlink()
    with pytest.raises(AppError, match="does not fit this run"):
        ran(tiny_config(tmp_path, model__width=48))


def test_a_damaged_plan_is_told(tmp_path: Path) -> None:
    ran(tiny_config(tmp_path), control=Says(6, "stop"))
    (tmp_path / "plan.json").write_text("{")
    with pytest.raises(AppError, match="plan cannot be read"):
        ran(tiny_config(tmp_path))


def test_the_plan_of_the_first_attempt_stays(tmp_path: Path) -> None:
    ran(tiny_config(tmp_path), control=Says(6, "stop"))
    again = ran(tiny_config(tmp_path, train__batch=8))
    facts = again.events[0]
    assert isinstance(facts, RaisedFacts) and facts.tokens_per_step == 64


def test_a_checkpoint_that_a_kill_kept_from_being_told_is_told(tmp_path: Path) -> None:
    config, folder = tiny_config(tmp_path), RunFolder(tmp_path)
    for one in tiny_run(config):
        if isinstance(one, CheckpointSaved) and one.step == 8:
            break  # killed: the checkpoint is there, its event is not
        with folder.events.open("ab") as file:
            file.write(to_line(one))
    again = ran(config, attempt=2)
    assert [one.step for one in again.of(CheckpointSaved)] == [8, 12]


def test_text_is_only_read_where_it_is(tmp_path: Path) -> None:
    """tiny_texts.Text asserts that no window goes beyond the end."""
    for n in (34, 35, 50, 97):
        ran(tiny_config(tmp_path / str(n), train__steps=3), train=tiny_text(n))
    assert isinstance(tiny_text(3), Text)

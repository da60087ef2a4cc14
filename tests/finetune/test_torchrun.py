"""Two gloo ranks by torchrun, from RUN.toml to the product: a world of two, one run folder that
rank 0 writes, and the losses of one rank with the double batch."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import AppError
from engine.paths import user_paths
from engine.process.tune_messages import Row
from finetune import ranks
from finetune.checkpoint import is_whole
from finetune.config import RunConfig, changed, to_toml
from finetune.data.rows import to_line
from finetune.data.token_set import open_token_set
from finetune.export.adapter_gguf import read_adapter
from finetune.run.events import Began, Ended, Facts, StepDone
from finetune.run.folder import EventTail, RunFolder, find_runs
from tests.finetune.tiny_bases import tiny_torch, write_gguf
from tests.finetune.training import one_thread, run, tiny_config

ROOT = Path(__file__).parents[2]
COMMON: dict[str, Any] = {
    "train__packing": False, "train__accumulate": 2, "train__steps": 8, "train__eval_every": 8
}  # fmt: skip


def rows_in(path: Path, n_rows: int, seed: int) -> Path:
    chance = random.Random(seed)
    words = ["the", "moth", "thaw", "path", "of"]
    texts = [" ".join(chance.choices(words, k=chance.randint(2, 9))) for _ in range(n_rows)]
    path.write_bytes(b"".join(to_line(Row(str(n), text=one)) for n, one in enumerate(texts)))
    return path


def two_ranks(folder: Path, base: Path, *flags: str) -> RunFolder:
    """The command of docs/training.md, to its end: the run's folder."""
    config = changed(
        tiny_config(**COMMON, train__batch=3, watch__prompts=(), watch__forgetting=False),
        base__path=str(base),
        data__path=str(rows_in(folder / "rows.jsonl", 20, 1)),
        data__validation=str(rows_in(folder / "held-out.jsonl", 3, 2)),
        out__dir=str(folder / "run"),
    )
    (folder / "RUN.toml").write_text(to_toml(config), encoding="utf-8")
    torchrun = str(Path(sys.executable).with_name("torchrun"))
    command = ["-m", "finetune.cli", "sft", str(folder / "RUN.toml"), "--json", *flags]
    done = subprocess.run(
        [torchrun, "--standalone", "--nproc-per-node", "2", *command],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    made = RunFolder(folder / "run")
    # What it printed is what its folder holds: of two processes one speaks.
    assert done.stdout.encode() == made.events.read_bytes()
    return made


@pytest.mark.timeout(300)
@pytest.mark.parametrize("flags", [(), ("--shard",)])
def test_two_ranks_are_one_with_the_double_batch(flags: tuple[str, ...], tmp_path: Path) -> None:
    """20 rows by 3 a rank: at an epoch's end the second rank has nothing of its own. With --shard
    each holds a half of the base's weights."""
    base = write_gguf(tmp_path / "llama.gguf", "llama", tiny_torch("llama"))
    two = two_ranks(tmp_path, base, *flags)
    events = EventTail(two).read()
    (facts,) = [one for one in events if isinstance(one, Facts)]
    assert facts.world == 2 and facts.n_rows == 20 and facts.n_steps == 8
    assert facts.is_sharded == bool(flags)
    # Rank 0 alone writes, and what it writes is whole.
    assert len([one for one in events if isinstance(one, Began)]) == 1
    assert isinstance(events[-1], Ended) and events[-1].product == "product/adapter.gguf"
    assert read_adapter(two.adapter) and two.report.is_file() and two.parity.is_file()
    assert is_whole(two.checkpoints / "step-8", by_hash=True)
    assert not list(tmp_path.rglob("*.part")) and not find_runs(user_paths().runs)

    steps = [one for one in events if isinstance(one, StepDone)]
    rows, held_out = (open_token_set(two.tokens / name) for name in ("train", "validation"))
    with one_thread():
        one = run(tmp_path, tiny_config(train__batch=6, **COMMON), rows, held_out, name="one")
    np.testing.assert_allclose([e.loss for e in steps], one.losses(), atol=1e-4)
    np.testing.assert_allclose(
        [e.grad_norm for e in steps], [e.grad_norm for e in one.steps()], rtol=1e-3
    )
    assert [e.n_tokens for e in steps] == [e.n_tokens for e in one.steps()]
    assert len(set(one.losses())) == 8


def test_ranks_need_a_folder_that_all_know() -> None:
    with pytest.raises(AppError, match="has to know") as refused:
        ranks.folder_of(RunConfig())
    assert "[out] dir" in refused.value.hint


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"train__method": "full"}, "Only an adapter"),
        ({"base__in_4_bits": True}, "in 4 bits too"),
        ({}, ""),
    ],
)
def test_what_cannot_be_shared_is_refused(
    fields: dict[str, Any], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = changed(RunConfig(), **fields)
    monkeypatch.delenv("ACCELERATE_USE_FSDP", raising=False)
    ranks.require(config)  # one process shares with nobody
    monkeypatch.setenv("WORLD_SIZE", "2")
    ranks.require(config)
    monkeypatch.setenv(ranks.SHARD, "1")
    assert ranks.is_sharded()
    if not words:
        ranks.require(config)
        return
    with pytest.raises(AppError, match=words):
        ranks.require(config)


def test_accelerates_own_settings_of_shares_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    with pytest.raises(AppError, match="not used here") as refused:
        ranks.require(RunConfig())
    assert "--shard" in refused.value.hint


def test_where_only_checks_are_left_there_is_nothing_to_help_with(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.trained.write_text("{}")
    before = signal.getsignal(signal.SIGTERM)
    assert ranks.help_train(RunConfig(), folder) == 0
    assert signal.getsignal(signal.SIGTERM) is before

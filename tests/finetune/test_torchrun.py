"""Two gloo ranks by torchrun: a world of two, and the losses of one rank with the double batch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import AppError
from finetune import ranks
from finetune.checkpoint import is_whole
from finetune.config import RunConfig, changed, to_toml
from tests.finetune.tiny_bases import tiny_torch, write_gguf
from tests.finetune.training import one_thread, run, tiny_config, write_rows

ROOT = Path(__file__).parents[2]


def said_by_two(folder: Path, base: Path, **fields: Any) -> dict[str, Any]:
    """What rank 0 of a run of two says at its end."""
    config = changed(
        tiny_config(**fields),
        base__path=str(base),
        out__dir=str(folder / "run"),
    )
    write_rows(folder / "run" / "tokens" / "train", 23)
    write_rows(folder / "run" / "tokens" / "validation", 3, seed=1)
    (folder / "RUN.toml").write_text(to_toml(config), encoding="utf-8")
    started = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    module = ["-m", "tests.finetune.rank_run", str(folder)]
    done = subprocess.run(
        [*started, "--nproc-per-node=2", *module],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    said: dict[str, Any] = json.loads((folder / "said.json").read_text(encoding="utf-8"))
    return said


@pytest.mark.timeout(300)
def test_two_ranks_are_one_with_the_double_batch(tmp_path: Path) -> None:
    """23 rows by 3 a rank: at an epoch's end the second rank has nothing of its own."""
    base = write_gguf(tmp_path / "llama.gguf", "llama", tiny_torch("llama"))
    common: dict[str, Any] = {
        "train__packing": False, "train__accumulate": 2, "train__steps": 8, "train__eval_every": 8
    }  # fmt: skip
    two = said_by_two(tmp_path / "two", base, train__batch=3, **common)
    assert two["world"] == 2
    rows = write_rows(tmp_path / "rows", 23)
    held_out = write_rows(tmp_path / "held-out", 3, seed=1)
    with one_thread():
        one = run(tmp_path, tiny_config(train__batch=6, **common), rows, held_out)
    np.testing.assert_allclose(two["losses"], one.losses(), atol=1e-4)
    np.testing.assert_allclose(two["norms"], [e.grad_norm for e in one.steps()], rtol=1e-3)
    assert two["n_tokens"] == [e.n_tokens for e in one.steps()]
    assert len(set(one.losses())) == 8
    # Rank 0 alone writes, and what it writes is whole.
    assert is_whole(tmp_path / "two" / "run" / "checkpoints" / "step-8", by_hash=True)


def test_ranks_need_a_folder_that_all_know() -> None:
    with pytest.raises(AppError, match="has to know") as refused:
        ranks.folder_of(RunConfig())
    assert "[out] dir" in refused.value.hint

"""Two gloo ranks under torchrun raise the model that one raises with the double batch."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from finetune.checkpoint import checkpoints_in, is_whole

ROOT = Path(__file__).parents[2]


def losses(folder: Path, batch: int, world: int) -> dict[str, Any]:
    torchrun = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={world}"]
    what = ["-m", "tests.finetune.raising_rank", str(folder), str(batch)]
    done = subprocess.run(
        [sys.executable, *(torchrun if world > 1 else []), *what],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.timeout(600)
def test_two_ranks_are_one_with_the_double_batch(tmp_path: Path) -> None:
    one = losses(tmp_path / "one", batch=4, world=1)
    two = losses(tmp_path / "two", batch=2, world=2)
    assert (one["world"], two["world"]) == (1, 2) and len(one["steps"]) == 12
    assert two["steps"] == pytest.approx(one["steps"], abs=1e-4)
    assert two["looks"] == pytest.approx(one["looks"], abs=1e-4)
    made = [checkpoints_in(tmp_path / name / "checkpoints") for name in ("one", "two")]
    assert [one.name for one in made[0]] == [one.name for one in made[1]]
    assert all(is_whole(one, by_hash=True) for one in made[1])

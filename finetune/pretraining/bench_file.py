"""What a base model was measured to be able to do, kept in its run's folder: bench/step-N.json.
Light: the window reads these."""

from __future__ import annotations

from pathlib import Path

import msgspec

from engine.process.pretrain_messages import BaseBench
from finetune.run.folder import RunFolder, write_whole


def bench_path(folder: RunFolder, checkpoint: str) -> Path:
    """Where a checkpoint's is."""
    return folder.path / "bench" / f"{checkpoint}.json"


def read_bench(folder: RunFolder, checkpoint: str) -> BaseBench | None:
    """A checkpoint's; None where it was not measured, or is damaged (it is then measured anew)."""
    try:
        return msgspec.json.decode(bench_path(folder, checkpoint).read_bytes(), type=BaseBench)
    except (OSError, msgspec.MsgspecError):
        return None


def write_bench(folder: RunFolder, bench: BaseBench) -> None:
    """Keep it. Raises AppError where the disk refuses."""
    path = bench_path(folder, bench.checkpoint)
    path.parent.mkdir(exist_ok=True)
    write_whole(path, msgspec.json.encode(bench))

"""Measures training on this machine, TRL's SFTTrainer beside it on the same rows:
`bathysphere bench sft [--json]`.

Each contestant trains in a process of its own, in turn, so that its peak memory is its own and a
machine whose speed drifts drifts under both. What a child does is benches/child.py's and
benches/trl.py's. TRL comes with the extra `bench`; the app never imports it. FIGURES is open:
another file of the room may add its own.
"""

from __future__ import annotations

import importlib.util
import json
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.errors import AppError
from engine.figures import Figure, figure, print_table, ratio
from finetune.benches.rows import BATCH, write_bench_rows, write_jsonl
from finetune.config import RunConfig, changed, to_toml

N_PAIRS = 3
INSTALL_LINE = "pip install -e .[bench]"


def main(as_json: bool) -> int:
    """Measure and print. Returns 0; a missed goal is a figure, not a failure.

    Raises:
        AppError: TRL is not installed, or a contestant failed.
    """
    missing = [one for one in ("trl", "datasets") if importlib.util.find_spec(one) is None]
    if missing:
        raise AppError(
            f"The peer of this bench is not installed: {', '.join(missing)}.",
            f"Run “{INSTALL_LINE}” in the app's environment.",
        )
    figures: dict[str, Figure] = {}
    with tempfile.TemporaryDirectory(prefix="bathysphere-") as name:
        folder = Path(name)
        write_bench_rows(folder)
        for words, measure in FIGURES.items():
            if not as_json:
                print(f"  {words} ...", file=sys.stderr)
            figures.update(measure(folder))
    if as_json:
        sys.stdout.write(json.dumps(figures) + "\n")
    else:
        print_table(figures)
    return 0


def child(folder: Path, what: str, *arguments: str) -> dict[str, Any]:
    """What one contestant says, as JSON on its last line.

    Raises:
        AppError: it failed.
    """
    command = [sys.executable, "-m", "finetune.benches.child", what, str(folder), *arguments]
    return _said(subprocess.run(command, capture_output=True, text=True, check=False), what)


def _said(done: subprocess.CompletedProcess[str], what: str) -> dict[str, Any]:
    if done.returncode != 0 or not done.stdout.strip():
        raise AppError(f"“{what}” of the bench failed.", "", done.stderr[-4000:])
    said: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return said


# ---- beside TRL ----


def speed_figures(folder: Path) -> dict[str, Figure]:
    """Real tokens/s and peak memory: the same rows and batch, each in its own order. Which rows
    share a batch, and what is done about their lengths, is part of what is measured."""
    ours: list[dict[str, Any]] = []
    theirs: list[dict[str, Any]] = []
    for pair in range(N_PAIRS):
        both = [("ours", ours), ("trl", theirs)]
        # Each goes first as often as second.
        for name, said in both if pair % 2 == 0 else both[::-1]:
            said.append(child(folder, name))
    return {
        f"tokens/s / TRL, {ours[0]['precision']}": ratio(
            [one["tokens_per_s"] for one in ours],
            [one["tokens_per_s"] for one in theirs],
            3.0,
            "tokens/s",
        ),
        "peak memory / TRL": ratio(
            [one["peak_bytes"] / 1e9 for one in ours],
            [one["peak_bytes"] / 1e9 for one in theirs],
            0.7,
            "GB",
            is_limit=True,
        ),
    }


def curve_figures(folder: Path) -> dict[str, Figure]:
    """The losses of both in fp32, step by step on the same rows."""
    ours = child(folder, "ours", "fp32")["losses"]
    theirs = child(folder, "trl", "fp32", "ours")["losses"]
    apart = [abs(a - b) for a, b in zip(ours, theirs, strict=True)]
    return {"loss curve, from TRL's": figure(max(apart), 1e-3, "nats")}


# ---- against ourselves ----


def packing_figures(folder: Path) -> dict[str, Figure]:
    """Packed against unpacked, each label by itself."""
    said = child(folder, "packing")
    return {"packed from unpacked loss": figure(said["apart"], 1e-4, "nats")}


def rank_figures(folder: Path) -> dict[str, Figure]:
    """Two gloo ranks by torchrun against one with the double batch."""
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command = [
        *torchrun,
        "--nproc-per-node=2",
        "-m",
        "finetune.benches.child",
        "ranks",
        str(folder),
    ]
    done = subprocess.run([*command, str(BATCH // 2)], capture_output=True, text=True, check=False)
    two = _said(done, "two ranks")
    one = child(folder, "ranks", str(BATCH))
    if two["world"] != 2:
        raise AppError("torchrun did not start two ranks.", "", str(two))
    apart = [abs(a - b) for a, b in zip(two["losses"], one["losses"], strict=True)]
    return {"two ranks from one": figure(max(apart), 1e-4, "nats")}


def first_loss_figures(folder: Path) -> dict[str, Figure]:
    """From Start to the first loss in events.jsonl, by the command line's own run."""
    seconds = [_first_loss_s(folder, number) for number in range(N_PAIRS)]
    middle = statistics.median(seconds)
    return {"Start to first loss": figure(middle, 8.0, "s", seconds)}


def _first_loss_s(folder: Path, number: int) -> float:
    rows = write_jsonl(folder / "rows.jsonl")
    out = folder / f"first-{number}"
    config = changed(
        RunConfig(),
        base__path="starter",
        data__path=str(rows),
        train__steps=4,
        train__batch=1,
        train__max_length=256,
        watch__forgetting=False,
        out__dir=str(out),
    )
    run_toml = folder / f"first-{number}.toml"
    run_toml.write_text(to_toml(config), encoding="utf-8")
    command = [sys.executable, "-m", "finetune.cli", "sft", str(run_toml), "--json"]
    began = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line).get("event") in ("step", "evaluated"):
                break
        seconds = time.monotonic() - began
        process.send_signal(signal.SIGINT)
        process.stdout.read()
    return seconds


FIGURES: dict[str, Callable[[Path], dict[str, Figure]]] = {
    "beside TRL, taking turns": speed_figures,
    "loss beside TRL's, the same rows": curve_figures,
    "packed and unpacked": packing_figures,
    "two ranks and one": rank_figures,
    "Start to first loss": first_loss_figures,
}


if __name__ == "__main__":
    sys.exit(main("--json" in sys.argv))

"""Measures pretraining on this machine: `bathysphere bench pretrain [--json] [--text FILE]
[--nanogpt DIR] [--only NAME]`.

Each contestant has a process of its own, one after the other. Losses are of characters, of all that
was held out, and depend on the text: beside each stands a bare loop with the same model and text in
the same time, and nanoGPT where its folder is given. What a child does is bench_child.py's. FIGURES
says what is measured.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from engine.errors import AppError
from engine.figures import Figure, figure, print_table, ratio
from finetune.pretraining.config import PretrainConfig
from finetune.pretraining.dial import depth_for
from finetune.run_toml import changed, to_toml

N_PAIRS = 3
SHARE = 0.1
N_CHARACTERS = 1_100_000
# Seconds of training -> nats per character to stay at or under.
LOSSES = {60: 1.60, 180: 1.50, 600: 1.46}
NANO_SHARE = 1 / 6


class Bench(NamedTuple):
    """text: of characters, its end held out; nanogpt: its folder, None where it is not given."""

    folder: Path
    text: Path
    nanogpt: Path | None


def main(as_json: bool, text: str = "", nanogpt: str = "", only: str = "") -> int:
    """Measure and print. Returns 0; a missed goal is a figure, not a failure.

    Args:
        text: a file; "": Python's own language reference. only: a part of the names of what is to
            be measured.

    Raises:
        AppError: a file is not there, a name fits nothing, or a contestant failed.
    """
    wanted = {name: one for name, one in FIGURES.items() if only.lower() in name.lower()}
    if not wanted:
        raise AppError(f"“{only}” is none of what is measured.", f"Choose from: {list(FIGURES)}.")
    figures: dict[str, Figure] = {}
    with tempfile.TemporaryDirectory(prefix="bathysphere-") as name:
        bench = Bench(Path(name), _text(text, Path(name)), Path(nanogpt) if nanogpt else None)
        for words, measure in wanted.items():
            if not as_json:
                print(f"  {words} ...", file=sys.stderr)
            figures.update(measure(bench))
    if as_json:
        sys.stdout.write(json.dumps(figures) + "\n")
    else:
        print_table(figures)
    return 0


def _text(given: str, folder: Path) -> Path:
    """The text as a file of at most N_CHARACTERS."""
    try:
        text = Path(given).read_text(encoding="utf-8") if given else _reference()
    except (OSError, UnicodeDecodeError) as error:
        raise AppError(f"“{given}” cannot be read as text.", "", str(error)) from error
    path = folder / "text.txt"
    path.write_text(text[:N_CHARACTERS], encoding="utf-8")
    return path


def _reference() -> str:
    from pydoc_data.topics import topics

    return "\n".join(topics[name] for name in sorted(topics))


def child(what: str, *arguments: str) -> dict[str, Any]:
    """What one contestant says, as JSON on its last line. Raises AppError where it failed."""
    command = [sys.executable, "-m", "finetune.pretraining.bench_child", what, *arguments]
    # As a run's process has it (torch_import.py), for all contestants.
    environment = {**os.environ, "OMP_WAIT_POLICY": "passive"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode != 0 or not done.stdout.strip():
        raise AppError(f"“{what}” of the bench failed.", "", done.stderr[-4000:])
    said: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return said


# ---- losses ----


def raise_for(bench: Bench, seconds: float, name: str, depth: int = 0) -> Path:
    """Raise a model of characters by the command line's own run. Returns its folder.

    Raises:
        AppError: it failed.
    """
    run = bench.folder / name
    config = changed(
        PretrainConfig(),
        corpus__path=str(bench.text),
        corpus__validation=SHARE,
        tokenizer__kind="chars",
        model__depth=depth or depth_for(seconds),
        train__minutes=seconds / 60.0,
        watch__max_tokens=8,
        out__dir=str(run),
    )
    run_toml = bench.folder / f"{name}.toml"
    run_toml.write_text(to_toml(config), encoding="utf-8")
    command = [sys.executable, "-m", "finetune.cli", "pretrain", str(run_toml), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AppError("A run of the bench failed.", "", done.stderr[-4000:])
    return run


def loss_figures(bench: Bench) -> dict[str, Figure]:
    """Loss after a minute, three and ten; torch against llama.cpp of what came of it."""
    figures: dict[str, Figure] = {}
    for seconds, goal in LOSSES.items():
        run = raise_for(bench, seconds, f"for-{seconds}")
        mine, peer = child("held_out", str(run)), child("adam", str(run), str(seconds))
        name = f"nats a character, {seconds} s"
        figures[name] = figure(mine["loss"], goal, "nats")
        figures[f"{name} / bare loop"] = ratio(
            [mine["loss"]], [peer["loss"]], 1.0, "nats", is_limit=True
        )
        figures[f"torch from llama.cpp, {seconds} s"] = figure(mine["max_difference"], 1e-2, "")
        figures[f"other first tokens, {seconds} s"] = figure(1.0 - mine["top1"], 1e-3, "share")
    return figures


def nanogpt_figures(bench: Bench) -> dict[str, Figure]:
    """Seconds until the held-out loss is what nanoGPT's CPU preset ends at."""
    if bench.nanogpt is None:
        return {}
    from finetune.pretraining.bench_nanogpt import run_nanogpt

    nano = run_nanogpt(bench.nanogpt, bench.text.read_text(encoding="utf-8"), SHARE, bench.folder)
    seconds, number, reached = nano.seconds * NANO_SHARE * 0.5, 0, 0.0
    while not reached:  # a run knows its end beforehand: each has half as much time again
        run = raise_for(bench, seconds, f"nano-{number}")
        if child("held_out", str(run))["loss"] <= nano.loss:
            reached = seconds
        elif seconds > nano.seconds:
            raise AppError("It did not come to nanoGPT's loss.", "", f"{nano}")
        seconds, number = seconds * 1.5, number + 1
    return {
        f"time to nanoGPT's {nano.loss:.3f} nats": ratio(
            [reached], [nano.seconds], NANO_SHARE, "s", is_limit=True
        )
    }


# ---- speed ----


def speed_figures(bench: Bench) -> dict[str, Figure]:
    """Tokens/s of 12 M parameters: our loop, and a bare one of the same model and optimizers."""
    ours: list[dict[str, Any]] = []
    bare: list[dict[str, Any]] = []
    for pair in range(N_PAIRS):
        both = [("ours", ours), ("bare", bare)]
        # Each goes first as often as second.
        for name, said in both if pair % 2 == 0 else both[::-1]:
            said.append(child(name))
    size = f"{ours[0]['n_parameters'] / 1e6:.0f} M, {ours[0]['precision']}"
    return {
        f"tokens/s / bare loop, {size}": ratio(
            [one["tokens_per_s"] for one in ours],
            [one["tokens_per_s"] for one in bare],
            0.95,
            "tokens/s",
        )
    }


# ---- stories ----


def story_figures(bench: Bench) -> dict[str, Figure]:
    """From an empty folder to an assistant: seconds of all stages, and the shares of held-out
    questions that it, its base and answers without understanding get wrong or right."""
    from finetune.pretraining.story_bench import StoryPlan, judge, raise_assistant

    folder = bench.folder / "stories"
    folder.mkdir()
    numbers, _ = judge(raise_assistant(folder, StoryPlan()))
    return {
        "stories: from nothing to an assistant": figure(numbers.total_s, 600.0, "s"),
        "stories: questions it gets wrong": figure(1.0 - numbers.assistant, 0.2, "share"),
        "stories: the base gets right": figure(numbers.base, None, "share"),
        "stories: the majority answer gets right": figure(numbers.majority, 0.35, "share"),
        "stories: the nearest sentence gets right": figure(numbers.nearest, 0.35, "share"),
    }


def _of_module(name: str, function: str) -> Callable[[Bench], dict[str, Figure]]:
    """Figures of another file, which takes nothing."""

    def measure(bench: Bench) -> dict[str, Figure]:
        found: dict[str, Figure] = getattr(importlib.import_module(name), function)()
        return found

    return measure


FIGURES: dict[str, Callable[[Bench], dict[str, Figure]]] = {
    "time to nanoGPT's loss": nanogpt_figures,
    "losses, and llama.cpp beside torch": loss_figures,
    "throughput beside a bare loop": speed_figures,
    "stories, from nothing to an assistant": story_figures,
    "tokenizer": _of_module("finetune.pretraining.bench_tokenizer", "tokenizer_figures"),
}


if __name__ == "__main__":
    sys.exit(main("--json" in sys.argv))

"""How many threads a decode gets: found by a short trial, remembered for this machine, fewer while
a run trains here."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from engine.paths import Paths

_TRIAL_TOKENS = 6
_TRIAL_ROUNDS = 2
_TRIAL_S = 1.0


def candidates() -> list[int]:
    """Thread counts worth trying, most likely first: physical cores, half of them, all logical
    ones."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    logical = usable or 1
    physical = min(psutil.cpu_count(logical=False) or logical, logical)
    found = [physical, max(1, physical // 2), logical, max(1, physical - 1)]
    return list(dict.fromkeys(found))


def choose(time_decode: Callable[[int, int], float], key: str, paths: Paths) -> int:
    """The fastest thread count.

    Args:
        time_decode: (threads, tokens) -> seconds of that many one-token decodes.
        key: what the answer depends on (model size class, build); the answer is kept under it.
    """
    path = paths.cache / "threads.json"
    known = _read(path)
    name = f"{key}/{','.join(map(str, candidates()))}"
    if name in known:
        return known[name]
    count, is_sure = _trial(time_decode)
    if is_sure:
        _write(path, {**known, name: count})
    return count


def _trial(time_decode: Callable[[int, int], float]) -> tuple[int, bool]:
    """The fastest count, and whether every count had its turns: a model too slow for that, or a
    machine too busy, gets the physical cores and is tried again next time."""
    counts = candidates()
    spent_s = time_decode(counts[0], 1)
    best: dict[int, float] = {}
    for count in counts * _TRIAL_ROUNDS:
        if spent_s > _TRIAL_S:
            return counts[0], False
        seconds = time_decode(count, _TRIAL_TOKENS)
        best[count] = min(seconds, best.get(count, seconds))
        spent_s += seconds
    return min(counts, key=lambda count: best[count]), True


def beside_training(n_threads: int, runs: Path) -> int:
    """Threads for the next decode: half where a training run lives on this machine, since both
    starve otherwise."""
    return max(1, n_threads // 2) if training_is_live(runs) else n_threads


def training_is_live(runs: Path) -> bool:
    """Whether a living process runs one of these runs: its runner.json holds `{"pid": ...,
    "created_s": ...}`, as psutil has it. One whose process is gone counts for nothing, nor does the
    run that this very process works for: its own training stands still meanwhile."""
    if not runs.is_dir():
        return False
    return any(_is_live(noted) for noted in runs.glob("*/runner.json"))


def _is_live(noted: Path) -> bool:
    try:
        held = json.loads(noted.read_text())
        process = psutil.Process(int(held["pid"]))
        is_it = bool(abs(process.create_time() - float(held["created_s"])) < 1.0)
        return is_it and process.pid != os.getppid()
    except (OSError, ValueError, KeyError, TypeError, psutil.Error):
        return False


def _read(path: Path) -> dict[str, int]:
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}  # not there yet, or spoiled: the trial is made again
    return {str(k): int(v) for k, v in found.items()} if isinstance(found, dict) else {}


def _write(path: Path, known: dict[str, int]) -> None:
    temporary = path.with_suffix(f".{os.getpid()}.{time.monotonic_ns()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(known))
        temporary.replace(path)
    except OSError:
        temporary.unlink(
            missing_ok=True
        )  # a cache that cannot be written costs a trial at the next load, no more

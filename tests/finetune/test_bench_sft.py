"""The bench of training: registered, and a sentence where its peer is missing."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from engine.cli import BENCHES
from engine.errors import AppError
from finetune import bench
from finetune.benches.rows import bench_rows


def test_without_trl_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert BENCHES["sft"][0] == bench.__name__
    find = importlib.util.find_spec

    def without_trl(name: str, package: str | None = None) -> Any:
        return None if name == "trl" else find(name, package)

    monkeypatch.setattr("importlib.util.find_spec", without_trl)
    with pytest.raises(AppError, match="not installed: trl") as refused:
        bench.main(as_json=True)
    assert bench.INSTALL_LINE in refused.value.hint


def test_its_rows_are_the_same_each_time() -> None:
    rows = bench_rows()
    assert rows == bench_rows() and len(rows) == 64
    lengths = [len(row.messages[1].content.split()) for row in rows]
    assert min(lengths) >= 20 and max(lengths) <= 90 and len(set(lengths)) > 20


def test_speed_lets_trl_keep_its_own_order(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []

    def child(folder: Path, *how: str) -> dict[str, Any]:
        asked.append(how)
        speed, peak = (300.0, 3e9) if how[0] == "ours" else (100.0, 6e9)
        said = {"tokens_per_s": speed, "peak_bytes": peak}
        return {"precision": "fp32", "losses": [2.0, 1.5], **said}

    monkeypatch.setattr(bench, "child", child)
    speed = bench.speed_figures(Path())
    assert asked == [("ours",), ("trl",), ("trl",), ("ours",), ("ours",), ("trl",)]
    assert speed["tokens/s / TRL, fp32"]["ratio"] == 3.0
    assert speed["peak memory / TRL"]["ratio"] == 0.5 and speed["peak memory / TRL"]["ok"]
    asked.clear()
    assert bench.curve_figures(Path())["loss curve, from TRL's"]["ours"] == 0.0
    assert asked == [("ours", "fp32"), ("trl", "fp32", "ours")]

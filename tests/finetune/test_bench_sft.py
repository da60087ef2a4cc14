"""The bench of training: registered, and a sentence where its peer is missing."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest

from engine.cli import BENCHES
from engine.errors import AppError
from finetune import bench
from finetune.bench_rows import bench_rows


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

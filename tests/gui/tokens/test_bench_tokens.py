"""`bathysphere bench tokens` with small numbers: each figure of the window's half is there, whole
and measured. Whether a goal is reached is not asked here: that is for a quiet machine.
"""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from engine.cli import BENCHES
from engine.errors import AppError
from gui import bench_editor, bench_tokens

pytestmark = pytest.mark.real_model

# Name -> goal and unit.
FIGURES = {
    "3,000 tokens: until painted": (1.0, "s"),
    "3,000 tokens: over the text": (100.0, "MB"),
    "scrolling by the wheel: paint p99": (8.0, "ms"),
    "scrolling by the wheel: frame p99": (16.0, "ms"),
    "scrolling by pages: paint p99": (8.0, "ms"),
    "scrolling by pages: frame p99": (16.0, "ms"),
    "scrolling by the bar: paint p99": (8.0, "ms"),
    "scrolling by the bar: frame p99": (16.0, "ms"),
    "key in 1 MB: until coloured, median": (16.0, "ms"),
    "key in 1 MB: until coloured, p95": (16.0, "ms"),
    "one letter, 1 MB: until coloured": (1.0, "s"),
    "one letter, 1 MB: longest standstill": (100.0, "ms"),
    "one line of 1 MB: until coloured": (1.0, "s"),
    "one line of 1 MB: longest standstill": (100.0, "ms"),
}


def test_every_figure_is_measured(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in {"N_TOKENS": 3_000, "LINE_BYTES": 6_000, "N_KEYS": 3, "N_FRAMES": 4}.items():
        monkeypatch.setattr(bench_editor, name, value)
    figures = bench_editor.editor_figures(tmp_path)
    assert {name: (row["goal"], row["unit"]) for name, row in figures.items()} == FIGURES
    for name, row in figures.items():
        assert math.isfinite(row["ours"]), name
        assert row["ours"] > 0 or row["unit"] == "MB", name


def test_the_engines_half_runs_in_a_process_of_its_own() -> None:
    assert BENCHES["tokens"][0] == "gui.bench_tokens"
    assert bench_tokens.engine_figures("collections", "OrderedDict") == {}
    with pytest.raises(AppError, match="could not be measured"):
        bench_tokens.engine_figures("engine.figures", "no_such_thing")

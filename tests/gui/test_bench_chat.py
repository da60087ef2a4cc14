"""`bathysphere bench chat` with small numbers: each figure is there, whole and measured. Whether a
goal is reached is not asked here: that is for a quiet machine and the real numbers."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
KEYS = {"ours", "peer", "ratio", "goal", "ok", "unit"}
# The same code with less to do. A window, a worker and the starter are the real ones.
SMALL = """
import sys
from gui.plain_imports import load_qt

load_qt()
from gui import bench_chat, bench_crowd, bench_fork, bench_hostile, bench_kill, bench_reach
from gui import bench_received, bench_repaint

bench_chat.STALL_S = 1.0
bench_crowd.N_CHATS, bench_crowd.N_MESSAGES, bench_crowd.N_OPENED = 12, 40, 2
bench_crowd.TYPED = ("lant",)
bench_fork.PLACE, bench_fork.N_FORKS = 8, 2
bench_received.N_TOKENS, bench_received.N_OPENED = 100, 2
bench_repaint.LONG_BYTES, bench_repaint.N_WORDS, bench_repaint.N_ROUNDS = 3_000, 4, 2
for name in set(bench_hostile.HOSTILE) - {"bidi", "javascript links"}:
    del bench_hostile.HOSTILE[name]
bench_kill.N_MOMENTS, bench_kill.BUSY_S = 2, 0.5
sys.exit(bench_chat.main(as_json=True))
"""
# Name -> goal and unit; what has a peer, and what may be nothing at all.
FIGURES = {
    "open a chat of 10,000 messages": (150.0, "ms"),
    "search as you type, slowest letter": (50.0, "ms"),
    "fork at token 8, until it goes on": (2.0, "decode steps"),
    "chat stall p50": (None, "ms"),
    "chat stall p99": (16.0, "ms"),
    "chat stall max": (50.0, "ms"),
    "what the model received, 100 tokens to the screen": (100.0, "ms"),
    "repaint while streaming, 200 kB / 1 kB": (1.5, "ms"),
    "hostile reply, longest stall: bidi": (50.0, "ms"),
    "hostile reply, longest stall: javascript links": (50.0, "ms"),
    "hostile replies: sockets opened": (0, "sockets"),
    "hostile replies: files read": (0, "files"),
    "kill -9 at 2 moments of a busy chat: lost": (0, "losses"),
}
WITH_PEER = {"repaint while streaming, 200 kB / 1 kB"}
COUNTED = {name for name, (goal, _) in FIGURES.items() if goal == 0}

pytestmark = pytest.mark.real_model


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """All figures, measured once."""
    home = tmp_path_factory.mktemp("bench")
    done = subprocess.run(
        [sys.executable, "-c", SMALL],
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "BATHYSPHERE_HOME": str(home)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.mark.timeout(300)
def test_every_figure_is_there_with_its_goal_and_nothing_else_is(
    figures: dict[str, dict[str, Any]],
) -> None:
    assert {name: (row["goal"], row["unit"]) for name, row in figures.items()} == FIGURES
    assert all(row.keys() >= KEYS for row in figures.values())


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_measured_and_judged(figures: dict[str, dict[str, Any]], name: str) -> None:
    row = figures[name]
    if name in COUNTED:
        assert row["ours"] == 0 and row["ok"] is True
        return
    assert row["ours"] > 0 or name.startswith(("chat stall", "hostile reply"))
    has_peer = name in WITH_PEER
    assert (row["peer"] is not None) == (row["ratio"] is not None) == has_peer
    judged = row["ratio"] if has_peer else row["ours"]
    assert row["ok"] == (row["goal"] is None or judged <= row["goal"])
    first, third = row["spread"]
    assert 0 <= first <= third

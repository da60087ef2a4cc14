"""Ten minutes of a model that writes, a hand that scrolls and another that searches: how long the
window ever stands still. In a process of its own, as on the day of measuring."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECONDS = 600.0
STALLS = """
import json, sys, tempfile
from pathlib import Path
from gui.plain_imports import load_qt

load_qt()
from gui import bench_crowd
from gui.bench_stream import open_window, stall_figures

with tempfile.TemporaryDirectory() as folder:
    bench_crowd.fill_store(Path(folder))
    with open_window(Path(folder)) as room, bench_crowd.searching_hand(room):
        print(json.dumps(stall_figures(room, float(sys.argv[1]), "chat")))
"""


def stalls(seconds: float) -> dict[str, float]:
    """Name of a figure -> milliseconds."""
    done = subprocess.run(
        [sys.executable, "-c", STALLS, str(seconds)],
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return {name: row["ours"] for name, row in json.loads(done.stdout).items()}


@pytest.mark.soak
@pytest.mark.timeout(1_500)
def test_the_window_never_stands_still_in_ten_minutes_of_streaming_and_searching() -> None:
    figures = stalls(SECONDS)
    assert figures["chat stall p99"] <= 16.0
    assert figures["chat stall max"] <= 50.0

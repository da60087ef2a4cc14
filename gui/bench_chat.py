"""Measures the chat room on this machine: `bathysphere bench chat [--json]`.

Opening and searching among 2,000 chats, one of them of 10,000 messages; what a repaint costs while
a long reply streams; how long the window ever stands still; how soon a fork goes on, and how soon
the exact prompt of a reply is on the screen; hostile replies; what is lost when window or worker
are killed. The real window, worker, store and starter model, without a screen; about five minutes.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

from engine.figures import Figure, print_table

__all__ = ["main"]

STALL_S = 60.0


def main(as_json: bool) -> int:
    """Measure and print. Returns 0; a missed goal is a figure, not a failure."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    figures = measure(as_json)
    if as_json:
        sys.stdout.write(json.dumps(figures) + "\n")
    else:
        print_table(figures)
    return 0


def measure(quiet: bool) -> dict[str, Figure]:
    """All figures, by name."""
    # Here, and Qt plainly first, as the app itself does it.
    from gui.plain_imports import load_qt

    load_qt()
    from gui.bench_crowd import crowd_figures, fill_store, searching_hand
    from gui.bench_fork import fork_figures
    from gui.bench_hostile import run as hostile_figures
    from gui.bench_kill import kill_figures
    from gui.bench_reach import reach_figures
    from gui.bench_received import N_CTX, received_figures
    from gui.bench_repaint import repaint_figures
    from gui.bench_stream import open_window, stall_figures

    with tempfile.TemporaryDirectory() as folder:
        _say("filling a store with 2,000 chats", quiet)
        long_id = fill_store(Path(folder))
        with open_window(Path(folder), N_CTX) as room:
            _say("opening and searching", quiet)
            figures = crowd_figures(room, long_id)
            _say("forking replies", quiet)
            figures |= fork_figures(room)
            _say("streaming, scrolling and searching for a minute", quiet)
            with searching_hand(room):
                figures |= stall_figures(room, STALL_S, "chat")
            _say("a prompt of 8,000 tokens", quiet)
            figures |= received_figures(room)
    _say("repainting long replies", quiet)
    figures |= repaint_figures()
    _say("hostile replies", quiet)
    figures |= hostile_figures() | reach_figures()
    _say("killing window and worker", quiet)
    return figures | kill_figures()


def _say(text: str, quiet: bool) -> None:
    if not quiet:
        print(f"  {text} ...", file=sys.stderr)

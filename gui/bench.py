"""Measures the window on this machine: `bathysphere bench window [--json]`.

How soon it is shown, how fast a reply streams into it beside the bare llama_decode loop, how long
it ever stands still. Without a screen, unless QT_QPA_PLATFORM says otherwise; about three minutes.
"""

import json
import os
import sys

from engine.figures import Figure, print_table

__all__ = ["main"]


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
    from gui.bench_start import start_figures
    from gui.bench_stream import stream_figures

    _say("starting the window, again and again", quiet)
    figures = start_figures()
    _say("streaming replies into it", quiet)
    return figures | stream_figures()


def _say(text: str, quiet: bool) -> None:
    if not quiet:
        print(f"  {text} ...", file=sys.stderr)

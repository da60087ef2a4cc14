"""Measures the Tokens room on this machine: `bathysphere bench tokens [--json]`.

The editor with a million tokens, keys in a long text, texts that cannot be cut: the real editor and
worker, without a screen. Tokenisers beside their peers and the surprise map beside the bare loop:
measured by the engine's own benches, each in a process of its own.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from engine.errors import AppError
from engine.figures import Figure, print_table

__all__ = ["main"]

# The engine's halves: a module and its function without arguments that gives figures. Named, not
# imported: what the engine measures with is not for the window's process.
ENGINE_PARTS = {
    "engine.tokens.bench_tokenize": "tokenize_figures",
    "engine.generation.bench_surprise": "surprise_figures",
}
_CALL = (
    "import importlib, json, sys; "
    "measure = getattr(importlib.import_module(sys.argv[1]), sys.argv[2]); "
    "print(json.dumps(measure()))"
)


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
    from gui.bench_editor import editor_figures

    _say("the editor", quiet)
    with tempfile.TemporaryDirectory() as folder:
        figures = editor_figures(Path(folder))
    for module, function in ENGINE_PARTS.items():
        _say(module, quiet)
        figures |= engine_figures(module, function)
    return figures


def engine_figures(module: str, function: str) -> dict[str, Figure]:
    """What one of the engine's benches measures, in a process of its own.

    Raises:
        AppError: it failed.
    """
    command = [sys.executable, "-c", _CALL, module, function]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AppError(
            f"{module} could not be measured.",
            "Run it once more; its words are in the detail.",
            done.stderr[-2_000:],
        )
    found: dict[str, Figure] = json.loads(done.stdout.splitlines()[-1])
    return found


def _say(text: str, quiet: bool) -> None:
    if not quiet:
        print(f"  {text} ...", file=sys.stderr)

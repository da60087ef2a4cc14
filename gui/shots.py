"""Pictures of the whole window, light and dark, with a real worker and real replies, into
docs/screens/.

    python -m gui.shots [--into FOLDER] [--only NAME ...]      (or: make shots)

Needs no screen. Works in a user folder of its own under the system's temporary folder, which is
removed at the end. Replies are greedy, so a picture changes only where the window or the model did,
and in the figures of the machine. BATHYSPHERE_SHOTS_BASE=FILE.gguf adds a base model that goes on
with a text. What is shown: gui/shot_scenes.py; how: gui/shot_stage.py.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

from engine.errors import AppError
from engine.paths import Paths
from gui.app import make_application
from gui.shot_scenes import SCENES
from gui.shot_stage import Stage

FOLDER = Path(__file__).parents[1] / "docs" / "screens"
# A plain name, because the settings and the diagnostics show it; so one run at a time.
HOME = Path(tempfile.gettempdir()) / "bathysphere-shots"
EXIT_FAILED = 1


def main(argv: Sequence[str] | None = None) -> int:
    """Take the pictures.

    Returns:
        The exit code.
    """
    arguments = _parser().parse_args(argv)
    wanted = [name for name in SCENES if not arguments.only or name in arguments.only]
    began_s = time.monotonic()
    try:
        with _user_folder() as paths:
            n_pictures = _take(paths, arguments.into, wanted)
    except (AppError, OSError) as error:
        sys.stderr.write(f"shots: {error}\n")
        return EXIT_FAILED
    print(f"{n_pictures} pictures in {arguments.into}, {time.monotonic() - began_s:.0f} s")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="shots", description="Take pictures of every page.")
    parser.add_argument("--into", type=Path, default=FOLDER, metavar="FOLDER")
    parser.add_argument("--only", nargs="+", choices=list(SCENES), metavar="NAME")
    return parser


@contextmanager
def _user_folder() -> Iterator[Paths]:
    """The user folder of the pictures, new; what an interrupted run left goes first."""
    if HOME.exists():
        shutil.rmtree(HOME)
    # Children inherit it: nothing may look at the folder of whoever takes the pictures.
    os.environ["BATHYSPHERE_HOME"] = str(HOME)
    try:
        yield Paths(HOME).ensure()
    finally:
        shutil.rmtree(HOME, ignore_errors=True)


def _take(paths: Paths, into: Path, wanted: list[str]) -> int:
    into.mkdir(parents=True, exist_ok=True)
    os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={_screen(paths)}"
    qInstallMessageHandler(_on_message)
    stage = Stage(make_application(), paths, into)
    try:
        for name in wanted:
            stage.set_out()
            SCENES[name](stage)
    finally:
        stage.close()
    return stage.n_pictures


def _screen(paths: Paths) -> Path:
    """A screen larger than the window: on a smaller one popups are pushed aside."""
    file = paths.cache / "screen.json"
    screen = {"name": "pictures", "x": 0, "y": 0, "width": 1920, "height": 1200}
    file.write_text(json.dumps({"screens": [screen]}), encoding="utf-8")
    return file


def _on_message(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    # A platform without a screen says so of every window.
    if not message.startswith("This plugin does not support "):
        sys.stderr.write(f"{message}\n")


if __name__ == "__main__":
    sys.exit(main())

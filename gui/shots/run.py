"""Pictures of the whole window, light and dark, with a real worker and real replies, into
docs/screens/.

    python -m gui.shots [--into FOLDER] [--only PICTURE ...]      (or: make shots)

Needs no screen. Works in a user folder of its own under the system's temporary folder, which is
removed at the end. Replies are greedy, so a picture changes only where the window or the model did,
and in the figures of the machine. BATHYSPHERE_SHOTS_BASE=FILE.gguf adds a base model that goes on
with a text. What is shown: gui/shots/scenes/; how: gui/shots/stage.py.
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
from types import TracebackType

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

from engine.errors import AppError
from engine.paths import Paths
from gui.app import make_application
from gui.shots.scenes.scene import Scene
from gui.shots.scenes.table import PICTURES, SCENES
from gui.shots.stage import MODES, Stage

FOLDER = Path(__file__).parents[2] / "docs" / "screens"
# A plain name, because the settings and the diagnostics show it; so one run at a time.
HOME = Path(tempfile.gettempdir()) / "bathysphere-shots"
EXIT_FAILED = 1


def main(argv: Sequence[str] | None = None) -> int:
    """Take the pictures.

    Returns:
        The exit code.
    """
    arguments = _parser().parse_args(argv)
    only = set(arguments.only or PICTURES)
    wanted = [scene for scene in SCENES if only & set(scene.pictures)]
    began_s = time.monotonic()
    try:
        with _user_folder() as paths:
            n_pictures = _take_all(paths, arguments.into, wanted)
    except (AppError, OSError) as error:
        sys.stderr.write(f"shots: {error}\n")
        return EXIT_FAILED
    print(f"{n_pictures} pictures in {arguments.into}, {time.monotonic() - began_s:.0f} s")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="shots", description="Take pictures of every page.")
    parser.add_argument("--into", type=Path, default=FOLDER, metavar="FOLDER")
    parser.add_argument("--only", nargs="+", choices=PICTURES, metavar="PICTURE")
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


def _take_all(paths: Paths, into: Path, wanted: list[Scene]) -> int:
    into.mkdir(parents=True, exist_ok=True)
    os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={_screen(paths)}"
    qInstallMessageHandler(_on_message)
    bugs: list[str] = []
    sys.excepthook = lambda kind, bug, trace: _on_bug(bugs, kind, bug, trace)
    stage = Stage(make_application(), paths, into)
    try:
        for scene in wanted:
            _show(stage, scene)
            if bugs:
                raise AppError("A slot of the window failed.", detail="".join(bugs))
    finally:
        stage.close()
    return len(stage.taken) * len(MODES)


def _show(stage: Stage, scene: Scene) -> None:
    """One scene.

    Raises:
        AppError: it took other pictures than it says; docs/screens would miss some.
    """
    stage.set_out()
    n_before = len(stage.taken)
    scene.show(stage)
    taken = tuple(stage.taken[n_before:])
    if taken != scene.pictures:
        raise AppError(f"Wanted the pictures {scene.pictures}, taken were {taken}.")


def _screen(paths: Paths) -> Path:
    """A screen larger than the window: on a smaller one popups are pushed aside."""
    file = paths.cache / "screen.json"
    screen = {"name": "pictures", "x": 0, "y": 0, "width": 1920, "height": 2400}
    file.write_text(json.dumps({"screens": [screen]}), encoding="utf-8")
    return file


def _on_bug(
    bugs: list[str],
    kind: type[BaseException],
    bug: BaseException,
    trace: TracebackType | None,
) -> None:
    """Qt goes on after an exception in a slot; the picture would show what never should be."""
    bugs.append(repr(bug))
    sys.__excepthook__(kind, bug, trace)


def _on_message(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    # A platform without a screen says so of every window.
    if not message.startswith("This plugin does not support "):
        sys.stderr.write(f"{message}\n")

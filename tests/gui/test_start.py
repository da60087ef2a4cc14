"""How the window comes up, in fresh interpreters: soon, with nothing loaded that the first paint
does not need, chats and all."""

import os
import subprocess
import sys
from pathlib import Path

from engine.paths import Paths
from gui.bench_start import GOALS_S, fill, start_once

# What the first paint needs none of; each costs 10 to 400 ms.
LATE = (
    "huggingface_hub",
    "jinja2",
    "llama_cpp",
    "logging.handlers",
    "markdown_it",
    "numpy",
    "psutil",
    "pygments",
    "pyqtgraph",
    "socketserver",
    "torch",
    "gui.about",
    "gui.diagnostics",
    "gui.settings_page",
    "gui.start_trace",
)
# On a busy machine; the figure itself is the bench's.
GENEROUS_S = 15.0
AT_FIRST_PAINT = """
import sys
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication
from gui import main, plain_imports
plain_imports.load_qt()
from gui import window
class Watch(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and isinstance(watched, window.MainWindow):
            print(*sys.modules, flush=True)
            QApplication.instance().removeEventFilter(self)
            watched.close()
        return False
made = window.MainWindow.__init__
def init(self, *words):
    made(self, *words)
    self.watch = Watch()
    self.installEventFilter(self.watch)
window.MainWindow.__init__ = init
code = main.main([])
sys.exit(code)
"""


def run(code: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "BATHYSPHERE_TRACE_START": ""},
        check=False,
    )


def test_nothing_is_loaded_before_the_first_paint_that_it_does_not_need(user_folder: Path) -> None:
    fill(Paths(user_folder).ensure())
    done = run(AT_FIRST_PAINT)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.splitlines()[0].split())
    assert "gui.chat.room" in loaded
    assert not loaded & set(LATE)


def test_the_window_comes_soon_with_chats_and_the_last_of_them(user_folder: Path) -> None:
    fill(Paths(user_folder).ensure())
    seconds = start_once(str(user_folder))
    assert seconds.keys() == GOALS_S.keys()
    assert max(seconds.values()) < GENEROUS_S
    assert seconds["window shown"] <= seconds["last chat shown"]


def test_python_imports_as_ever_once_qt_is_loaded() -> None:
    done = run(
        "import builtins\n"
        "own = builtins.__import__\n"
        "from gui.plain_imports import load_qt\n"
        "load_qt()\n"
        "assert builtins.__import__ is own\n"
        "from PySide6.QtCore import QObject, Signal, Slot\n"
        "import gui.theme\n"
        "assert hasattr(QObject, 'setObjectName') and not hasattr(QObject, 'set_object_name')\n"
    )
    assert done.returncode == 0, done.stderr

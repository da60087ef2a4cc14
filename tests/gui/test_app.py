"""The app's start and end, in processes of their own: it opens, closes, says what fails."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from gui.settings import load

WORKER = str(Path(__file__).parents[1] / "fakes" / "fake_worker.py")
# No room, a fake worker: what is tested is the shell's own start and end.
PRELUDE = f"""
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMessageBox
from gui import app, process, window
window.room_entries = lambda: {{}}
QMessageBox.critical = lambda *words: None
worker = [sys.executable, {WORKER!r}, "success"]
app.EngineProcess = lambda paths: process.EngineProcess(paths, worker)
"""
CLOSE_WHEN_READY = """
shown = app._on_shown
def close_when_ready(context):
    context.engine.became_ready.connect(lambda: sys.stderr.write(f"worker {context.engine.pid}\\n"))
    context.engine.became_ready.connect(QApplication.closeAllWindows)
    shown(context)
app._on_shown = close_when_ready
"""


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The window, with some of it changed by `code`."""
    return subprocess.run(
        [sys.executable, "-c", f"{PRELUDE}{code}\nsys.exit(app.main([]))"],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environment},
        check=False,
    )


def test_it_opens_and_closes_and_leaves_nothing_running(user_folder: Path) -> None:
    done = run(CLOSE_WHEN_READY, BATHYSPHERE_TRACE_START="1")
    assert done.returncode == 0, done.stderr
    assert "window shown: " in done.stderr
    pid = int(done.stderr.split("worker ")[1].split()[0])
    assert not psutil.pid_exists(pid)
    settings, note = load(user_folder / "settings.json")
    assert settings.window_geometry and not note
    assert (user_folder / "logs" / "window.log").is_file()


def test_what_breaks_the_start_is_on_stderr() -> None:
    done = run("window.StatusBar = None")
    assert done.returncode == 1
    assert "TypeError" in done.stderr and "Traceback" in done.stderr


def test_a_user_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    file = tmp_path / "a file"
    file.write_text("no folder")
    done = run("", BATHYSPHERE_HOME=str(file))
    assert done.returncode == 1
    assert str(file) in done.stderr and "BATHYSPHERE_HOME" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("text", ["{", '{"theme": "purple"}'])
def test_spoilt_settings_are_told_in_a_banner(user_folder: Path, text: str) -> None:
    user_folder.mkdir()
    (user_folder / "settings.json").write_text(text)
    say = """
said = app.Notices.show_failure
def show_failure(self, *words):
    sys.stderr.write(f"banner: {words[0]}\\n")
    said(self, *words)
app.Notices.show_failure = show_failure
"""
    done = run(say + CLOSE_WHEN_READY)
    assert done.returncode == 0, done.stderr
    assert "banner: " in done.stderr and "ettings" in done.stderr

"""What every window test stands on: no screen, a user folder of its own, and nothing left
behind or complained about.

A test fails when Qt warns, when something logs a warning, or when a child process, a thread or
a running timer outlives it.
"""

import gc
import logging
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import psutil
import pytest
import shiboken6
from PySide6.QtCore import QEvent, QThreadPool, QTimer
from PySide6.QtWidgets import QApplication

from engine.paths import Paths
from gui.context import AppContext
from gui.notices import Notices
from gui.process import EngineProcess
from gui.settings_store import SettingsStore
from gui.theme import Theme
from gui.widgets import chart_loading

WORKER = str(Path(__file__).parents[1] / "fakes" / "fake_worker.py")


@pytest.fixture(autouse=True)
def user_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user folder of this test alone."""
    home = tmp_path / "home"
    monkeypatch.setenv("BATHYSPHERE_HOME", str(home))
    return home


@pytest.fixture
def paths(user_folder: Path) -> Paths:
    """The folders of this test's user, made."""
    return Paths(user_folder).ensure()


@pytest.fixture
def context(qapp: QApplication, paths: Paths) -> Iterator[AppContext]:
    """The window's services, with a fake worker that is not started yet."""
    settings = SettingsStore(paths.settings)
    theme = Theme(qapp)
    engine = EngineProcess(paths, [sys.executable, WORKER, "success"])
    made = AppContext(paths, settings, theme, engine, Notices(theme))
    yield made
    made.close_runs()
    engine.stop_and_wait()
    settings.flush()
    theme.set_mode("light")
    theme.set_font_px(0)
    qapp.setStyleSheet("")


@pytest.fixture(autouse=True, scope="session")
def what_was_there(qapp: QApplication) -> Iterator[None]:
    """What all tests stand on is not looked through after each of them. Garbage is collected on
    the window's thread alone, as in the app. And the clipboard is left empty: without a screen it
    outlives Python, and what it holds must not."""
    gc.collect()
    gc.freeze()
    gc.disable()
    yield
    gc.enable()
    qapp.clipboard().clear()


@pytest.fixture(autouse=True)
def nothing_left(qapp: QApplication, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing that a test began outlives it, and nothing complained meanwhile."""
    children, threads, timers = _children(), set(threading.enumerate()), _running_timers()
    yield
    # A closed window waits for an event loop to be deleted; if that is the next test's, its style
    # sheet is another, and Qt's record of styled widgets is left with one that is gone.
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    qapp.processEvents()
    gc.collect()
    complaints = [
        record.getMessage()
        for phase in ("setup", "call")
        for record in caplog.get_records(phase)
        if record.levelno >= logging.WARNING
    ]
    assert not complaints, f"logged: {complaints}"
    chart_loading.wait()  # it ends by itself, whether the page that began it is still there or not
    assert not _children() - children, "a child process is left"
    assert not set(threading.enumerate()) - threads, "a thread is left"
    assert QThreadPool.globalInstance().waitForDone(1000), "a pool thread is left"
    left = {timer for timer in _running_timers() if timer not in timers}
    assert not left, f"a timer is left running: {[timer.parent() for timer in left]}"


def _children() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


def _running_timers() -> list[QTimer]:
    return [
        thing
        for thing in gc.get_objects()
        if type(thing) is QTimer and shiboken6.isValid(thing) and thing.isActive()
    ]

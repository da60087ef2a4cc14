"""What every window test stands on: no screen, a user folder of its own, and nothing left
behind or complained about.

A test fails when Qt warns, when something logs a warning, or when a child process, a thread or
a running timer outlives it. And no test pays for those before it: what one of them made ends with
it, or every later style sheet is given to its widgets too and every collection looks through its
objects.
"""

import gc
import logging
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from weakref import WeakSet

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import psutil
import pytest
import shiboken6
from PySide6.QtCore import QEvent, QObject, QThreadPool, QTimer
from PySide6.QtWidgets import QApplication

from engine.paths import Paths
from gui.context import AppContext
from gui.notices import Notices
from gui.process import EngineProcess
from gui.settings_store import SettingsStore
from gui.theme import Theme, qt_palette
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


@pytest.fixture(autouse=True, scope="session")
def windows_own_thread(qapp: QApplication) -> Iterator[None]:
    """Garbage is collected on the window's thread alone, as in the app. And the clipboard is left
    empty: without a screen it outlives Python, and what it holds must not."""
    gc.disable()
    yield
    gc.enable()
    qapp.clipboard().clear()


@pytest.fixture(autouse=True)
def nothing_left(qapp: QApplication, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing that a test began outlives it, and nothing complained meanwhile."""
    children, threads = _children(), set(threading.enumerate())
    _known.update(_own_objects())
    timers = _running_timers()
    # What is there by now is not looked through any more: gc finds this test's own objects alone.
    gc.collect()
    gc.freeze()
    yield
    # A closed window waits for an event loop to be deleted; if that is the next test's, its style
    # sheet is another, and Qt's record of styled widgets is left with one that is gone.
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    qapp.processEvents()
    gc.collect()
    made = _own_objects() - set(_known)
    _known.update(made)
    try:
        complaints = [
            record.getMessage()
            for phase in ("setup", "call")
            for record in caplog.get_records(phase)
            if record.levelno >= logging.WARNING
        ]
        assert not complaints, f"logged: {complaints}"
        chart_loading.wait()  # it ends by itself, whether the page that began it is there or not
        assert not _children() - children, "a child process is left"
        assert not set(threading.enumerate()) - threads, "a thread is left"
        assert QThreadPool.globalInstance().waitForDone(1000), "a pool thread is left"
        left = _running_timers() - timers
        assert not left, f"a timer is left running: {[timer.parent() for timer in left]}"
    finally:
        _end_services(made)
        _look_plain(qapp)


def _children() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


# Qt's objects that a test found or left; those that gc leaves out for being frozen too.
_known: WeakSet[QObject] = WeakSet()


def _own_objects() -> set[QObject]:
    """Timers, and what has no parent and was made in Python."""
    return {
        thing
        for thing in gc.get_objects()
        if issubclass(type(thing), QObject)
        and shiboken6.isValid(thing)
        and (type(thing) is QTimer or (shiboken6.ownedByPython(thing) and thing.parent() is None))
    }


def _running_timers() -> set[QObject]:
    timers = [one for one in _known if type(one) is QTimer and shiboken6.isValid(one)]
    return {timer for timer in timers if timer.isActive()}


def _end_services(made: set[QObject]) -> None:
    """End what the window holds until the process ends: its services have no parent. One that a
    lambda of a room is connected to holds that room, and gc cannot see through Qt's side of it."""
    for thing in made:
        if shiboken6.isValid(thing) and thing.parent() is None:
            shiboken6.delete(thing)


def _look_plain(app: QApplication) -> None:
    """Light, in the system's letters and without a style sheet, as each test finds it; after the
    widgets are gone, for another look of living ones is dear."""
    if app.styleSheet():
        app.setStyleSheet("")
        theme = Theme(app, "light")
        app.setPalette(qt_palette(theme.palette))
        app.setFont(theme.font())
        shiboken6.delete(theme)

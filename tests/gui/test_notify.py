"""A message when long work ends and the window is not in front."""

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget
from pytestqt.qtbot import QtBot

from engine.process import messages as m
from gui.context import AppContext
from gui.notify import MARK, Notifier
from gui.window import MainWindow


class Watched:
    """A notifier with a clock that the test turns."""

    def __init__(self, qtbot: QtBot, context: AppContext) -> None:
        self.window = QWidget()
        self.window.setWindowTitle("Bathysphere")
        qtbot.addWidget(self.window)
        self.engine, self.context = context.engine, context
        self.now_s = 100.0
        self.posted: list[tuple[str, str]] = []
        self.notifier = Notifier(
            context.engine,
            context.settings,
            self.window,
            lambda title, words: self.posted.append((title, words)),
            lambda: self.now_s,
        )

    def job(self, request: m.AnyRequest, took_s: float, end: m.AnyEvent | None = None) -> None:
        self.engine.job_began.emit(request)
        self.now_s += took_s
        self.engine.job_ended.emit(request, end or m.Done(job=request.job, result=m.Nothing()))


@pytest.fixture
def watched(qtbot: QtBot, context: AppContext) -> Watched:
    return Watched(qtbot, context)


def test_a_long_reply_is_told_without_a_word_of_it(watched: Watched) -> None:
    watched.job(m.Generate(job=1, prompt="A secret"), 21.0)
    assert watched.posted == [("The reply is ready", "Bathysphere has finished writing.")]
    assert watched.window.windowTitle() == MARK + "Bathysphere"
    QApplication.sendEvent(watched.window, QEvent(QEvent.Type.WindowActivate))
    assert watched.window.windowTitle() == "Bathysphere"


def test_loads_failures_and_other_work_have_their_words(watched: Watched) -> None:
    watched.job(m.Load(job=1, path="/m.gguf"), 9.0)
    watched.job(m.Load(job=2, path="/m.gguf"), 9.0, m.Failed(job=2, message="Too large."))
    watched.job(m.ListModels(job=3, folders=[]), 30.0)
    assert [title for title, _ in watched.posted] == [
        "The model is loaded",
        "Something did not work",
        "Done",
    ]
    assert watched.posted[1][1] == "Too large."


def test_short_work_cancelled_work_and_a_wish_for_silence_are_respected(watched: Watched) -> None:
    watched.job(m.Generate(job=1, prompt="x"), 5.0)
    watched.job(m.Generate(job=2, prompt="x"), 60.0, m.Cancelled(job=2))
    watched.context.settings.change(notify=False)
    watched.job(m.Generate(job=3, prompt="x"), 60.0)
    assert watched.posted == [] and watched.window.windowTitle() == "Bathysphere"


def test_a_window_in_front_needs_no_message(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watched.window, "isActiveWindow", lambda: True)
    watched.job(m.Generate(job=1, prompt="x"), 60.0)
    assert watched.posted == []


def test_without_a_tray_the_task_bar_is_asked(
    qtbot: QtBot, context: AppContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    alerted: list[QWidget] = []
    monkeypatch.setattr(QApplication, "alert", lambda window, *_: alerted.append(window))
    window = QWidget()
    qtbot.addWidget(window)
    Notifier(context.engine, context.settings, window)._post_to_desktop("Title", "Words")
    assert alerted == [window]


def test_the_window_tells_of_its_own_long_work_while_it_is_behind(
    qtbot: QtBot, context: AppContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    alerted: list[QWidget] = []
    monkeypatch.setattr(QApplication, "alert", lambda window, *_: alerted.append(window))
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: False)
    window = MainWindow(context, {})
    qtbot.addWidget(window)
    now_s = [100.0]
    monkeypatch.setattr(window.notifier, "_now_s", lambda: now_s[0])
    monkeypatch.setattr(window, "isActiveWindow", lambda: False)
    request = m.Generate(job=7, prompt="A secret")
    context.engine.job_began.emit(request)
    now_s[0] += 30.0
    context.engine.job_ended.emit(request, m.Done(job=7, result=m.Nothing()))
    assert alerted == [window] and window.windowTitle() == MARK + "Bathysphere"
    QApplication.sendEvent(window, QEvent(QEvent.Type.WindowActivate))
    assert window.windowTitle() == "Bathysphere"

"""Nothing hidden: offline nothing is asked for, online every connection is listed, in the status
bar, in the diagnostics and in a file.
"""

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QDesktopServices, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.process import messages as m
from gui.connections import MAX_FILE_BYTES, Connections
from gui.connections_popup import ConnectionsPopup
from gui.context import AppContext
from gui.diagnostics import DiagnosticsPage
from gui.window import MainWindow

ASK = "someone/Tiny-GGUF"
FILES = m.HubFiles(repository=ASK, commit="c0ffee", files=[], n_bytes=3_400)


@pytest.fixture
def window(qtbot: QtBot, context: AppContext) -> MainWindow:
    window = MainWindow(context, {})
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    return window


def ask(context: AppContext, ended: list[m.AnyEvent]) -> None:
    context.engine.submit(lambda job: m.ListHubFiles(job=job, repository=ASK), ended.append)


def wait_kept(qtbot: QtBot, connections: Connections, n: int) -> list[str]:
    """The file's lines, once there are so many."""

    def lines() -> list[str]:
        path = connections.path
        return path.read_text().splitlines() if path.exists() else []

    qtbot.waitUntil(lambda: len(lines()) >= n)
    return lines()


def test_offline_is_how_it_begins_and_nothing_is_sent(
    qtbot: QtBot, context: AppContext, window: MainWindow
) -> None:
    context.engine.start()
    qtbot.waitUntil(lambda: context.engine.is_ready, timeout=10_000)
    assert window.status.offline.text() == "Offline"
    assert window.status.connections.text() == "0 connections"
    ended: list[m.AnyEvent] = []
    ask(context, ended)
    assert not ended, "an answer never comes before submit has returned"
    qtbot.waitUntil(lambda: bool(ended))
    assert isinstance(ended[0], m.Failed) and "offline" in ended[0].message
    assert context.connections.entries == []
    banner = context.notices.banners.banners[0]
    assert ASK in banner.hint and banner.action_button is not None
    banner.action_button.click()
    assert not context.connections.is_offline and window.status.offline.text() == "Online"
    ask(context, ended)
    qtbot.waitUntil(lambda: len(ended) == 2)
    assert len(context.connections.entries) == 1
    wait_kept(qtbot, context.connections, 1)


def test_a_connection_is_listed_with_host_time_purpose_and_size(
    qtbot: QtBot, context: AppContext, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    context.connections.set_offline(False)
    request = m.ListHubFiles(job=5, repository=ASK)
    context.engine.job_began.emit(request)
    assert window.status.connections.text() == "1 connection"
    assert context.connections.entries[0].end == "open"
    context.engine.job_ended.emit(request, m.Done(job=5, result=FILES))
    entry = context.connections.entries[0]
    assert (entry.host, entry.n_bytes, entry.end) == ("huggingface.co", 3_400, "done")
    line = json.loads(wait_kept(qtbot, context.connections, 1)[0])
    assert line["host"] == "huggingface.co" and ASK in line["why"]
    QTest.mouseClick(window.status.connections, Qt.MouseButton.LeftButton)
    popup = next(one for one in QApplication.topLevelWidgets() if isinstance(one, ConnectionsPopup))
    popup.copy_button.click()
    text = QGuiApplication.clipboard().text()
    assert "huggingface.co" in text and "3.4 kB" in text and ASK in text
    QTest.keyClick(popup, Qt.Key.Key_Escape)
    assert not popup.isVisible()


def test_a_failed_connection_is_listed_as_failed(qtbot: QtBot, context: AppContext) -> None:
    context.connections.set_offline(False)
    request = m.ListHubFiles(job=5, repository=ASK)
    context.engine.job_began.emit(request)
    context.engine.job_ended.emit(request, m.Failed(job=5, message="No route."))
    assert context.connections.entries[0].end == "failed"
    wait_kept(qtbot, context.connections, 1)


def test_requests_that_open_nothing_pass_while_offline(context: AppContext) -> None:
    assert context.engine.gate is not None
    assert context.engine.gate(m.Generate(job=1, prompt="x")) is None
    assert context.engine.gate(m.ListHubFiles(job=1, repository=ASK)) is not None


def test_the_switch_is_in_status_bar_menu_and_settings(
    qtbot: QtBot, context: AppContext, window: MainWindow
) -> None:
    offline = window.widget_of("settings").offline  # type: ignore[attr-defined]  # a SettingsPage
    QTest.mouseClick(window.status.offline, Qt.MouseButton.LeftButton)
    assert not context.connections.is_offline
    assert not offline.isChecked()
    action = next(one for one in window.findChildren(QAction) if one.text() == "Work &offline")
    assert not action.isChecked()
    action.trigger()
    assert offline.isChecked()
    QTest.keyClick(window.status.offline, Qt.Key.Key_Space)
    assert window.status.offline.text() == "Online"
    assert window.status.offline.toolTip() and window.status.connections.toolTip()


def test_the_diagnostics_name_every_connection(
    qtbot: QtBot, context: AppContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _url: True)
    page = DiagnosticsPage(context)
    qtbot.addWidget(page)
    page.refresh()
    assert "Since the start: none" in page.text()
    context.connections.open_in_browser("https://example.org/deep?q=secret")
    page.refresh()
    assert "example.org · a link opened in your browser" in page.text()
    assert "secret" not in page.text()
    wait_kept(qtbot, context.connections, 1)


def test_a_link_that_no_browser_took_is_no_connection(
    context: AppContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _url: False)
    assert not context.connections.open_in_browser("https://example.org")
    assert context.connections.entries == []


def test_earlier_sessions_are_read_and_a_spoilt_file_is_no_trouble(
    qtbot: QtBot, context: AppContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = context.connections.path
    old = {"at_s": 1000.0, "host": "old.example", "why": "x", "n_bytes": 5, "end": "done"}
    path.write_text(json.dumps(old) + '\n{"at_s": 2\nnot json\n[]\n' + json.dumps(old) + "\n")
    assert [one.host for one in context.connections.earlier()] == ["old.example"] * 2
    path.write_bytes((json.dumps(old).encode() + b"\n") * (MAX_FILE_BYTES // 40))
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _url: True)
    size = path.stat().st_size
    context.connections.open_in_browser("https://example.org")
    qtbot.waitUntil(lambda: path.stat().st_size < size)


def test_a_full_disk_is_told_and_the_list_is_whole(
    qtbot: QtBot, context: AppContext, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _url: True)
    context.connections.path = tmp_path / "no" / "such" / "folder.jsonl"
    with qtbot.waitSignal(context.connections.keeping_failed):
        context.connections.open_in_browser("https://example.org")
    assert len(context.connections.entries) == 1

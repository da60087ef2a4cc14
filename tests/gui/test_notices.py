"""The three displays of errors and the strip of Undo."""

import sys
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from engine.errors import AppError
from engine.process.messages import Failed
from gui import crash_hooks
from gui.notices import FieldProblems, Notices
from gui.theme import Theme
from gui.widgets.crash_dialog import CrashDialog


@pytest.fixture
def notices(qapp: QApplication, qtbot: QtBot) -> Notices:
    """Notices with a host that is on screen."""
    result = Notices(Theme(qapp))
    host = QWidget()
    host.resize(600, 400)
    qtbot.addWidget(host)
    qtbot.addWidget(result.banners)
    result.set_window(host, host)
    host.show()
    result.banners.show()
    return result


@pytest.fixture
def hooks(notices: Notices, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Our hooks instead of the test runner's, which are put back."""
    before = sys.excepthook, threading.excepthook
    monkeypatch.delenv("BATHYSPHERE_DEBUG", raising=False)
    monkeypatch.setattr(crash_hooks._log, "error", lambda *a, **k: None)
    crash_hooks.install(notices)
    yield
    sys.excepthook, threading.excepthook = before


def dialogs() -> list[CrashDialog]:
    return [one for one in QApplication.topLevelWidgets() if isinstance(one, CrashDialog)]


@pytest.fixture(autouse=True)
def close_dialogs(qtbot: QtBot) -> Iterator[None]:
    yield
    for dialog in dialogs():
        dialog.close()
    qtbot.waitUntil(lambda: not dialogs())


def test_a_failed_job_is_a_banner_with_details_and_copy(notices: Notices, qtbot: QtBot) -> None:
    failed = Failed(job=1, message="It broke.", hint="Try again.", detail="line 1\nline 2")
    notices.show_event(failed)
    (banner,) = notices.banners.banners
    words = {one.text() for one in banner.findChildren(QLabel)}
    assert {"It broke.", "Try again."} <= words
    assert not banner.details.isVisible()
    QTest.mouseClick(banner.details_button, Qt.MouseButton.LeftButton)
    assert banner.details.isVisible() and banner.details.toPlainText() == "line 1\nline 2"
    QTest.mouseClick(banner.copy_button, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "It broke.\n\nTry again.\n\nline 1\nline 2"


def test_a_banner_without_detail_has_no_details_button(notices: Notices) -> None:
    notices.show_error(AppError("It broke."))
    assert not notices.banners.banners[0].details_button.isVisible()


def test_a_banner_leaves_by_its_cross_or_by_escape(notices: Notices, qtbot: QtBot) -> None:
    notices.show_failure("One.")
    notices.show_failure("Two.")
    two, one = notices.banners.banners
    QTest.mouseClick(two.dismiss_button, Qt.MouseButton.LeftButton)
    assert notices.banners.banners == [one]
    QTest.keyClick(one, Qt.Key.Key_Escape)
    assert notices.banners.banners == [] and not notices.banners.isVisible()


def test_banners_do_not_pile_up(notices: Notices) -> None:
    for n in range(5):
        notices.show_failure(f"Number {n}.")
    notices.show_failure("Number 3.", "again")
    shown = [(one.message, one.hint) for one in notices.banners.banners]
    assert shown == [("Number 3.", "again"), ("Number 4.", ""), ("Number 2.", "")]


def test_a_banners_action_is_done_once_and_the_banner_leaves(
    notices: Notices, qtbot: QtBot
) -> None:
    done: list[str] = []
    notices.show_failure("It broke.", action=("Mend it", lambda: done.append("mended")))
    (banner,) = notices.banners.banners
    assert banner.action_button is not None
    QTest.mouseClick(banner.action_button, Qt.MouseButton.LeftButton)
    assert done == ["mended"] and notices.banners.banners == []


def test_markup_in_a_message_is_shown_as_it_is(notices: Notices) -> None:
    notices.show_failure("<b>bold</b><img src=x>")
    labels = notices.banners.banners[0].findChildren(QLabel)
    assert all(one.textFormat() == Qt.TextFormat.PlainText for one in labels if one.text())


def test_undo_takes_back_the_latest_first(notices: Notices, qtbot: QtBot) -> None:
    back: list[str] = []
    notices.offer_undo("Chat deleted", lambda: back.append("chat"))
    notices.offer_undo("Message deleted", lambda: back.append("message"))
    assert notices.strip.isVisible() and notices.strip.text == "Message deleted"
    QTest.mouseClick(notices.strip.undo_button, Qt.MouseButton.LeftButton)
    assert back == ["message"] and not notices.strip.isVisible()
    assert notices.undo() is True and back == ["message", "chat"]
    assert notices.undo() is False


def test_the_strip_leaves_by_itself_and_undo_stays_possible(notices: Notices, qtbot: QtBot) -> None:
    notices.strip._timer.setInterval(20)
    back: list[str] = []
    notices.offer_undo("Chat deleted", lambda: back.append("chat"))
    qtbot.waitUntil(lambda: not notices.strip.isVisible())
    assert notices.undo() and back == ["chat"]


def test_the_strip_stays_inside_its_host(notices: Notices) -> None:
    notices.offer_undo("A title that is very long indeed " * 20, lambda: None)
    host = notices.strip.parentWidget()
    assert host is not None and host.rect().contains(notices.strip.geometry())
    host.resize(400, 300)
    assert host.rect().contains(notices.strip.geometry())


class Button(QObject):
    pressed = Signal()


def test_a_bug_in_a_slot_opens_the_crash_dialog(
    notices: Notices, hooks: None, qtbot: QtBot
) -> None:
    button = Button()

    def stumble() -> None:
        raise ZeroDivisionError("a bug of the test")

    button.pressed.connect(stumble)
    button.pressed.emit()
    qtbot.waitUntil(lambda: len(dialogs()) == 1)
    report = dialogs()[0].report.toPlainText()
    assert "ZeroDivisionError: a bug of the test" in report and "Python 3" in report
    button.pressed.emit()
    assert len(dialogs()) == 1 and dialogs()[0].report.toPlainText().count("Traceback") == 2
    QTest.mouseClick(dialogs()[0].copy_button, Qt.MouseButton.LeftButton)
    assert "ZeroDivisionError" in QGuiApplication.clipboard().text()
    assert not dialogs()[0].isModal()


def test_a_bug_on_a_thread_opens_the_crash_dialog(
    notices: Notices, hooks: None, qtbot: QtBot
) -> None:
    def stumble() -> None:
        raise KeyError("on a thread")

    thread = threading.Thread(target=stumble)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: len(dialogs()) == 1)
    assert "on a thread" in dialogs()[0].report.toPlainText()


def test_an_expected_failure_that_nobody_caught_is_a_banner(
    notices: Notices, hooks: None, qtbot: QtBot
) -> None:
    error = AppError("The file is gone.", "Choose another.")
    sys.excepthook(AppError, error, None)
    qtbot.waitUntil(lambda: bool(notices.banners.banners))
    assert notices.banners.banners[0].message == "The file is gone." and not dialogs()


def test_in_debug_mode_a_bug_ends_the_app(
    notices: Notices,
    hooks: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    codes: list[int] = []
    monkeypatch.setenv("BATHYSPHERE_DEBUG", "1")
    monkeypatch.setattr(QCoreApplication, "exit", codes.append)
    sys.excepthook(ValueError, ValueError("a bug"), None)
    assert codes == [crash_hooks.EXIT_BUG] and not dialogs()
    assert "ValueError: a bug" in capsys.readouterr().err


def test_problems_stand_beside_their_fields_all_at_once(qtbot: QtBot) -> None:
    form, name, size = QWidget(), QLineEdit(), QLineEdit()
    qtbot.addWidget(form)
    problems = FieldProblems()
    notes = {"name": problems.note("name", name), "size": problems.note("size", size)}
    for widget in (name, notes["name"], size, notes["size"]):
        widget.setParent(form)
    form.show()
    problems.show({"size": "Too big.", "name": "Missing."})
    assert [notes["name"].text(), notes["size"].text()] == ["Missing.", "Too big."]
    assert notes["name"].isVisibleTo(form) and name.accessibleDescription() == "Missing."
    assert form.focusWidget() is name and name.property("problem") is True
    problems.show({})
    assert not notes["size"].isVisibleTo(form) and size.property("problem") is False

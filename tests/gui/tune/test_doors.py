"""The ways from the Chat room to the Fine-tune room, in the whole window: the door of the welcome,
and the rated replies.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gui.chat.room import ChatRoom
from gui.context import AppContext
from gui.lessons.stages_page import StagesPage
from gui.tune.room import TuneRoom
from gui.window import MainWindow

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def window(qtbot: QtBot, context: AppContext) -> Iterator[MainWindow]:
    context.theme.apply()
    one = MainWindow(context)
    one.resize(1300, 900)
    with qtbot.waitExposed(one):
        one.show()
    yield one
    one.close()
    context.close_runs()
    one.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def tune(window: MainWindow) -> TuneRoom:
    return cast(TuneRoom, window.widget_of("tune"))


def test_the_door_of_the_welcome_leads_to_the_identity_form(
    window: MainWindow, qtbot: QtBot
) -> None:
    chat = cast(ChatRoom, window.widget_of("chat"))
    door = chat.work.welcome.doors["tune"]
    qtbot.waitUntil(door.isVisible)
    QTest.mouseClick(door, LEFT)
    assert window.page == "tune"
    qtbot.waitUntil(lambda: tune(window).page_key == "data")


def test_rated_replies_lead_to_the_data_page(window: MainWindow, qtbot: QtBot) -> None:
    chat = cast(ChatRoom, window.widget_of("chat"))
    chat.list.rated.teach_requested.emit()
    assert window.page == "tune" and tune(window).page_key == "data"


def test_the_stage_of_assistants_leads_to_the_room(window: MainWindow) -> None:
    window.show_page("stages")
    page = cast(StagesPage, window.widget_of("stages"))
    page.rooms["assistant"].click()
    assert window.page == "tune"

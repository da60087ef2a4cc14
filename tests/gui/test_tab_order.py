"""Tab goes through the window as the eye does: left to right through the panes, down in each."""

from collections.abc import Iterator
from itertools import pairwise
from typing import cast

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from gui.chat.room import ChatRoom
from gui.context import AppContext
from gui.window import MainWindow
from tests.gui.chat_room_helpers import Bench, context

__all__ = ["context"]  # a fixture
MOST_STOPS = 90


@pytest.fixture
def window(qtbot: QtBot, context: AppContext) -> Iterator[MainWindow]:
    window = MainWindow(context)
    window.resize(1400, 1000)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    bench = Bench(qtbot, cast(ChatRoom, window.widget_of("chat")), context)
    bench.load()
    bench.ask("Why is it dark?", "Water drinks the light.")
    yield window
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def round_trip(window: MainWindow, key: Qt.Key) -> list[QWidget]:
    """What has the keys, Tab by Tab, from the composer until it is there again."""
    edit = cast(ChatRoom, window.widget_of("chat")).work.composer.edit
    edit.setFocus()
    stops: list[QWidget] = [edit]
    for _ in range(MOST_STOPS):
        QTest.keyClick(stops[-1], key)
        now = QApplication.focusWidget()
        assert now is not None
        if now is edit:
            return stops
        stops.append(now)
    raise AssertionError(f"Tab never came back: {stops}")


def panes_of(window: MainWindow) -> list[QWidget]:
    room = cast(ChatRoom, window.widget_of("chat"))
    work = room.work
    parts = [window.rail, room.list, work.header, work.pages, work.composer, room.details]
    return [*parts, window.status]


def test_tab_goes_from_pane_to_pane_and_down_in_each(window: MainWindow) -> None:
    stops = round_trip(window, Qt.Key.Key_Tab)
    panes = panes_of(window)

    def pane_of(stop: QWidget) -> int:
        return next(n for n, pane in enumerate(panes) if pane.isAncestorOf(stop))

    numbers = [pane_of(stop) for stop in stops]
    composer = panes.index(cast(ChatRoom, window.widget_of("chat")).work.composer)
    # Once round: composer, details, status, then from the rail on.
    begun = numbers.index(0)
    assert numbers[begun:] + numbers[:begun] == sorted(numbers)
    assert numbers[0] == composer and set(numbers) == set(range(len(panes)))


def test_within_the_header_the_composer_and_the_details_it_follows_the_places(
    window: MainWindow,
) -> None:
    room = cast(ChatRoom, window.widget_of("chat"))
    stops = round_trip(window, Qt.Key.Key_Tab)
    for pane in (room.work.header, room.work.composer):
        lefts = [one.mapTo(window, QPoint(0, 0)).x() for one in stops if pane.isAncestorOf(one)]
        assert len(lefts) > 2 and lefts == sorted(lefts)
    rows = room.details._inner
    inner = [one for one in stops if rows.isAncestorOf(one)]
    middles = [one.mapTo(rows, one.rect().center()).y() for one in inner]
    # A few pixels: what stands in one line is not all of one height.
    assert all(after >= before - 4 for before, after in pairwise(middles))
    assert len(inner) > 15


def test_what_is_made_late_stands_where_it_is_seen(window: MainWindow) -> None:
    room = cast(ChatRoom, window.widget_of("chat"))
    group = room.details.groups["samplers"]
    group.heading.click()
    stops = round_trip(window, Qt.Key.Key_Tab)
    assert group.body is not None
    after = stops[stops.index(group.heading) + 1]
    assert group.body.isAncestorOf(after)


def test_shift_tab_is_the_same_way_back(window: MainWindow) -> None:
    forth = round_trip(window, Qt.Key.Key_Tab)
    back = round_trip(window, Qt.Key.Key_Backtab)
    assert back == [forth[0], *reversed(forth[1:])]


def test_the_keys_are_in_the_field_from_the_start(window: MainWindow) -> None:
    room = cast(ChatRoom, window.widget_of("chat"))
    assert window.focusWidget() is room.work.composer.edit
    window.show_page("settings")
    assert window.widget_of("settings").isAncestorOf(window.focusWidget()) or (
        window.focusWidget() is window.widget_of("settings")
    )
    window.show_page("chat")
    assert window.focusWidget() is room.work.composer.edit

"""Garbage is collected on the window's thread and on no other."""

import gc
import threading
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from gui.garbage import GarbageCollector


class Knot:
    """Garbage that only the collector finds; says on which thread it ended."""

    ended: list[threading.Thread]

    def __init__(self) -> None:
        self.own = self

    def __del__(self) -> None:
        self.ended.append(threading.current_thread())


@pytest.fixture
def collector(qtbot: QtBot) -> Iterator[GarbageCollector]:
    Knot.ended = []
    collector = GarbageCollector()
    collector.start()
    yield collector
    collector.stop()
    gc.disable()


def test_it_ends_on_the_windows_thread_whoever_made_it(
    qtbot: QtBot, collector: GarbageCollector
) -> None:
    def make() -> None:
        for _ in range(5_000):
            Knot()

    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    assert not gc.isenabled() and Knot.ended == []
    qtbot.waitUntil(lambda: len(Knot.ended) == 5_000)
    assert set(Knot.ended) == {threading.main_thread()}


def test_little_garbage_waits(qtbot: QtBot, collector: GarbageCollector) -> None:
    gc.collect()
    Knot()
    qtbot.wait(3 * 200)
    assert Knot.ended == []

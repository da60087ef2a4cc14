"""Hostile replies in the real transcript: no socket, no file, no stall."""

import time
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtNetwork import QNetworkAccessManager
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui import bench_traps as traps
from gui.bench_hostile import GOAL_MS, HOSTILE, run, start_frozen, stream
from gui.bench_traps import Watch
from gui.widgets.transcript import Transcript
from tests.fakes.transcripts import RICH, light_theme, model, settled, shown_transcript


@pytest.fixture
def watch() -> Iterator[Watch]:
    yield traps.watch
    traps.watch.is_on = False


@pytest.fixture
def transcript(qapp: QApplication, qtbot: QtBot) -> Iterator[Transcript]:
    with light_theme(qapp) as theme, shown_transcript(theme, qtbot) as result:
        # What is imported and started with the first reply is no reply's fault.
        result.set_messages([model("0", RICH)])
        settled(qtbot, result)
        with start_frozen():
            yield result


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_hostile_reply_reaches_nothing_and_stops_nothing(
    transcript: Transcript,
    qtbot: QtBot,
    watch: Watch,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    def refuse(*_args: object, **_more: object) -> None:
        watch.seen.append("QNetworkAccessManager")

    monkeypatch.setattr(QNetworkAccessManager, "__init__", refuse)
    # The processor's time between two ticks: a busy build server cannot lengthen it much.
    spent_ms: list[float] = []
    last_s = [time.thread_time()]
    clock = QTimer(interval=10)

    def tick() -> None:
        now_s = time.thread_time()
        spent_ms.append(1000 * (now_s - last_s[0]))
        last_s[0] = now_s

    clock.timeout.connect(tick)
    text = HOSTILE[name]()
    last_s[0] = time.thread_time()
    watch.begin()
    clock.start()
    stream(transcript, text, 16, 4)
    clock.stop()
    transcript.viewport().grab()
    transcript.select_all()
    transcript.copy_selection()
    watch.is_on = False
    assert watch.seen == []
    assert max(spent_ms) <= 5 * GOAL_MS
    html = QGuiApplication.clipboard().mimeData().html()
    assert "<img" not in html and "<script" not in html and "file:" not in html
    assert transcript.column.items[0].blocks


def test_the_bench_names_its_longest_stall(qapp: QApplication, theme_kept: None) -> None:
    figures = run(("bidi",))
    row = figures["hostile reply, longest stall: bidi"]
    assert row["unit"] == "ms" and row["goal"] == GOAL_MS and row["ours"] >= 0


@pytest.fixture
def theme_kept(qapp: QApplication) -> Iterator[None]:
    with light_theme(qapp):
        yield


def test_signs_that_reorder_or_act_are_seen_as_signs(transcript: Transcript, qtbot: QtBot) -> None:
    transcript.set_messages([model("1", "pay \u202e001\u202c to\x1b[31m me\x00")])
    settled(qtbot, transcript)
    (block,) = transcript.column.items[0].blocks
    assert block.runs[0].text == "pay \ufffd001\ufffd to\u241b[31m me\u2400"

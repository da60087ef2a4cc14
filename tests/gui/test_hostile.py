"""Hostile replies in the real transcript: no socket, no file, no stall."""

import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtNetwork import QNetworkAccessManager
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

import resources
from gui.bench_hostile import GOAL_MS, HOSTILE, run, start_frozen, stream
from gui.widgets.transcript import Transcript
from tests.fakes.transcripts import RICH, light_theme, model, settled, shown_transcript

# Python's own modules and the app's own pictures.
_OWN = (*sysconfig.get_paths().values(), sys.prefix, sys.base_prefix, *resources.__path__)
_LIBRARIES = tuple(str(Path(path).resolve()) for path in _OWN)


class Watch:
    """What Python did that reaches beyond the process. A hook can never be taken off again, so one
    serves all tests."""

    def __init__(self) -> None:
        self.is_on = False
        self.seen: list[str] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self.is_on:
            return
        if event == "open" and isinstance(arguments[0], str):
            path = str(Path(arguments[0]).resolve())
            if not path.startswith(_LIBRARIES) and path != "/dev/null":
                self.seen.append(f"open {path}")
        elif event.startswith(("socket.", "urllib.", "http.", "webbrowser.")):
            self.seen.append(event)


_watch = Watch()


@pytest.fixture
def watch() -> Iterator[Watch]:
    _watch.seen.clear()
    yield _watch
    _watch.is_on = False


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
    watch.is_on = True
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

"""Hostile replies through the whole room: transcript, title, list, search, the prompt received, the
alternatives. No socket, no file, no stall; and no words of theirs are taken for markup.
"""

import math
import os
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QModelIndex, QPoint, Qt, QTimer
from PySide6.QtGui import QAction, QHelpEvent, QImage
from PySide6.QtGui import Qt as GuiQt
from PySide6.QtNetwork import QTcpSocket
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QLabel,
    QListView,
    QToolTip,
    QWidget,
)
from pytestqt.qtbot import QtBot

from engine.process.messages import Candidate, Done, ModelList, Token, Tokens, Top
from gui import bench_traps as traps
from gui.bench_hostile import GOAL_MS, HOSTILE, start_frozen
from gui.bench_traps import Traps, Watch, sockets_of, traps_in
from gui.chat.received import Received
from gui.widgets.plain_tip import plain_tip
from gui.widgets.token_rows import Band
from gui.widgets.token_text import token_text
from gui.widgets.token_view import TokenView
from tests.fakes.fake_engine import model_info
from tests.fakes.rendered import rendered_chat
from tests.gui.certainty_helpers import certainty, rest_on, step
from tests.gui.chat_room_helpers import Bench, bench, context

__all__ = ["bench", "context"]

NAMES = ("html", "javascript links", "1 MB table", "bidi", "ansi", "100,000-character line")
PIECE = 200
CHUNKS = 40
# A tick apart from the next by so much of the processor's time, and the window stood still.
WORST_MS = 5 * GOAL_MS


@pytest.fixture
def trapped() -> Iterator[Traps]:
    # A short path: it is to fit into a title.
    with tempfile.TemporaryDirectory(prefix="b") as folder, traps_in(Path(folder)) as result:
        yield result


@pytest.fixture
def watch() -> Iterator[Watch]:
    yield traps.watch
    traps.watch.is_on = False


class Ticks:
    """The window's own time between two ticks of its clock; a busy machine cannot lengthen it."""

    def __init__(self) -> None:
        self.spent_ms: list[float] = [0.0]
        self._last_s = time.thread_time()
        self._clock = QTimer(interval=10)
        self._clock.timeout.connect(self._tick)
        self._clock.start()

    def _tick(self) -> None:
        now_s = time.thread_time()
        self.spent_ms.append(1000 * (now_s - self._last_s))
        self._last_s = now_s

    def stop(self) -> None:
        self._tick()
        self._clock.stop()

    @contextmanager
    def not_counted(self) -> Iterator[None]:
        """What the test itself works out here, in the engine's place."""
        self._tick()
        yield
        self._last_s = time.thread_time()


def hostile_top(text: str) -> Top:
    """Alternatives that say what the reply says: in pieces, and one that is an image whole."""
    pieces = [text[at : at + 40].encode("utf-8", "replace") for at in range(0, 360, 40)]
    pieces.append(text[: text.find(">") + 1].encode("utf-8", "replace"))
    before = [Candidate(70 + at, piece, math.log(0.05)) for at, piece in enumerate(pieces)]
    return Top(before, 0.5, before[:3], 0.0)


def tokens_of(text: str) -> list[Token]:
    top = hostile_top(text)
    pieces = [text[at : at + PIECE] for at in range(0, len(text), PIECE)]
    return [
        Token(100 + at, piece.encode("utf-8", "replace"), piece, math.log(0.05), 0, top)
        for at, piece in enumerate(pieces)
    ]


def say(bench: Bench, text: str) -> str:
    """The model writes a reply, a chunk whenever the window has time; the reply's id."""
    job, tokens = bench.engine.generates[-1].job, tokens_of(text)
    size = len(tokens) // CHUNKS + 1
    chunks = iter([tokens[at : at + size] for at in range(0, len(tokens), size)])
    feed, is_over = QTimer(interval=8), []
    bar = bench.room.work.transcript.verticalScrollBar()

    def tell() -> None:
        chunk = next(chunks, None)
        if chunk is None:
            feed.stop()
            bench.engine.finish()
            is_over.append(True)
            return
        bench.engine.tell(Tokens(job=job, items=chunk))
        bar.setValue(bar.maximum() if len(chunk) % 2 else bar.maximum() // 2)

    feed.timeout.connect(tell)
    feed.start()
    bench.qtbot.waitUntil(lambda: bool(is_over), timeout=60_000)
    bench.settle()
    bench.qtbot.waitUntil(lambda: bench.room.work.transcript.is_settled, timeout=60_000)
    return bench.room.work.transcript.message_ids()[-1]


def search(bench: Bench, words: str) -> None:
    """Type into the search field until something is found, look at it, leave it."""
    found = bench.room.list.results
    bench.room.list.search.setText(words)
    bench.qtbot.waitUntil(lambda: found.model().rowCount() > 0)
    found.grab()
    visit_tips(found)
    bench.room.list.search.clear()


def receive(bench: Bench, ticks: Ticks) -> None:
    """Open what the model received, of which the hostile reply is a part."""
    feature = next(one for one in bench.room.features if isinstance(one, Received))
    feature.open_last()
    request = bench.renders()[-1]
    with ticks.not_counted():
        rendered = rendered_chat(request)
    bench.engine.tell(Done(job=request.job, result=rendered))
    page = feature.view.tokens
    bench.qtbot.waitUntil(lambda: page.isVisible() and page.n_laid > 0)
    page.grab()
    page.set_current(len(page.tokens) // 2)
    for token in range(page.first_in_view(), min(page.first_in_view() + 60, len(page.tokens))):
        tip(page.viewport(), page.token_rect(token).center().toPoint())
    feature.leave()


def look_at_token(bench: Bench, reply_id: str) -> None:
    """Rest on the first token that is seen, until its alternatives are there."""
    transcript, popup = bench.room.work.transcript, certainty(bench.room).popup.popup
    transcript.scroll_to(reply_id)
    bench.qtbot.waitUntil(lambda: transcript.is_settled)
    marks = transcript.marks_of(reply_id)
    assert marks is not None
    seen = transcript.viewport().rect()

    def first_seen() -> int:
        for index in range(min(len(marks), 60)):
            rect = transcript.token_rect(reply_id, index)
            if rect is not None and seen.contains(rect.center().toPoint()):
                return index
        return -1

    bench.qtbot.waitUntil(lambda: first_seen() >= 0)
    rest_on(transcript, reply_id, first_seen())
    bench.qtbot.waitUntil(popup.isVisible)
    bench.room.grab()
    for row in range(len(popup.list.lines)):
        tip(popup.list, popup.list.row_rect(row).center().toPoint())
    popup.close_it()


def tip(widget: QWidget, at: QPoint) -> None:
    """The mouse rests there until a tooltip comes."""
    QApplication.sendEvent(widget, QHelpEvent(QEvent.Type.ToolTip, at, widget.mapToGlobal(at)))
    QToolTip.hideText()


def visit_tips(view: QListView) -> None:
    model = view.model()
    for row in range(model.rowCount()):
        rect = view.visualRect(model.index(row, 0))
        tip(view.viewport(), rect.center())


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_reply_in_the_room_reaches_nothing_and_stops_nothing(
    bench: Bench, trapped: Traps, watch: Watch, name: str
) -> None:
    text = f"{markup_of(trapped)}\n\n{trapped.bait()}{HOSTILE[name]()} needle"
    look_once(bench)
    with start_frozen():
        watch.begin(bench.context.paths.home)
        ticks = Ticks()
        bench.room.session.new_chat()
        bench.room.details.change("certainty", True)
        bench.send("Hi")
        reply_id = say(bench, text)
        look_at_token(bench, reply_id)
        bench.send("And then?")
        bench.engine.say("Nothing.")
        bench.engine.finish()
        bench.settle()
        bench.qtbot.waitUntil(lambda: markup_of(trapped) in bench.titles())
        visit_tips(bench.room.list.view)
        bench.room.grab()
        search(bench, "needle")
        receive(bench, ticks)
        ticks.stop()
        watch.is_on = False
    assert watch.seen == [] and trapped.caught() == []
    own = [one for one in sockets_of(os.getpid()) if str(trapped.port) not in one]
    assert own == []
    assert max(ticks.spent_ms) <= WORST_MS
    assert bench.shown()[1] == text


def look_once(bench: Bench) -> None:
    """What is imported and made when a view is first opened is no reply's fault."""
    bench.room.details.change("certainty", True)
    bench.send("Why is it?")
    reply_id = say(bench, "# A *first* reply\n\n| a |\n|---|\n| 1 |\n\n```py\nx\n```\nneedle $x$")
    look_at_token(bench, reply_id)
    search(bench, "needle")
    receive(bench, Ticks())


# ---- words that look like markup ----


def markup_of(trapped: Traps) -> str:
    return f"<img src={trapped.file}>"


def test_a_title_that_is_markup_is_a_title(bench: Bench, trapped: Traps) -> None:
    bench.room.session.new_chat()
    bench.send("Hi")
    bench.engine.say("First words.")
    bench.engine.finish()
    bench.settle()
    bench.room.session.rename(bench.room.session.chat_id, markup_of(trapped))
    bench.settle()
    bench.qtbot.waitUntil(lambda: markup_of(trapped) in bench.titles())
    view = bench.room.list.view
    visit_tips(view)
    tips = [one.data(Qt.ItemDataRole.ToolTipRole) for one in _indexes(view)]
    assert any("secret" in str(words) for words in tips), "the tip says it, letter by letter"
    bench.room.grab()
    assert trapped.caught() == []


def test_no_label_and_no_tooltip_of_the_room_takes_names_for_markup(
    bench: Bench, trapped: Traps
) -> None:
    name = markup_of(trapped)
    path = f"/models/{name}/m.gguf"
    bench.engine.model = model_info(path, name)
    bench.engine.listing = ModelList(models=[bench.engine.model])
    bench.room.loader.load(path)
    bench.engine.answer()
    bench.room.chooser.choose()
    bench.engine.answer()
    feature = step(bench.room)
    bench.room.work.composer.edit.setPlainText(name)
    feature.button.click()
    bench.qtbot.waitUntil(lambda: feature.run is not None)
    job = bench.engine.generates[-1].job
    bench.engine.tell(
        Tokens(job=job, items=[Token(72, name.encode(), name, -1.7, 0, hostile_top(name * 9))])
    )
    bench.engine.finish("length")
    for row in range(len(feature.panel.list.lines)):
        tip(feature.panel.list, feature.panel.list.row_rect(row).center().toPoint())
    bench.settle()
    bench.room.grab()
    raw = [words for words in _words_of(bench.room) if "<img" in words]
    assert not [words for words in raw if GuiQt.mightBeRichText(words)]
    assert trapped.caught() == []
    feature.button.click()
    bench.settle()


def _words_of(room: QWidget) -> list[str]:
    """All that Qt may take for markup: tooltips and labels, of the window and what hangs on it."""
    widgets = [room, *room.findChildren(QWidget)]
    found = [one.toolTip() for one in widgets]
    found += [
        one.text()
        for one in widgets
        if isinstance(one, QLabel) and one.textFormat() != Qt.TextFormat.PlainText
    ]
    for action in room.findChildren(QAction):
        # An action's own text is taken for its tooltip where it has none.
        found.append(action.toolTip() if action.toolTip() != action.iconText() else "")
    for view in room.findChildren(QAbstractItemView):
        found += [str(one.data(Qt.ItemDataRole.ToolTipRole) or "") for one in _indexes(view)]
    return found


def _indexes(view: QAbstractItemView) -> list[QModelIndex]:
    model = view.model()
    return [model.index(row, 0) for row in range(model.rowCount())]


# ---- the traps themselves ----


def test_the_traps_catch_what_qt_does_behind_pythons_back(trapped: Traps, watch: Watch) -> None:
    watch.begin()
    QImage(str(trapped.file))
    assert watch.seen == [] and trapped.caught() == ["the file was opened"]
    assert trapped.caught() == []
    call = QTcpSocket()
    call.connectToHost("127.0.0.1", trapped.port)
    assert call.waitForConnected(5_000)
    assert any(str(trapped.port) in one for one in sockets_of(os.getpid()))
    assert trapped.caught() == ["the server was called"]
    call.abort()


def test_the_watch_hears_what_python_does(trapped: Traps, watch: Watch) -> None:
    watch.begin()
    with open(trapped.file, "rb"):
        pass
    with socket.socket() as one:
        one.close()
    watch.is_on = False
    assert watch.seen[0] == f"open {trapped.file.resolve()}" and watch.seen[1] == "socket.__new__"
    assert trapped.caught() == ["the file was opened"]


def test_a_token_that_is_markup_is_shown_by_its_letters(bench: Bench, trapped: Traps) -> None:
    piece = markup_of(trapped).encode()
    view = TokenView(bench.context.theme, bench.room)
    view.resize(700, 300)
    view.show()
    view.set_tokens(token_text([5, 6], piece * 2, [len(piece)] * 2), [Band(0, 2, "", "user")])
    tip(view.viewport(), view.token_rect(0).center().toPoint())
    assert trapped.caught() == [] and "secret.png" in view.describe(0)
    view.close()


def test_what_looks_like_markup_is_escaped_in_tooltips(
    qtbot: QtBot, trapped: Traps, bench: Bench
) -> None:
    words = f"“{markup_of(trapped)}”\nand more"
    QToolTip.showText(QPoint(5, 5), plain_tip(words), bench.room)
    assert trapped.caught() == []
    assert plain_tip("a < b & c") == "a < b & c", "what is no markup stays as it is"
    QToolTip.showText(QPoint(6, 6), words, bench.room)
    assert trapped.caught() == ["the file was opened"], "the danger is real"
    QToolTip.hideText()

"""What the token editor costs: a million tokens shown and scrolled, a key in the middle of a long
text until it is coloured, lines that cannot be cut. A real editor, the room's own worker, the
starter's tokenizer.
"""

import gc
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
import psutil
from msgspec import Struct
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtGui import QPaintEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.errors import AppError
from engine.figures import Figure, figure
from engine.paths import Paths
from engine.process.messages import Failed
from engine.process.token_messages import OpenTokenizer, TokenizerInfo
from gui.garbage import GarbageCollector
from gui.side_worker import SideWorker
from gui.theme import Theme
from gui.tokens.document import TokenDocument
from gui.tokens.feeder import TokenFeeder
from gui.tokens.token_spans import Ids, Small
from gui.widgets.token_editor import TokenEditor

N_TOKENS = 1_000_000
LINE_BYTES = 1_000_000
N_KEYS = 40
N_FRAMES = 200
FRAME_S = 1 / 60
_BEAT_MS = 2
_ANSWER_MS = 120_000
_SAYING = (
    "water the deep light nothing of a lantern sphere and down pressure animals they sank into "
    "1846 metres, (slowly); return x = y[0] café 深海 🐙 it's"
)


class TimedEditor(TokenEditor):
    """Remembers how long each paint took."""

    paints_ms: list[float] = []  # noqa: RUF012  # one editor at a time

    def paintEvent(self, event: QPaintEvent) -> None:
        begun_s = time.perf_counter()
        super().paintEvent(event)
        self.paints_ms.append((time.perf_counter() - begun_s) * 1e3)


class Bench(Struct):
    """An editor with its feeder and worker."""

    editor: TimedEditor
    feeder: TokenFeeder
    info: TokenizerInfo


def editor_figures(folder: Path) -> dict[str, Figure]:
    """All figures. folder: the user's, for logs."""
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    worker = SideWorker(Paths(folder).ensure())
    garbage = GarbageCollector()  # as in the window
    garbage.start()
    try:
        bench = _open(Theme(app, mode="light"), worker)
        found = _million(bench) | _keys(bench)
        for name, text in (
            ("one letter, 1 MB", "a" * LINE_BYTES),
            ("one line of 1 MB", "abcdefghij" * (LINE_BYTES // 10)),
        ):
            found |= _line(bench, name, text)
        bench.editor.close()
        bench.editor.deleteLater()
    finally:
        garbage.stop()
        worker.close()
    return found


def _open(theme: Theme, worker: SideWorker) -> Bench:
    theme.apply()
    editor = TimedEditor(theme)
    editor.resize(1000, 800)
    editor.show()
    editor.setFocus()
    infos: list[TokenizerInfo] = []
    with _waiting() as (done, fail):

        def on_opened(info: TokenizerInfo) -> None:
            infos.append(info)
            done()

        worker.ask(lambda job: OpenTokenizer(job=job, source="starter"), on_opened, fail)
    feeder = TokenFeeder(editor.document, worker, editor)
    with _settling(feeder):
        feeder.set_tokenizer(infos[0])
    return Bench(editor, feeder, infos[0])


# ---- a million tokens ----


def _million(bench: Bench) -> dict[str, Figure]:
    editor, feeder = bench.editor, bench.feeder
    gc.collect()
    before = _rss_mb()
    with _settling(feeder):
        editor.set_text(_prose(N_TOKENS))
    text, tokens = _first_tokens(editor.document, N_TOKENS)
    feeder.set_tokenizer(None)
    editor.set_text("")
    editor.document.history.clear()
    begun_s = time.perf_counter()
    editor.set_text(text)
    editor.document.put_tokens(0, *tokens)
    editor.viewport().repaint()
    first_s = time.perf_counter() - begun_s
    gc.collect()
    over = _rss_mb() - before - len(text.encode()) / 1e6
    found = {
        f"{N_TOKENS:,} tokens: until painted": figure(first_s, 1.0, "s"),
        f"{N_TOKENS:,} tokens: over the text": figure(over, 100.0, "MB"),
    }
    found |= _scrolling(editor)
    with _settling(feeder):
        feeder.set_tokenizer(bench.info)
    return found


def _scrolling(editor: TimedEditor) -> dict[str, Figure]:
    """By the wheel, by pages, and the bar dragged all over the text; frames at 60 a second, as a
    screen asks for them. A whole frame: moving and painting."""
    bar, dice = editor.verticalScrollBar(), random.Random(7)
    rows, page = 3 * 34, editor.viewport().height()
    ways: dict[str, Callable[[], object]] = {
        "by the wheel": lambda: editor.scroll_by(rows),
        "by pages": lambda: editor.scroll_by(page),
        "by the bar": lambda: bar.setValue(dice.randrange(bar.maximum())),
    }
    found = {}
    for name, move in ways.items():
        bar.setValue(bar.maximum() // 3)
        _frame()
        paints_ms, frames_ms = _moved(editor, move)
        found[f"scrolling {name}: paint p99"] = figure(_p99(paints_ms), 8.0, "ms", paints_ms)
        found[f"scrolling {name}: frame p99"] = figure(_p99(frames_ms), 16.0, "ms", frames_ms)
    return found


def _moved(editor: TimedEditor, move: Callable[[], object]) -> tuple[list[float], list[float]]:
    """The cost of each paint and of each whole frame."""
    editor.paints_ms.clear()
    frames_ms = []
    for _ in range(N_FRAMES):
        n_before, begun_s = len(editor.paints_ms), time.perf_counter()
        move()
        moved_ms = (time.perf_counter() - begun_s) * 1e3
        _frame()
        frames_ms.append(moved_ms + sum(editor.paints_ms[n_before:]))
    return list(editor.paints_ms), frames_ms


def _p99(values: list[float]) -> float:
    return statistics.quantiles(values, n=100)[98]


def _frame() -> None:
    """What there is to do, until the next frame is due."""
    end_s = time.perf_counter() + FRAME_S
    while (left_s := end_s - time.perf_counter()) > 0:
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, int(left_s * 1e3) + 1)


# ---- keys ----


def _keys(bench: Bench) -> dict[str, Figure]:
    """From the key to the paint of its colours, in the middle of 1 MB."""
    editor, feeder = bench.editor, bench.feeder
    text = _prose(N_TOKENS).encode()[:LINE_BYTES].decode("utf-8", "ignore")
    with _settling(feeder):
        editor.set_text(text)
    editor.set_caret(LINE_BYTES // 2)
    costs = []
    for number in range(N_KEYS):
        _frame()
        begun_s = time.perf_counter()
        with _settling(feeder):
            QTest.keyClicks(editor, "deep sea "[number % 9])
        editor.viewport().repaint()
        costs.append((time.perf_counter() - begun_s) * 1e3)
    middle, worst = statistics.median(costs), statistics.quantiles(costs, n=20)[18]
    return {
        "key in 1 MB: until coloured, median": figure(middle, 16.0, "ms", costs),
        "key in 1 MB: until coloured, p95": figure(worst, 16.0, "ms"),
    }


def _line(bench: Bench, name: str, text: str) -> dict[str, Figure]:
    """A text without a cut: how long until it is coloured, and the longest the window stands still
    meanwhile."""
    editor, feeder = bench.editor, bench.feeder
    with _heart() as beats:
        begun_s = time.perf_counter()
        with _settling(feeder):
            editor.set_text(text)
        coloured_s = time.perf_counter() - begun_s
    stall_ms = max(b - a for a, b in pairwise(beats)) * 1e3
    return {
        f"{name}: until coloured": figure(coloured_s, 1.0, "s"),
        f"{name}: longest standstill": figure(stall_ms, 100.0, "ms"),
    }


# ---- waiting ----


@contextmanager
def _heart() -> Iterator[list[float]]:
    """The moments at which the window's thread had time."""
    beats = [time.perf_counter()]
    timer = QTimer(interval=_BEAT_MS)
    timer.timeout.connect(lambda: beats.append(time.perf_counter()))
    timer.start()
    yield beats
    timer.stop()
    beats.append(time.perf_counter())


@contextmanager
def _waiting() -> Iterator[tuple[Callable[[], None], Callable[[Failed], None]]]:
    """Wait at the end until one of the two was called."""
    loop = QEventLoop()
    is_over, failures = [], []

    def done() -> None:
        is_over.append(True)
        loop.quit()

    def fail(failed: Failed) -> None:
        failures.append(failed)
        done()

    yield done, fail
    if not is_over:
        give_up = QTimer(singleShot=True, interval=_ANSWER_MS)
        give_up.timeout.connect(loop.quit)
        give_up.start()
        loop.exec()
        give_up.stop()
    if failures:
        raise AppError(failures[0].message, failures[0].hint, failures[0].detail)
    if not is_over:
        raise AppError("The worker did not answer.", "Run the bench again on a quiet machine.")


@contextmanager
def _settling(feeder: TokenFeeder) -> Iterator[None]:
    """Wait at the end until all tokens are known."""
    with _waiting() as (done, fail):
        feeder.settled.connect(done)
        feeder.failed.connect(fail)
        yield
    feeder.settled.disconnect(done)
    feeder.failed.disconnect(fail)


# ---- texts and figures ----


def _prose(n_tokens: int) -> str:
    """Lines of words and signs, of about so many tokens."""
    dice, lines, n_words, words = random.Random(1), [], 0, _SAYING.split()
    while n_words < n_tokens * 0.62:
        n_line = dice.randrange(3, 40)
        lines.append(" ".join(dice.choices(words, k=n_line)))
        n_words += n_line
    return "\n".join(lines)


def _first_tokens(document: TokenDocument, n_tokens: int) -> tuple[str, tuple[Ids, Ids, Small]]:
    """A text of so many tokens from the beginning of a longer one, and the tokens."""
    tokens = document.tokens
    assert len(tokens) >= n_tokens, f"{len(tokens)} tokens"
    while document.text.whole_at(int(tokens.ends[n_tokens - 1])) != tokens.ends[n_tokens - 1]:
        n_tokens -= 1  # it ends within a character
    lengths = np.diff(tokens.ends[:n_tokens], prepend=0).astype(np.int32)
    text = document.text.text(0, int(tokens.ends[n_tokens - 1]))
    return text, (tokens.ids[:n_tokens].copy(), lengths, tokens.special[:n_tokens].copy())


def _rss_mb() -> float:
    return float(psutil.Process().memory_info().rss) / 1e6

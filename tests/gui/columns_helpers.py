"""What the columns' tests share: columns in a room over the fake engine, and workers beside it that
are fakes too.
"""

from dataclasses import dataclass, field

import msgspec
from PySide6.QtCore import QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.process.messages import (
    Cancelled,
    Done,
    Generate,
    Generated,
    ModelList,
    Reply,
    Token,
    Tokens,
)
from gui.chat.columns.column_view import ColumnView
from gui.chat.columns.columns import Columns
from gui.chat.columns.columns_view import ColumnsView
from tests.fakes.fake_engine import FakeEngine, model_info
from tests.gui.chat_room_helpers import Bench

GB = 10**9
OTHER, THIRD = "/models/other.gguf", "/models/third.gguf"


class SideFake(FakeEngine):
    """A worker that is started and stopped, in the test's own process."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.is_running = False
        self.has_given_up = False
        self.n_starts = 0
        self.waited = False

    def come_up(self, path: str) -> None:
        """It answers, and has loaded what it was asked for."""
        self.model = model_info(path, name_of(path))
        self.become_ready()

    def runs(self) -> bool:
        return self.is_running

    def start(self) -> None:
        if not self.is_running:
            self.is_running, self.n_starts = True, self.n_starts + 1

    def restart(self) -> None:
        self.start()

    def stop(self) -> None:
        """Asked to end; it is gone when the test says so."""
        self.is_ready = False

    def stop_and_wait(self) -> None:
        self.waited = True
        self.end()

    def end(self) -> None:
        """It is gone."""
        if self.is_running:
            self.is_running = False
            self.stopped.emit()


def name_of(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".gguf")


@dataclass
class Side:
    """The columns of a bench."""

    bench: Bench
    feature: Columns
    workers: list[SideFake] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.feature.sides.make_engine = self.make_worker
        self.feature.sides.free_bytes = lambda: 64 * GB

    def make_worker(self) -> SideFake:
        self.workers.append(SideFake(self.bench.room))
        return self.workers[-1]

    @property
    def view(self) -> ColumnsView:
        assert self.feature.view is not None
        return self.feature.view

    @property
    def views(self) -> list[ColumnView]:
        return self.view.views

    def is_open(self) -> bool:
        return self.feature.is_open

    def is_writing(self) -> bool:
        return self.bench.room.session.is_busy

    def list_models(self, *paths: str, n_bytes: int = GB) -> None:
        """Say which other models there are."""
        infos = [model_info(path, name_of(path)) for path in paths]
        others = [msgspec.structs.replace(one, size_bytes=n_bytes, n_layer=0) for one in infos]
        engine = self.bench.engine
        engine.listing = ModelList(models=[engine.model, *others])
        self.feature.library.ask()
        engine.answer()

    def choose(self, number: int, path: str) -> None:
        """Choose a column's model, as a person does."""
        combo = self.views[number - 1].model
        combo.setCurrentIndex(combo.findData(path))

    def free(self, n_bytes: int) -> None:
        """Say how much memory there is beside what the workers hold."""
        self.feature.sides.free_bytes = lambda: n_bytes - self.feature.sides.held_bytes

    def type_and_send(self, text: str) -> None:
        composer = self.bench.room.work.composer
        composer.edit.setPlainText(text)
        composer.send_button.click()

    def ask(self, text: str) -> None:
        n_before = len(self.bench.engine.generates)
        self.type_and_send(text)
        self.bench.qtbot.waitUntil(lambda: len(self.bench.engine.generates) > n_before)

    def answer(self, *texts: str, request: Generate | None = None) -> None:
        """All replies of one request, the last without it."""
        job = (request or self.bench.engine.generates[-1]).job
        say_all(self.bench.engine, job, texts)
        self.bench.settle()

    def shown(self) -> list[list[str]]:
        pages = [view.transcript for view in self.views]
        return [[page.text_of(one) for one in page.message_ids()] for page in pages]

    def states(self) -> list[str]:
        """How every message of the chat stands on the disk."""
        conversation = self.bench.kept().conversation
        waiting = list(conversation.children(None))
        states: list[str] = []
        while waiting:
            turn = conversation.turn(waiting.pop())
            states.append(turn.state)
            waiting.extend(conversation.children(turn.id))
        return states


def say_all(engine: FakeEngine, job: int, texts: tuple[str, ...] | list[str]) -> None:
    """The words of one request's replies, and its end."""
    items = [
        Token(id=1, piece=text.encode(), text=text, logprob=-0.1, reply=number)
        for number, text in enumerate(texts)
    ]
    engine.tell(Tokens(job=job, items=items))
    engine.tell(Done(job=job, result=result_of(texts)))


def cancel(engine: FakeEngine, job: int, n_replies: int = 1) -> None:
    """What a worker says when a request was stopped."""
    engine.tell(Cancelled(job=job, result=result_of([""] * n_replies, "cancelled")))


def result_of(texts: tuple[str, ...] | list[str], finish: str = "stop") -> Generated:
    replies = [Reply(text, finish, 1, seed=7 + n) for n, text in enumerate(texts)]  # type: ignore[arg-type]  # a Finish
    return Generated(
        replies=replies,
        n_prompt=9,
        n_reused=0,
        n_decoded=9,
        n_generated=len(texts),
        tokens_per_s=100.0,
        first_token_ms=20.0,
        slices=[9],
        n_threads=2,
    )


def side_of(bench: Bench, *, opened: bool = True) -> Side:
    feature = next(one for one in bench.room.features if isinstance(one, Columns))
    side = Side(bench, feature)
    if opened:
        feature.button.click()
    return side


def press(
    side: Side, key: Qt.Key, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    """Press a key where the focus is."""
    QTest.keyClick(QApplication.focusWidget() or side.bench.room, key, held)

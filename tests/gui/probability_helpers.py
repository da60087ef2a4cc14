"""A text with a toy tokenizer, the state of the Tokens room around it, and an engine that says what
a test tells it: what the tests of the surprise map, the stages and the tree share.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from engine.paths import Paths
from engine.process.messages import AnyEvent, AnyRequest, Candidate, Done, Failed
from engine.process.token_messages import OpenTokenizer, Stages, Surprise, Tree, Vocabulary
from gui.context import AppContext
from gui.tokens.feeder import TokenFeeder
from gui.tokens.parts import Shortcut, TokensParts
from gui.tokens.state import TokensState
from gui.tokens.vocabulary import VocabularyTable
from gui.widgets.token_editor import TokenEditor
from tests.fakes.fake_engine import FakeEngine, model_info
from tests.gui.chat_room_helpers import make_context
from tests.gui.token_helpers import TOY, HandWorker, packed, toy_cut

TEXT = "the deep sea is dark and cold"
END_ID = 2
Asked = TypeVar("Asked", bound=AnyRequest)


class Worker(HandWorker):
    """Answers every text in a moment, keeps which tokenizers it was to open."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []

    def ask(
        self,
        make_request: Callable[[int], AnyRequest],
        on_result: Callable[[Any], None],
        on_failed: Any = None,
        on_event: Callable[[AnyEvent], None] | None = None,
    ) -> int:
        request = make_request(len(self.all) + 1)
        if isinstance(request, OpenTokenizer):
            self.opened.append(request.source)
            return 0
        job = super().ask(make_request, on_result, on_failed, on_event)
        QTimer.singleShot(0, self.engine, lambda: self._answer_if_asked(job))
        return job

    def _answer_if_asked(self, job: int) -> None:
        if job in self.asked:
            self.answer(job)


class ProbabilityBench:
    """The editor above, a panel below it, in one window."""

    def __init__(self, qtbot: QtBot, context: AppContext) -> None:
        self.qtbot, self.context = qtbot, context
        self.engine = cast(FakeEngine, context.engine)
        self.worker = Worker()
        self.host = QWidget()
        self.state = TokensState(self.worker.as_worker(), self.host)
        self.actions: dict[str, QAction] = {}
        self.panels_shown: list[str] = []
        self.parts = TokensParts(
            context=context,
            worker=self.worker.as_worker(),
            state=self.state,
            add_action=self._add,
            show_page=lambda _key: None,
            show_text=self.state.document.set_text,
            show_panel=self.panels_shown.append,
            add_header_widget=lambda _widget: None,
        )
        info = msgspec.structs.replace(TOY, path=model_info().path, source=model_info().path)
        self.state.info, self.state.vocabulary = info, vocabulary()
        context.model.set(model_info())
        self.feeder = TokenFeeder(self.state.document, self.worker.as_worker(), find=toy_cut)
        self.feeder.setParent(self.host)
        self.feeder.settled.connect(self.state.text_changed)
        self.editor = TokenEditor(context.theme, self.state.document)
        self.feeder.set_tokenizer(info)
        self.state.document.set_text(TEXT)
        self.column = QVBoxLayout(self.host)
        self.column.addWidget(self.editor)
        self.host.resize(1000, 640)

    def show(self, *widgets: QWidget) -> None:
        for widget in widgets:
            self.column.addWidget(widget)
        with self.qtbot.waitExposed(self.host):
            self.host.show()
        self.qtbot.waitUntil(lambda: not self.state.document.is_stale)

    def close(self) -> None:
        self.host.close()
        self.host.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)

    def _add(self, text: str, do: object, shortcut: Shortcut = None) -> QAction:
        action = QAction(text, self.host)
        assert callable(do)
        action.triggered.connect(lambda: do())
        self.actions[str(shortcut)] = action
        return action

    @property
    def text(self) -> str:
        return self.state.document.text.text()

    @property
    def ids(self) -> list[int]:
        ids: list[int] = self.state.document.tokens.ids.tolist()
        return ids

    # ---- the engine ----

    def asked(self, kind: type[Asked]) -> list[Asked]:
        return [one for one in self.engine.requests if isinstance(one, kind)]

    def wait_for(self, kind: type[Asked], count: int = 1) -> Asked:
        """The last request of a kind, once there are so many."""
        self.qtbot.waitUntil(lambda: len(self.asked(kind)) >= count)
        assert len(self.asked(kind)) == count, self.asked(kind)
        return self.asked(kind)[-1]

    def finish(self, request: AnyRequest, result: Surprise | Stages | Tree) -> None:
        self.engine.tell(Done(job=request.job, result=result))

    def fail(self, request: AnyRequest, message: str) -> None:
        self.engine.tell(Failed(job=request.job, message=message, hint="", detail=""))


def vocabulary() -> VocabularyTable:
    """Of a few tokens, END_ID among them special."""
    n_tokens = 200
    kinds = np.zeros(n_tokens, np.uint8)
    kinds[END_ID] = 1
    lengths = np.ones(n_tokens, np.int32)
    return VocabularyTable(
        Vocabulary(
            source="toy",
            pieces=packed(np.full(n_tokens, 97, np.uint8)),
            lengths=packed(lengths),
            kinds=packed(kinds),
            figures=packed(np.full(n_tokens, np.nan, np.float32)),
            figure="",
        )
    )


def candidate(token: int, piece: str, share: float) -> Candidate:
    return Candidate(token, piece.encode(), math.log(share))


def click(widget: QWidget) -> None:
    assert widget.isVisible() and widget.isEnabled(), widget
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


@pytest.fixture
def prob(qtbot: QtBot, qapp: QApplication, paths: Paths) -> Iterator[ProbabilityBench]:
    context = make_context(qapp, paths)
    bench = ProbabilityBench(qtbot, context)
    try:
        yield bench
    finally:
        bench.close()
        context.settings.flush()

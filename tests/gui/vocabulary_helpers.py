"""A worker in the test's own process that does real work with a small real tokenizer, when the test
says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from PySide6.QtCore import QObject, Signal

from engine.errors import AppError
from engine.process.messages import Failed
from engine.process.token_messages import Encode, OpenTokenizer
from engine.tokens.opened import open_tokenizer
from engine.tokens.serve_encode import encoded
from engine.tokens.serve_vocabulary import vocabulary_job
from engine.tokens.tokenizer import Tokenizer
from gui.context import AppContext
from gui.side_worker import SideWorker
from gui.tokens.parts import TokensParts
from gui.tokens.state import TokensState


class HereWorker(QObject):
    """Has the surface of SideWorker. Requests wait for `answer_all`."""

    failed = Signal(object)

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = str(path)
        self.requests: list[Any] = []
        self._waiting: dict[int, tuple[Any, Any, Any]] = {}
        self._open: dict[str, Tokenizer] = {}

    def ask(
        self, make_request: Any, on_result: Any, on_failed: Any = None, on_event: Any = None
    ) -> int:
        request = make_request(len(self.requests) + 1)
        self.requests.append(request)
        self._waiting[request.job] = (on_result, on_failed or self.failed.emit, on_event)
        return int(request.job)

    def cancel(self, job: int) -> None:
        self._waiting.pop(job, None)

    def answer_all(self) -> None:
        while self._waiting:
            self.answer(min(self._waiting))

    def answer(self, job: int) -> None:
        on_result, on_failed, on_event = self._waiting[job]
        try:
            result = self._result(self.requests[job - 1], on_event)
        except AppError as error:
            del self._waiting[job]
            on_failed(Failed(job=job, message=error.message, hint=error.hint))
            return
        if self._waiting.pop(job, None):
            on_result(result)

    def _result(self, request: Any, on_event: Any) -> Any:
        if request.source not in self._open:
            self._open[request.source] = open_tokenizer(request.source)
        tokenizer = self._open[request.source]
        if isinstance(request, OpenTokenizer):
            return tokenizer.info
        if isinstance(request, Encode):
            return encoded(tokenizer, request)
        job = vocabulary_job(tokenizer, request)
        while True:
            try:
                event = next(job)
            except StopIteration as end:
                return end.value
            if event is not None and on_event is not None:
                on_event(event)


class Wishes:
    """What a page or panel asked the room for."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.panels: list[str] = []


def parts_of(context: AppContext, worker: HereWorker, wishes: Wishes) -> TokensParts:
    """The parts of a room, over a tokenizer that is open."""
    real = cast(SideWorker, worker)
    state = TokensState(real, worker)
    state.open(worker.path)
    worker.answer_all()
    nothing: Callable[..., Any] = lambda *_: None  # noqa: E731
    return TokensParts(
        context=context,
        worker=real,
        state=state,
        add_action=nothing,
        show_page=nothing,
        show_text=wishes.texts.append,
        show_panel=wishes.panels.append,
        add_header_widget=nothing,
    )

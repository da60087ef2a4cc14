"""Lets a checkpoint go on with a text, in an engine worker of its own, so that the model of the
chat stays loaded. Greedy: the same prompt has the same end. Shows nothing.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from engine.process.messages import (
    AnyEvent,
    Failed,
    Generate,
    Generated,
    Load,
    Sampling,
    Tokens,
)
from gui.context import AppContext
from gui.process import EngineProcess
from gui.side_worker import SideWorker
from gui.staged.heavy_worker import HeavyWorker

GREEDY = Sampling(temperature=0.0, top_k=1, top_p=1.0, min_p=0.0)
MOST_TOKENS, N_LIKELY = 40, 8


class Asker(QObject):
    """One text at a time; its worker is started when it is first asked, and ended when nobody asks
    any more.

    Args:
        worker: for tests.
    """

    began = Signal()
    tokens_arrived = Signal(list)  # list[Token]
    ended = Signal(str)  # what was said, up to where it stops
    failed = Signal(object)  # Failed

    def __init__(
        self, context: AppContext, parent: QObject | None = None, worker: SideWorker | None = None
    ) -> None:
        super().__init__(parent)
        self._context, self._worker = context, worker
        self._loaded = ""
        self._turn = self._job = 0
        self.is_asking = False

    @property
    def worker(self) -> SideWorker:
        """Made when it is first needed."""
        if self._worker is None:
            paths = self._context.paths
            self._worker = HeavyWorker(paths, EngineProcess(paths), self)
            self._context.connections.watch(self._worker.engine)
        return self._worker

    def ask(self, model: str, prompt: str, stop: list[str]) -> None:
        """Go on from the end of a prompt, up to one of the stop strings."""
        self.stop()
        self.is_asking = True
        self._turn += 1
        self.began.emit()
        go_on = partial(self._generate, self._turn, prompt, stop)
        worker = self.worker
        if not worker.engine.is_running:
            self._loaded = ""
        if self._loaded == model:
            go_on()
            return
        self._loaded = ""
        self._job = worker.ask(
            lambda job: Load(job=job, path=str(Path(model))),
            partial(self._on_loaded, self._turn, model, go_on),
            partial(self._on_failed, self._turn),
        )

    def stop(self) -> None:
        """End what is asked; what was said stays."""
        if self.is_asking:
            self._turn += 1
            self.is_asking = False
            self.worker.cancel(self._job)
            self.ended.emit("")

    def close(self) -> None:
        """The window is closing."""
        if self._worker is not None:
            self._worker.close()

    def _on_loaded(self, turn: int, model: str, go_on: partial[None], _info: object) -> None:
        self._loaded = model
        if turn == self._turn:
            go_on()

    def _generate(self, turn: int, prompt: str, stop: list[str]) -> None:
        self._job = self.worker.ask(
            lambda job: Generate(
                job=job,
                prompt=prompt,
                max_tokens=MOST_TOKENS,
                stop=stop,
                sampling=GREEDY,
                top_logprobs=N_LIKELY,
                private=True,
            ),
            partial(self._on_said, turn),
            partial(self._on_failed, turn),
            partial(self._on_event, turn),
        )

    def _on_event(self, turn: int, event: AnyEvent) -> None:
        if turn == self._turn and isinstance(event, Tokens):
            self.tokens_arrived.emit(event.items)

    def _on_said(self, turn: int, said: Generated) -> None:
        if turn == self._turn:
            self.is_asking = False
            self.ended.emit(said.replies[0].text if said.replies else "")

    def _on_failed(self, turn: int, failed: Failed) -> None:
        self._loaded = ""
        if turn == self._turn:
            self.is_asking = False
            self.failed.emit(failed)

"""A page of the room without the room: real state and runs, workers that answer when told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from PySide6.QtGui import QAction
from pytestqt.qtbot import QtBot

from engine.process.messages import AnyRequest, Failed, Progress
from finetune.run.events import Sample
from finetune.run.folder import RunFolder
from gui.context import AppContext
from gui.shots import run_maker
from gui.side_worker import SideWorker
from gui.tune.parts import TuneParts
from gui.tune.state import TuneState

PROMPTS = ("Who are you?", "What can you do?")


class ScriptedWorker:
    """Keeps what it is asked; tests tell what comes of it."""

    def __init__(self) -> None:
        self.requests: list[AnyRequest] = []
        self.cancelled: list[int] = []
        self._hear: dict[int, tuple[Any, Any, Any]] = {}

    def ask(
        self,
        make_request: Callable[[int], AnyRequest],
        on_result: Callable[[Any], None],
        on_failed: Callable[[Failed], None] | None = None,
        on_event: Callable[[Any], None] | None = None,
    ) -> int:
        job = len(self.requests) + 1
        self.requests.append(make_request(job))
        self._hear[job] = (on_result, on_failed, on_event)
        return job

    def cancel(self, job: int) -> None:
        self.cancelled.append(job)

    def answer(self, result: object) -> None:
        """The newest request's result."""
        self._hear[len(self.requests)][0](result)

    def fail(self, message: str, hint: str = "") -> None:
        on_failed = self._hear[len(self.requests)][1]
        on_failed(Failed(len(self.requests), message, hint))

    def progress(self, fraction: float, what: str = "") -> None:
        self._hear[len(self.requests)][2](Progress(len(self.requests), fraction, what))


class Room:
    """What a page is given, and what it asked for."""

    def __init__(self, context: AppContext) -> None:
        self.context = context
        self.state = TuneState()
        self.worker, self.heavy = ScriptedWorker(), ScriptedWorker()
        self.pages: list[str] = []
        self.actions: dict[str, Callable[[], object]] = {}
        self.chats: list[tuple[object, ...]] = []
        context.rooms["chat"] = lambda: None
        context.openers["chat.adapter"] = lambda *what: self.chats.append(what)
        context.openers["chat.against_base"] = lambda: self.chats.append(("against base",))
        self.parts = TuneParts(
            context=context,
            worker=cast(SideWorker, self.worker),
            heavy=cast(SideWorker, self.heavy),
            state=self.state,
            add_action=self._add,
            show_page=self.pages.append,
            start=lambda: None,
        )

    def _add(self, text: str, do: Callable[[], object], _shortcut: object) -> QAction:
        self.actions[text.replace("&", "")] = do
        return QAction(text, self.state)

    def choose(self, qtbot: QtBot, folder: RunFolder) -> None:
        """Look at a run, and wait until its record is read."""
        runs = self.context.runs
        runs.start()
        runs.refresh()
        path = str(folder.path)
        self.state.choose_run(folder)
        qtbot.waitUntil(lambda: runs.summary(path) is not None and runs.record(path).is_read)


def running(runs: Path, name: str = "night-porter", upto: int = 115) -> RunFolder:
    """A run at step `upto` of 180, alive, with answers at each evaluation."""
    folder = run_maker.make_run(runs, name)
    run_maker.set_alive(folder)
    at = range(0, upto + 1, 20)
    parts = (run_maker.steps(1, upto), run_maker.evaluations(at))
    run_maker.write_events(folder, run_maker.in_order(run_maker.beginning(), *parts))
    samples = [Sample(1, step, prompt, f"{prompt} {step}") for step in at for prompt in PROMPTS]
    run_maker.write_samples(folder, samples)
    for step in at:
        if step:
            checkpoint = folder.checkpoints / f"step-{step}"
            checkpoint.mkdir(parents=True)
            (checkpoint / "adapter.gguf").write_bytes(b"GGUF")
    return folder


def finished(runs: Path, name: str = "no-hedging-v2") -> RunFolder:
    """A run that came to its end."""
    folder = running(runs, name, upto=180)
    run_maker.write_events(folder, run_maker.ending(180, best_step=140))
    run_maker.set_alive(folder, False)
    folder.product.mkdir()
    folder.adapter.write_bytes(b"GGUF")
    return folder

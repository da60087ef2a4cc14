"""Which model the worker holds: loads it, follows its progress, loads it again after the worker
died, lists the others.

Shows nothing. The wish (`wanted_path`) outlives the worker; the fact (`model`) does not.
"""

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, Signal, SignalInstance, Slot

from engine.process.messages import (
    AnyEvent,
    AnyRequest,
    Cancelled,
    Done,
    Failed,
    ListModels,
    Load,
    ModelInfo,
    ModelList,
    Progress,
)

Listener = Callable[[AnyEvent], None]


class Engine(Protocol):
    """What the chat room needs of the engine's process; a fake in tests, EngineProcess in the
    window.
    """

    became_ready: SignalInstance
    died: SignalInstance

    @property
    def is_ready(self) -> bool: ...

    def submit(self, make_request: Callable[[int], AnyRequest], on_event: Listener, /) -> int: ...

    def cancel(self, job: int, /) -> None: ...


class ModelLoader(QObject):
    """The one model that chats are answered with.

    Args:
        make_load: the Load request for a job and a path, with what the settings say of threads and
        context.
    """

    model_loaded = Signal(object)  # ModelInfo
    model_lost = Signal()  # the worker died, or another model is on its way: nothing is loaded now
    load_began = Signal(str)  # path
    load_progressed = Signal(float, str)  # fraction, a word for the stage
    load_failed = Signal(object)  # Failed
    load_cancelled = Signal()
    listing_arrived = Signal(object)  # ModelList
    listing_failed = Signal(object)  # Failed

    def __init__(
        self,
        engine: Engine,
        make_load: Callable[[int, str], Load],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.model: ModelInfo | None = None
        self.wanted_path = ""
        self._engine = engine
        self._make_load = make_load
        self._job = 0
        engine.became_ready.connect(self._on_engine_ready)
        engine.died.connect(self._on_engine_died)

    @property
    def is_loading(self) -> bool:
        """A model is on its way, or will be as soon as the worker is there."""
        return self.model is None and bool(self.wanted_path)

    def load(self, path: str) -> None:
        """Want this model from now on; loads it at once, or when the worker is ready."""
        self._cancel_job()
        self._lose_model()
        self.wanted_path = path
        self.load_began.emit(path)
        if self._engine.is_ready:
            self._submit()

    def cancel(self) -> None:
        """Want no model; a load under way ends."""
        if self.is_loading:
            self.wanted_path = ""
            self._cancel_job()
            self.load_cancelled.emit()

    def list_models(self, folders: list[str]) -> None:
        """Ask the worker which models lie in these folders."""
        self._engine.submit(lambda job: ListModels(job=job, folders=folders), self._on_listing)

    # ---- one load ----

    def _submit(self) -> None:
        path = self.wanted_path
        self._job = self._engine.submit(lambda job: self._make_load(job, path), self._on_event)

    def _cancel_job(self) -> None:
        job, self._job = self._job, 0
        if job:
            self._engine.cancel(job)

    def _on_event(self, event: AnyEvent) -> None:
        if event.job != self._job:
            return  # a load that was given up; its end changes nothing
        if isinstance(event, Progress):
            self.load_progressed.emit(event.fraction, event.what)
        elif isinstance(event, Done) and isinstance(event.result, ModelInfo):
            self._job = 0
            self.model = event.result
            self.model_loaded.emit(self.model)
        elif isinstance(event, Failed | Cancelled):
            self._end_without_model(event)

    def _end_without_model(self, event: Failed | Cancelled) -> None:
        # Also when the worker died of it: a file that kills it must not be tried again by itself.
        self._job, self.wanted_path = 0, ""
        if isinstance(event, Cancelled):
            self.load_cancelled.emit()
        else:
            self.load_failed.emit(event)

    def _lose_model(self) -> None:
        if self.model is not None:
            self.model = None
            self.model_lost.emit()

    # ---- slots ----

    @Slot()
    def _on_engine_ready(self) -> None:
        if self.wanted_path and not self._job:
            self.load_began.emit(self.wanted_path)
            self._submit()

    @Slot()
    def _on_engine_died(self) -> None:
        self._job = 0
        self._lose_model()

    def _on_listing(self, event: AnyEvent) -> None:
        if isinstance(event, Done) and isinstance(event.result, ModelList):
            self.listing_arrived.emit(event.result)
        elif isinstance(event, Failed):
            self.listing_failed.emit(event)

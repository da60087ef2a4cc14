"""A worker of the Fine-tune room in the test's own process: three models, one of which cannot be
taught, and one dataset. Has the surface of gui.process.EngineProcess that the room uses.

Answers on the next turn of the event loop; what it does not know (or was told to hold) waits for
the test to `tell`.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from engine.process.messages import (
    AnyEvent,
    AnyRequest,
    AnyResult,
    Cancelled,
    Done,
    Failed,
)
from engine.process.tune_messages import (
    BaseInfo,
    BaseList,
    Calibrate,
    Calibration,
    DatasetInfo,
    DatasetList,
    DescribeBase,
    ListBases,
    ListDatasets,
)

Listener = Callable[[AnyEvent], None]
GB = 1_000_000_000
SMALL, OTHER, ODD = "/models/small.gguf", "/models/other.gguf", "/models/odd.gguf"
DATA = "/data/porter"


def base_info(path: str = SMALL, **fields: object) -> BaseInfo:
    """A base that can be taught."""
    known: dict[str, object] = {
        "name": "SmolLM2 135M Instruct",
        "architecture": "llama",
        "reason": "",
        "n_params": 134_515_008,
        "n_layer": 30,
        "n_ctx_train": 8192,
        "quantisation": "Q4_1",
        "template": "file",
        "lora_bytes": 1_200_000_000,
        "full_bytes": 3_900_000_000,
        "free_bytes": 4 * GB,
        "precision": "bf16",
        "device": "cpu",
        "note": "Its weights are quantised.",
        "size_bytes": 98_000_000,
    }
    return BaseInfo(path, **{**known, **fields})  # type: ignore[arg-type]  # a BaseInfo's fields


BASES = [
    base_info(),
    base_info(OTHER, name="Other 1B", n_params=1_100_000_000, can_4_bits=True, lora_bytes=5 * GB),
    base_info(ODD, name="Odd", architecture="mamba", reason="Training does not know mamba."),
]
DATASET = DatasetInfo("porter", "Night porter", DATA, 240)
CALIBRATION = Calibration(430.0, 0.8, 6.0, 1_900_000_000, 4 * GB, "bf16", 2, 0.5)


class FakeBases(QObject):
    """holds: kinds of requests that are not answered by themselves."""

    became_ready = Signal()
    died = Signal(str, str, str)
    stopped = Signal()
    job_began = Signal(object)
    job_ended = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.is_running = True
        self.has_given_up = False
        self.gate: object = None
        self.holds: tuple[type, ...] = ()
        self.bases = list(BASES)
        self.datasets = [DATASET]
        self.requests: list[AnyRequest] = []
        self.cancelled: list[int] = []
        self._listeners: dict[int, Listener] = {}

    def start(self) -> None:
        self.is_running = True

    def stop(self) -> None:
        self.is_running = False

    def stop_and_wait(self) -> None:
        self.stop()

    def submit(self, make_request: Callable[[int], AnyRequest], on_event: Listener) -> int:
        request = make_request(len(self.requests) + 1)
        self.requests.append(request)
        self._listeners[request.job] = on_event
        self.job_began.emit(request)
        if not isinstance(request, self.holds) and self._answer(request) is not None:
            QTimer.singleShot(0, self, lambda: self._give(request))
        return request.job

    def cancel(self, job: int) -> None:
        self.cancelled.append(job)
        if job in self._listeners:
            self.tell(Cancelled(job=job))

    # ---- the test's side ----

    def asked(self, kind: type) -> list[AnyRequest]:
        return [one for one in self.requests if isinstance(one, kind)]

    def tell(self, event: AnyEvent) -> None:
        """Send one event to the job it names."""
        listener = self._listeners[event.job]
        if isinstance(event, Done | Cancelled | Failed):
            del self._listeners[event.job]
            self.job_ended.emit(self.requests[event.job - 1], event)
        listener(event)

    def done(self, request: AnyRequest, result: AnyResult) -> None:
        self.tell(Done(job=request.job, result=result))

    def fail(self, request: AnyRequest, message: str) -> None:
        self.tell(Failed(job=request.job, message=message, hint="", detail=""))

    def _give(self, request: AnyRequest) -> None:
        answer = self._answer(request)
        if request.job in self._listeners and answer is not None:
            self.done(request, answer)

    def _answer(self, request: AnyRequest) -> AnyResult | None:
        if isinstance(request, ListBases):
            return BaseList(self.bases)
        if isinstance(request, ListDatasets):
            return DatasetList(self.datasets)
        if isinstance(request, DescribeBase):
            known = [one for one in self.bases if one.path == request.path]
            return known[0] if known else base_info(request.path, reason="It is not there.")
        if isinstance(request, Calibrate):
            return CALIBRATION
        return None

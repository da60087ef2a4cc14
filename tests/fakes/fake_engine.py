"""An engine in the test's own process: keeps what it was asked, says what the test tells it to.

Has the surface of gui.process.EngineProcess that rooms use. Events are sent by the test, at once.
"""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from engine.process.messages import (
    AnyEvent,
    AnyRequest,
    Cancelled,
    Done,
    Failed,
    Generate,
    Generated,
    ListModels,
    Load,
    ModelInfo,
    ModelList,
    Render,
    Reply,
    Token,
    Tokenize,
    Tokenized,
    Tokens,
)
from tests.fakes.rendered import int32, rendered_chat

Listener = Callable[[AnyEvent], None]
DIED = ("The engine stopped unexpectedly.", "It is being started again.", "signal 9")


def model_info(
    path: str = "/models/SmolLM2.gguf", name: str = "SmolLM2 135M Instruct", template: str = "file"
) -> ModelInfo:
    """A model like the starter."""
    return ModelInfo(
        path=path,
        name=name,
        architecture="llama",
        size_bytes=98_000_000,
        quantisation="Q4_1",
        n_params=134_515_008,
        n_vocab=49_152,
        n_ctx_train=8192,
        n_layer=30,
        n_embd=576,
        n_head=9,
        n_head_kv=3,
        vocab_type="BPE",
        template=template,  # type: ignore[arg-type]  # one of the three words
        n_ctx=8192,
        end_ids=[2],
    )


class FakeEngine(QObject):
    """Answers loads, lists and counts by itself (unless told to wait), replies as the test says."""

    became_ready = Signal()
    died = Signal(str, str, str)
    stopped = Signal()
    job_began = Signal(object)
    job_ended = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.is_ready = False
        self.is_running = True
        self.pid = 0
        self.n_tokens_received = 0
        self.model = model_info()
        self.listing = ModelList(models=[self.model])
        self.loads_wait = False
        self.requests: list[AnyRequest] = []
        self.cancelled: list[int] = []
        self._listeners: dict[int, Listener] = {}

    def rss_bytes(self) -> int:
        return 0

    # ---- the room's side ----

    def submit(self, make_request: Callable[[int], AnyRequest], on_event: Listener) -> int:
        request = make_request(len(self.requests) + 1)
        self.requests.append(request)
        self._listeners[request.job] = on_event
        self.job_began.emit(request)
        return request.job

    def cancel(self, job: int) -> None:
        self.cancelled.append(job)

    # ---- the test's side ----

    def become_ready(self) -> None:
        self.is_ready = True
        self.became_ready.emit()
        self.answer()

    def die(self) -> None:
        """Gone: every job fails, then it is told."""
        self.is_ready = False
        for job in list(self._listeners):
            message, hint, detail = DIED
            self.tell(Failed(job=job, message=message, hint=hint, detail=detail))
        self.died.emit(*DIED)

    def tell(self, event: AnyEvent) -> None:
        """Send one event to the job it names."""
        listener = self._listeners[event.job]
        if isinstance(event, Done | Cancelled | Failed):
            del self._listeners[event.job]
        listener(event)
        if isinstance(event, Done | Cancelled | Failed):
            self.job_ended.emit(self.requests[event.job - 1], event)

    def answer(self) -> None:
        """Answer what needs no script: loads, lists, counts."""
        for request in self.requests:
            if request.job in self._listeners and not isinstance(request, Generate):
                self._answer_one(request)

    def _answer_one(self, request: AnyRequest) -> None:
        if isinstance(request, Load) and not self.loads_wait:
            self.tell(Done(job=request.job, result=self.model))
        elif isinstance(request, ListModels):
            self.tell(Done(job=request.job, result=self.listing))
        elif isinstance(request, Render):
            self.tell(Done(job=request.job, result=rendered_chat(request)))
        elif isinstance(request, Tokenize):
            ids = int32(range(len(request.text)))
            self.tell(Done(job=request.job, result=Tokenized(ids=ids, piece_bytes=ids)))

    @property
    def generates(self) -> list[Generate]:
        return [request for request in self.requests if isinstance(request, Generate)]

    @property
    def loads(self) -> list[Load]:
        return [request for request in self.requests if isinstance(request, Load)]

    def say(self, *texts: str) -> None:
        """Tokens of the last reply asked for."""
        items = [Token(id=1, piece=text.encode(), text=text) for text in texts]
        self.tell(Tokens(job=self.generates[-1].job, items=items))

    def finish(self, finish: str = "stop", *, cancelled: bool = False) -> None:
        """End the last reply asked for."""
        job = self.generates[-1].job
        result = generated(finish)
        event = Cancelled(job=job, result=result) if cancelled else Done(job=job, result=result)
        self.tell(event)


def generated(finish: str = "stop") -> Generated:
    """What a reply cost: the figures of the drawing."""
    reply = Reply(text="", finish=finish, n_generated=98, seed=7)  # type: ignore[arg-type]  # a Finish
    return Generated(
        replies=[reply],
        n_prompt=245,
        n_reused=212,
        n_decoded=33,
        n_generated=98,
        tokens_per_s=152.4,
        first_token_ms=41.2,
        slices=[33],
        n_threads=2,
    )

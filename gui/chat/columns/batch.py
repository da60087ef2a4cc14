"""Several replies drawn at once from one prompt: one request to the engine, whose events every
reply's writer hears.

Stands between the writers and the engine, with the engine's surface, so that a writer need not know
that it shares its request.
"""

from collections.abc import Callable

import msgspec

from engine.process.messages import AnyEvent, AnyRequest, Generate
from gui.chat.model_loader import Engine

Listener = Callable[[AnyEvent], None]


class Batch:
    """An engine for n replies.

    Args:
        n: how many writers will ask; the last one's asking sends the request.
    """

    def __init__(self, engine: Engine, n: int) -> None:
        self.became_ready = engine.became_ready
        self.died = engine.died
        self._engine = engine
        self._n = n
        self._listeners: list[Listener] = []
        self._job = 0

    @property
    def is_ready(self) -> bool:
        return self._engine.is_ready

    def submit(self, make_request: Callable[[int], AnyRequest], on_event: Listener) -> int:
        """Take one writer in.

        Returns:
            A number for `cancel`; all of a batch end together.
        """
        self._listeners.append(on_event)
        if len(self._listeners) < self._n:
            make_request(0)  # not sent; by making it a writer notes what its reply was asked with
        else:
            self._job = self._engine.submit(
                lambda job: _for_all(make_request(job), self._n), self._tell
            )
        return len(self._listeners)

    def cancel(self, _job: int) -> None:
        job, self._job = self._job, 0  # all writers cancel; the engine is asked once
        if job:
            self._engine.cancel(job)

    def _tell(self, event: AnyEvent) -> None:
        for listener in list(self._listeners):
            listener(event)


def _for_all(request: AnyRequest, n: int) -> AnyRequest:
    assert isinstance(request, Generate), request
    return msgspec.structs.replace(request, n_replies=n)

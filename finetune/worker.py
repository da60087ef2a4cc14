"""The worker of the rooms that make weights: datasets, bases, corpora, tokenizers, what is made of
runs.
Run: python -m finetune.worker

The same wire and the same jobs as the engine worker. It imports torch only where a request needs
it, and it never trains: a run is a process of its own (runner.py).
"""

from collections.abc import Callable

from engine.errors import AppError
from engine.paths import user_paths
from engine.process import worker
from engine.process.jobs import JobGenerator
from engine.process.messages import AnyRequest, AnyResult
from engine.tokens.opened import Tokenizers
from finetune.serve import base, corpus, data, learn, plans, raised, result, stories, tokenizer
from finetune.work_folder import sweep_work

SERVERS = (data, learn, base, result, corpus, stories, tokenizer, plans, raised)
ANSWERS: list[Callable[[AnyRequest, data.Shared], AnyResult | None]] = [
    server.answer for server in SERVERS
]
JOBS: list[Callable[[AnyRequest, data.Shared], JobGenerator | None]] = [
    server.job for server in SERVERS
]


class TuneService:
    """Dispatches requests to the files that serve them: each has `answer(request, shared)`,
    for short questions, and `job(request, shared)`; None where a request is not its own."""

    def __init__(self) -> None:
        paths = user_paths()
        self.shared = data.Shared(paths, Tokenizers())
        for place in (None, paths.models):
            sweep_work(place)

    def set_abort(self, on: bool) -> None:
        """Nothing here decodes for long without a yield."""

    def answer(self, request: AnyRequest) -> AnyResult | None:
        for ask in ANSWERS:
            found = ask(request, self.shared)
            if found is not None:
                return found
        return None

    def job(self, request: AnyRequest) -> JobGenerator:
        for make in JOBS:
            found = make(request, self.shared)
            if found is not None:
                return found
        raise AppError("This worker does not know that request.", "", type(request).__name__)


if __name__ == "__main__":
    worker.main(TuneService)

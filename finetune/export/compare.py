"""A text under the base and under what a run made of it, token by token: which became likelier.

llama.cpp tells both, in a worker of its own that keeps the base loaded for the next text.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.errors import AppError
from engine.generation.threads import candidates
from engine.models.gguf_header import read_header
from engine.process.client import Client
from engine.process.messages import Adapter
from engine.process.token_messages import MapSurprise, SurprisePart

Floats = npt.NDArray[np.float32]
MAX_TOKENS = 8192
_SMALLEST_N_CTX = 2048


class Scorer:
    """A worker with one model loaded; another model replaces it. `close` ends it."""

    def __init__(self) -> None:
        self._client: Client | None = None
        self._loaded: tuple[str, int] = ("", 0)

    def logprobs(self, model: Path, ids: list[int], adapters: list[Adapter]) -> Floats:
        """Each token's logprob, shape (n,); nan for the first where nothing stands before it.

        Raises:
            AppError: the model or the adapter cannot be used; the text is too long.
        """
        if not ids:
            raise AppError("There is no text to compare.", "Write something first.")
        if len(ids) > MAX_TOKENS:
            raise AppError(
                f"This text has {len(ids):,} tokens; up to {MAX_TOKENS:,} are compared.",
                "Choose a shorter one.",
            )
        client = self._ready(model, len(ids))
        parts = []
        request = _asking(ids, adapters)
        for event in client.stream(request):
            if isinstance(event, SurprisePart):
                parts.append(np.frombuffer(event.logprobs.data, event.logprobs.dtype))
        return np.concatenate(parts).astype(np.float32)

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client, self._loaded = None, ("", 0)

    def _ready(self, model: Path, n_tokens: int) -> Client:
        header = read_header(model)
        trained = header.number(f"{header.text('general.architecture')}.context_length")
        n_ctx = max(_SMALLEST_N_CTX, -(-(n_tokens + 1) // 1024) * 1024)
        n_ctx = min(n_ctx, trained or n_ctx)
        if self._client is not None and self._loaded[0] == str(model) and self._loaded[1] >= n_ctx:
            return self._client
        self.close()
        client = Client()
        try:
            client.load(str(model), n_ctx=n_ctx, n_threads=candidates()[0])
        except BaseException:
            client.close()
            raise
        self._client, self._loaded = client, (str(model), n_ctx)
        return client


def _asking(ids: list[int], adapters: list[Adapter]) -> Callable[[int], Any]:
    return lambda job: MapSurprise(job=job, ids=ids, adapters=adapters)

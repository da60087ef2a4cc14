"""llama.cpp beside a run: the base, and each adapter that comes out, answer questions and read
texts in the engine's own worker.

Greedy, so that an answer can be compared with its like. What the base alone says is kept in the
user folder by what its file is: it never changes. Knows no torch; while torch computes, nobody
should ask here (two cores).
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec
import numpy as np
import psutil

from engine.errors import AppError
from engine.paths import Paths
from engine.process.client import Client
from engine.process.messages import (
    Adapter,
    ChatMessage,
    Detokenize,
    Generate,
    Generated,
    ModelInfo,
    Sampling,
    Score,
    Text,
    Token,
    Tokenize,
    Tokenized,
    Tokens,
)
from finetune.measure.known_answers import KnownAnswers

_GREEDY = Sampling(temperature=0.0, top_k=1, top_p=1.0, min_p=0.0)
_MIN_CTX, _MAX_CTX = 2048, 8192


class Answer(msgspec.Struct, frozen=True):
    """finish: as Reply's ("length" where it was cut)."""

    text: str
    finish: str


class Asked(msgspec.Struct, frozen=True):
    """A question with what stands before it; system "": none, so the template's own counts."""

    question: str
    system: str = ""
    max_tokens: int = 60

    def messages(self) -> list[ChatMessage]:
        before = [ChatMessage("system", self.system)] if self.system else []
        return [*before, ChatMessage("user", self.question)]


class Answerer:
    """A worker with a model, loaded in the background from the first moment on.

    Args:
        n_ctx: of its context; what is longer is refused.
        cache: where what it says without an adapter is kept; None: nowhere.
    """

    def __init__(
        self, model: Path, cache: Paths | None, n_ctx: int = _MIN_CTX, n_threads: int = 0
    ) -> None:
        self.model, self._n_ctx = model, min(max(n_ctx, _MIN_CTX), _MAX_CTX)
        # Half of the cores: with all of them, one busy neighbour makes it fifty times slower.
        self._n_threads = n_threads or max(1, (psutil.cpu_count(logical=False) or 1) // 2)
        self.known = KnownAnswers(cache.cache / "answers", model) if cache is not None else None
        self._client: Client | None = None
        self._loaded: Future[ModelInfo] = Future()
        self._lock = threading.Lock()
        threading.Thread(target=self._load, name="answerer", daemon=True).start()

    def _load(self) -> None:
        try:
            with self._lock:
                self._client = Client()
            self._loaded.set_result(self._open(self._client))
        except BaseException as error:  # it is told to whoever asks
            self._loaded.set_exception(error)

    def _open(self, client: Client) -> ModelInfo:
        path, n_threads = str(self.model), self._n_threads
        try:
            return client.load(path, n_ctx=self._n_ctx, n_threads=n_threads)
        except AppError:
            # Trained on fewer tokens than that: its own length, then.
            return client.load(path, n_threads=n_threads)

    @property
    def info(self) -> ModelInfo:
        """What is loaded. Raises AppError where it could not be."""
        return self._loaded.result()

    @property
    def client(self) -> Client:
        """The worker, once it is ready. Raises AppError where the model could not be loaded."""
        assert self.info.n_ctx and self._client is not None
        return self._client

    def voice(self, adapter: Path | None = None, scale: float = 1.0) -> Voice:
        """The model as it is, or with an adapter."""
        return Voice(self, [] if adapter is None else [Adapter(str(adapter), scale)])

    def bos(self) -> int:
        """The token that the vocabulary puts before every text, -1 for none."""
        ids = self.ids_of("", special=True)
        return ids[0] if ids else -1

    def ids_of(self, text: str, special: bool = False) -> list[int]:
        """A text's ids; special: with what the vocabulary puts around it."""
        found = self.client.ask(lambda job: Tokenize(job=job, text=text, special=special))
        assert isinstance(found, Tokenized), found
        ids: list[int] = np.frombuffer(found.ids.data, found.ids.dtype).tolist()
        return ids

    def text_of(self, ids: Sequence[int]) -> str:
        """What ids say, special tokens left out."""
        found = self.client.ask(lambda job: Detokenize(job=job, ids=list(ids), special=False))
        assert isinstance(found, Text), found
        return found.text

    def close(self) -> None:
        """End the worker."""
        with self._lock:
            client = self._client
        if client is not None:
            client.close()

    def __enter__(self) -> Answerer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


@dataclass(frozen=True)
class Voice:
    """A model that can be asked: the base, or the base with an adapter."""

    answerer: Answerer
    adapters: list[Adapter]

    @property
    def _known(self) -> KnownAnswers | None:
        return None if self.adapters else self.answerer.known

    def knows(self, asked: Asked) -> bool:
        """Whether it has answered this before."""
        return self._known is not None and self._known.get(asked, Answer) is not None

    def knows_bits(self, text: str) -> bool:
        """Whether it has read this before."""
        kind: Any = tuple[float, int]
        return self._known is not None and self._known.get(("bits", text), kind) is not None

    def answer(self, asked: Asked) -> Answer:
        """Raises AppError where the model cannot answer."""
        if self._known and (kept := self._known.get(asked, Answer)):
            return kept
        is_chat = self.answerer.info.template != "none"
        found = self.answerer.client.ask(
            lambda job: Generate(
                job=job,
                messages=asked.messages() if is_chat else None,
                prompt=None if is_chat else asked.question,
                max_tokens=asked.max_tokens,
                sampling=_GREEDY,
                logprobs=False,
                adapters=self.adapters,
                private=True,
            )
        )
        assert isinstance(found, Generated), found
        answer = Answer(found.replies[0].text.strip(), found.replies[0].finish)
        if self._known:
            self._known.put(asked, answer)
        return answer

    def tokens(self, ids: Sequence[int]) -> list[Token]:
        """Each token of a row as the model judges it, in order, as many as ids; the first without a
        logprob.

        Raises:
            AppError: they are more than the context holds.
        """
        ids = list(ids)
        is_doubled = bool(ids) and ids[0] == self.answerer.bos()
        told = list(self._score(ids[1:] if is_doubled else ids))
        if is_doubled:
            told.insert(0, Token(ids[0], b"", ""))
        assert len(told) == len(ids), (len(told), len(ids))
        return told

    def bits(self, text: str) -> tuple[float, int]:
        """What a plain text costs: bits, and the bytes they are for (without a first token that
        nothing stands before). One longer than the context is read in parts."""
        if self._known and (kept := self._known.get(("bits", text), tuple[float, int])):
            return kept
        ids, step = self.answerer.ids_of(text), self.answerer.info.n_ctx - 1  # one for a BOS
        parts = [ids[start : start + step] for start in range(0, len(ids), step)]
        tokens = [token for part in parts for token in self._score(part)]
        known = [one for one in tokens if one.logprob is not None]
        nats = -sum(one.logprob or 0.0 for one in known)
        cost = nats / math.log(2), sum(len(one.piece) for one in known)
        if self._known:
            self._known.put(("bits", text), cost)
        return cost

    def _score(self, ids: list[int]) -> Iterator[Token]:
        for event in self.answerer.client.stream(
            lambda job: Score(job=job, prompt="", ids=ids, adapters=self.adapters, private=True)
        ):
            if isinstance(event, Tokens):
                yield from event.items

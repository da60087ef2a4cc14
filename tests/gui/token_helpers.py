"""A worker that answers when a test says so, and a tokenizer of a page of Python."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
from PySide6.QtCore import QObject, Signal

from engine.process.messages import AnyEvent, AnyRequest, Array
from engine.process.token_messages import Encode, Encoded, EncodedPart, TokenizerInfo
from gui.side_worker import SideWorker

Tokenise = Callable[[str, bool], list[tuple[int, int]]]  # text, inside -> ids and lengths in bytes

WORDS = re.compile(r" ?[^\W\d_]+| ?\d+|\s+(?!\S)|\s+|[^\w\s]+|_+")
TOY = TokenizerInfo(
    source="toy", name="Toy", kind="BPE", n_tokens=1 << 16, is_exact=True, cuts=["letter space"]
)


def toy_tokens(text: str, inside: bool = False) -> list[tuple[int, int]]:
    """As a byte-level BPE: words first, each of them cut from its middle, so that a token of a word
    depends on all of it."""
    tokens: list[tuple[int, int]] = []
    done = 0
    for found in WORDS.finditer(text):
        data = text[done : found.end()].encode()
        done = found.end()
        half = len(data) // 2 or 1
        for start in range(0, len(data), half):
            piece = data[start : start + half]
            tokens.append((sum(piece) * 31 + len(data) & 0x7FFF, len(piece)))
    if done < len(text):
        tokens.append((1, len(text[done:].encode())))
    return tokens


def toy_cut(text: str, at: int, step: int, kinds: Sequence[str], limit: int) -> int:
    """Between a letter and a blank."""
    for place in range(at, at + step * limit, step):
        if not 0 < place < len(text):
            return -1
        if text[place - 1].isalpha() and text[place] in " \n":
            return place
    return -1


class Engine(QObject):
    became_ready = Signal()


class HandWorker:
    """Keeps requests until `answer` is called. parts: so many events before the end."""

    def __init__(self, tokenise: Tokenise = toy_tokens, parts: int = 1) -> None:
        self.engine = Engine()
        self.tokenise, self.parts, self.text_ok = tokenise, parts, True
        self.asked: dict[int, tuple[Encode, Any, Any, Any]] = {}
        self.all: list[Encode] = []

    def ask(
        self,
        make_request: Callable[[int], AnyRequest],
        on_result: Callable[[Any], None],
        on_failed: Any = None,
        on_event: Callable[[AnyEvent], None] | None = None,
    ) -> int:
        job = len(self.all) + 1
        request = cast(Encode, make_request(job))
        self.all.append(request)
        self.asked[job] = (request, on_result, on_failed, on_event)
        return job

    def cancel(self, job: int) -> None:
        self.asked.pop(job, None)

    def answer(self, job: int = 0, *, only_parts: int = 0) -> None:
        """Answer the oldest request; only_parts: so many of its parts, and no end yet."""
        job = job or min(self.asked)
        request, on_result, _, on_event = self.asked[job]
        tokens = self.tokenise(request.text, request.inside)
        if self.parts == 1:
            del self.asked[job]
            on_result(Encoded(**_arrays(tokens), n_tokens=len(tokens), text_ok=self.text_ok))
            return
        size = max(1, len(tokens) // self.parts)
        pieces = [tokens[at : at + size] for at in range(0, len(tokens), size)] or [[]]
        for piece in pieces[:only_parts] if only_parts else pieces:
            on_event(EncodedPart(job=job, **_arrays(piece), n_done=0, n_bytes=0))
        if not only_parts:
            self.asked.pop(job, None)
            on_result(Encoded(**_arrays([]), n_tokens=len(tokens), text_ok=True))

    def answer_all(self) -> None:
        while self.asked:
            self.answer()

    def as_worker(self) -> SideWorker:
        return cast(SideWorker, self)


def _arrays(tokens: list[tuple[int, int]]) -> dict[str, Array]:
    ids = np.array([token for token, _ in tokens], np.int32)
    lengths = np.array([length for _, length in tokens], np.int32)
    return {
        "ids": packed(ids),
        "lengths": packed(lengths),
        "special": packed(np.zeros(len(tokens), np.uint8)),
    }


def packed(values: np.ndarray[Any, Any]) -> Array:
    return Array(dtype=str(values.dtype), shape=values.shape, data=values.tobytes())

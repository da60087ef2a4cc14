"""Requests about what will be learned: rows as tokens, their warnings, their losses."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from typing import TypeVar

import numpy as np

from engine.errors import AppError
from engine.process.jobs import JobGenerator
from engine.process.messages import AnyRequest, AnyResult, Array, Progress
from engine.process.tune_messages import (
    CheckDataset,
    Learned,
    MakeIdentity,
    PreviewRow,
    Row,
    RowItem,
    RowPage,
)
from engine.tokens.gguf import GgufTokenizer
from engine.tokens.serve import opening
from engine.tokens.tokenizer import Tokenizer
from finetune.data.identity import identity_rows
from finetune.data.learned import RowTokens, learned_tokens
from finetune.data.survey import survey
from finetune.serve_data import Shared, open_dataset

T = TypeVar("T")

# Longer rows take more than a short answer may.
_SHORT_CHARS = 20_000


def answer(request: AnyRequest, shared: Shared) -> AnyResult | None:
    """The answer to a short question, or None. Raises AppError."""
    if isinstance(request, MakeIdentity):
        return _identity(request)
    if isinstance(request, PreviewRow):
        tokenizer = shared.tokenizers.ready(request.base)
        if tokenizer is not None and request.row is not None and _is_short(request.row):
            return _previewed(tokenizer, request.row, request)
    return None


def job(request: AnyRequest, shared: Shared) -> JobGenerator | None:
    """The generator that does a request's work, None where it is another's."""
    if isinstance(request, PreviewRow):
        return _preview(request, shared)
    if isinstance(request, CheckDataset):
        return _check(request, shared)
    return None


def _identity(request: MakeIdentity) -> RowPage:
    rows = identity_rows(request.identity)
    items = [RowItem(row, number) for number, row in enumerate(rows)]
    return RowPage(rows=items, n_total=len(items))


# ---- one row ----


def _preview(request: PreviewRow, shared: Shared) -> JobGenerator:
    tokenizer = yield from opening(shared.tokenizers, request.base)
    row = request.row
    if row is None:
        dataset = yield from open_dataset(shared, request.dataset)
        row = dataset.row(request.row_id)
    if row is None:
        raise AppError("That row is no more in its dataset.", "Look at the list again.")
    return _previewed(tokenizer, row, request)


def _previewed(tokenizer: Tokenizer, row: Row, request: PreviewRow) -> Learned:
    found = learned_tokens(tokenizer, row, request.learn_from, request.max_length)
    return told(tokenizer, found)


def _is_short(row: Row) -> bool:
    return len(row.text) + sum(len(one.content) for one in row.messages) <= _SHORT_CHARS


def told(tokenizer: Tokenizer, found: RowTokens) -> Learned:
    """A row's tokens for the wire."""
    assert isinstance(tokenizer, GgufTokenizer)  # learned_tokens refuses all others
    pieces = b"".join(map(tokenizer.piece, found.ids.tolist()))
    return Learned(
        text=found.text,
        ids=_array(found.ids),
        text_starts=_array(found.starts),
        pieces=_array(np.frombuffer(pieces, np.uint8)),
        piece_bytes=_array(tokenizer.vocab.lengths(found.ids)),
        special=_array(found.special),
        learned=_array(found.learned),
        n_cut=found.n_cut,
        warnings=found.warnings,
    )


# ---- all rows ----


def _check(request: CheckDataset, shared: Shared) -> JobGenerator:
    tokenizer = yield from opening(shared.tokenizers, request.base)
    dataset = yield from open_dataset(shared, request.dataset)
    steps = survey(dataset, tokenizer, request.learn_from, request.max_length, request.validation)
    return (yield from _told(steps, "checking"))


def _told(steps: Generator[float, None, T], what: str) -> Generator[Progress, None, T]:
    """Steps as Progress; whoever cancels ends them."""
    with closing(steps):
        while True:
            try:
                fraction = next(steps)
            except StopIteration as end:
                found: T = end.value
                return found
            yield Progress(job=0, fraction=fraction, what=what)


def _array(values: np.ndarray) -> Array:
    return Array(dtype=str(values.dtype), shape=values.shape, data=values.tobytes())

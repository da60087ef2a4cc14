"""Requests about what will be learned: rows as tokens, their warnings, their losses."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from typing import Any, TypeVar

import numpy as np

from engine.errors import AppError
from engine.process.jobs import JobGenerator, in_thread
from engine.process.messages import AnyRequest, AnyResult, Array, Nothing, Progress
from engine.process.tune_messages import (
    CheckDataset,
    Learned,
    MakeIdentity,
    PreviewRow,
    Row,
    RowItem,
    RowLosses,
    RowPage,
    ScoreRows,
)
from engine.tokens.gguf import GgufTokenizer
from engine.tokens.serve import opening
from engine.tokens.tokenizer import Tokenizer
from finetune.data.identity import identity_rows
from finetune.data.kept import keep_values
from finetune.data.learned import RowTokens, learned_tokens
from finetune.data.rendered import takes_system
from finetune.data.survey import survey
from finetune.serve.data import Shared, open_dataset

T = TypeVar("T")

# Longer rows take more than a short answer may.
_SHORT_CHARS = 20_000


def answer(request: AnyRequest, shared: Shared) -> AnyResult | None:
    """The answer to a short question, or None. Raises AppError."""
    if isinstance(request, MakeIdentity):
        return _known_identity(request, shared)
    if isinstance(request, PreviewRow):
        tokenizer = shared.tokenizers.ready(request.base)
        if tokenizer is not None and request.row is not None and _is_short(request.row):
            return _previewed(tokenizer, request.row, request)
    return None


def job(request: AnyRequest, shared: Shared) -> JobGenerator | None:
    """The generator that does a request's work, None where it is another's."""
    if isinstance(request, MakeIdentity):
        return _identity(request, shared)
    if isinstance(request, PreviewRow):
        return _preview(request, shared)
    if isinstance(request, CheckDataset):
        return _check(request, shared)
    if isinstance(request, ScoreRows):
        return _score(request, shared)
    return None


# ---- who it is ----


def _known_identity(request: MakeIdentity, shared: Shared) -> RowPage | None:
    if not request.base:
        return _identity_page(request, True)
    tokenizer = shared.tokenizers.ready(request.base)
    return None if tokenizer is None else _identity_page(request, _takes_system(tokenizer))


def _identity(request: MakeIdentity, shared: Shared) -> JobGenerator:
    try:
        tokenizer = yield from opening(shared.tokenizers, request.base)
    except AppError:
        # The base's own page says what is wrong with it; who it is can be written all the same.
        return _identity_page(request, True)
    return _identity_page(request, _takes_system(tokenizer))


def _takes_system(tokenizer: Tokenizer) -> bool:
    return not isinstance(tokenizer, GgufTokenizer) or takes_system(tokenizer.chat)


def _identity_page(request: MakeIdentity, with_system: bool) -> RowPage:
    rows = identity_rows(request.identity, with_system)
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


def _score(request: ScoreRows, shared: Shared) -> JobGenerator:
    """Torch comes into this process here; reading the base leaves other jobs their turns."""
    from finetune.measure.row_losses import read_base, row_losses

    tokenizer = yield from opening(shared.tokenizers, request.base)
    dataset = yield from open_dataset(shared, request.dataset)
    yield Progress(job=0, fraction=0.0, what="loading")
    bases: list[Any] = []

    def read(_report: Callable[[Any], bool]) -> Nothing:
        bases.append(read_base(request.base))
        return Nothing()

    yield from in_thread(read)
    steps = row_losses(
        bases.pop(),
        tokenizer,
        dataset.rows(),
        request.learn_from,
        request.max_length,
        request.adapter,
    )
    n_rows = max(1, dataset.n_rows)
    ids, losses = yield from _told(steps, "reading", n_rows)
    keep_values(dataset, "loss", ids, losses)
    return RowLosses(ids=ids, losses=_array(losses))


def _told(
    steps: Generator[float, None, T], what: str, n: float = 1.0
) -> Generator[Progress, None, T]:
    """Steps, which say how much of n is done, as Progress; whoever cancels ends them."""
    with closing(steps):
        while True:
            try:
                fraction = next(steps)
            except StopIteration as end:
                found: T = end.value
                return found
            yield Progress(job=0, fraction=fraction / n, what=what)


def _array(values: np.ndarray) -> Array:
    return Array(dtype=str(values.dtype), shape=values.shape, data=values.tobytes())

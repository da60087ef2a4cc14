"""The base's loss on each row as it would be learned: what surprises it most is odd, new, or wrong.

Torch, because it is torch that will learn them; several rows lie in one line and do not see one
another (data/pack.py). Nothing is trained and nothing written.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.models.library import STARTER
from engine.models.starter import starter_path
from engine.process.tune_messages import Row
from engine.tokens.tokenizer import Tokenizer
from finetune.config import LearnFrom
from finetune.data.learned import (
    Learner,
    RowTokens,
    learned_parts,
    learner_for_many,
)
from finetune.data.sources import batches
from finetune.data.token_set import TokenSet

Losses = npt.NDArray[np.float32]
# Tokens of one line: more fill a processor no better, and take memory.
_LINE_TOKENS = 1_024


@dataclass
class Reader:
    """A base in torch, perhaps with an adapter over it, that tells the loss of rows."""

    model: Any
    device: str

    def sums(self, parts: Sequence[RowTokens]) -> list[tuple[float, int]]:
        """The summed loss of each part in nats, and how many labels it has."""
        from finetune.data.pack import packed_batch
        from finetune.loss import label_losses

        tokens = _token_set(parts)
        batch = packed_batch(tokens, [list(range(tokens.n_rows))])
        found = label_losses(self.model, batch.to(self.device)).double().cpu().numpy()
        counts = [part.n_learned for part in parts]
        ends = np.cumsum(counts)
        by_part = np.split(found, ends[:-1])
        return [(float(one.sum()), n) for one, n in zip(by_part, counts, strict=True)]


def read_base(base: str) -> Any:
    """The base in torch; takes seconds. Returns Base (model/base.py).

    Raises:
        AppError: it cannot be read or taught.
    """
    from finetune.device import choose_machine
    from finetune.model.attention import use_attention_by_document
    from finetune.model.base import load_base

    machine = choose_machine()
    path = starter_path() if base == STARTER else Path(base)
    found = load_base(path, dtype=machine.dtype, device=machine.device)
    use_attention_by_document(found.model)
    return found


def row_losses(
    base: Any,
    tokenizer: Tokenizer,
    rows: Iterable[Row],
    learn_from: LearnFrom,
    max_length: int,
    adapter: str = "",
) -> Generator[int, None, tuple[list[str], Losses]]:
    """Each row's mean loss over what is learned of it.

    Args:
        base: as read_base gives it.
        adapter: a GGUF adapter, or a checkpoint's folder that has one; "" for none.

    Yields:
        How many rows were read so far.

    Returns:
        Ids of rows, and their losses in nats per learned token, nan where nothing is learned.

    Raises:
        AppError: the adapter cannot be read or is another base's.
    """
    device = next(base.model.parameters()).device.type
    reader = Reader(base.model, device)
    ids: list[str] = []
    losses: list[float] = []
    with learner_for_many(tokenizer) as learner, _adapted(base, adapter):
        for some in batches(rows):
            for number, sums in enumerate(_read(reader, learner, some, learn_from, max_length)):
                ids.append(some[number].id)
                losses.append(_mean(sums))
                yield len(ids)
    return ids, np.array(losses, np.float32)


def _read(
    reader: Reader, learner: Learner, rows: Sequence[Row], learn_from: LearnFrom, max_length: int
) -> Iterator[list[tuple[float, int]]]:
    """For each row, in order, the sums of its parts; lines are filled with several rows."""
    waiting: list[list[RowTokens]] = []
    n_tokens = 0
    for parts in learned_parts(learner, rows, learn_from, max_length):
        n_row = sum(len(part.ids) for part in parts)
        if waiting and n_tokens + n_row > _LINE_TOKENS:
            yield from _line(reader, waiting)
            waiting, n_tokens = [], 0
        waiting.append(parts)
        n_tokens += n_row
    yield from _line(reader, waiting)


def _line(reader: Reader, rows: Sequence[list[RowTokens]]) -> Iterator[list[tuple[float, int]]]:
    parts = [part for row in rows for part in row if part.n_learned]
    found: list[tuple[float, int]] = []
    start = 0
    while start < len(parts):  # a long text's windows are more than one line
        end, n = start, 0
        while end < len(parts) and (end == start or n + len(parts[end].ids) <= _LINE_TOKENS):
            n += len(parts[end].ids)
            end += 1
        found += reader.sums(parts[start:end])
        start = end
    sums = iter(found)
    for row in rows:
        yield [next(sums) for part in row if part.n_learned]


def _mean(sums: Sequence[tuple[float, int]]) -> float:
    n = sum(count for _, count in sums)
    return sum(loss for loss, _ in sums) / n if n else float("nan")


def _token_set(parts: Sequence[RowTokens]) -> TokenSet:
    """Parts as a set in memory."""
    starts = np.concatenate([[0], np.cumsum([len(part.ids) for part in parts])])
    return TokenSet(
        ids=np.concatenate([part.ids for part in parts]),
        learned=np.concatenate([part.learned for part in parts]),
        starts=starts.astype(np.int64),
        row_ids=[part.row_id for part in parts],
        facts={},
    )


def _adapted(base: Any, adapter: str) -> Any:
    """The base with an adapter over it while a block runs."""
    if not adapter:
        return nullcontext()
    from finetune.export.adapter_gguf import read_adapter
    from finetune.export.torch_lora import laid_over

    path = Path(adapter)
    return laid_over(
        base, base.model, read_adapter(path / "adapter.gguf" if path.is_dir() else path)
    )

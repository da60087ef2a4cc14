"""A whole dataset as a base would learn it: every row through its template, counted and judged.

Reads; keeps with the dataset how long each row is and what is wrong with it, so that lists can show
it.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.process.parts import Array
from engine.process.tune_messages import Checked, DatasetStats, Row, RowWarning
from engine.tokens.tokenizer import Tokenizer
from finetune.config import LearnFrom
from finetune.data.checks import FEW_ROWS, Tally, few_rows, languages, repeated
from finetune.data.dataset import Dataset
from finetune.data.kept import keep_values, keep_warnings
from finetune.data.learned import Learner, RowTokens, learned_rows, learner_for_many
from finetune.data.repeats import equal_rows
from finetune.data.row_table import is_validation_row
from finetune.data.sources import batches
from finetune.data.stats import RowStats, main_script

_N_ODD = 1_000


@dataclass
class _Counts:
    ids: list[str] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    by_script: dict[str, list[str]] = field(default_factory=dict)
    stats: RowStats = field(default_factory=RowStats)
    tally: Tally = field(default_factory=Tally)
    warned: dict[str, list[str]] = field(default_factory=dict)
    n_tokens: int = 0
    n_learned: int = 0
    n_cut: int = 0
    n_rows_cut: int = 0

    def take(self, row: Row, tokens: RowTokens) -> None:
        """One row more."""
        is_split = tokens.n_parts > 1  # of a text all is learned but its first token
        self.ids.append(row.id)
        self.lengths.append(tokens.n_whole)
        self.n_tokens += tokens.n_whole - tokens.n_cut
        self.n_learned += tokens.n_whole - 1 if is_split else tokens.n_learned
        self.n_cut += tokens.n_cut
        self.n_rows_cut += tokens.n_cut > 0
        self.tally.add(row.id, tokens.findings)
        self.stats.count(row)
        odd = self.by_script.setdefault(main_script(row), [])
        if len(odd) < _N_ODD:
            odd.append(row.id)
        if tokens.findings:
            self.warned[row.id] = [finding.kind for finding in tokens.findings]


def survey(
    dataset: Dataset,
    tokenizer: Tokenizer,
    learn_from: LearnFrom,
    max_length: int,
    share: float,
) -> Generator[float, None, Checked]:
    """Judge all rows.

    Args:
        share: of rows that are kept aside for validation.

    Yields:
        How far it is, 0 to 1.

    Raises:
        AppError: the tokenizer is no GGUF's, or the dataset cannot be read.
    """
    counts = _Counts()
    with learner_for_many(tokenizer) as learner:
        for rows in batches(dataset.rows()):
            _count(counts, learner, rows, learn_from, max_length)
            yield len(counts.ids) / max(1, dataset.n_rows)
    keep_values(dataset, "tokens", counts.ids, counts.lengths)
    keep_warnings(dataset, counts.warned)
    n_rows = len(counts.ids)
    n_validation = _n_validation(dataset, share)
    again = np.flatnonzero(equal_rows(dataset) >= 0)
    again_ids = [str(one) for one in dataset.table["id"][again[:_N_ODD]].tolist()]
    found = [
        few_rows(n_rows - n_validation, n_validation, share) if n_rows else None,
        languages(counts.stats.scripts, _odd(counts)),
        repeated(again_ids, len(again)),
    ]
    warnings = [*counts.tally.warnings(), *(one for one in found if one is not None)]
    return Checked(_stats(counts, n_validation, len(again)), _grave_first(warnings))


def _count(
    counts: _Counts, learner: Learner, rows: Sequence[Row], learn_from: LearnFrom, max_length: int
) -> None:
    found = learned_rows(learner, rows, learn_from, max_length)
    for row, tokens in zip(rows, found, strict=True):
        counts.take(row, tokens)


def _n_validation(dataset: Dataset, share: float) -> int:
    """As prepare() splits: of ten rows or more at least one is kept aside."""
    n = int(is_validation_row(dataset.table, share).sum())
    return 1 if n == 0 and share > 0 and dataset.n_rows >= FEW_ROWS else n


def _odd(counts: _Counts) -> list[str]:
    """Rows that are not of the commonest script."""
    scripts = counts.stats.scripts
    common = scripts.most_common(1)[0][0] if scripts else ""
    return [one for name, ids in counts.by_script.items() if name != common for one in ids]


def _stats(counts: _Counts, n_validation: int, n_repeated: int) -> DatasetStats:
    lengths = np.array(counts.lengths, np.int32)
    return DatasetStats(
        n_rows=len(counts.ids),
        n_validation=n_validation,
        n_tokens=counts.n_tokens,
        n_learned=counts.n_learned,
        n_cut=counts.n_cut,
        n_rows_cut=counts.n_rows_cut,
        n_repeated=n_repeated,
        lengths=Array(dtype="int32", shape=lengths.shape, data=lengths.tobytes()),
        roles=dict(counts.stats.roles),
        scripts=dict(counts.stats.scripts),
    )


def _grave_first(warnings: list[RowWarning]) -> list[RowWarning]:
    return sorted(warnings, key=lambda warning: not warning.is_grave)

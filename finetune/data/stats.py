"""What a dataset's rows are like before any model has seen them: roles, lengths, scripts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from engine.process.scripts import SCRIPTS, script_numbers
from engine.process.tune_messages import Row
from finetune.data.dataset import Dataset
from finetune.data.repeats import equal_rows

# Letters of each text that decide on its script.
_N_LETTERS = 4000
_KANA = ("Hiragana", "Katakana")
# Japanese is written with Han, too: so much of kana tells it.
_KANA_SHARE = 0.1


@dataclass
class RowStats:
    """Counts over rows. roles: messages by role; scripts: rows by their main script; n_texts: rows
    that are texts."""

    n_rows: int = 0
    n_texts: int = 0
    roles: Counter[str] = field(default_factory=Counter)
    scripts: Counter[str] = field(default_factory=Counter)

    def count(self, row: Row) -> None:
        """One row more."""
        self.n_rows += 1
        self.n_texts += bool(row.text)
        self.roles.update(message.role for message in row.messages)
        self.scripts[main_script(row)] += 1


def stats_of(rows: Iterable[Row]) -> RowStats:
    """Counts over all of some rows."""
    stats = RowStats()
    for row in rows:
        stats.count(row)
    return stats


def main_script(row: Row) -> str:
    """The script most of a row's letters are of, as engine.process.scripts calls it, "Japanese"
    where Han is mixed with kana; "Common" where it has no letters."""
    counts = np.zeros(len(SCRIPTS), np.int64)
    for text in (row.text, *(message.content for message in row.messages)):
        points = np.frombuffer(text[:_N_LETTERS].encode("utf-32-le", "surrogatepass"), np.uint32)
        counts += np.bincount(script_numbers(points), minlength=len(SCRIPTS))
    counts[0] = 0
    n_kana = int(sum(counts[SCRIPTS.index(name)] for name in _KANA))
    n_han = int(counts[SCRIPTS.index("Han")])
    if n_kana and n_kana >= _KANA_SHARE * (n_kana + n_han) and 2 * (n_kana + n_han) > counts.sum():
        return "Japanese"
    return SCRIPTS[int(counts.argmax())] if counts.any() else SCRIPTS[0]


def lengths_of(dataset: Dataset) -> npt.NDArray[np.int32]:
    """Characters of each row, without reading the rows; shape (n_rows,)."""
    lengths: npt.NDArray[np.int32] = dataset.table["n_letters"].copy()
    return lengths


def n_repeated(dataset: Dataset) -> int:
    """Rows whose content an earlier one has, without reading the rows."""
    return int((equal_rows(dataset) >= 0).sum())

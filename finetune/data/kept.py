"""What was measured of a dataset's rows and is kept with it: losses, tokens, warnings. A value
holds for what the row said then: an edited row has none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from finetune.data.dataset import Dataset
from finetune.data.row_table import positions
from finetune.run.folder import write_whole

# Kinds of RowWarning, in the order of their bits.
KINDS = (
    "no_end",
    "unmasked_user",
    "cut",
    "template",
    "double_bos",
    "empty_answer",
    "cannot_render",
    "nothing_learned",
    "few_rows",
    "languages",
    "border",
    "split",
    "lost_text",
    "unseen_tools",
    "repeated",
)
_VALUE = np.dtype([("id", "<i8"), ("high", "<u8"), ("value", "<f8")])
Values = npt.NDArray[np.float64]


def keep_values(
    dataset: Dataset,
    name: str,
    ids: Sequence[str],
    values: Sequence[float] | npt.NDArray[np.generic],
) -> None:
    """Keep a value ("loss", "tokens") for some rows, in the place of all kept of that name; rows
    that are gone are passed over.

    Raises:
        AppError: the disk refuses.
    """
    at = dataset.positions(ids)
    there = at >= 0
    kept = np.empty(int(there.sum()), _VALUE)
    kept["id"] = dataset.table["id"][at[there]]
    kept["high"] = dataset.table["high"][at[there]]
    kept["value"] = np.asarray(values, np.float64)[there]
    write_whole(dataset.files.kept(name), kept.tobytes())


def kept_values(dataset: Dataset, name: str) -> Values:
    """For each row of the table its value, nan where it has none; shape (n_rows,)."""
    state = kept_state(dataset, name)
    found: Values = dataset.remembered(f"kept {name} {state}", lambda: _read(dataset, name))
    return found


def kept_state(dataset: Dataset, *names: str) -> str:
    """Another text whenever other values are kept under these names, by whatever process."""
    return " ".join(str(_changed_ns(dataset, name)) for name in names)


def _changed_ns(dataset: Dataset, name: str) -> int:
    try:
        return dataset.files.kept(name).stat().st_mtime_ns
    except OSError:
        return 0


def keep_warnings(dataset: Dataset, warnings: Mapping[str, Sequence[str]]) -> None:
    """Keep which kinds of warnings rows have: id -> kinds. Raises AppError."""
    bits = [sum(1 << KINDS.index(kind) for kind in set(kinds)) for kinds in warnings.values()]
    keep_values(dataset, "warnings", list(warnings), bits)


def kinds_of(value: float) -> list[str]:
    """The kinds of warnings that a kept value tells."""
    bits = 0 if np.isnan(value) else int(value)
    return [kind for number, kind in enumerate(KINDS) if bits >> number & 1]


def _read(dataset: Dataset, name: str) -> Values:
    values = np.full(dataset.n_rows, np.nan)
    try:
        data = dataset.files.kept(name).read_bytes()
    except OSError:
        return values
    kept = np.frombuffer(data[: len(data) // _VALUE.itemsize * _VALUE.itemsize], _VALUE)
    at = positions(dataset.table, kept["id"])
    kept, at = kept[at >= 0], at[at >= 0]
    holds = dataset.table["high"][at] == kept["high"]
    values[at[holds]] = kept["value"][holds]
    return values

"""A base and an adapter become one model: the low-rank product is added to the base's weights, row
by row, and all the rest is copied as it is.

Metadata and tokenizer are the base's to the byte, but for the file type and where the file came
from; tensors keep their order. Which type the result has is the caller's: F32, F16, BF16 for all
weights, or "part": what changed as F16 and the rest untouched, which is what quantise.py takes.
A full fine-tune is written the same way, its weights in the place of the base's.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from engine.errors import AppError
from engine.models.gguf_header import Header, TensorInfo, read_entries, read_header
from engine.models.gguf_types import FILE_TYPES
from finetune.export.gguf_stream import (
    FLOAT_TYPES,
    Floats,
    Planned,
    Report,
    Source,
    Written,
    decoded,
    encoded,
    ignore,
    write_gguf,
)
from finetune.export.lora_pairs import Pair
from finetune.export.provenance import PREFIX, Value, entry, provenance

Kind = Literal["F32", "F16", "BF16", "part"]
# What the rows start to stop become: takes the base's.
Change = Callable[[Floats, int, int], Floats]

_FILE_TYPE = {name: number for number, name in FILE_TYPES.items()}


def merge(
    base: Path,
    pairs: Mapping[str, Pair],
    target: Path,
    kind: Kind,
    known: Mapping[str, Value],
    report: Report = ignore,
) -> Written:
    """Write base + scale * B @ A.

    Args:
        pairs: by the tensor they belong to (adapter_gguf.read_adapter gives them).
        known: where it comes from.
        report: takes the fraction done; what it raises ends the work.

    Raises:
        AppError: the adapter is another base's, a file is gone, the disk is full.
    """
    return rewrite(
        base,
        {name: _added(pair) for name, pair in pairs.items()},
        target,
        kind,
        known,
        report,
        check=lambda header: _check_fit(header, pairs),
    )


def write_full(
    base: Any, target: Path, known: Mapping[str, Value], kind: Kind = "F16", report: Report = ignore
) -> Written:
    """Write a model whose own weights were trained.

    Args:
        base: a finetune.model.base.Base that was read from a GGUF.

    Raises:
        AppError: as merge.
    """
    parameters = dict(base.model.named_parameters())
    changes = {
        tensor: _replaced(base, name, parameters[name]) for name, tensor in base.names.items()
    }
    return rewrite(base.path, changes, target, kind, known, report)


def rewrite(
    base: Path,
    changes: Mapping[str, Change],
    target: Path,
    kind: Kind,
    known: Mapping[str, Value],
    report: Report = ignore,
    check: Callable[[Header], None] = lambda _: None,
) -> Written:
    """Write a copy of a GGUF with some tensors changed.

    Raises:
        AppError: as merge.
    """
    header = read_header(base)
    _check_whole(header)
    check(header)
    tensors = {tensor.name: tensor for tensor in header.tensors}
    planned = [
        Planned(one.name, one.shape, _kind(one, one.name in changes, kind))
        for one in header.tensors
    ]
    entries = _entries(base, "merged", known, kind)
    source = Source(base, header.data_start)
    try:
        return write_gguf(
            target,
            entries,
            planned,
            lambda one: _pieces(source, tensors[one.name], one, changes.get(one.name)),
            report,
            header.alignment,
        )
    finally:
        source.close()


def _pieces(
    source: Source, tensor: TensorInfo, one: Planned, change: Change | None
) -> Iterator[bytes]:
    if change is None and tensor.type == one.kind:
        yield from source.pieces(tensor)
        return
    row_bytes = tensor.n_bytes // one.n_rows
    start = 0
    for packed in source.pieces(tensor, one.rows_at_once * row_bytes):
        rows = decoded(packed, tensor.type, one.shape[0])
        stop = start + len(rows)
        yield encoded(change(rows, start, stop) if change else rows, one.kind, one.name)
        start = stop


def _added(pair: Pair) -> Change:
    return lambda rows, start, stop: rows + pair.product(start, stop)


def _replaced(base: Any, name: str, parameter: Any) -> Change:
    """A parameter's values in the file's order; made when they are first asked for, and dropped
    with the last row."""
    held: list[Floats] = []

    def change(rows: Floats, start: int, stop: int) -> Floats:
        if not held:
            values = base.as_in_gguf(name, parameter.detach().float().cpu().numpy())
            held.append(np.ascontiguousarray(values.reshape(-1, rows.shape[1]), np.float32))
        found = held[0][start:stop]
        if stop == len(held[0]):
            held.clear()
        return found

    return change


def _kind(tensor: TensorInfo, is_changed: bool, kind: Kind) -> str:
    """The type a tensor will have. Vectors (norms, biases) stay as they are, as llama.cpp wants
    them."""
    if kind == "F32":
        return "F32" if tensor.type in FLOAT_TYPES or len(tensor.shape) > 1 else tensor.type
    if len(tensor.shape) < 2:
        return tensor.type
    if kind == "part":
        return "F16" if is_changed and tensor.type != "F32" else tensor.type
    return kind


def _entries(base: Path, what: str, known: Mapping[str, Value], kind: Kind) -> list[bytes]:
    """The base's own metadata, to the byte, with ours in the place of older ones of ours."""
    ours = {key: entry(key, value) for key, value in provenance(what, known).items()}
    file_type = _FILE_TYPE["F16" if kind == "part" else kind]
    ours["general.file_type"] = entry("general.file_type", file_type, is_u32=True)
    found = {key: data for key, data in read_entries(base).items() if not _is_stale(key)}
    return list((found | ours).values())


def _is_stale(key: str) -> bool:
    """Where the base came from is told by its own sha256; its recipe is not this file's."""
    return key.startswith(PREFIX)


def _check_whole(header: Header) -> None:
    if header.number("split.count") > 1:
        raise AppError(
            "This base is split into several files, which cannot be merged here.",
            "Join them with llama.cpp's gguf-split first.",
        )


def _check_fit(header: Header, pairs: Mapping[str, Pair]) -> None:
    shapes = {tensor.name: tensor.shape for tensor in header.tensors}
    for name, pair in pairs.items():
        if shapes.get(name) != (pair.a.shape[1], pair.b.shape[0]):
            raise AppError(
                "The adapter was made for another model than this base.",
                "Choose the base it was trained on.",
                f"{name}: {pair.b.shape[0]} x {pair.a.shape[1]} for {shapes.get(name)}",
            )

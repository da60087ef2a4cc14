"""Whole distributions into a file: the log-probabilities behind the last tokens of rows of ids, for
comparisons that need every entry of the vocabulary.

Each row is read in a sequence of its own from its first token on, which is emptied again: nothing
of the cache is reused, so that the same rows give the same figures. The file is written whole or
not at all, row by row; no more than a slice's logits are in memory.
"""

import os
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from engine.errors import AppError
from engine.generation.loaded import Loaded
from engine.generation.place import Ids, Place
from engine.generation.reading import read
from engine.generation.score import PROMPT_SLICE, n_positions
from engine.process.messages import Nothing, Progress, WriteLogits

MAX_BYTES = 8 * 1024**3
_KEPT_FREE_BYTES = 64 * 1024**2

Step = Progress | None


def write_logits(loaded: Loaded, request: WriteLogits) -> Generator[Step, None, Nothing]:
    """Answer a request.

    Yields:
        Progress for each slice; None while it waits for room that another job holds.

    Raises:
        AppError: the request cannot be answered, or the disk refuses; no file is left.
        JobCancelledError: it was cancelled; no file is left.
    """
    place = Place(loaded, request.context, request.adapters, private=True)
    rows = _checked(loaded, request, place.context.n_ctx)
    out = Path(request.out)
    beside = out.with_name(f".{out.name}.{os.getpid()}.part")
    shape = (sum(request.n_last), place.context.n_vocab)
    _check_size(out, shape, 4 if request.is_raw else 2)
    place.context.set_threads(loaded.n_threads)
    try:
        with beside.open("wb") as file:
            kind = "<f4" if request.is_raw else "<f2"
            header = {"descr": kind, "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, header)
            yield from _all_rows(place, rows, request, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, out)
    except OSError as error:
        raise AppError(
            "The probabilities could not be written.", "Check the disk's space.", str(error)
        ) from error
    finally:
        place.release()
        beside.unlink(missing_ok=True)
    return Nothing()


def _all_rows(
    place: Place, rows: list[Ids], request: WriteLogits, file: BinaryIO
) -> Generator[Step, None, None]:
    n_total, n_before = sum(map(len, rows)), 0
    figures = _logits if request.is_raw else _logprobs
    for ids, n_wanted in zip(rows, request.n_last, strict=True):
        yield from place.wait(1, alone=False)
        place.acquire(ids, fresh=True, trims=False)
        for _ in _row(place, ids, n_wanted, lambda row: file.write(figures(place, row))):
            n_done = n_before + place.slot.length if place.own else n_before
            yield Progress(job=0, fraction=n_done / n_total, what="reading")
        place.slots.empty(place.slot)
        place.release()
        n_before += len(ids)


def _row(place: Place, ids: Ids, n_wanted: int, write: Callable[[int], object]) -> Iterator[None]:
    """Write what follows each of the last n_wanted tokens."""
    n_unwanted = len(ids) - n_wanted
    for _ in read(place, ids[:n_unwanted], PROMPT_SLICE):
        yield None
    while (n_held := place.slot.length) < len(ids):
        yield None
        run = ids[n_held : n_held + n_positions(place)]
        if place.decode_run(run, "all"):
            # At once: the logits last only until somebody decodes again.
            for row in range(len(run)):
                write(row)
        else:
            yield from place.come_back(ids[:n_held])
            for _ in read(place, ids[:n_held], PROMPT_SLICE):
                yield None


def _logprobs(place: Place, row: int) -> bytes:
    logits = place.context.logits(row)
    total = np.float32(place.loaded.logprobs.log_sum_exp(logits))
    return (logits - total).astype("<f2").tobytes()


def _logits(place: Place, row: int) -> bytes:
    return place.context.logits(row).astype("<f4").tobytes()


def _checked(loaded: Loaded, request: WriteLogits, n_ctx: int) -> list[Ids]:
    """The rows' ids. Raises AppError where they make no sense here."""
    if not request.rows or len(request.rows) != len(request.n_last):
        raise AppError("Each row needs the number of its last tokens that are asked about.")
    for ids, n_wanted in zip(request.rows, request.n_last, strict=True):
        if not 1 <= n_wanted <= len(ids):
            raise AppError(f"A row of {len(ids):,} tokens has no last {n_wanted:,}.")
        if len(ids) > n_ctx:
            raise AppError(
                f"A row takes {len(ids):,} tokens; the context holds {n_ctx:,}.",
                "Choose a longer context, or shorter rows.",
            )
    return [loaded.vocab.checked(ids) for ids in request.rows]


def _check_size(out: Path, shape: tuple[int, int], item_bytes: int) -> None:
    n_bytes = item_bytes * shape[0] * shape[1]
    if not out.parent.is_dir():
        raise AppError("The folder for the probabilities is not there.", "", str(out))
    free = shutil.disk_usage(out.parent).free - _KEPT_FREE_BYTES
    if n_bytes > min(MAX_BYTES, free):
        raise AppError(
            f"The probabilities of {shape[0]:,} tokens take {n_bytes / 1e9:,.1f} GB; "
            f"{min(MAX_BYTES, max(0, free)) / 1e9:,.1f} GB may be used.",
            "Ask about fewer tokens.",
        )

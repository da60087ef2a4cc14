"""problems.jsonl: the rows that could not be taken, a line each."""

from __future__ import annotations

import itertools
from pathlib import Path

import msgspec

from engine.process.tune_messages import BadRow, ProblemPage

_decoder = msgspec.json.Decoder(BadRow)


def read_problems(path: Path, start: int, count: int) -> ProblemPage:
    """Some of them, in the order in which they were found."""
    items = []
    try:
        with path.open("rb") as file:
            for line in itertools.islice(file, start, start + count):
                items.append(_decoder.decode(line))
    except (OSError, msgspec.MsgspecError):
        return ProblemPage(items, n_problems(path))
    return ProblemPage(items, n_problems(path))


def n_problems(path: Path) -> int:
    """How many there are; 0 where there is no such file."""
    n = 0
    try:
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                n += piece.count(b"\n")
    except OSError:
        return n
    return n

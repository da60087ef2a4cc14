"""How neighbours become one, step by step: the merging that BPE, tiktoken and SentencePiece share.

At each moment the pair of the lowest rank is merged, the leftmost of equals (Sennrich et al. 2016,
"Neural Machine Translation of Rare Words with Subword Units"). Plain and quadratic: it is for
words, not for texts. Knows no tokenizer.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

# The rank of a pair of neighbours, lower comes first; None where they do not merge.
Rank = Callable[[bytes, bytes], float | None]
_NEVER = float("inf")


class Join(NamedTuple):
    """The pieces at `place` and behind it become one; place counts the pieces of the moment."""

    place: int
    piece: bytes
    rank: float


class Replay(NamedTuple):
    """start: the pieces before the first step; pieces: those after the last."""

    start: list[bytes]
    steps: list[Join]
    pieces: list[bytes]


def replay(symbols: Sequence[bytes], rank: Rank) -> Replay:
    """Merge until nothing merges any more."""
    pieces = list(symbols)
    ranks = [_rank(rank, pieces, place) for place in range(len(pieces) - 1)]
    steps: list[Join] = []
    while ranks and (lowest := min(ranks)) < _NEVER:
        place = ranks.index(lowest)
        pieces[place : place + 2] = [pieces[place] + pieces[place + 1]]
        steps.append(Join(place, pieces[place], lowest))
        del ranks[place]
        for neighbour in (place - 1, place):
            if 0 <= neighbour < len(ranks):
                ranks[neighbour] = _rank(rank, pieces, neighbour)
    return Replay(list(symbols), steps, pieces)


def one_after_another(parts: Sequence[Replay]) -> Replay:
    """Words of a text as one: the steps of the first come first."""
    start: list[bytes] = []
    steps: list[Join] = []
    pieces: list[bytes] = []
    for part in parts:
        start += part.start
        steps += [step._replace(place=step.place + len(pieces)) for step in part.steps]
        pieces += part.pieces
    return Replay(start, steps, pieces)


def whole(piece: bytes) -> Replay:
    """A token that was taken as it is."""
    return Replay([piece], [], [piece])


def _rank(rank: Rank, pieces: list[bytes], place: int) -> float:
    found = rank(pieces[place], pieces[place + 1])
    return _NEVER if found is None else found

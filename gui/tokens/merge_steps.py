"""A word's way to tokens, to be looked at step by step: the pieces of each moment, the tree of
merges, the ways through the choices. Qt-free.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.process.token_messages import Choice, Merges, MergeStep


@dataclass(frozen=True)
class Node:
    """A piece of the tree: leaves are the pieces at the beginning (step -1), others are made by
    step number `step` out of `left` and `right` (indices of nodes). first, end: the leaves below
    it; height: 0 for a leaf, one more than its highest child."""

    piece: bytes
    step: int
    first: int
    end: int
    height: int
    left: int = -1
    right: int = -1


class MergeSteps:
    """Moments are counted from 0 (nothing merged) to `n_steps` (the tokens)."""

    def __init__(self, merges: Merges) -> None:
        self.merges = merges
        self._moments = [list(merges.start)]
        for step in merges.steps:
            pieces = list(self._moments[-1])
            pieces[step.place : step.place + 2] = [step.piece]
            self._moments.append(pieces)

    @property
    def n_steps(self) -> int:
        return len(self.merges.steps)

    @property
    def chooses(self) -> bool:
        """Whether its tokenizer chooses among whole ways instead of merging."""
        return bool(self.merges.choices)

    def pieces_at(self, moment: int) -> list[bytes]:
        """The pieces after so many steps."""
        return self._moments[moment] if self.merges.start else self.merges.pieces

    def step_before(self, moment: int) -> MergeStep | None:
        """The merge that led to this moment."""
        return self.merges.steps[moment - 1] if 0 < moment <= self.n_steps else None

    def step_after(self, moment: int) -> MergeStep | None:
        """The merge that comes next."""
        return self.merges.steps[moment] if moment < self.n_steps else None

    def nodes(self) -> list[Node]:
        """The tree: leaves in order, then the merges in the order of their steps."""
        nodes = [Node(piece, -1, at, at + 1, 0) for at, piece in enumerate(self.merges.start)]
        roots = list(range(len(nodes)))
        for number, step in enumerate(self.merges.steps):
            left, right = roots[step.place : step.place + 2]
            height = 1 + max(nodes[left].height, nodes[right].height)
            nodes.append(
                Node(step.piece, number, nodes[left].first, nodes[right].end, height, left, right)
            )
            roots[step.place : step.place + 2] = [len(nodes) - 1]
        return nodes

    def choice_rows(self) -> list[list[Choice]]:
        """Choices in rows so that none lies over another: those that were taken in the first."""
        taken = [one for one in self.merges.choices if one.is_taken]
        rows: list[list[Choice]] = [taken]
        for one in self.merges.choices:
            if one.is_taken:
                continue
            free = (row for row in rows[1:] if row[-1].end <= one.start)
            row = next(free, None)
            if row is None:
                rows.append([one])
            else:
                row.append(one)
        return rows


def word_around(data: bytes, start: int, end: int) -> str:
    """The word that bytes start to end of a text are in: up to the white space on both sides. A
    blank that begins the token belongs to it. Bytes that are no text are left out."""
    first, last = start, end
    if data[first : first + 1].isspace() and data[first:last].strip():
        first += 1
    while first > 0 and not data[first - 1 : first].isspace() and last - first < LONGEST_WORD:
        first -= 1
    while last < len(data) and not data[last : last + 1].isspace() and last - first < LONGEST_WORD:
        last += 1
    if first > 0 and data[first - 1 : first] == b" ":
        first -= 1
    return data[first:last].decode("utf-8", "ignore")


LONGEST_WORD = 400

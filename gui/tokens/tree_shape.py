"""A tree of continuations as the window keeps it: who follows whom, how likely each way is, and
where each token stands when it is drawn. Qt-free.
"""

from __future__ import annotations

import math

from engine.process.token_messages import TreeNode


class TreeShape:
    """Grows level by level; indices are those of the wire."""

    def __init__(self) -> None:
        self.nodes: list[TreeNode] = []
        self.children: dict[int, list[int]] = {-1: []}
        self.levels: list[int] = []  # of each node, 0 for the first token
        self.totals: list[float] = []  # logprob of the way to each node and with it
        self._rows: list[int] = []
        self.n_rows = 0

    def __len__(self) -> int:
        return len(self.nodes)

    @property
    def n_levels(self) -> int:
        return max(self.levels, default=-1) + 1

    def add(self, nodes: list[TreeNode]) -> None:
        """One more level. Each node's parent is there already.

        Raises:
            ValueError: a parent is not.
        """
        for node in nodes:
            index = len(self.nodes)
            if not -1 <= node.parent < index:
                raise ValueError(f"node {index} follows {node.parent}")
            self.nodes.append(node)
            self.children[index] = []
            self.children[node.parent].append(index)
            has_parent = node.parent >= 0
            self.levels.append(self.levels[node.parent] + 1 if has_parent else 0)
            before = self.totals[node.parent] if has_parent else 0.0
            self.totals.append(before + node.logprob)
        self._place()

    def _place(self) -> None:
        """Ends one below another, each other node where its likeliest child is: so the likeliest
        way runs straight along the top."""
        self._rows = [0] * len(self.nodes)
        self.n_rows = 0
        for index in self._ends_in_order():
            self._rows[index] = self.n_rows
            self.n_rows += 1
        for index in range(len(self.nodes) - 1, -1, -1):
            below = self.children[index]
            if below:
                self._rows[index] = self._rows[below[0]]

    def _ends_in_order(self) -> list[int]:
        ends, waiting = [], self.children[-1][::-1]
        while waiting:
            index = waiting.pop()
            below = self.children[index]
            waiting.extend(below[::-1])
            if not below:
                ends.append(index)
        return ends

    def row(self, index: int) -> int:
        """How far down a node is drawn, in rows."""
        return self._rows[index]

    def path(self, index: int) -> list[int]:
        """The nodes from the text to one, with it."""
        way = []
        while index >= 0:
            way.append(index)
            index = self.nodes[index].parent
        return way[::-1]

    def data(self, index: int) -> bytes:
        """The bytes that a way adds to the text."""
        return b"".join(self.nodes[one].piece for one in self.path(index))

    def share(self, index: int) -> float:
        """Probability of a node's token after those before it."""
        return math.exp(self.nodes[index].logprob)

    def total_share(self, index: int) -> float:
        """Probability of the whole way."""
        return math.exp(self.totals[index])

    def step(self, index: int, key: str) -> int:
        """Where a key leads from a node: "left" and "right" along a way, "up" and "down" within a
        level. The node itself where it leads nowhere; the likeliest first one from -1."""
        if index < 0:
            return 0 if self.nodes else -1
        if key == "left":
            return max(self.nodes[index].parent, 0) if self.nodes[index].parent >= 0 else index
        if key == "right":
            below = self.children[index]
            return below[0] if below else index
        level = [one for one in range(len(self)) if self.levels[one] == self.levels[index]]
        level.sort(key=self.row)
        at = level.index(index) + (1 if key == "down" else -1)
        return level[at] if 0 <= at < len(level) else index

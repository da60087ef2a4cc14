"""The likeliest continuations of a text, as a tree: level by level, the branches of a level decoded
in one batch.

Every path that goes on has a sequence of its own, which shares the text's cells and those of the
path it came from. Of a level the likeliest paths go on; the others are shown and end there.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass

from engine.errors import AppError
from engine.generation import threads
from engine.generation.loaded import Loaded
from engine.generation.place import Ids, Place
from engine.generation.prefix import Slot
from engine.generation.reading import read
from engine.generation.score import PROMPT_SLICE
from engine.generation.windows import seen
from engine.llama.context import N_SEQ_MAX
from engine.process.token_messages import GrowTree, Tree, TreeLevel, TreeNode

MAX_PATHS = N_SEQ_MAX - 1
MAX_NODES = 10_000
Step = TreeLevel | None


@dataclass(frozen=True)
class _Path:
    """A way from the text to a node: the node's index, the logprob of all of it together, and the
    sequence that holds what stands before the node."""

    node: int
    total: float
    before: Slot


def grow_tree(loaded: Loaded, request: GrowTree) -> Generator[Step, None, Tree]:
    """Answer a request.

    Yields:
        TreeLevel for each level, None while the text is read, or while it waits for room.

    Raises:
        AppError: the request cannot be answered.
        JobCancelledError: it was cancelled; the levels that were told are right.
    """
    _check(request)
    place = Place(loaded, request.context, request.adapters, private=True)
    n_kept_free = request.most_likely * (request.depth - 1)
    text = seen(loaded, request.ids, place.context.n_ctx, n_kept_free)
    whole = text.what_is_before(len(text.ids))
    if not len(whole):
        raise AppError("There is no text to go on from.", "Write something first.")
    place.context.set_threads(threads.beside_training(loaded.n_threads, loaded.paths.runs))
    tree = _Tree(place, request)
    try:
        yield from place.wait(1 + request.most_likely, alone=False)
        yield from tree.grow(whole)
    finally:
        tree.drop_branches()
        place.forget_copy()
        place.release()
    return Tree(tree.nodes)


class _Tree:
    """One tree on its way."""

    def __init__(self, place: Place, request: GrowTree) -> None:
        self._place = place
        self._request = request
        self._vocab = place.loaded.vocab
        self._logprobs = place.loaded.logprobs
        self.nodes: list[TreeNode] = []

    def grow(self, whole: Ids) -> Iterator[Step]:
        """Read the text, then tell level after level."""
        place = self._place
        place.acquire(whole)
        for _ in read(place, whole, PROMPT_SLICE):
            yield None
        level = self._children(-1, 0.0, place.last_size - 1, place.slot)
        yield TreeLevel(0, list(self.nodes))
        for _ in range(self._request.depth - 1):
            going_on = self._likeliest(level)
            if not going_on:
                return
            n_told = len(self.nodes)
            slots = self._decode(going_on)
            level = [
                child
                for row, (path, slot) in enumerate(zip(going_on, slots, strict=True))
                for child in self._children(path.node, path.total, row, slot)
            ]
            yield TreeLevel(0, self.nodes[n_told:])

    def _children(self, parent: int, total: float, row: int, slot: Slot) -> list[_Path]:
        """Add the likeliest tokens after a node, from the logits in batch row `row`."""
        logits = self._place.context.logits(row)
        log_sum = self._logprobs.log_sum_exp(logits)
        found = []
        for token in self._logprobs.top(logits, self._request.width).tolist():
            logprob = float(logits[token]) - log_sum
            found.append(_Path(len(self.nodes), total + logprob, slot))
            self.nodes.append(TreeNode(parent, token, self._vocab.piece(token), logprob))
        return found

    def _likeliest(self, level: list[_Path]) -> list[_Path]:
        """The paths of a level that go on, in the level's order; none goes on after an end."""
        open_ones = [path for path in level if not self._vocab.is_end(self.nodes[path.node].id)]
        best = sorted(open_ones, key=lambda path: -path.total)[: self._request.most_likely]
        return sorted(best, key=lambda path: path.node)

    def _decode(self, paths: list[_Path]) -> list[Slot]:
        """Decode the last token of each path, all in one batch. Returns the sequences that hold
        them, in this order."""
        place = self._place
        slots = self._sequences(paths)
        tokens = [self.nodes[path.node].id for path in paths]
        positions = [slot.length for slot in slots]
        numbers = [slot.sequence for slot in slots]
        if not place.found_room(place.context.decode_step, tokens, positions, numbers):
            raise place.full()
        for slot, token in zip(slots, tokens, strict=True):
            slot.append([token])
        return slots

    def _sequences(self, paths: list[_Path]) -> list[Slot]:
        """A sequence for each path, holding what stands before its node. The first path out of a
        sequence goes on in it, but for the text's own, which stays as it is; sequences out of which
        no path goes on are given back before."""
        root = self._place.slot
        wanted = {path.before.sequence for path in paths}
        for slot in self._place.own[1:]:
            if slot.sequence not in wanted:
                self._drop(slot)
        taken, slots = {root.sequence}, []
        for path in paths:
            slots.append(self._fork(path.before) if path.before.sequence in taken else path.before)
            taken.add(path.before.sequence)
        return slots

    def _fork(self, slot: Slot) -> Slot:
        made = self._place.slots.fork(slot)
        self._place.own.append(made)
        if made.length != slot.length:
            raise AppError(
                "This model keeps no part of a text for several continuations.",
                "Look at one continuation at a time.",
            )
        return made

    def _drop(self, slot: Slot) -> None:
        self._place.slots.empty(slot)
        self._place.slots.release(slot)
        self._place.own = [own for own in self._place.own if own is not slot]

    def drop_branches(self) -> None:
        """Leave nothing of the branches in the cache."""
        for slot in list(self._place.own[1:]):
            self._drop(slot)


def _check(request: GrowTree) -> None:
    if request.width < 1 or request.depth < 1:
        raise AppError("A tree has at least one branch and one level.", "Ask for 1 or more.")
    if not 1 <= request.most_likely <= MAX_PATHS:
        raise AppError(
            f"{request.most_likely} paths at once cannot be followed.",
            f"Ask for 1 to {MAX_PATHS}.",
        )
    n_nodes = request.width * (1 + request.most_likely * (request.depth - 1))
    if n_nodes > MAX_NODES:
        raise AppError(
            f"A tree of {n_nodes:,} tokens is too large to be shown.",
            "Choose fewer branches or levels.",
        )

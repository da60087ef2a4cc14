"""What the KV cache holds: which tokens stand in which sequence, and the longest common prefix a
new prompt can reuse.

Knows no llama.cpp: it drives anything with `remove`, `copy` and `clear`. A prompt that goes on
where a sequence ends extends that sequence; one that departs from it gets a sequence of its own
which shares the common part, so that both branches stay warm. Old sequences leave when room is
needed (least recently used first).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from engine.generation.calls import Calls

Ids = npt.NDArray[np.int32]


class Memory(Protocol):
    """The KV cache, as llama/context.py offers it."""

    n_seq_max: int

    def remove(self, sequence: int, start: int) -> bool: ...

    def copy(self, source: int, target: int, end: int) -> bool: ...

    def clear(self) -> None: ...


@dataclass
class Slot:
    """One sequence. tokens[:length] stand in the cache at positions 0, 1, ...

    key: adapters and scales its KV was computed under. busy: a job is using it. saved: tokens
    already on disk. private: its tokens are never written there. calls: how its KV was computed.
    alone: no other sequence stood in the cache whenever this one was decoded.
    """

    sequence: int
    key: str = ""
    busy: bool = False
    used: int = 0
    saved: int = 0
    length: int = 0
    private: bool = False
    alone: bool = False
    calls: Calls = field(default_factory=Calls)
    buffer: Ids = field(default_factory=lambda: np.empty(256, np.int32))

    @property
    def tokens(self) -> Ids:
        """What stands in the cache, shape (length,); a view, valid until the next append."""
        return self.buffer[: self.length]

    def append(self, tokens: Ids | list[int]) -> None:
        """Tokens that one call decoded."""
        self.calls.fill(self.length)
        self._put(tokens)
        self.calls.add(len(tokens))

    def fill(self, tokens: Ids, calls: Calls) -> None:
        """Tokens that came in another way (shared, restored), computed by these calls."""
        assert self.length == 0, "the slot holds something"
        self._put(tokens)
        self.calls = calls
        calls.fill(self.length)

    def _put(self, tokens: Ids | list[int]) -> None:
        end = self.length + len(tokens)
        if end > len(self.buffer):
            grown = np.empty(max(end, 2 * len(self.buffer)), np.int32)
            grown[: self.length] = self.tokens
            self.buffer = grown
        self.buffer[self.length : end] = tokens
        self.length = end

    def append_one(self, token: int) -> None:
        """As append, for one token decoded alone: once for every token of a reply."""
        if self.length == len(self.buffer):
            self._put([token])
        else:
            self.buffer[self.length] = token
            self.length += 1

    def truncate(self, length: int) -> None:
        self.calls.fill(self.length)
        self.calls.cut(length)
        self.length = min(self.length, length)
        self.saved = min(self.saved, length)

    def call_sizes(self) -> list[int]:
        """Sizes of the decode calls that made all of its KV, as the wire has them."""
        self.calls.fill(self.length)
        return self.calls.sizes()

    def forget(self) -> None:
        """Nothing stands in it any more."""
        self.length = self.saved = 0
        self.private = self.alone = False
        self.calls = Calls()


def common_prefix(a: Ids, b: Ids) -> int:
    """How many ids two sequences share at their start."""
    n = min(len(a), len(b))
    different = np.flatnonzero(a[:n] != b[:n])
    return int(different[0]) if len(different) else n


class SlotTable:
    """All sequences of one context.

    Args:
        on_evict: called with a slot before it is forgotten (to keep its state on disk).
    """

    def __init__(self, memory: Memory, on_evict: Callable[[Slot], object]) -> None:
        self._memory = memory
        self._on_evict = on_evict
        self._clock = 0
        self.slots = [Slot(sequence) for sequence in range(memory.n_seq_max)]

    def longest(self, tokens: Ids, key: str) -> tuple[Slot | None, int]:
        """The slot that shares the longest prefix under the same key, and its length."""
        best, best_length = None, 0
        for slot in self.slots:
            if slot.length and slot.key == key:
                n = common_prefix(slot.tokens, tokens)
                if n > best_length:
                    best, best_length = slot, n
        return best, best_length

    def acquire(self, tokens: Ids, key: str, *, private: bool = False) -> Slot:
        """A busy slot that holds as long a prefix of `tokens` as can be reused; at least the last
        token is left to decode, since its logits are wanted."""
        source, n_common = self.longest(tokens, key)
        n_common = min(n_common, len(tokens) - 1)
        if source is None or n_common == 0:
            return self.claim_empty(key, private=private)
        if not source.busy and source.length == n_common:
            return self._claim(source, key, private)
        return self._branch(source, n_common, key, private)

    def _branch(self, source: Slot, n_common: int, key: str, private: bool) -> Slot:
        target = self._empty_slot(source)
        if target is not source and self._memory.copy(source.sequence, target.sequence, n_common):
            self._share(source, target, n_common)
        elif target is source:
            self.cut(source, n_common)
        return self._claim(target, key, private)

    def _share(self, source: Slot, target: Slot, n_common: int) -> None:
        """`target` holds the first tokens of `source` too."""
        source.calls.fill(source.length)
        calls = source.calls.copy()
        calls.cut(n_common)
        target.fill(source.tokens[:n_common], calls)
        target.saved = min(source.saved, n_common)

    def claim_empty(self, key: str, *, private: bool = False) -> Slot:
        """A busy slot that holds nothing yet."""
        return self._claim(self._empty_slot(None), key, private)

    def fork(self, source: Slot) -> Slot:
        """A further busy slot that shares all of `source` (n replies to one prompt). They go on in
        common calls, which no sequence alone can repeat."""
        target = self._empty_slot(source)
        assert target is not source, "more replies than sequences"
        source.calls.lose()
        if self._memory.copy(source.sequence, target.sequence, source.length):
            self._share(source, target, source.length)
        return self._claim(target, source.key, source.private)

    def cut(self, slot: Slot, length: int) -> None:
        """Forget a slot's tokens from `length` on; all of them where the model cannot forget a
        part."""
        if self._memory.remove(slot.sequence, length):
            slot.truncate(length)
        else:
            self.empty(slot)

    def empty(self, slot: Slot) -> None:
        self._memory.remove(slot.sequence, 0)
        slot.forget()

    def release(self, slot: Slot) -> None:
        """The job is done with it; its tokens stay warm."""
        slot.busy = False
        self._clock += 1
        slot.used = self._clock

    def leave(self, slot: Slot) -> None:
        """Give a busy slot's place up: its state is kept on disk where it is worth it, its cells
        are free."""
        self._on_evict(slot)
        self.empty(slot)
        self.release(slot)

    def clear(self) -> None:
        """Forget everything; no slot may be busy."""
        assert not any(slot.busy for slot in self.slots), "a job still uses the cache"
        for slot in self.slots:
            slot.forget()
        self._memory.clear()

    def settle(self, slot: Slot) -> None:
        """Its job is about to decode: who stands in the cache now, stands beside it."""
        if any(other.length for other in self.slots if other is not slot):
            slot.alone = False

    def has_copy(self, slot: Slot) -> bool:
        """Whether all its tokens stand in another sequence too."""
        return any(
            other.key == slot.key and common_prefix(other.tokens, slot.tokens) == slot.length
            for other in self.slots
            if other is not slot
        )

    def trim(self, active: Slot, n_idle_max: int) -> None:
        """Let idle slots go, oldest first, until the cells that only they hold are few: every cell
        in use costs each decode its share of attention."""
        while self._n_idle_cells(active) > n_idle_max and self.evict_one():
            continue

    def _n_idle_cells(self, active: Slot) -> int:
        return sum(
            slot.length - common_prefix(slot.tokens, active.tokens)
            for slot in self.slots
            if slot.length and not slot.busy
        )

    def evict_one(self, keep: Slot | None = None) -> bool:
        """Forget the least recently used idle slot. False where there is none."""
        idle = [s for s in self.slots if s.length and not s.busy and s is not keep]
        if not idle:
            return False
        oldest = min(idle, key=lambda slot: slot.used)
        self._on_evict(oldest)
        self.empty(oldest)
        return True

    def n_free(self) -> int:
        """Sequences that no job uses."""
        return sum(not slot.busy for slot in self.slots)

    def _claim(self, slot: Slot, key: str, private: bool) -> Slot:
        """Take a slot for a job. What it holds are tokens of that job's own prompt, so whether it
        is private is the job's to say."""
        others = [other for other in self.slots if other.busy and other is not slot]
        slot.alone = (slot.alone or slot.length == 0) and not others
        for other in others:
            other.alone = False
        slot.key = key
        slot.private = private
        slot.busy = True
        self._clock += 1
        slot.used = self._clock
        return slot

    def _empty_slot(self, source: Slot | None) -> Slot:
        """A slot that holds nothing; where all are taken, the oldest idle one is emptied, `source`
        itself last."""
        while True:
            for slot in self.slots:
                if not slot.length and not slot.busy:
                    return slot
            if not self.evict_one(keep=source):
                assert source is not None and not source.busy, "every sequence is in use"
                return source

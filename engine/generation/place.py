"""A job's place in a context's KV cache: the sequences it holds, how they come to hold a prompt's
longest known prefix, and how room is found for more.

It decodes nothing by itself: reading.py and generate.py say what. What several jobs do on one
context meets here.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from engine.errors import AppError, JobCancelledError
from engine.generation.loaded import Loaded
from engine.generation.parked import Parked
from engine.generation.prefix import Slot
from engine.generation.states import KeptState
from engine.llama.context import N_BATCH, AbortedError, NoRoomError
from engine.process.messages import Adapter

Ids = npt.NDArray[np.int32]

# While another job is at work on the same context, prompts go in smaller slices so that its tokens
# keep coming.
CROWDED_SLICE = 32
# With so few tokens to decode a reply begins at once, and idle chats are let go after its first
# token: to park one takes as long as a token.
_FEW_TOKENS = 8


class CacheFullError(AppError):
    """This job needs more of the cache than there is, or than other jobs leave it."""


class Place:
    """What one job holds of a context. `release` gives it back.

    own: its sequences; the first one reads the prompt. private: nothing of them reaches the disk.
    last_size: tokens in the decode before. trims_late: `trim` is still to be called.
    """

    def __init__(
        self, loaded: Loaded, name: str, adapters: list[Adapter], *, private: bool
    ) -> None:
        self.loaded = loaded
        self.context = loaded.context(name).context
        self.slots = loaded.context(name).slots
        self.adapters = adapters
        self.key = loaded.adapters.key(adapters)
        self.private = private
        self.own: list[Slot] = []
        self.last_size = 0
        self.trims_late = False

    @property
    def slot(self) -> Slot:
        assert self.own, "this job holds no sequence"
        return self.own[0]

    def wait(self, n_sequences: int, *, alone: bool) -> Iterator[None]:
        """Wait until so many sequences are free; with `alone`, until nobody else is there, and
        clear the cache."""
        if alone:
            while any(slot.busy for slot in self.slots.slots):
                yield None
            self.slots.clear()
        while self.slots.n_free() < n_sequences:
            yield None

    def acquire(
        self, ids: Ids, *, fresh: bool = False, trims: bool = True, at_once: bool = False
    ) -> Slot:
        """Hold the longest prefix of `ids` that is at hand: in the cache, parked, or on disk; with
        `fresh` nothing.

        Args:
            trims: let idle chats go that would slow every decode down; with `at_once`, and few
                tokens to decode, that is left to `trim`, later.
        """
        assert not self.own, "this job holds a sequence already"
        if fresh:
            slot = self.slots.claim_empty(self.key, private=self.private)
        else:
            slot = self._restored(ids) or self.slots.acquire(ids, self.key, private=self.private)
        self.own = [slot]
        self.trims_late = trims and at_once and len(ids) - slot.length <= _FEW_TOKENS
        if trims and not self.trims_late:
            self.trim()
        self.slots.settle(slot)
        return slot

    def _restored(self, ids: Ids) -> Slot | None:
        """A slot filled from a parked or kept state, where one holds more than the cache does."""
        _, n_held = self.slots.longest(ids, self.key)
        if n_held >= len(ids) - 1:
            return None
        parked = self.loaded.parked.find(ids, self.key, n_held)
        kept = self.loaded.states.find(ids, self.key, parked[1] if parked else n_held)
        if kept is None and parked is None:
            return None
        self._park_the_rest()
        slot = self.slots.claim_empty(self.key, private=self.private)
        n_common = self._load(slot, kept) if kept else self._unpark(slot, parked)
        if not slot.length:
            self.slots.empty(slot)
            self.slots.release(slot)
            return None
        self.slots.settle(slot)
        self.slots.cut(slot, min(n_common, len(ids) - 1))
        return slot

    def _load(self, slot: Slot, kept: KeptState) -> int:
        """Fill a slot from a state on the disk, where it fits here. Returns how many of its tokens
        are wanted."""
        n_tokens = len(kept.tokens)
        if self.context.load(slot.sequence, kept.path, n_tokens) == n_tokens:
            calls, alone = kept.history()
            slot.fill(kept.tokens, calls)
            slot.alone = slot.alone and alone
            slot.saved = slot.length
        return kept.n_common

    def _unpark(self, slot: Slot, found: tuple[Parked, int] | None) -> int:
        """As `_load`, from a state in memory."""
        assert found is not None, "there is nothing to restore"
        state, n_common = found
        if self.context.restore(slot.sequence, state.data):
            slot.fill(state.tokens, state.calls.copy())
            slot.alone = slot.alone and state.alone
        return n_common

    def trim(self) -> None:
        """Let idle chats go that would slow every decode down; and all of them, where that is a
        matter of milliseconds, from beside a sequence that was always alone: so its replies can be
        repeated exactly."""
        self.trims_late = False
        self.slots.trim(self.slot, self.loaded.n_idle_max(self.context, self.slot))
        if self.slot.alone:
            self._park_the_rest()

    def _park_the_rest(self) -> None:
        """Let all others wait in memory, where nobody uses them and they are short."""
        others = [slot for slot in self.slots.slots if slot.length and slot not in self.own]
        n_bytes = sum(self.context.state_bytes(slot.sequence) for slot in others)
        if any(slot.busy for slot in others) or not self.loaded.parked.takes(n_bytes):
            return
        while self.slots.evict_one():
            continue

    def fork(self) -> Slot:
        """A further sequence that shares all of the first."""
        slot = self.slots.fork(self.slot)
        self.own.append(slot)
        return slot

    # ---- decoding ----

    def decode_run(self, tokens: Ids, logits: str) -> bool:
        """Decode these tokens behind the first sequence, in one call. False where there is no room,
        and nothing was decoded."""
        slot = self.slot
        if not self.found_room(self.context.decode, tokens, slot.length, slot.sequence, logits):
            return False
        slot.append(tokens)
        self.last_size = len(tokens)
        return True

    def found_room(self, decode: Callable[..., None], *arguments: object) -> bool:
        """Decode; where the cache is full let idle chats go first. False, and nothing is decoded,
        where other jobs hold the rest.

        Raises:
            JobCancelledError: the decode was aborted.
        """
        while True:
            try:
                self.loaded.adapters.apply(self.context, self.adapters, self.key)
                decode(*arguments)
                return True
            except AbortedError as error:
                for slot in self.own:
                    self.slots.cut(slot, slot.length)
                raise JobCancelledError from error
            except NoRoomError:
                if not self.slots.evict_one():
                    return False

    def slice_size(self, wanted: int) -> int:
        """Tokens of the next slice of a prompt."""
        size = min(max(1, wanted), N_BATCH, self.context.n_ctx)
        return min(size, CROWDED_SLICE) if self.is_crowded else size

    @property
    def is_crowded(self) -> bool:
        """Whether another job is at work on this context."""
        return sum(slot.busy for slot in self.slots.slots) > len(self.own)

    def come_back(self, ids: Ids) -> Iterator[None]:
        """Other jobs hold the rest of the cache: free our cells, wait until one of them ends, and
        take a place for `ids` again.

        Raises:
            CacheFullError: nobody else is there to wait for.
        """
        others = [slot for slot in self.slots.slots if slot.busy and slot not in self.own]
        if not others or len(self.own) > 1:
            raise self.full()
        self.slots.leave(self.slot)
        self.own = []
        while all(slot.busy for slot in others):
            yield None
        self.acquire(ids)

    def full(self) -> CacheFullError:
        return CacheFullError(
            f"The context of {self.context.n_ctx:,} tokens is full.",
            "Choose a longer context, or let old turns be left out.",
        )

    def forget_copy(self) -> None:
        """Leave nothing of a sequence whose tokens stand in another one too."""
        if self.own and self.slots.has_copy(self.slot):
            self.slots.empty(self.slot)

    def release(self) -> None:
        """Give everything back; what stands in the cache stays warm."""
        for slot in self.own:
            self.slots.release(slot)
        self.own = []


def joined(*parts: Ids | Sequence[int]) -> Ids:
    """Ids in a row, shape (n,)."""
    return np.concatenate([np.asarray(part, np.int32) for part in parts])

"""The slot table against a model of the KV cache that knows what really stands in each sequence."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.generation.prefix import SlotTable, common_prefix


class RecordingMemory:
    """A KV cache that remembers tokens by sequence, as llama.cpp would hold them."""

    def __init__(self, n_seq_max: int) -> None:
        self.n_seq_max = n_seq_max
        self.held: dict[int, list[int]] = {s: [] for s in range(n_seq_max)}

    def remove(self, sequence: int, start: int) -> bool:
        del self.held[sequence][start:]
        return True

    def copy(self, source: int, target: int, end: int) -> bool:
        assert not self.held[target], "the target of a copy must be empty"
        self.held[target] = self.held[source][:end]
        return True

    def clear(self) -> None:
        for tokens in self.held.values():
            tokens.clear()


def ids(values: list[int]) -> "np.ndarray[tuple[int], np.dtype[np.int32]]":
    return np.array(values, np.int32)


def decode(table: SlotTable, memory: RecordingMemory, prompt: list[int], key: str = "") -> int:
    """What a job does: acquire, decode the rest, release. Returns how many tokens were reused."""
    slot = table.acquire(ids(prompt), key)
    n_reused = slot.length
    assert n_reused < len(prompt)
    rest = prompt[n_reused:]
    slot.append(rest)
    memory.held[slot.sequence] += rest
    assert memory.held[slot.sequence] == prompt
    table.release(slot)
    return n_reused


prompts = st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=8), min_size=1, max_size=30)


@given(prompts, st.integers(1, 5))
@settings(max_examples=200)
def test_the_table_always_says_what_the_cache_holds(
    all_prompts: list[list[int]], n_seq: int
) -> None:
    memory = RecordingMemory(n_seq)
    table = SlotTable(memory, on_evict=lambda slot: None)
    for prompt in all_prompts:
        best = max((common_prefix(s.tokens, ids(prompt)) for s in table.slots), default=0)
        n_reused = decode(table, memory, prompt)
        assert n_reused == min(best, len(prompt) - 1)
        for slot in table.slots:
            assert memory.held[slot.sequence] == slot.tokens.tolist()


def test_both_branches_stay_warm() -> None:
    memory = RecordingMemory(4)
    table = SlotTable(memory, on_evict=lambda slot: None)
    decode(table, memory, [1, 2, 3, 4, 5])
    assert decode(table, memory, [1, 2, 3, 9, 9]) == 3
    assert decode(table, memory, [1, 2, 3, 4, 5, 6]) == 5
    assert decode(table, memory, [1, 2, 3, 9, 9, 7]) == 5


def test_another_adapter_key_shares_nothing() -> None:
    memory = RecordingMemory(4)
    table = SlotTable(memory, on_evict=lambda slot: None)
    decode(table, memory, [1, 2, 3], "a@1")
    assert decode(table, memory, [1, 2, 3], "a@0.5") == 0
    assert decode(table, memory, [1, 2, 3, 4], "a@1") == 3


def test_the_least_recently_used_goes_first_and_is_told() -> None:
    memory = RecordingMemory(2)
    gone: list[list[int]] = []
    table = SlotTable(memory, on_evict=lambda slot: gone.append(slot.tokens.tolist()))
    decode(table, memory, [1, 1])
    decode(table, memory, [2, 2])
    decode(table, memory, [1, 1, 1])
    decode(table, memory, [3, 3])
    assert gone == [[2, 2]]


def test_a_busy_slot_is_never_evicted() -> None:
    memory = RecordingMemory(2)
    table = SlotTable(memory, on_evict=lambda slot: None)
    busy = table.acquire(ids([1, 2]), "")
    decode(table, memory, [3, 4])
    decode(table, memory, [5, 6])
    assert busy.busy
    assert not table.evict_one() or busy.busy
    assert not table.evict_one()


def test_a_model_that_cannot_forget_a_part_starts_again() -> None:
    class Recurrent(RecordingMemory):
        def remove(self, sequence: int, start: int) -> bool:
            return super().remove(sequence, start) if start == 0 else False

        def copy(self, source: int, target: int, end: int) -> bool:
            return end == len(self.held[source]) and super().copy(source, target, end)

    memory = Recurrent(3)
    table = SlotTable(memory, on_evict=lambda slot: None)
    decode(table, memory, [1, 2, 3, 4])
    assert decode(table, memory, [1, 2, 9]) == 0
    assert decode(table, memory, [1, 2, 3, 4, 5]) == 4

"""Parked states: the longest prefix is found, the bound holds, and a chat comes back without
decoding it again, bit for bit."""

from pathlib import Path

import numpy as np

from engine.generation.generate import generate
from engine.generation.parked import Parked, ParkedStates
from engine.process.messages import Generate, Generated, Sampling
from tests.engine.loading import drain, load_here


def state(tokens: list[int], key: str = "", n_bytes: int = 10) -> Parked:
    return Parked(np.array(tokens, np.int32), key, bytes(n_bytes))


def test_the_longest_prefix_under_the_same_key_is_found() -> None:
    parked = ParkedStates()
    parked.put(state([1, 2, 3]))
    parked.put(state([1, 2, 9, 9]))
    parked.put(state([1, 2, 3, 4], "adapter@1"))
    wanted = np.array([1, 2, 3, 4, 5], np.int32)
    found = parked.find(wanted, "", 2)
    assert found is not None
    assert (found[0].tokens.tolist(), found[1]) == ([1, 2, 3], 3)
    assert parked.find(wanted, "", 3) is None


def test_contained_states_and_the_oldest_beyond_the_bound_go() -> None:
    parked = ParkedStates(max_bytes=100)
    parked.put(state([1, 2], n_bytes=40))
    parked.put(state([1, 2, 3], n_bytes=40))
    parked.put(state([7], n_bytes=40))
    assert [one.tokens.tolist() for one in parked] == [[1, 2, 3], [7]]
    parked.put(state([8], n_bytes=40))
    assert [one.tokens.tolist() for one in parked] == [[7], [8]]
    assert parked.takes(50)
    assert not parked.takes(51)


def test_many_chats_stay_warm_in_a_lean_cache(starter: Path, tmp_path: Path) -> None:
    loaded = load_here(starter, tmp_path, n_ctx=1024)
    greedy = Sampling(temperature=0.0)
    prompts = [f"Chat number {n} is about the sea and {n} ships that sail it." for n in range(8)]

    def answer(prompt: str) -> Generated:
        request = Generate(job=1, prompt=prompt, max_tokens=20, sampling=greedy)
        result: Generated = drain(generate(loaded, request))[1]
        return result

    first = [answer(prompt) for prompt in prompts]
    held = sum(slot.length for slot in loaded.context("main").slots.slots)
    assert held < 8 * 30, "idle chats left the cache"
    for prompt, before in zip(prompts, first, strict=True):
        again = answer(prompt)
        assert again.n_decoded == 1
        assert again.n_prompt == before.n_prompt
    loaded.close()


def test_a_restored_state_gives_the_same_logits(starter: Path, tmp_path: Path) -> None:
    loaded = load_here(starter, tmp_path, n_ctx=512)
    context = loaded.context("main").context
    ids = loaded.vocab.tokenize("The sea is deep and the night is long, said the keeper.")
    context.decode(ids, 0, 0, "last")
    data = context.snapshot(0)
    context.decode_one(int(ids[0]), len(ids), 0)
    expected = context.logits(0).copy()
    context.clear()
    assert context.restore(0, data)
    assert context.length(0) == len(ids)
    context.decode_one(int(ids[0]), len(ids), 0)
    assert np.array_equal(context.logits(0), expected)
    loaded.close()

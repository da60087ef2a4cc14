"""How a sequence's KV came about: the list of calls against a plain model of one, and its way over
the wire and the disk."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.generation.calls import Calls, calls_of, replayed

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(1, 5)),
        st.tuples(st.just("singles"), st.integers(1, 4)),
        st.tuples(st.just("cut"), st.integers(0, 12)),
    ),
    max_size=30,
)


class PlainCalls:
    """What really happened: (size, kept) of each call."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, int]] = []

    def cut(self, n_tokens: int) -> None:
        left, kept_calls = n_tokens, []
        for size, kept in self.calls:
            if left > 0:
                kept_calls.append((size, min(kept, left)))
            left -= kept
        self.calls = kept_calls

    @property
    def n_tokens(self) -> int:
        return sum(kept for _, kept in self.calls)


def played(steps: list[tuple[str, int]]) -> tuple[Calls, PlainCalls]:
    calls, plain = Calls(), PlainCalls()
    for what, n in steps:
        if what == "add":
            calls.add(n)
            plain.calls.append((n, n))
        elif what == "singles":
            calls.fill(calls.n_tokens + n)
            plain.calls += [(1, 1)] * n
        else:
            calls.cut(min(n, plain.n_tokens))
            plain.cut(n)
    return calls, plain


@given(STEPS)
def test_the_sizes_say_what_happened(steps: list[tuple[str, int]]) -> None:
    calls, plain = played(steps)
    assert calls.n_tokens == plain.n_tokens == sum(calls.sizes())
    assert replayed(calls.sizes()) == plain.calls


@given(STEPS)
def test_they_come_back_from_a_file(steps: list[tuple[str, int]]) -> None:
    calls, _ = played(steps)
    again = calls_of(calls.entries(), calls.n_tokens)
    assert (again.sizes(), again.n_tokens) == (calls.sizes(), calls.n_tokens)
    assert calls_of(calls.entries(), calls.n_tokens + 1).sizes() == []


def test_a_copy_goes_its_own_way_and_what_is_lost_stays_lost() -> None:
    calls = Calls()
    calls.add(4)
    calls.fill(6)
    copy = calls.copy()
    copy.cut(3)
    assert (calls.sizes(), copy.sizes()) == ([4, 1, 1], [4, -1])
    calls.lose()
    assert calls.sizes() == calls.copy().sizes() == []


@pytest.mark.parametrize("sizes", [[0], [-1], [4, -4], [4, -1, -1], [4, -9]])
def test_a_list_that_cannot_have_happened_is_refused(sizes: list[int]) -> None:
    with pytest.raises(ValueError, match="cannot stand"):
        replayed(sizes)

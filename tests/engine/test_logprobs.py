"""Logprobs and top-k against plain float64 numpy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.generation.logprobs import LogProbs


@given(
    st.integers(0, 2**32 - 1), st.sampled_from([5, 300, 5_000, 49_152, 50_001]), st.integers(1, 40)
)
@settings(max_examples=60, deadline=None)
def test_top_is_the_highest_first(seed: int, n: int, k: int) -> None:
    logits = np.random.default_rng(seed).normal(0, 4, n).astype(np.float32)
    top = LogProbs(n).top(logits, k)
    assert logits[top].tolist() == sorted(logits.tolist(), reverse=True)[: min(k, n)]
    assert len(set(top.tolist())) == len(top)


@given(st.integers(0, 2**32 - 1), st.floats(-200, 200))
@settings(max_examples=40, deadline=None)
def test_log_sum_exp_is_right_far_from_zero(seed: int, shift: float) -> None:
    logits = np.random.default_rng(seed).normal(shift, 5, 49_152).astype(np.float32)
    wide = logits.astype(np.float64)
    expected = wide.max() + np.log(np.exp(wide - wide.max()).sum())
    assert LogProbs(len(logits)).log_sum_exp(logits) == pytest.approx(expected, abs=2e-4)


def test_forbidden_tokens_count_for_nothing() -> None:
    logits = np.full(1000, -np.inf, np.float32)
    logits[[3, 7]] = 1.0
    assert LogProbs(1000).log_sum_exp(logits) == pytest.approx(1 + np.log(2))

"""Where a reply reasons: the marks of many models, texts that only talk of them, texts that grow,
and the budget token by token."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.generation.reasoning import (
    MARKS,
    Mark,
    ReasoningSplitter,
    opened_by,
    split_reasoning,
)
from engine.generation.thinking import Thinking

THINK = MARKS[0]


def split(text: str, opened: Mark | None = None) -> list[tuple[str, str]]:
    return [(kind, text[start:end]) for kind, start, end in split_reasoning(text, opened)]


@pytest.mark.parametrize("mark", MARKS, ids=lambda mark: mark.open)
def test_every_mark_folds(mark: Mark) -> None:
    text = f"\n{mark.open}\nTwo and two.\n{mark.close}\n\nFour.\n"
    assert split(text) == [("reasoning", "Two and two."), ("answer", "Four.")]
    assert split(f"{mark.open}Two and") == [("reasoning", "Two and")]
    assert opened_by(f"<|im_start|>assistant\n{mark.open}\n") == mark


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        (" \n", []),
        ("Hello.", [("answer", "Hello.")]),
        ("<think>", [("reasoning", "")]),
        ("<thi", [("answer", "<thi")]),
        ("<think>\n\n</think>\n\nHi", [("answer", "Hi")]),
        ("What <think> and </think> mean", [("answer", "What <think> and </think> mean")]),
        ("So `</think>` ends it.", [("answer", "So `</think>` ends it.")]),
        ("Let me see.\n</think>\n\nYes.", [("reasoning", "Let me see."), ("answer", "Yes.")]),
        (
            "<think>a</think>\n<think>b</think>c",
            [("reasoning", "a"), ("reasoning", "b"), ("answer", "c")],
        ),
    ],
)
def test_only_reasoning_is_reasoning(text: str, parts: list[tuple[str, str]]) -> None:
    assert split(text) == parts


def test_a_template_that_opens_it_is_understood_before_it_closes() -> None:
    assert split("Let me", THINK) == [("reasoning", "Let me")]
    assert split("Let me\n</think>\nYes", THINK) == [("reasoning", "Let me"), ("answer", "Yes")]
    assert opened_by("<|im_start|>assistant\n") is None


BITS = st.sampled_from(["<think>", "</think>", "\n", " ", "a", "<", "◁think▷", "</th", "b c"])


@given(st.lists(BITS, max_size=9), st.sampled_from([None, THINK]), st.integers(1, 7))
def test_a_growing_text_splits_as_a_whole_one(bits: list[str], opened: Mark | None, n: int) -> None:
    text = "".join(bits)
    splitter = ReasoningSplitter(opened)
    for start in range(0, len(text), n):
        splitter.feed(text[start : start + n])
    assert splitter.parts() == split_reasoning(text, opened)


def test_a_long_text_costs_no_more_per_token() -> None:
    def spent_s(length: int) -> float:
        splitter = ReasoningSplitter()
        splitter.feed("<think>" + "word " * length)
        best = 1.0
        for _ in range(5):
            start = time.perf_counter()
            for _ in range(200):
                splitter.feed("word ")
                splitter.parts()
            best = min(best, time.perf_counter() - start)
        return best

    assert spent_s(200_000) < 5 * spent_s(200) + 0.005


def think(pieces: list[str], budget: int = -1, opened: Mark | None = None) -> tuple[Thinking, str]:
    """Read pieces until reasoning is cut short; what that says."""
    thinking = Thinking(opened, "", budget)
    closing = thinking.cut_short()
    for piece in pieces:
        if closing:
            break
        thinking.read(piece.encode())
        closing = thinking.cut_short()
    return thinking, closing


def test_tokens_between_the_marks_are_counted() -> None:
    thinking, _ = think(["<th", "ink>", "\n", "one", " two", "\n", "</", "think", ">", "\n", "So"])
    assert thinking.n_tokens == 3
    assert thinking.is_over
    assert think(["one", " two"], opened=THINK)[0].n_tokens == 2
    assert think(["one", " two"])[0].n_tokens == 0


def test_a_budget_closes_what_is_open() -> None:
    assert think(["<think>", "a", "b", "c"], budget=2)[1] == "\n</think>\n\n"
    assert think(["<think>", "\n"], budget=0)[1] == "\n</think>\n\n"
    assert think([], budget=0, opened=THINK)[1] == "\n</think>\n\n"
    assert think(["a", "\n", "b"], budget=2, opened=THINK)[1] == "</think>\n\n"
    assert think(["an", "swer"], budget=0)[1] == ""
    assert think(["<think>", "a"], budget=-1)[1] == ""


def test_a_budget_waits_for_what_is_half_there() -> None:
    assert think(["a", "</", "th"], budget=1, opened=THINK)[1] == "\n</think>\n\n"
    thinking = Thinking(THINK, "", 2)
    for piece in (b"a", b"</", b"think", b">"):
        thinking.read(piece)
        assert not thinking.cut_short()
    assert thinking.n_tokens == 1


def test_a_budget_waits_for_a_whole_character() -> None:
    thinking = Thinking(THINK, "", 1)
    thinking.read("🐙".encode()[:2])
    assert not thinking.cut_short()
    thinking.read("🐙".encode()[2:])
    assert thinking.cut_short() == "\n</think>\n\n"

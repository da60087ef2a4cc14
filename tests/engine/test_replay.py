"""Replies that go on from given tokens, that can be repeated exactly, that think no longer than
they may, and that leave nothing on the disk; on the real starter model."""

import hashlib
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import AppError
from engine.generation.generate import generate
from engine.generation.loaded import Loaded
from engine.generation.parked import ParkedStates
from engine.generation.prompt import chat_prompt
from engine.generation.score import score
from engine.process.messages import (
    ChatMessage,
    Generate,
    Generated,
    PromptProgress,
    Sampling,
    Score,
    Token,
)
from tests.engine.generating import GREEDY, STORY, forget, run, tokens_of, user
from tests.engine.loading import drain, load_here


@pytest.fixture(autouse=True)
def cold(loaded: Loaded) -> None:
    forget(loaded)


def figures(events: list[Any]) -> list[tuple[int, float | None]]:
    return [(event.id, event.logprob) for event in events if isinstance(event, Token)]


# ---- going on from tokens ----


def test_given_tokens_stand_before_the_reply_exactly_as_they_are(loaded: Loaded) -> None:
    events, whole = run(loaded, prompt=STORY, max_tokens=12)
    ids = tokens_of(events)
    more, result = run(loaded, prompt=STORY, prefill_ids=ids[:7], max_tokens=5)
    assert tokens_of(more) == ids[7:]
    assert result.n_prompt == whole.n_prompt + 7
    assert result.n_generated == 5
    written = loaded.vocab.detokenize(ids).decode()
    assert result.replies[0].text == written[len(loaded.vocab.detokenize(ids[:7]).decode()) :]
    prompt = np.concatenate([loaded.vocab.tokenize(STORY), ids[:7]]).astype("<i4")
    assert result.prompt_hash == hashlib.sha256(prompt.tobytes()).hexdigest()


def test_half_a_character_before_the_reply_comes_whole_with_its_first_text(loaded: Loaded) -> None:
    ids = loaded.vocab.tokenize("A fish: 🐙").tolist()
    assert loaded.vocab.piece(ids[-1]) == "🐙".encode()[-1:]
    sampling = Sampling(temperature=0.0, logit_bias={ids[-1]: 1e9})
    events, result = run(loaded, prompt="x", prefill_ids=ids[:-1], max_tokens=1, sampling=sampling)
    (token,) = [event for event in events if isinstance(event, Token)]
    assert (token.piece, token.text, result.replies[0].text) == ("🐙".encode()[-1:], "🐙", "🐙")


def test_an_unknown_token_is_refused_in_words(loaded: Loaded) -> None:
    with pytest.raises(AppError, match="no token 10000000"):
        run(loaded, prompt=STORY, prefill_ids=[10_000_000])


def test_penalties_see_the_given_tokens(loaded: Loaded) -> None:
    ids = loaded.vocab.tokenize(" fish swims and the red fish swims and the red").tolist()
    fish = ids[0]

    def after(**stage: float) -> float:
        sampling = Sampling(temperature=1.0, seed=3, top_k=0, top_p=1.0, min_p=0.0, **stage)  # type: ignore[arg-type]
        events, _ = run(
            loaded,
            prompt="The red",
            prefill_ids=ids,
            sampling=sampling,
            max_tokens=1,
            top_logprobs=4000,
        )
        (token,) = [event for event in events if isinstance(event, Token)]
        assert token.top is not None
        return {one.id: float(np.exp(one.logprob)) for one in token.top.after}.get(fish, 0.0)

    assert after(presence_penalty=1.5) < 0.9 * after()


def test_a_fork_far_along_a_held_branch_begins_at_once(loaded: Loaded) -> None:
    messages = [user("Tell me a very long story.")]
    ends = {token.id: -1e9 for token in loaded.vocab.special_tokens.values()}
    endless = Sampling(temperature=0.0, logit_bias=ends)
    ids = loaded.vocab.tokenize("The tide comes and the tide goes. " * 70).tolist()[:520]
    run(loaded, messages=messages, prefill_ids=ids, sampling=endless, max_tokens=2)
    ratios = []
    for word in (" sea", " dog", " cat", " house", " boat", " king"):
        other = int(loaded.vocab.tokenize(word)[0])
        request = Generate(
            job=1,
            messages=messages,
            prefill_ids=[*ids[:499], other],
            max_tokens=8,
            sampling=endless,
            top_logprobs=10,
        )
        start, times = time.perf_counter(), []
        for event in generate(loaded, request):
            if isinstance(event, Token):
                times.append(time.perf_counter() - start)
            elif isinstance(event, PromptProgress):
                assert event.n_done == event.n_total - 1, "one token is decoded"
        ratios.append(times[0] / statistics.median(np.diff(times).tolist()))
    assert min(ratios) <= 2.0


# ---- replay ----


def talk(loaded: Loaded, sampling: Sampling) -> tuple[list[ChatMessage], list[Any], Generated]:
    """Three turns; the messages before the last reply, its events, its result."""
    messages: list[ChatMessage] = []
    events: list[Any] = []
    result: Generated | None = None
    for question in ("Name a colour of the sea.", "Why is that so?", "Tell me a story of it."):
        if result is not None:
            messages.append(ChatMessage("assistant", result.replies[0].text))
        messages.append(user(question))
        events, result = run(loaded, messages=list(messages), sampling=sampling, max_tokens=30)
    assert result is not None
    return messages, events, result


@pytest.mark.parametrize(
    "sampling",
    [Sampling(temperature=0.0, seed=1), Sampling(temperature=0.9, seed=7)],
    ids=["0", "0.9"],
)
def test_a_third_reply_is_repeated_exactly_from_what_was_recorded(
    loaded: Loaded, sampling: Sampling
) -> None:
    messages, events, result = talk(loaded, sampling)
    assert result.n_reused > 50
    assert result.alone
    assert sum(result.slices) == result.n_prompt == len(chat_prompt(loaded, messages).ids)
    run(loaded, prompt="Something else in between.", max_tokens=5)
    again, replay = run(
        loaded,
        messages=messages,
        sampling=sampling,
        max_tokens=30,
        slices=result.slices,
        alone=True,
    )
    assert figures(again) == figures(events)
    assert replay.replies == result.replies
    assert (replay.slices, replay.prompt_hash) == (result.slices, result.prompt_hash)
    assert replay.template_hash == result.template_hash != ""
    assert replay.n_threads == result.n_threads


def test_a_reply_asked_for_again_repeats_the_calls_it_shares(loaded: Loaded) -> None:
    sampling = Sampling(temperature=0.9, seed=2)
    run(loaded, prompt=STORY, max_tokens=20)
    events, second = run(loaded, prompt=STORY, sampling=sampling, max_tokens=20)
    assert second.slices == [second.n_prompt, -1, 1]
    assert not second.alone, "the first reply's branch stands beside it"
    again, replay = run(
        loaded, prompt=STORY, sampling=sampling, max_tokens=20, slices=second.slices, alone=True
    )
    assert replay.slices == second.slices
    assert tokens_of(again)[0] == tokens_of(events)[0]


def test_a_chat_that_waited_elsewhere_still_knows_its_calls(starter: Path, tmp_path: Path) -> None:
    text = "The old sailor told of storms and calms. " * 40
    here = load_here(starter, tmp_path, n_ctx=2048)
    _, first = run(here, prompt=text, max_tokens=5)
    assert here.keep_states() == 1
    here.close()
    later = load_here(starter, tmp_path, n_ctx=2048)
    more = text + first.replies[0].text + " And then"
    events, result = run(later, prompt=more, max_tokens=8)
    assert result.n_reused > 300
    assert result.alone
    assert sum(result.slices) == result.n_prompt
    again, _ = run(later, prompt=more, max_tokens=8, slices=result.slices, alone=True)
    assert figures(again) == figures(events)
    later.close()


def test_a_chat_that_gave_way_to_another_is_alone_again(loaded: Loaded) -> None:
    """Short chats take turns in the cache, so each reply can be repeated."""
    _, first = run(loaded, prompt=STORY, max_tokens=4)
    _, other = run(loaded, prompt="A chat of its own, about the wind and the waves.", max_tokens=4)
    more = STORY + first.replies[0].text + " and so the night went on and on"
    events, second = run(loaded, prompt=more)
    assert second.n_reused > first.n_prompt
    assert first.alone and other.alone and second.alone
    again, _ = run(loaded, prompt=more, slices=second.slices, alone=True)
    assert figures(again) == figures(events)


def test_who_stands_beside_a_reply_is_told(loaded: Loaded) -> None:
    _, several = run(loaded, prompt=STORY, n_replies=2, alone=True)
    assert not several.alone
    forget(loaded)
    streaming = generate(loaded, Generate(job=1, prompt=STORY, sampling=GREEDY, max_tokens=8))
    while not isinstance(next(streaming), Token):
        continue
    _, second = run(loaded, prompt="A chat of its own.", max_tokens=3)
    _, first = drain(streaming)
    assert not first.alone and not second.alone
    assert first.template_hash == ""


def test_scoring_a_reply_leaves_its_chat_as_it_was(loaded: Loaded) -> None:
    events, first = run(loaded, prompt=STORY)
    drain(score(loaded, Score(job=1, prompt=STORY, ids=tokens_of(events))))
    more = STORY + first.replies[0].text + " and so the night went on and on"
    _, second = run(loaded, prompt=more)
    assert second.alone and second.n_reused > first.n_prompt


@pytest.mark.parametrize("slices", [[4000], [3, -3], [0], [9, -1], [600]], ids=str)
def test_slices_of_another_prompt_are_refused_in_words(loaded: Loaded, slices: list[int]) -> None:
    n_prompt = len(loaded.vocab.tokenize(STORY))
    wanted = [n_prompt + 1, -1] if slices == [9, -1] else slices
    with pytest.raises(AppError, match="another one by now"):
        run(loaded, prompt=STORY, slices=wanted, alone=True)
    assert not any(slot.busy for slot in loaded.context("main").slots.slots)


# ---- reasoning ----


def test_reasoning_ends_when_its_budget_is_used_up(loaded: Loaded) -> None:
    wanted: dict[str, Any] = {
        "messages": [user("How many legs has a spider?")],
        "prefill": "<think>\nLet me",
        "max_tokens": 40,
        "reasoning_budget": 6,
        "alone": True,
    }
    events, result = run(loaded, **wanted)
    text = result.replies[0].text
    thought, answer = text.split("\n</think>\n\n", 1)
    assert thought and answer
    assert result.n_reasoning == 6
    tokens = [event for event in events if isinstance(event, Token)]
    assert "".join(token.text for token in tokens) == text
    assert all(token.logprob is not None for token in tokens)
    seen, _ = run(loaded, **wanted, top_logprobs=3)
    assert tokens_of(seen) == tokens_of(events)
    assert all(token.top is not None for token in seen if isinstance(token, Token))
    _, free = run(loaded, **{**wanted, "reasoning_budget": -1})
    assert "</think>" not in free.replies[0].text


def test_a_draw_after_forced_tokens_is_the_same_seen_and_unseen(loaded: Loaded) -> None:
    wanted: dict[str, Any] = {
        "prompt": "<think>\n",
        "reasoning_budget": 3,
        "max_tokens": 20,
        "alone": True,
        "sampling": Sampling(temperature=1.0, seed=4, xtc_probability=0.5, repeat_penalty=1.1),
    }
    plain, result = run(loaded, **wanted)
    seen, _ = run(loaded, **wanted, top_logprobs=4)
    assert tokens_of(plain) == tokens_of(seen)
    assert result.n_reasoning <= 3
    assert "</think>" in result.replies[0].text


def test_an_ordinary_reply_has_no_reasoning(loaded: Loaded) -> None:
    _, result = run(loaded, messages=[user("Say yes.")], reasoning_budget=0)
    assert result.n_reasoning == 0
    assert "think>" not in result.replies[0].text


# ---- nothing on the disk ----


@pytest.mark.parametrize("parks", [True, False], ids=["parked", "too long to park"])
def test_a_private_reply_leaves_no_trace(starter: Path, tmp_path: Path, parks: bool) -> None:
    model = load_here(starter, tmp_path, n_ctx=1024)
    if not parks:
        model.parked = ParkedStates(max_bytes=1_000_000)
    slots = model.context("main").slots
    _, first = run(model, prompt="A secret of the deep. " * 60, max_tokens=2, private=True)
    assert first.n_prompt > 300
    assert model.keep_states() == 0
    assert slots.evict_one()
    assert model.keep_states() == 0
    assert not list((tmp_path / "states").rglob("*.*"))
    _, shown = run(model, prompt="Not private at all. " * 60, max_tokens=2)
    assert model.keep_states() == 1
    held = b"".join(path.read_bytes() for path in (tmp_path / "states").rglob("*.tokens"))
    assert len(held) == 4 * (shown.n_prompt + 1)
    model.close()

"""How probable a given text was, against what Generate said of the same tokens; and what a worker
says a prompt becomes."""

import time
from typing import Any

import numpy as np
import pytest

from engine.errors import AppError, JobCancelledError
from engine.generation.loaded import Loaded
from engine.generation.score import score
from engine.process.client import Client
from engine.process.messages import (
    Array,
    ChatMessage,
    Done,
    Generate,
    Render,
    Rendered,
    Sampling,
    Score,
    Token,
    Tokens,
)
from engine.process.service import Service
from tests.engine.generating import GREEDY, STORY, forget, run, user
from tests.engine.loading import drain

SAMPLING = Sampling(temperature=0.8, seed=3, repeat_penalty=1.1, xtc_probability=0.3)


@pytest.fixture(autouse=True)
def cold(request: pytest.FixtureRequest) -> None:
    if "loaded" in request.fixturenames:
        forget(request.getfixturevalue("loaded"))


def scored(loaded: Loaded, **fields: Any) -> list[Token]:
    events, _ = drain(score(loaded, Score(job=1, **fields)))
    return [event for event in events if isinstance(event, Token)]


def drawn(loaded: Loaded, **fields: Any) -> list[Token]:
    events, _ = run(loaded, **fields)
    return [event for event in events if isinstance(event, Token)]


def test_a_reply_scored_again_is_what_was_told_when_it_was_written(loaded: Loaded) -> None:
    chat: dict[str, Any] = {"messages": [user("Tell me of the sea.")], "sampling": SAMPLING}
    written = drawn(loaded, **chat, max_tokens=40, top_logprobs=10)
    forget(loaded)
    again = scored(loaded, **chat, ids=[token.id for token in written], top_logprobs=10)
    assert [(t.id, t.piece, t.text) for t in again] == [(t.id, t.piece, t.text) for t in written]
    assert again[0] == written[0], "the same slices, so the same bits"
    for one, other in zip(again, written, strict=True):
        assert one.logprob == pytest.approx(other.logprob, abs=0.05)
        assert one.top is not None and other.top is not None
        assert_alike(one.top.before, other.top.before)
        assert_alike(one.top.after, other.top.after)
        assert one.top.rest_before == pytest.approx(other.top.rest_before, abs=0.02)
    assert not any(slot.busy for slot in loaded.context("main").slots.slots)


def assert_alike(one: list[Any], other: list[Any]) -> None:
    """The same alternatives, but for those at the very end of what is shown."""
    known = {candidate.id: candidate.logprob for candidate in other}
    shared = [candidate for candidate in one if candidate.id in known]
    assert len(shared) >= max(1, len(one) - 2)
    for candidate in shared:
        assert candidate.logprob == pytest.approx(known[candidate.id], abs=0.08)


def test_scoring_reuses_what_the_cache_holds_and_tells_from_first_on(loaded: Loaded) -> None:
    written = drawn(loaded, prompt=STORY, max_tokens=20)
    ids = [token.id for token in written]
    steps = score(loaded, Score(job=1, prompt=STORY, ids=ids, first=12))
    events, _ = drain(steps)
    assert events[0].n_reused == events[0].n_total - 1
    told = [event for event in events if isinstance(event, Token)]
    assert [token.id for token in told] == ids[12:]
    for one, other in zip(told, written[12:], strict=True):
        assert one.logprob == pytest.approx(other.logprob, abs=0.05)


def test_a_text_is_scored_as_its_tokens(loaded: Loaded) -> None:
    told = scored(loaded, prompt="The capital of France is", text=" Paris, not Rome.")
    assert "".join(token.text for token in told) == " Paris, not Rome."
    assert [t.id for t in told] == loaded.vocab.tokenize(" Paris, not Rome.").tolist()
    assert told[0].logprob is not None and told[0].logprob > -2
    rome = next(token for token in told if token.text == " Rome")
    assert rome.logprob is not None and rome.logprob < told[0].logprob
    assert scored(loaded, prompt="x", text="") == []


def test_a_token_outside_the_grammar_is_scored_too(loaded: Loaded) -> None:
    sampling = Sampling(temperature=0.5, grammar='root ::= "yes" | "no"')
    told = scored(
        loaded, prompt="Say yes or no: ", text="perhaps", sampling=sampling, top_logprobs=3
    )
    assert "".join(token.text for token in told) == "perhaps"


def test_what_cannot_be_scored_is_said_in_words(loaded: Loaded) -> None:
    with pytest.raises(AppError, match="the context holds 2,048"):
        scored(loaded, prompt="x", text="sea " * 3000)
    with pytest.raises(AppError, match="no token 99999999"):
        scored(loaded, prompt="x", ids=[99_999_999])
    with pytest.raises(AppError, match="not both"):
        scored(loaded, prompt="x", messages=[user("y")], text="z")


def test_scoring_is_cancelled_between_slices(loaded: Loaded) -> None:
    steps = score(loaded, Score(job=1, prompt=STORY, text="sea " * 600))
    while not isinstance(next(steps), Token):
        continue
    with pytest.raises(JobCancelledError):
        steps.throw(JobCancelledError())
    assert not any(slot.busy for slot in loaded.context("main").slots.slots)


# ---- what a prompt becomes ----


def numbers(array: Array) -> "np.ndarray[Any, Any]":
    return np.frombuffer(array.data, array.dtype)


def rendered(loaded: Loaded, **fields: Any) -> Rendered:
    service = Service()
    service.loaded = loaded
    found = service.answer(Render(job=1, **fields))
    assert isinstance(found, Rendered)
    return found


TALK = [
    ChatMessage("system", "Be brief."),
    user("What is <|im_start|> in a 🐙 prompt?"),
    ChatMessage("assistant", "A mark."),
    user("Thank you."),
]


def test_a_rendered_chat_says_what_the_model_receives(loaded: Loaded) -> None:
    found = rendered(loaded, messages=TALK, prefill="Well")
    _, result = run(loaded, messages=TALK, prefill="Well", max_tokens=1)
    assert found.prompt_hash == result.prompt_hash
    assert len(numbers(found.ids)) == result.n_prompt
    pieces = bytes(numbers(found.pieces))
    assert pieces.decode() == found.text
    assert numbers(found.piece_bytes).sum() == len(pieces)
    marker = loaded.vocab.special_tokens["<|im_start|>"].id
    assert (numbers(found.ids) == marker).sum() == 5
    special = numbers(found.ids)[numbers(found.special) == 1]
    assert set(special.tolist()) == {marker, loaded.vocab.special_tokens["<|im_end|>"].id}
    assert "<|im_start|> in a" in found.text, "what the user typed is no token"
    contents = [found.text[span.start : span.end] for span in found.spans]
    assert contents == [*(message.content for message in TALK), "Well"]


def test_messages_left_out_keep_the_others_numbers(loaded: Loaded) -> None:
    found = rendered(loaded, messages=TALK, dropped=[1, 2], prefill="Well")
    assert [span.message for span in found.spans] == [0, 3, 4]
    assert "octopus" not in found.text and "A mark." not in found.text


def test_a_raw_prompt_is_rendered_as_it_is_read(loaded: Loaded) -> None:
    found = rendered(loaded, prompt=STORY, prefill=" sang")
    _, result = run(loaded, prompt=STORY, prefill=" sang", max_tokens=1, sampling=GREEDY)
    assert (found.text, found.prompt_hash) == (STORY + " sang", result.prompt_hash)
    assert not numbers(found.special).any()


def test_a_long_prompt_is_rendered_quickly(loaded: Loaded) -> None:
    talk = [user("The tide comes and the tide goes, as it did yesterday. " * 12) for _ in range(60)]
    rendered(loaded, messages=talk[:1])  # the template's process is up, the tables are made
    times_s = []
    for n in range(5):
        talk[0] = user(f"Nothing of this was asked before: {n}.")
        start = time.perf_counter()
        found = rendered(loaded, messages=list(talk))
        times_s.append(time.perf_counter() - start)
        assert len(numbers(found.ids)) > 8_000
    assert min(times_s) < 5 * 0.060


# ---- through a worker ----


def test_a_worker_scores_what_it_wrote(client: Client) -> None:
    chat = [user("Name a fish.")]
    written = [
        token
        for event in client.stream(
            lambda job: Generate(job=job, messages=chat, max_tokens=10, sampling=GREEDY)
        )
        if isinstance(event, Tokens)
        for token in event.items
    ]
    events = list(
        client.stream(lambda job: Score(job=job, messages=chat, ids=[t.id for t in written]))
    )
    told = [token for event in events if isinstance(event, Tokens) for token in event.items]
    assert isinstance(events[-1], Done)
    assert [t.id for t in told] == [t.id for t in written]
    for one, other in zip(told, written, strict=True):
        assert one.logprob == pytest.approx(other.logprob, abs=0.05)

"""The engine on the real starter model, in this process: what is reused, what is equal, several
replies and jobs, stopping."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import JobCancelledError
from engine.generation.generate import generate
from engine.generation.loaded import Loaded
from engine.generation.prompt import chat_prompt
from engine.llama.bare import BareContext
from engine.llama.context import Context
from engine.process.messages import (
    ChatMessage,
    Generate,
    Generated,
    PromptProgress,
    Sampling,
    Token,
)
from tests.engine.generating import GREEDY, STORY, forget, run, tokens_of, user
from tests.engine.loading import drain, load_here


@pytest.fixture(autouse=True)
def cold(loaded: Loaded) -> None:
    forget(loaded)


def test_greedy_is_what_llama_cpp_gives(loaded: Loaded, starter: Path) -> None:
    bare = BareContext(starter, 1)
    bare.read(STORY)
    expected = []
    for _ in range(40):
        expected.append(bare.newest)
        bare.step()
    bare.close()
    events, _ = run(loaded, prompt=STORY, max_tokens=40)
    assert tokens_of(events) == expected


def test_pieces_and_text_and_totals_agree(loaded: Loaded) -> None:
    events, result = run(loaded, prompt="Emoji: 🐙🐙 more: 🐙", max_tokens=30)
    tokens = [event for event in events if isinstance(event, Token)]
    data = b"".join(token.piece for token in tokens if not loaded.vocab.is_end(token.id))
    assert "".join(token.text for token in tokens) == data.decode("utf-8", "replace")
    assert result.replies[0].text == data.decode("utf-8", "replace")
    assert result.n_generated == len(tokens) == 30
    assert result.replies[0].finish == "length"
    assert result.n_prompt == result.n_reused + result.n_decoded == sum(result.slices)
    assert all(token.logprob is not None and token.logprob <= 0 for token in tokens)


def test_same_seed_same_text(loaded: Loaded) -> None:
    sampling = Sampling(temperature=1.2, seed=11)
    texts = [
        run(loaded, prompt=STORY, sampling=sampling, max_tokens=40, alone=True)[1].replies[0].text
        for _ in range(3)
    ]
    assert texts[0] == texts[1] == texts[2]
    other = run(loaded, prompt=STORY, sampling=Sampling(temperature=1.2, seed=12), max_tokens=40)
    assert other[1].replies[0].text != texts[0]


# ---- the KV cache ----


def test_a_second_turn_decodes_only_what_is_new(loaded: Loaded) -> None:
    first = [user("Name a colour.")]
    _, one = run(loaded, messages=first)
    reply = ChatMessage("assistant", one.replies[0].text)
    second = [*first, reply, user("Another one?")]
    _, two = run(loaded, messages=second)
    n_shared = len(chat_prompt(loaded, first).ids)
    assert two.n_reused >= n_shared
    assert two.n_decoded < 40


def test_an_edit_and_the_old_branch_are_both_warm(loaded: Loaded) -> None:
    system = ChatMessage("system", "You are a terse helper who likes the sea. " * 12)
    _, first = run(loaded, messages=[system, user("What is a reef?")])
    _, edited = run(loaded, messages=[system, user("What is a wreck?")])
    _, again = run(loaded, messages=[system, user("What is a reef?")])
    assert first.n_reused == 0
    assert edited.n_decoded < 15
    assert again.n_decoded == 1
    assert again.replies[0].text == first.replies[0].text


def logits_after(context: Context, ids: "np.ndarray[Any, Any]", slices: list[int]) -> Any:
    """Logits of the last token after decoding `ids` in these slices, alone in the cache."""
    context.clear()
    start = 0
    for size in slices:
        context.decode(ids[start : start + size], start, 0, "last")
        start += size
    assert start == len(ids)
    return context.logits(slices[-1] - 1).copy()


def test_reused_logits_are_those_of_a_cold_run_of_the_same_slices(loaded: Loaded) -> None:
    first = [user("Tell me of the sea.")]
    _, one = run(loaded, messages=first, max_tokens=9)
    second = [*first, ChatMessage("assistant", one.replies[0].text), user("And the wind?")]
    ids = chat_prompt(loaded, second).ids
    context = loaded.context("main").context
    steps = generate(loaded, Generate(job=1, messages=second, sampling=GREEDY, max_tokens=1))
    n_reused = next(e.n_reused for e in steps if isinstance(e, PromptProgress))
    assert isinstance(next(steps), Token)
    warm = context.logits(len(ids) - n_reused - 1).copy()
    steps.close()
    assert n_reused > one.n_prompt
    slices = [*one.slices, *[1] * (n_reused - one.n_prompt), len(ids) - n_reused]
    other = Context(loaded.model, 2048, 2)
    cold = logits_after(other, ids, slices)
    other.close()
    assert np.array_equal(warm, cold)


@pytest.mark.soak
def test_reuse_differs_little_from_one_whole_prefill(loaded: Loaded) -> None:
    """Mean KL over every position of second replies, teacher-forced, both ways."""
    divergences = []
    context = Context(loaded.model, 2048, 2)
    for question in ("What is a reef?", "Why is the sky blue?", "Name three fish.", "Who are you?"):
        first = [user(question)]
        _, one = run(loaded, messages=first, max_tokens=40, alone=True)
        second = [*first, ChatMessage("assistant", one.replies[0].text), user("Say more.")]
        _, two = run(loaded, messages=second, max_tokens=40)
        reply = loaded.vocab.tokenize(two.replies[0].text)
        prompt = chat_prompt(loaded, second).ids
        ids = np.concatenate([prompt, reply])
        n_stepped = two.n_reused - one.n_prompt
        logits_after(context, prompt, [*one.slices, *[1] * n_stepped, two.n_decoded])
        stepped = []
        for position, token in enumerate(reply.tolist(), start=len(prompt)):
            context.decode([token], position, 0, "last")
            stepped.append(context.logits(0).copy())
        context.clear()
        context.decode(ids, 0, 0, "all")
        whole = [context.logits(len(prompt) + i) for i in range(len(reply))]
        divergences += [kl(p, q) for p, q in zip(whole, stepped, strict=True)]
    context.close()
    assert len(divergences) > 100
    assert np.mean(divergences) <= 0.02


def kl(p_logits: Any, q_logits: Any) -> float:
    """Kullback-Leibler divergence in nats between two distributions given as logits."""
    log_p, log_q = (
        x.astype(np.float64) - np.logaddexp.reduce(x.astype(np.float64))
        for x in (p_logits, q_logits)
    )
    return float((np.exp(log_p) * (log_p - log_q)).sum())


def test_nothing_is_reused_when_alone_is_asked(loaded: Loaded) -> None:
    run(loaded, prompt=STORY)
    _, result = run(loaded, prompt=STORY, alone=True)
    assert result.n_reused == 0


@pytest.mark.soak
def test_a_full_cache_lets_idle_chats_go(loaded: Loaded) -> None:
    for index in range(5):
        text = f"{index} " + "the grey sea and the long shore " * 100
        _, result = run(loaded, prompt=text, max_tokens=2)
        assert result.n_reused == 0
    held = sum(slot.length for slot in loaded.context("main").slots.slots)
    assert held <= 2048


# ---- several replies, several jobs ----


def test_n_replies_decode_the_prompt_once(loaded: Loaded) -> None:
    sampling = Sampling(temperature=1.0, seed=5)
    events, result = run(loaded, prompt=STORY, n_replies=16, sampling=sampling, max_tokens=10)
    assert result.n_decoded == result.n_prompt
    assert [reply.seed for reply in result.replies] == list(range(5, 21))
    assert len({reply.text for reply in result.replies}) > 8
    for index, reply in enumerate(result.replies):
        mine = [e for e in events if isinstance(e, Token) and e.reply == index]
        assert "".join(token.text for token in mine) == reply.text


def test_first_tokens_of_all_replies_come_from_the_same_distribution(loaded: Loaded) -> None:
    sampling = Sampling(temperature=1.0, seed=5)
    events, _ = run(
        loaded, prompt=STORY, n_replies=4, sampling=sampling, max_tokens=1, top_logprobs=5
    )
    tops = [event.top.before for event in events if isinstance(event, Token) and event.top]
    assert len(tops) == 4
    assert all(top == tops[0] for top in tops)


def test_two_jobs_taking_turns_do_not_mix(loaded: Loaded) -> None:
    """Each job's tokens carry the logprobs it would get alone, within what another sequence in the
    cache changes."""
    alone = {}
    for prompt in ("The capital of France is", "1, 2, 3, 4, 5,"):
        events, _ = run(loaded, prompt=prompt, max_tokens=10, alone=True)
        alone[prompt] = [event for event in events if isinstance(event, Token)]
    forget(loaded)
    jobs = {
        prompt: generate(
            loaded,
            Generate(job=1, prompt=prompt, sampling=GREEDY, max_tokens=10),
        )
        for prompt in alone
    }
    got: dict[str, list[Token]] = {prompt: [] for prompt in jobs}
    waiting = list(jobs)
    while waiting:
        for prompt in list(waiting):
            try:
                event = next(jobs[prompt])
            except StopIteration:
                waiting.remove(prompt)
                continue
            if isinstance(event, Token):
                got[prompt].append(event)
    for prompt, tokens in alone.items():
        assert got[prompt][0].id == tokens[0].id
        assert got[prompt][0].logprob == pytest.approx(tokens[0].logprob, abs=0.3)
        assert len(got[prompt]) == 10


def test_two_jobs_that_do_not_fit_together_both_finish(starter: Path, tmp_path: Path) -> None:
    small = load_here(starter, tmp_path, n_ctx=512)
    prompts = ["a " * 300, "b " * 300]
    jobs = {
        p: generate(small, Generate(job=1, prompt=p, sampling=GREEDY, max_tokens=20))
        for p in prompts
    }
    results: dict[str, Generated] = {}
    while len(results) < 2:
        for prompt in set(prompts) - set(results):
            try:
                next(jobs[prompt])
            except StopIteration as stop:
                results[prompt] = stop.value
    small.close()
    assert all(len(result.replies[0].text) > 0 for result in results.values())
    assert all(result.n_generated == 20 for result in results.values())


# ---- stopping ----


def test_a_stop_string_ends_the_reply_before_it(loaded: Loaded) -> None:
    _, free = run(loaded, prompt="1, 2, 3, 4,", max_tokens=30)
    assert " 8" in free.replies[0].text
    events, result = run(loaded, prompt="1, 2, 3, 4,", max_tokens=30, stop=[" 8"])
    assert result.replies[0].finish == "stop_string"
    assert result.replies[0].stop_string == " 8"
    assert result.replies[0].text == free.replies[0].text.split(" 8")[0]
    assert "".join(e.text for e in events if isinstance(e, Token)) == result.replies[0].text


def test_the_model_ends_its_turn(loaded: Loaded) -> None:
    events, result = run(loaded, messages=[user("Say only the word yes.")], max_tokens=300)
    assert result.replies[0].finish == "stop"
    assert loaded.vocab.is_end(tokens_of(events)[-1])
    assert "<|" not in result.replies[0].text


def test_a_cancel_between_tokens_keeps_what_is_there(loaded: Loaded) -> None:
    steps = generate(loaded, Generate(job=1, prompt=STORY, sampling=GREEDY))
    seen: list[str] = []
    while len(seen) < 5:
        event = next(steps)
        if isinstance(event, Token):
            seen.append(event.text)
    with pytest.raises(StopIteration) as end:
        steps.throw(JobCancelledError())
    reply = end.value.value.replies[0]
    assert reply.finish == "cancelled"
    assert reply.text == "".join(seen)
    assert not any(slot.busy for slot in loaded.context("main").slots.slots)


def test_an_abort_inside_the_prompt_keeps_the_cache_true(loaded: Loaded) -> None:
    context = loaded.context("main").context
    long_text = "waves and wind " * 250
    steps = generate(loaded, Generate(job=1, prompt=long_text, sampling=GREEDY, max_tokens=4))
    for _ in range(3):
        next(steps)
    context.abort()
    _, result = drain(steps)
    context.clear_abort()
    assert result.replies == []
    for slot in loaded.context("main").slots.slots:
        assert context.length(slot.sequence) == slot.length
    _, result = run(loaded, prompt=long_text, max_tokens=4)
    assert result.n_reused == 256
    assert (
        result.replies[0].text
        == run(loaded, prompt=long_text, max_tokens=4, alone=True)[1].replies[0].text
    )

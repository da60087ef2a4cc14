"""The distribution after a text, stage by stage: against Score's alternatives, against the chain as
a whole, and against what each stage is defined to leave."""

import math
import statistics
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import AppError
from engine.generation.loaded import Loaded
from engine.generation.look import look_at, look_at_known
from engine.generation.recent import Recent
from engine.generation.score import score
from engine.llama.sampler import Sampler
from engine.process.client import Client
from engine.process.messages import Sampling, Score, Token, Tokenize, Tokenized
from engine.process.service import Service
from engine.process.token_messages import LookAt, Stage, Stages
from tests.engine.generating import forget
from tests.engine.loading import drain

TEXT = "Once upon a time there was a lighthouse keeper who lived by the sea and"
USUAL = Sampling()
EVERYTHING = Sampling(
    logit_bias={260: 1.5, 253: -math.inf},
    repeat_penalty=1.3,
    frequency_penalty=0.2,
    dry_multiplier=0.8,
    top_n_sigma=3.0,
    top_k=200,
    typical_p=0.98,
    top_p=0.9,
    min_p=0.001,
    xtc_probability=1.0,
    xtc_threshold=0.1,
    temperature=0.7,
)


def ids_of(loaded: Loaded, text: str = TEXT) -> list[int]:
    ids: list[int] = loaded.vocab.tokenize(text).tolist()
    return ids


def looked(loaded: Loaded, sampling: Sampling = USUAL, **fields: Any) -> dict[str, Stage]:
    request = LookAt(job=1, **{"ids": ids_of(loaded), "sampling": sampling, **fields})
    events, found = drain(look_at(loaded, request))
    assert not events and not any(slot.busy for slot in loaded.context("main").slots.slots)
    names = [stage.name for stage in found.stages]
    assert len(set(names)) == len(names)
    return {stage.name: stage for stage in found.stages}


def probabilities(stage: Stage) -> dict[int, float]:
    return {one.id: math.exp(one.logprob) for one in stage.candidates}


def logits_of(loaded: Loaded) -> Any:
    """Of the text, as the model gives them."""
    looked(loaded)
    kept = loaded.looked.get(("main", "", np.array(ids_of(loaded), np.int32).tobytes()))
    assert kept is not None
    return kept


# ---- what the stages leave ----


def test_the_first_is_the_models_own(loaded: Loaded) -> None:
    forget(loaded)
    loaded.looked = Recent(8)
    model = looked(loaded, count=12, chosen=260)["model"]
    told, _ = drain(score(loaded, Score(job=1, prompt=TEXT, ids=[260], top_logprobs=12)))
    (token,) = [one for one in told if isinstance(one, Token)]
    assert token.top is not None
    assert [one.id for one in model.candidates] == [one.id for one in token.top.before]
    for one, other in zip(model.candidates, token.top.before, strict=True):
        assert one.logprob == pytest.approx(other.logprob, abs=0.03)
    assert model.chosen_logprob == pytest.approx(token.logprob, abs=0.03)
    assert model.n_left == loaded.vocab.n_tokens
    assert math.fsum(probabilities(model).values()) + model.rest == pytest.approx(1)


def test_only_stages_that_do_something_are_told(loaded: Loaded) -> None:
    assert list(looked(loaded, Sampling(top_k=0, top_p=1, min_p=0))) == ["model", "temperature"]
    assert list(looked(loaded)) == ["model", "top_k", "top_p", "min_p", "temperature"]
    assert list(looked(loaded, EVERYTHING)) == [
        "model",
        "logit_bias",
        "penalties",
        "dry",
        "top_n_sigma",
        "top_k",
        "typical_p",
        "top_p",
        "min_p",
        "xtc",
        "temperature",
    ]
    mirostat = looked(loaded, Sampling(mirostat=2))
    assert list(mirostat) == ["model", "temperature", "mirostat"]
    assert mirostat["mirostat"].n_left < loaded.vocab.n_tokens


def test_each_stage_does_what_its_name_says(loaded: Loaded) -> None:
    logits = logits_of(loaded).astype(np.float64)
    order = np.argsort(-logits, kind="stable")
    p = np.exp(logits - logits.max())
    p /= p.sum()
    n = 300
    found = looked(loaded, Sampling(top_k=n, top_p=0.8, min_p=0.02, temperature=0.5), count=n)
    left = order[:n]
    assert [one.id for one in found["top_k"].candidates] == left.tolist()
    cumulative = np.cumsum(p[left] / p[left].sum())
    left = left[: int(np.searchsorted(cumulative, 0.8)) + 1]
    assert [one.id for one in found["top_p"].candidates] == left.tolist()
    left = left[p[left] >= 0.02 * p[left[0]]]
    assert found["min_p"].n_left == len(left)
    cooled = np.exp(logits[left] / 0.5 - logits[left[0]] / 0.5)
    shown = probabilities(found["temperature"])
    assert list(shown) == left.tolist()
    assert np.allclose(list(shown.values()), cooled / cooled.sum(), atol=1e-5)
    assert found["temperature"].rest == pytest.approx(0, abs=1e-6)


def test_temperature_0_leaves_the_likeliest(loaded: Loaded) -> None:
    found = looked(loaded, Sampling(temperature=0.0))
    assert list(found) == ["model", "temperature"]
    (only,) = found["temperature"].candidates
    assert (only.id, only.logprob) == (found["model"].candidates[0].id, 0.0)
    assert found["temperature"].n_left == 1


def test_penalties_and_dry_look_back_on_the_text(loaded: Loaded) -> None:
    ids = ids_of(loaded, "the sea and the sky and the sea and the")
    sea = ids[1]
    for name, sampling in {
        "penalties": Sampling(repeat_penalty=1.5),
        "dry": Sampling(dry_multiplier=2.0),
    }.items():
        found = looked(loaded, sampling, ids=ids, chosen=sea)
        before, after = found["model"].chosen_logprob, found[name].chosen_logprob
        assert before is not None and after is not None and after < before - 0.5


def test_a_chosen_token_is_followed_until_it_is_gone(loaded: Loaded) -> None:
    model = looked(loaded, count=50)["model"]
    tenth = model.candidates[9]
    found = looked(loaded, Sampling(top_k=5), chosen=tenth.id)
    assert (found["model"].chosen_rank, found["top_k"].chosen_rank) == (9, -1)
    assert found["model"].chosen_logprob == pytest.approx(tenth.logprob)
    assert found["top_k"].chosen_logprob is None
    banned = looked(loaded, Sampling(logit_bias={tenth.id: -math.inf}), chosen=tenth.id)
    assert banned["logit_bias"].chosen_rank == -1
    assert banned["logit_bias"].n_left == loaded.vocab.n_tokens - 1
    assert tenth.id not in probabilities(banned["logit_bias"])


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_the_last_stage_is_what_the_whole_chain_leaves(loaded: Loaded, data: st.DataObject) -> None:
    """Any settings: stages one by one are the chain that replies are drawn with."""
    sampling = Sampling(
        repeat_penalty=data.draw(st.sampled_from([1.0, 1.2])),
        dry_multiplier=data.draw(st.sampled_from([0.0, 0.8])),
        top_n_sigma=data.draw(st.sampled_from([0.0, 2.0])),
        top_k=data.draw(st.sampled_from([0, 1, 40])),
        typical_p=data.draw(st.sampled_from([1.0, 0.7])),
        top_p=data.draw(st.floats(0.05, 1.0)),
        min_p=data.draw(st.floats(0.0, 0.5)),
        xtc_probability=data.draw(st.sampled_from([0.0, 0.5, 1.0])),
        temperature=data.draw(st.floats(0.1, 3.0)),
        mirostat=data.draw(st.sampled_from([0, 0, 1, 2])),
        seed=data.draw(st.integers(0, 100)),
    )
    ids = np.array(ids_of(loaded), np.int32)
    stages = looked(loaded, sampling, count=40)
    last = stages[list(stages)[-1]]
    sampler = Sampler(sampling, "", loaded.vocab, 2048, sampling.seed or 0)
    sampler.accept_prompt(ids)
    drawn, left = sampler.look(logits_of(loaded))
    sampler.close()
    left = left[np.isfinite(left["logit"])]  # top-n-sigma bars tokens and leaves them in
    values = left["logit"].astype(np.float64)
    total = np.log(np.exp(values - values.max()).sum()) + values.max()
    whole = dict(zip(left["id"].tolist(), (values - total).tolist(), strict=True))
    assert last.n_left == len(whole) and drawn in whole
    for one in last.candidates:
        assert one.logprob == pytest.approx(whole[one.id], abs=1e-4)


# ---- how it is asked ----


def test_other_settings_need_no_decode(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded.looked = Recent(8)
    request = LookAt(job=1, ids=ids_of(loaded))
    service = Service()
    service.loaded = loaded
    assert service.answer(request) is None, "a decode is a job's work"
    _, first = drain(service.job(request))
    monkeypatch.setattr(loaded.context("main").context, "decode", None)
    assert service.answer(request) == first
    other = LookAt(job=2, ids=request.ids, sampling=Sampling(top_k=3))
    again = service.answer(other)
    assert isinstance(again, Stages)
    assert again.stages[0] == first.stages[0] and again.stages[1].n_left == 3
    assert look_at_known(loaded, LookAt(job=3, ids=request.ids[:-1])) is None


def test_a_moved_slider_is_answered_at_once(loaded: Loaded) -> None:
    looked(loaded)
    times_s = []
    for k in range(20, 31):
        start = time.perf_counter()
        request = LookAt(job=1, ids=ids_of(loaded), sampling=Sampling(top_k=k), chosen=260)
        assert look_at_known(loaded, request) is not None
        times_s.append(time.perf_counter() - start)
    assert statistics.median(times_s) < 0.030  # 1 ms where nothing else runs


def test_what_cannot_be_looked_at_is_said_in_words(loaded: Loaded) -> None:
    with pytest.raises(AppError, match="Nothing stands before"):
        looked(loaded, ids=[])
    with pytest.raises(AppError, match="no token 99999999"):
        looked(loaded, chosen=99_999_999)
    with pytest.raises(AppError, match="negative number"):
        looked(loaded, count=-1)
    with pytest.raises(AppError, match="No model is loaded"):
        Service().answer(LookAt(job=1, ids=[1]))


def test_a_text_longer_than_the_context_is_seen_by_its_end(loaded: Loaded) -> None:
    ids = ids_of(loaded, "the sea and " * 800) + ids_of(loaded)
    assert len(ids) > 2048
    short = looked(loaded)["model"].candidates
    long = looked(loaded, ids=ids)["model"].candidates
    assert {one.id for one in short[:3]} & {one.id for one in long}


def test_a_worker_looks_twice(client: Client) -> None:
    tokens = client.ask(lambda job: Tokenize(job=job, text=TEXT))
    assert isinstance(tokens, Tokenized)
    ids = np.frombuffer(tokens.ids.data, np.int32).tolist()
    first = client.ask(lambda job: LookAt(job=job, ids=ids, count=5))
    again = client.ask(lambda job: LookAt(job=job, ids=ids, count=5))
    assert isinstance(first, Stages) and first == again
    assert len(first.stages[0].candidates) == 5

"""Frames in any cutting, every struct there and back, garbage refused."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.process import messages as m
from engine.process.wire import FrameReader, WireError, pack, read_event, read_request

REQUESTS: list[m.AnyRequest] = [
    m.Load(job=1, path="/a b/ü.gguf", n_ctx=4096, kv_type="q8_0"),
    m.Generate(
        job=2,
        messages=[m.ChatMessage("user", "hi\x00🐙")],
        sampling=m.Sampling(logit_bias={3: -1.0}, seed=7),
        adapters=[m.Adapter("/x.gguf", 0.5)],
    ),
    m.Cancel(job=2),
    m.Ping(job=0),
    m.Tokenize(job=3, text="x", special=True),
    m.Render(job=4, messages=[m.ChatMessage("system", "")]),
    m.ListModels(job=5, folders=["/m"]),
    m.Unload(job=6),
    m.KeepStates(job=7),
    m.Diagnose(job=8),
    m.OpenContext(job=9, name="n"),
    m.CloseContext(job=10, name="n"),
    m.Describe(job=11),
    m.Detokenize(job=12, ids=[1, 2]),
]
TOP = m.Top([m.Candidate(1, b"\xff", -0.1)], 0.2, [], 0.0)
EVENTS: list[m.AnyEvent] = [
    m.Ready(job=0, protocol=1, pid=9),
    m.Tokens(job=1, items=[m.Token(5, b"\xf0\x9f", "", -1.5, 0, TOP), m.Token(6, b"a", "a")]),
    m.Done(job=1, result=m.Text(text="x")),
    m.Done(job=1, result=m.Nothing()),
    m.Cancelled(job=1),
    m.Failed(job=1, message="no", hint="try"),
    m.Dropped(job=1, messages=[1, 2], n_tokens=40),
    m.PromptProgress(job=1, n_done=1, n_total=2, n_reused=0),
    m.Progress(job=1, fraction=0.5, what="loading"),
    m.Pong(job=0),
]


@given(st.lists(st.integers(0, 5000), max_size=20))
def test_any_cutting_of_the_stream_gives_the_same_frames(cuts: list[int]) -> None:
    stream = b"".join(map(pack, REQUESTS))
    edges = [0, *sorted(cut % len(stream) for cut in cuts), len(stream)]
    reader = FrameReader()
    got = [
        read_request(body)
        for start, end in itertools.pairwise(edges)
        for body in reader.feed(stream[start:end])
    ]
    assert got == REQUESTS


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_events_come_back_as_they_were(event: m.AnyEvent) -> None:
    (body,) = FrameReader().feed(pack(event))
    assert read_event(body) == event


@given(st.binary(max_size=200))
def test_garbage_is_refused_or_waits_for_more(data: bytes) -> None:
    try:
        for body in FrameReader().feed(data):
            read_request(body)
    except WireError:
        return


def test_an_absurd_length_is_refused_at_once() -> None:
    with pytest.raises(WireError, match="announced"):
        list(FrameReader().feed(b"\xff\xff\xff\xff"))

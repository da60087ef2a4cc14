"""The asking side without a process: who hears what, and when a worker counts as hung."""

import pytest

from engine.process import messages as m
from engine.process.session import HANG_S, START_S, TICK_S, Session
from engine.process.wire import FrameReader, WireError, pack, read_request


class Worker:
    """The other end, by hand."""

    def __init__(self) -> None:
        self.heard: list[m.AnyRequest] = []
        self._frames = FrameReader()
        self.session = Session(self._take)
        self.say(m.Ready(job=0, protocol=1, pid=1))

    def _take(self, data: bytes) -> None:
        self.heard += [read_request(body) for body in self._frames.feed(data)]

    def say(self, event: m.AnyEvent) -> None:
        self.session.feed(pack(event))


def ticks(worker: Worker, seconds: float, answer: bool) -> str:
    now = 0.0
    while now < seconds:
        reason = worker.session.tick(now)
        if reason:
            return reason
        if answer:
            worker.say(m.Pong(job=0))
        now += TICK_S
    return ""


def test_each_job_hears_its_own_events_until_its_end() -> None:
    worker = Worker()
    heard: dict[int, list[m.AnyEvent]] = {1: [], 2: []}
    for job in heard:
        assert worker.session.new_job() == job
        worker.session.submit(m.Describe(job=job), heard[job].append)
    worker.say(m.Progress(job=2, fraction=0.5, what="x"))
    worker.say(m.Done(job=1, result=m.Nothing()))
    worker.say(m.Progress(job=1, fraction=1.0, what="late"))
    assert [type(event) for event in heard[1]] == [m.Done]
    assert [type(event) for event in heard[2]] == [m.Progress]
    assert worker.session.open_jobs == {2}


def test_a_living_worker_is_never_hung() -> None:
    assert ticks(Worker(), 30, answer=True) == ""


def test_silence_is_a_hang_after_two_seconds() -> None:
    worker = Worker()
    assert "sign of life" in ticks(worker, HANG_S + 2 * TICK_S, answer=False)


def test_a_busy_wire_is_a_sign_of_life() -> None:
    worker = Worker()
    worker.session.submit(m.Describe(job=1), lambda event: None)
    for step in range(20):
        assert worker.session.tick(step * TICK_S) == ""
        worker.say(m.Progress(job=1, fraction=0.0, what="x"))


def test_an_unanswered_cancel_is_a_hang() -> None:
    worker = Worker()
    worker.session.submit(m.Describe(job=1), lambda event: None)
    worker.session.cancel(1)
    worker.session.cancel(1)
    assert [type(request) for request in worker.heard] == [m.Describe, m.Cancel]
    assert "cancel" in ticks(worker, HANG_S + TICK_S, answer=True)


def test_a_worker_that_never_starts_is_told() -> None:
    session = Session(lambda data: None)
    assert session.tick(0.0) == ""
    assert "did not start" in session.tick(START_S + 1)


def test_fail_all_ends_every_job_once() -> None:
    worker = Worker()
    heard: list[m.AnyEvent] = []
    for _ in range(3):
        worker.session.submit(m.Describe(job=worker.session.new_job()), heard.append)
    worker.session.fail_all("gone")
    worker.session.fail_all("gone")
    assert [type(event) for event in heard] == [m.Failed] * 3


def test_events_before_ready_are_no_wire() -> None:
    with pytest.raises(WireError):
        Session(lambda data: None).feed(
            pack(m.Pong(job=0)) + pack(m.Done(job=1, result=m.Nothing()))
        )

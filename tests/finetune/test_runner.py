"""A run's own process: queue, commands, hold, failures, kills. Real processes, scripted work."""

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from engine.errors import AppError
from engine.paths import user_paths
from finetune.config import RunConfig, changed
from finetune.run.events import AnyRunEvent, Ended, Paused, PhaseChanged, Resumed, StepDone
from finetune.run.folder import EventTail, RunFolder, create_run
from finetune.run.launch import start_run
from finetune.run.queue import tickets
from finetune.run.state import RunSummary, summary
from tests.engine.waiting import wait_for

SCRIPTED = (sys.executable, "-m", "tests.finetune.scripted_runner")


def make(name: str, n_steps: int = 5) -> RunFolder:
    config = changed(
        RunConfig(), base__path="starter", data__path="rows", train__steps=n_steps, out__name=name
    )
    return create_run(user_paths().runs, config)


@pytest.fixture
def started() -> Iterator[list[int]]:
    """Processes to end with the test."""
    pids: list[int] = []
    yield pids
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            psutil.Process(pid).kill()
    wait_for(lambda: not any(map(psutil.pid_exists, pids)))


def start(folder: RunFolder, started: list[int], resume: bool = False) -> int:
    pid = start_run(folder, resume, command=SCRIPTED)
    started.append(pid)
    return pid


def read(folder: RunFolder) -> list[AnyRunEvent]:
    return EventTail(folder).read()


def steps(folder: RunFolder) -> list[int]:
    return [event.step for event in read(folder) if isinstance(event, StepDone)]


def until(folder: RunFolder, *states: str) -> RunSummary:
    wait_for(lambda: summary(folder).state in states)
    return summary(folder)


def test_a_run_comes_to_its_end(started: list[int]) -> None:
    folder = make("One")
    pid = start(folder, started)
    assert summary(folder).state == "starting" and summary(folder).pid == pid
    found = until(folder, "finished")
    assert steps(folder) == [1, 2, 3, 4, 5]
    assert (found.how, found.best_step, found.attempt) == ("finished", 5, 1)
    last = read(folder)[-1]
    assert isinstance(last, Ended) and last.product == "product/adapter.gguf"
    wait_for(lambda: not folder.pid())
    assert not (folder.path / ".spare").exists() and not tickets()


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_it_is_a_session_of_its_own_without_a_pipe_to_us(
    started: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCRIPTED_GATE", str(tmp_path / "open"))
    folder = make("Apart")
    pid = start(folder, started)
    until(folder, "running")
    assert os.getsid(pid) == pid != os.getsid(0)
    outputs = {one.path for one in psutil.Process(pid).open_files()}
    assert str(folder.log) in outputs
    assert os.readlink(f"/proc/{pid}/fd/0") == os.devnull
    (tmp_path / "open").touch()
    until(folder, "finished")


def test_the_others_wait_in_the_order_they_were_asked(
    started: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCRIPTED_GATE", str(tmp_path / "open"))
    runs = [make(name, 1) for name in ("First", "Second", "Third")]
    for run in runs:
        start(run, started)
    until(runs[0], "running")
    assert until(runs[2], "queued").words == "2 before it"
    assert until(runs[1], "queued").words == "1 before it"
    assert [Path(one.run) for one in tickets()] == [run.path for run in runs]
    (tmp_path / "open").touch()
    ends = [until(run, "finished") for run in runs]
    began = [next(e for e in read(run) if isinstance(e, StepDone)).time_s for run in runs]
    assert began == sorted(began) and ends[0].ended_s <= began[1] and ends[1].ended_s <= began[2]


def test_one_killed_in_the_queue_holds_nobody_up(
    started: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCRIPTED_GATE", str(tmp_path / "open"))
    runs = [make(name, 1) for name in ("First", "Second", "Third")]
    pids = [start(run, started) for run in runs]
    until(runs[1], "queued")
    until(runs[2], "queued")
    os.kill(pids[1], signal.SIGKILL)
    os.kill(pids[0], signal.SIGKILL)
    (tmp_path / "open").touch()
    until(runs[2], "finished")
    assert [until(run, "died").state for run in runs[:2]] == ["died", "died"]


def test_one_stopped_in_the_queue_ends_without_beginning(
    started: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCRIPTED_GATE", str(tmp_path / "open"))
    runs = [make(name, 1) for name in ("First", "Second")]
    for run in runs:
        start(run, started)
    until(runs[1], "queued")
    runs[1].ask("stop")
    assert until(runs[1], "stopped").product == "" and not steps(runs[1])
    (tmp_path / "open").touch()
    until(runs[0], "finished")


def test_a_second_process_on_one_folder_refuses(
    started: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCRIPTED_GATE", str(tmp_path / "open"))
    folder = make("Once", 1)
    pid = start(folder, started)
    until(folder, "running")
    with pytest.raises(AppError, match="running already"):
        start_run(folder, command=SCRIPTED)
    folder.runner.rename(folder.path / "elsewhere")  # as if the note of its process were lost
    start(folder, started)
    wait_for(lambda: b"running already" in folder.log.read_bytes())
    (folder.path / "elsewhere").rename(folder.runner)
    assert folder.pid() == pid
    (tmp_path / "open").touch()
    until(folder, "finished")
    assert steps(folder) == [1]
    with pytest.raises(AppError, match="finished"):
        _run_here(folder)


def _run_here(folder: RunFolder) -> None:
    from finetune.runner import run

    wait_for(lambda: not folder.pid())
    run(folder, asked_s=time.time())


def test_pause_resume_and_stop(started: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIPTED_STEP_S", "0.02")
    folder = make("Paused", 100_000)
    start(folder, started)
    wait_for(lambda: steps(folder))
    folder.ask("pause")
    assert until(folder, "paused").why == "asked"
    n_done = len(steps(folder))
    folder.ask("resume")
    wait_for(lambda: len(steps(folder)) > n_done)
    assert until(folder, "running").why == ""
    folder.ask("stop")
    found = until(folder, "stopped")
    assert found.product and found.step == steps(folder)[-1]


def test_stop_ends_a_pause_too(started: list[int]) -> None:
    folder = make("Stopped", 100_000)
    start(folder, started)
    wait_for(lambda: steps(folder))
    folder.ask("pause")
    until(folder, "paused")
    folder.ask("stop")
    until(folder, "stopped")


def test_it_stands_aside_while_a_reply_streams(started: list[int]) -> None:
    folder = make("Held", 100_000)
    start(folder, started)
    wait_for(lambda: steps(folder))
    done = threading.Event()

    def touch() -> None:
        while not done.wait(0.2):
            folder.hold.touch()

    reply = threading.Thread(target=touch)
    reply.start()
    assert until(folder, "paused").why == "reply"
    paused = next(event for event in read(folder) if isinstance(event, Paused))
    assert paused.why == "reply"
    done.set()
    reply.join()
    wait_for(lambda: any(isinstance(event, Resumed) for event in read(folder)))
    folder.ask("stop")
    until(folder, "stopped")


def test_terminated_it_stops_and_saves(started: list[int]) -> None:
    folder = make("Shutdown", 100_000)
    pid = start(folder, started)
    wait_for(lambda: steps(folder))
    os.kill(pid, signal.SIGTERM)
    assert until(folder, "stopped").product


def test_killed_and_resumed_it_goes_on_where_it_was(started: list[int]) -> None:
    folder = make("Killed", 100_000)
    pid = start(folder, started)
    wait_for(lambda: len(steps(folder)) > 5)
    os.kill(pid, signal.SIGKILL)
    found = until(folder, "died")
    assert found.can_resume and not found.pid
    n_done = len(steps(folder))
    folder.ask("stop")  # from before the resume: none of its business
    start(folder, started, resume=True)
    wait_for(lambda: len(steps(folder)) > n_done)
    folder.ask("stop")
    assert until(folder, "stopped").attempt == 2
    done = steps(folder)
    assert sorted(set(done)) == list(range(1, max(done) + 1)) and len(done) <= max(done) + 1


def test_a_failure_is_told_and_can_be_resumed(
    started: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCRIPTED_FAIL_AT", "3")
    folder = make("Failing")
    start(folder, started)
    found = until(folder, "failed")
    assert (found.message, found.hint) == (
        "The loss is no number any more.",
        "Lower the learning rate.",
    )
    assert "AppError" in found.detail and found.can_resume
    monkeypatch.delenv("SCRIPTED_FAIL_AT")
    wait_for(lambda: not folder.pid())
    start(folder, started, resume=True)
    until(folder, "finished")
    assert steps(folder) == [1, 2, 3, 4, 5]


def test_a_phase_tells_how_far_it_is() -> None:
    folder = make("Phases")
    from finetune.run.attempt import Attempt, WorkDone
    from finetune.runner import run

    def work(attempt: Attempt) -> WorkDone:
        attempt.enter("preparing")
        attempt.tell(0.5, "half")
        attempt.enter("loading")
        attempt.leave()
        assert set(attempt.seconds) == {"preparing", "loading"}
        return WorkDone("finished")

    heard: list[AnyRunEvent] = []
    run(folder, asked_s=time.time(), listen=heard.append, work=work)
    assert heard == read(folder)
    phases = [(e.phase, e.fraction, e.words) for e in heard if isinstance(e, PhaseChanged)]
    assert phases == [("preparing", -1.0, ""), ("preparing", 0.5, "half"), ("loading", -1.0, "")]

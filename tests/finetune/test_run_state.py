"""A run at a glance, from its folder alone."""

import json
import math
import os
import time
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from finetune.config import RunConfig, changed
from finetune.run import events
from finetune.run.events import AnyRunEvent, to_line
from finetune.run.folder import RunFolder, create_run, sweep
from finetune.run.launch import note_runner
from finetune.run.state import RunState, RunSummary, summary

NOW = time.time()


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    config = changed(
        RunConfig(), base__path="starter", data__path="rows", train__steps=10, out__name="Ada"
    )
    return create_run(tmp_path, config)


def write(folder: RunFolder, *found: AnyRunEvent) -> None:
    with folder.events.open("ab") as file:
        file.writelines(map(to_line, found))


def began(attempt: int = 1) -> events.Began:
    return events.Began(attempt, 0, NOW - 100, pid=1, n_steps=10)


def phase(name: events.Phase) -> events.PhaseChanged:
    return events.PhaseChanged(1, 0, NOW - 90, phase=name, fraction=0.5, words="words")


def step(number: int, loss: float = 2.0, time_left_s: float = 50.0) -> events.StepDone:
    return events.StepDone(1, number, NOW, loss, 1e-4, 1.0, 100, 400.0, 1 << 30, 0.1, time_left_s)


def state(folder: RunFolder) -> str:
    return summary(folder).state


def test_a_run_goes_through_its_states(folder: RunFolder) -> None:
    assert state(folder) == "new"
    note_runner(folder, os.getpid())
    assert state(folder) == "starting"
    write(folder, began(), phase("queued"))
    assert state(folder) == "queued"
    write(folder, phase("preparing"))
    assert state(folder) == "starting"
    write(folder, events.Facts(1, 0, NOW, 10, 20, 2, 999, 500, 0, 1, 2, "bf16", "cpu"))
    write(folder, step(1), step(2, 1.5))
    assert state(folder) == "running"
    write(folder, events.Paused(1, 2, NOW, why="reply"))
    assert (state(folder), summary(folder).why) == ("paused", "reply")
    write(folder, events.Resumed(1, 2, NOW), step(3), phase("exporting"))
    assert (state(folder), summary(folder).phase) == ("running", "exporting")
    write(folder, events.Ended(1, 3, NOW, how="early", product="product/adapter.gguf", best_step=2))
    found = summary(folder)
    assert found.state == "finished" and found.how == "early"
    assert found.product == str(folder.adapter) and not found.is_live and not found.can_resume


def test_figures_of_a_run(folder: RunFolder) -> None:
    note_runner(folder, os.getpid())
    write(folder, began(), events.Evaluated(1, 0, NOW, 3.0, 10), step(1), step(2))
    write(folder, events.Evaluated(1, 2, NOW, 1.0, 10, is_best=True), step(3), step(4, 1.25))
    write(folder, events.Evaluated(1, 4, NOW, 1.5, 10))
    write(
        folder, events.Warned(1, 4, NOW, "It overfits."), events.Warned(1, 4, NOW, "It overfits.")
    )
    write(folder, events.CheckpointSaved(1, 4, NOW, "step-4"))
    found = summary(folder)
    assert (found.name, found.base, found.step, found.n_steps) == ("Ada", "starter", 4, 10)
    assert (found.loss, found.validation_loss, found.best_loss, found.best_step) == (
        1.25,
        1.5,
        1,
        2,
    )
    since_s = time.time() - NOW
    assert found.fraction == pytest.approx(0.4)
    assert max(0.0, 40.0 - since_s) <= found.time_left_s <= 50.0
    assert (found.tokens_per_s, found.memory_bytes) == (400.0, 1 << 30)
    assert found.warnings == ("It overfits.",) and found.checkpoint == "step-4"
    assert found.started_s == NOW - 100 and found.pid == os.getpid() and found.ended_s == 0.0


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that a test sets."""
    clock = [NOW]
    monkeypatch.setattr("finetune.run.state.time", SimpleNamespace(time=lambda: clock[0]))
    return clock


def test_the_time_left_stands_still_while_a_run_is_paused(
    folder: RunFolder, now: list[float]
) -> None:
    def left_s(time_s: float) -> float:
        now[0] = time_s
        return summary(folder).time_left_s

    note_runner(folder, os.getpid())
    write(folder, began(), step(1))
    assert left_s(NOW + 5) == 45.0
    # What is said in between is no news of the time.
    write(folder, events.Evaluated(1, 1, NOW + 8, 1.0, 10))
    assert left_s(NOW + 8) == 42.0
    write(folder, events.Paused(1, 1, NOW + 10, why="reply"))
    assert left_s(NOW + 11) == left_s(NOW + 1000) == 40.0
    write(folder, events.Paused(1, 1, NOW + 1000, why="asked"))
    assert left_s(NOW + 2000) == 40.0
    write(folder, events.Resumed(1, 1, NOW + 2000))
    assert left_s(NOW + 2015) == 25.0
    write(folder, events.StepDone(1, 2, NOW + 2016, 2.0, 1e-4, 1.0, 9, 4.0, 9, 0.1, 30.0))
    assert left_s(NOW + 2018) == 28.0
    assert left_s(NOW + 9000) == 0.0


def test_a_run_that_does_not_go_on_has_no_time_left(folder: RunFolder) -> None:
    write(folder, began(), step(1))
    assert (state(folder), summary(folder).time_left_s) == ("died", -1.0)


def test_a_run_whose_process_is_gone_has_died_and_can_be_resumed(folder: RunFolder) -> None:
    write(folder, began(), step(1))
    created = psutil.Process().create_time() + 100  # its number is another process's by now
    folder.runner.write_text(json.dumps({"pid": os.getpid(), "created_s": created}))
    found = summary(folder)
    assert (found.state, found.can_resume, found.pid) == ("died", True, 0)
    assert found.ended_s == NOW


def test_one_that_said_why_has_failed_until_its_next_attempt(folder: RunFolder) -> None:
    write(
        folder,
        began(),
        step(5),
        events.RunFailed(1, 5, NOW - 9e6, "The disk is full.", "Make room."),
    )
    found = summary(folder)
    assert (found.state, found.message, found.hint) == ("failed", "The disk is full.", "Make room.")
    note_runner(folder, os.getpid())
    assert state(folder) == "starting"
    write(folder, began(2))
    again = summary(folder)
    assert (again.state, again.message, again.attempt) == ("starting", "", 2)


def test_stopped_is_not_finished(folder: RunFolder) -> None:
    write(
        folder, began(), step(5), events.Ended(1, 5, NOW, how="stopped", product="product/a.gguf")
    )
    assert (state(folder), summary(folder).can_resume) == ("stopped", True)


def test_half_a_line_waits_and_a_damaged_one_is_passed_over(folder: RunFolder) -> None:
    write(folder, began(), step(1))
    line = to_line(step(2))
    with folder.events.open("ab") as file:
        file.write(line[:30])
    assert summary(folder).step == 1
    with folder.events.open("ab") as file:
        file.write(line[30:] + b'{"event":"st\n' + to_line(step(3)))
    assert summary(folder).step == 3


def test_of_many_steps_only_the_last_is_decoded(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[bytes] = []
    read = events.read_event

    def counting(line: bytes) -> AnyRunEvent:
        decoded.append(line)
        return read(line)

    monkeypatch.setattr(events, "read_event", counting)
    write(folder, began(), *map(step, range(1, 20_001)))
    assert summary(folder).step == 20_000
    assert len(decoded) == 2
    assert summary(folder).step == 20_000 and len(decoded) == 2  # nothing is read twice


def test_a_run_put_back_from_elsewhere_is_read_anew(folder: RunFolder) -> None:
    watched = RunState(folder)
    write(folder, began(), step(7))
    assert watched.read().step == 7
    other = folder.path / "other"
    other.write_bytes(to_line(began()) + to_line(step(2)))
    os.replace(other, folder.events)
    assert watched.read().step == 2


def test_a_new_name_is_seen(folder: RunFolder) -> None:
    assert summary(folder).name == "Ada"
    renamed = folder.run_toml.read_text().replace('"Ada"', '"Grace"')
    folder.run_toml.write_text(renamed)
    os.utime(folder.run_toml, ns=(1, 1))
    assert summary(folder).name == "Grace"


def test_a_folder_with_a_spoilt_file_is_still_a_run(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text("[[[")
    found = summary(RunFolder(tmp_path))
    assert (found.name, found.state) == (tmp_path.name, "new")
    assert math.isnan(found.loss) and isinstance(found, RunSummary)


def test_what_a_killed_process_left_half_written_is_swept(folder: RunFolder) -> None:
    left = folder.path / f".trained.json.{2**22 + 1}.part"
    writing = folder.path / f".notes.md.{os.getpid()}.part"
    for path in (left, writing):
        path.write_text("{")
    sweep(folder.path)
    assert not left.exists() and writing.exists()

"""Events on the disk: whole lines, also beside cut ones and on a full disk; what failures say."""

import errno
import os
import time
from pathlib import Path

import pytest

from engine.errors import AppError
from finetune.config import RunConfig, changed
from finetune.run import failures
from finetune.run.attempt import Attempt, WorkDone
from finetune.run.events import Began, Ended, RunFailed, StepDone, Warned, to_line
from finetune.run.folder import EventTail, RunFolder, create_run, read_samples
from finetune.run.log import SPARE_BYTES, RunLog
from finetune.run.state import summary
from finetune.runner import run


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    config = changed(RunConfig(), base__path="starter", data__path="rows", train__steps=3)
    return create_run(tmp_path, config)


class FullDisk:
    """An os.write that finds no room but for what was given back, and may cut a line in two."""

    def __init__(self, spare: Path) -> None:
        self._spare, self._write = spare, os.write
        self.is_full = False

    def write(self, file: int, data: bytes) -> int:
        if not self.is_full or not self._spare.exists():
            return self._write(file, data)
        if len(data) > 20:
            return self._write(file, data[:20])
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_line_cut_by_a_kill_is_ended_before_the_next(folder: RunFolder) -> None:
    folder.events.write_bytes(to_line(Warned(1, 0, 1.0, "before")) + b'{"event":"warned","att')
    folder.samples.write_bytes(b'{"attempt":1')
    log = RunLog(folder, 2)
    log.say(Warned, message="after")
    log.sample_at(7, "Who?", "Ada.", "stop")
    log.sync()
    log.close()
    said = [event.message for event in EventTail(folder).read() if isinstance(event, Warned)]
    assert said == ["before", "after"]
    assert [(s.step, s.prompt, s.answer) for s in read_samples(folder)] == [(7, "Who?", "Ada.")]


def test_a_full_disk_is_told_in_the_run_itself(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = FullDisk(folder.path / ".spare")
    monkeypatch.setattr(os, "write", disk.write)

    def work(attempt: Attempt) -> WorkDone:
        assert (folder.path / ".spare").stat().st_size == SPARE_BYTES
        disk.is_full = True
        for _ in range(100):
            attempt.log.say(Warned, message="a long line that does not fit any more")
        raise AssertionError("it has to fail")

    ended = run(folder, asked_s=time.time(), work=work)
    assert isinstance(ended, RunFailed) and ended.message == "The disk is full."
    monkeypatch.undo()
    events = EventTail(folder).read()
    assert isinstance(events[-1], RunFailed) and "resume" in events[-1].hint
    assert summary(folder).state == "failed"
    again = run(folder, asked_s=time.time(), work=lambda attempt: WorkDone("finished"))
    assert isinstance(again, Ended) and again.attempt == 2
    assert summary(folder).state == "finished"


def test_where_even_the_last_words_find_no_room_the_log_has_them(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(file: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    def work(attempt: Attempt) -> WorkDone:
        monkeypatch.setattr(os, "write", refuse)
        attempt.log.say(Warned, message="no room")
        raise AssertionError("it has to fail")

    ended = run(folder, asked_s=time.time(), work=work)
    monkeypatch.undo()
    assert isinstance(ended, RunFailed) and "The disk is full." in capsys.readouterr().err
    assert [type(event) for event in EventTail(folder).read()] == [Began]


def test_a_step_is_noted_with_each_event(folder: RunFolder) -> None:
    log = RunLog(folder, 1)
    log.write(StepDone(1, 4, 1.0, 2.0, 1e-4, 1.0, 8, 100.0, 1, 0.5))
    assert log.say(Warned, message="now").step == 4
    log.close()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "too little memory"),
        (
            RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"),
            "too little memory",
        ),
        (RuntimeError("CUDA out of memory. Tried to allocate"), "too little memory"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk is full"),
        (RuntimeError("I/O error: No space left on device (os error 28)"), "disk is full"),
        (PermissionError(errno.EACCES, "Permission denied", "/x"), "“/x” cannot be used"),
        (ZeroDivisionError("division by zero"), "does not know"),
        (AppError("The set is empty.", "Add rows."), "The set is empty."),
    ],
)
def test_every_failure_is_a_sentence_with_what_to_do(error: Exception, words: str) -> None:
    told = failures.in_words(error)
    assert words in told.message and told.hint and told.detail

"""Runs are found, followed and told of; reading stays off the window's thread."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.process.messages import Cancelled, Generate
from finetune.run.events import Began, Evaluated, Sample, StepDone, Warned, to_line
from finetune.run.folder import RunFolder
from finetune.run.state import RunSummary
from gui.context import AppContext
from gui.run_record import RecordBuilder
from gui.runs_watch import RunsWatch
from gui.shots import run_maker


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def watch(qtbot: QtBot, runs: Path) -> Iterator[RunsWatch]:
    watch = RunsWatch(runs)
    yield watch
    watch.close()


def started(runs: Path, name: str = "night-porter", upto: int = 115) -> RunFolder:
    folder = run_maker.make_run(runs, name)
    run_maker.set_alive(folder)
    parts = (run_maker.steps(1, upto), run_maker.evaluations(range(0, upto + 1, 20)))
    run_maker.write_events(folder, run_maker.in_order(run_maker.beginning(), *parts))
    return folder


def test_runs_are_found_and_what_comes_is_told(qtbot: QtBot, watch: RunsWatch, runs: Path) -> None:
    folder = started(runs)
    with qtbot.waitSignal(watch.changed):
        watch.start()
    (summary,) = watch.summaries
    assert (summary.name, summary.step, summary.state) == ("night-porter", 115, "running")
    path = str(folder.path)
    assert not watch.record(path).is_read
    qtbot.waitUntil(lambda: watch.record(path).is_read)
    assert len(watch.record(path).steps) == 115
    with qtbot.waitSignal(watch.run_changed, check_params_cb=lambda told: told == path):
        run_maker.write_events(folder, run_maker.steps(116, 120))
    qtbot.waitUntil(lambda: len(watch.record(path).steps) == 120)
    assert watch.summaries[0].step == 120


def test_a_run_that_ends_is_told_once(qtbot: QtBot, watch: RunsWatch, runs: Path) -> None:
    folder = started(runs)
    ended: list[RunSummary] = []
    watch.ended.connect(ended.append)
    with qtbot.waitSignal(watch.changed):
        watch.start()
    run_maker.write_events(folder, run_maker.ending(115, best_step=100))
    run_maker.set_alive(folder, False)
    qtbot.waitUntil(lambda: bool(ended))
    assert [(one.state, one.best_step) for one in ended] == [("finished", 100)]
    Path(folder.path / "run.toml").touch()
    with qtbot.waitSignal(watch.changed):
        run_maker.make_run(runs, "another")
    assert len(ended) == 1


def test_a_run_whose_process_is_gone_is_found_as_interrupted(
    qtbot: QtBot, watch: RunsWatch, runs: Path
) -> None:
    folder = started(runs)
    with qtbot.waitSignal(watch.changed):
        watch.start()
    with qtbot.waitSignal(watch.ended) as told:
        run_maker.set_alive(folder, False)
    assert told.args is not None and told.args[0].state == "died"


def test_runs_that_ended_unseen_are_not_told_as_ended(
    qtbot: QtBot, watch: RunsWatch, runs: Path
) -> None:
    folder = started(runs)
    run_maker.write_events(folder, run_maker.ending(115))
    run_maker.set_alive(folder, False)
    ended: list[RunSummary] = []
    watch.ended.connect(ended.append)
    with qtbot.waitSignal(watch.changed):
        watch.start()
    assert watch.summaries[0].state == "finished" and not ended


def test_runs_that_come_and_go_are_listed(qtbot: QtBot, watch: RunsWatch, runs: Path) -> None:
    with qtbot.waitSignal(watch.changed):
        watch.start()
    assert watch.summaries == []
    folder = run_maker.make_run(runs, "first")
    watch.refresh()
    qtbot.waitUntil(lambda: [one.name for one in watch.summaries] == ["first"])
    assert watch.summary(str(folder.path)) is watch.summaries[0]
    shutil.rmtree(folder.path)
    watch.refresh()
    qtbot.waitUntil(lambda: watch.summaries == [])


def test_a_renamed_run_is_told(qtbot: QtBot, watch: RunsWatch, runs: Path) -> None:
    folder = run_maker.make_run(runs, "first")
    with qtbot.waitSignal(watch.changed):
        watch.start()
    text = folder.run_toml.read_text(encoding="utf-8")
    folder.run_toml.write_text(text.replace('"first"', '"second"'), encoding="utf-8")
    qtbot.waitUntil(lambda: [one.name for one in watch.summaries] == ["second"])


def test_what_a_resume_repeats_is_dropped(runs: Path) -> None:
    folder = run_maker.make_run(runs, "resumed")
    first = run_maker.in_order(run_maker.steps(1, 50), run_maker.evaluations([0, 20, 40]))
    run_maker.write_events(folder, [*run_maker.beginning(), *first])
    late = Sample(1, 40, "Who are you?", "A lamp.")
    run_maker.write_samples(folder, [Sample(1, 20, "Who are you?", "Otis."), late])
    builder = RecordBuilder(str(folder.path))
    assert builder.read() and len(builder.record().steps) == 50
    again = [Began(2, 20, run_maker.BEGAN_S + 900, pid=1)]
    run_maker.write_events(folder, again)
    run_maker.write_events(folder, run_maker.steps(21, 30, attempt=2))
    assert builder.read()
    record = builder.record()
    assert record.steps.tolist() == list(range(1, 31))
    assert record.validation_steps.tolist() == [0, 20]
    assert [one.step for one in record.checkpoints] == [20]
    assert record.sample_steps == [20] and record.n_attempts == 2
    run_maker.write_events(folder, [Evaluated(2, 40, run_maker.BEGAN_S + 999, 0.25, 10)])
    assert builder.read() and builder.record().best_step == 40
    assert not builder.read()


def test_a_record_read_in_pieces_is_that_read_at_once(runs: Path) -> None:
    folder = run_maker.make_run(runs, "pieces")
    in_pieces = RecordBuilder(str(folder.path))
    told = [*run_maker.beginning(), *run_maker.steps(1, 40), Warned(1, 40, 1.0, "Hot.")]
    data = b"".join(map(to_line, told))
    for start in range(0, len(data), 301):  # lines are cut anywhere
        with folder.events.open("ab") as file:
            file.write(data[start : start + 301])
        in_pieces.read()
    at_once = RecordBuilder(str(folder.path))
    at_once.read()
    one, other = in_pieces.record(), at_once.record()
    assert one.losses.tolist() == other.losses.tolist() and len(one.losses) == 40
    assert (one.warnings, one.facts, one.phase) == (other.warnings, other.facts, other.phase)
    assert [warned.message for warned in one.warnings] == ["Hot."]


def test_a_damaged_line_is_passed_over(runs: Path) -> None:
    folder = run_maker.make_run(runs, "full-disk")
    run_maker.write_events(folder, run_maker.steps(1, 3))
    with folder.events.open("ab") as file:
        file.write(b'{"event":"step","attempt":1,"st\n')
    run_maker.write_events(folder, run_maker.steps(4, 5))
    builder = RecordBuilder(str(folder.path))
    builder.read()
    assert builder.record().steps.tolist() == [1, 2, 3, 4, 5]


def test_a_reply_holds_the_runs_that_live(qtbot: QtBot, context: AppContext) -> None:
    runs = context.paths.runs
    living, over = started(runs), started(runs, "over")
    run_maker.write_events(over, run_maker.ending(115))
    run_maker.set_alive(over, False)
    context.runs.start()
    qtbot.waitUntil(lambda: len(context.runs.summaries) == 2)
    request = Generate(job=1, prompt="a")
    context.engine.job_began.emit(request)
    qtbot.waitUntil(living.hold.exists)
    os.utime(living.hold, (1.0, 1.0))
    qtbot.waitUntil(lambda: living.hold.stat().st_mtime > 2.0)  # touched again each second
    assert not over.hold.exists()
    context.engine.job_ended.emit(request, Cancelled(1))
    qtbot.waitUntil(lambda: not living.hold.exists())


def test_every_figure_of_a_step_is_kept(runs: Path) -> None:
    folder = run_maker.make_run(runs, "one-step")
    step = StepDone(1, 1, 5.0, 2.5, 1e-4, 0.75, 100, 440.0, 2_000, 0.5, 9.0)
    run_maker.write_events(folder, [step])
    builder = RecordBuilder(str(folder.path))
    builder.read()
    record = builder.record()
    told = (record.times_s, record.losses, record.learning_rates, record.grad_norms)
    rest = (record.tokens_per_s, record.memory_bytes, record.epochs)
    assert [one.tolist() for one in (*told, *rest)] == [
        [5.0],
        [2.5],
        [1e-4],
        [0.75],
        [440.0],
        [2_000.0],
        [0.5],
    ]

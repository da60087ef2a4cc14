"""Folders for work that is thrown away: gone with the block, and gone at the next start where their
owner was killed."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.errors import AppError
from engine.paths import Paths
from engine.process.client import Client
from engine.process.tune_messages import ListDatasets
from finetune.work_folder import common_place, sweep_work, work_folder
from tests.engine.loading import worker_environment

OWNER = """
import sys
from pathlib import Path
from finetune.work_folder import work_folder
with work_folder("test", Path(sys.argv[1]) if sys.argv[1:] else None) as folder:
    (folder / "large.gguf").write_bytes(b"x" * 1000)
    print(folder, flush=True)
    sys.stdin.read()
"""


@contextmanager
def owner(*place: Path) -> Iterator[tuple[Path, subprocess.Popen[str]]]:
    """Another process that has a folder; the folder, and the process."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, *map(str, place)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        yield Path(process.stdout.readline().strip()), process


def left() -> list[Path]:
    return list(common_place().iterdir())


def test_it_is_in_the_users_folder_and_gone_with_the_block(user_folder: Path) -> None:
    with work_folder("parity") as folder:
        (folder / "f16.gguf").write_text("weights")
        assert folder.parent == common_place() and user_folder in folder.parents
        with work_folder("parity") as other:  # which sweeps, and leaves what is in use
            assert other != folder and folder.is_dir()
    assert left() == []


def test_a_failure_inside_leaves_nothing_either() -> None:
    def fail() -> None:
        with work_folder("parity") as folder:
            (folder / "deep").mkdir()
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert left() == []


def test_what_a_living_process_works_in_stays() -> None:
    with owner() as (folder, process):
        sweep_work()
        assert (folder / "large.gguf").is_file()
        process.communicate("")
    assert process.returncode == 0 and left() == []


def test_what_a_killed_process_left_is_gone_when_the_worker_starts(user_folder: Path) -> None:
    models = Paths(user_folder).ensure().models
    killed = []
    for place in ((), (models,)):
        with owner(*place) as (folder, process):
            process.kill()
        killed.append(folder)
    assert [(one / "large.gguf").is_file() for one in killed] == [True, True]
    command = [sys.executable, "-m", "finetune.worker"]
    with Client(command, env=worker_environment(user_folder)) as worker:
        worker.ask(lambda job: ListDatasets(job=job))
        assert left() == [] and list(models.iterdir()) == []


def test_the_next_one_beside_a_product_sweeps_there(tmp_path: Path) -> None:
    with owner(tmp_path) as (folder, process):
        process.kill()
    assert folder.is_dir()
    with work_folder("merging", tmp_path) as mine:
        assert [one for one in tmp_path.iterdir() if one.is_dir()] == [mine]
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AppError, match="no place") as refused, work_folder("x", tmp_path / "file"):
        pass
    assert "space" in refused.value.hint

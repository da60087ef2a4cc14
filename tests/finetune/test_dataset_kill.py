"""kill -9 of a process that changes a dataset: what a call had confirmed stands, and each step is
there whole or not at all."""

import ast
import os
import random
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from finetune.data.dataset import Dataset
from finetune.data.datasets import create, find_datasets, sweep
from tests.finetune.some_rows import row

ROOT = Path(__file__).parents[2]
N_ROWS = 40
# Says after each call what is in the dataset now: ids, and the last number written into each.
BUSY = """
import random, sys
from pathlib import Path
from finetune.data import folding
from finetune.data.dataset import Dataset
from finetune.data.datasets import MoreRows
from tests.finetune.some_rows import row

folder, seed = Path(sys.argv[1]), int(sys.argv[2])
chance = random.Random(seed)
folding.SMALL_BYTES = chance.choice([0, 1 << 20])
dataset = Dataset(folder)
for number in range(10_000):
    ids = [one.id for one in dataset.rows()]
    what = chance.choice(["change", "delete", "add", "append", "undo", "redo"])
    if what == "change":
        dataset.change(row(int(chance.choice(ids)), f"version {number}"))
    elif what == "delete":
        dataset.delete(chance.sample(ids, 3) if len(ids) > 20 else [])
    elif what == "add":
        dataset.add([row(0, f"added {number}")] * 2)
    elif what == "append":
        with MoreRows(dataset, "file") as more:
            for _ in range(4):
                more.writer.add(row(0, f"imported {number}"))
            more.keep()
    else:
        dataset.undo(forward=what == "redo")
    said = {one.id: one.messages[1].content for one in dataset.rows()}
    print(what, sorted(said.items()), sep="\\t", flush=True)
"""


def run_and_kill(folder: Path, seed: int, n_lines: int) -> list[str]:
    """What the child had said when it was killed, in the midst of some later call."""
    with subprocess.Popen(
        [sys.executable, "-c", BUSY, str(folder), str(seed)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as child:
        assert child.stdout is not None
        said = [child.stdout.readline() for _ in range(n_lines)]
        child.kill()
        said += [line for line in child.stdout.readlines() if line.endswith("\n")]
    assert len(said) >= n_lines and said[-1].endswith("\n")
    return [line.rstrip("\n").split("\t")[1] for line in said]


def now(dataset: Dataset) -> dict[str, str]:
    return {one.id: one.messages[1].content for one in dataset.rows()}


def check(folder: Path, said: list[str]) -> None:
    """As confirmed last, or one whole step further."""
    dataset = Dataset(folder)
    found = now(dataset)
    known = dict(ast.literal_eval(said[-1]))
    if found != known:
        came = found.keys() - known.keys()
        went = known.keys() - found.keys()
        other = {key for key in found.keys() & known.keys() if found[key] != known[key]}
        # One call changes one row, takes three, or brings two or four; undoing is the same again.
        assert (len(came), len(went), len(other)) in {
            (0, 0, 1),
            (0, 3, 0),
            (3, 0, 0),
            (2, 0, 0),
            (0, 2, 0),
            (4, 0, 0),
        }
    assert list(found) == sorted(found, key=int)
    # It goes on: a step is done, taken back, and read again.
    dataset.change(row(int(next(iter(found))), "after"))
    dataset.undo()
    assert now(dataset) == now(Dataset(folder)) == found
    assert dataset.next_id() > max(map(int, found))


@pytest.mark.parametrize("seed", range(10))
def test_nothing_confirmed_is_lost(tmp_path: Path, seed: int) -> None:
    folder = create(tmp_path, "x", [row(number + 1) for number in range(N_ROWS)])
    check(folder, run_and_kill(folder, seed, random.Random(seed).randint(1, 60)))


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10, 110))
def test_nothing_confirmed_is_lost_at_a_hundred_moments(tmp_path: Path, seed: int) -> None:
    folder = create(tmp_path, "x", [row(number + 1) for number in range(N_ROWS)])
    check(folder, run_and_kill(folder, seed, random.Random(seed).randint(1, 200)))


IMPORTING = """
import sys
from pathlib import Path
from finetune.data.importing import import_file

print("begins", flush=True)
for _ in import_file(Path(sys.argv[1]), Path(sys.argv[2])):
    print("goes on", flush=True)
"""


def test_an_import_that_is_killed_was_never_there(tmp_path: Path) -> None:
    path, home = tmp_path / "rows.jsonl", tmp_path / "datasets"
    path.write_bytes(
        b"".join(msgspec.json.encode({"text": f"{n}"}) + b"\n" for n in range(200_000))
    )
    with subprocess.Popen(
        [sys.executable, "-c", IMPORTING, str(home), str(path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as child:
        assert child.stdout is not None
        for _ in range(3):
            child.stdout.readline()
        child.kill()
    assert find_datasets(home) == [] and len(list(home.iterdir())) == 1
    sweep(home)
    assert list(home.iterdir()) == []


ADDING = """
import sys
from pathlib import Path
from finetune.data.dataset import Dataset
from tests.finetune.some_rows import row

dataset = Dataset(Path(sys.argv[1]))
for number in range(15):
    ids = dataset.add([row(0, f"{sys.argv[2]} {number}")] * 2)
    dataset.change(row(int(ids[0]), f"{sys.argv[2]} {number} changed"))
    dataset.delete(ids[1:])
"""


def test_two_processes_that_change_it_lose_nothing(tmp_path: Path) -> None:
    folder = create(tmp_path, "x", [row(1)])
    children = [
        subprocess.Popen(
            [sys.executable, "-c", ADDING, str(folder), name],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        for name in ("one", "other")
    ]
    assert [child.wait() for child in children] == [0, 0]
    dataset = Dataset(folder)
    expected = {f"{name} {number} changed" for name in ("one", "other") for number in range(15)}
    assert set(now(dataset).values()) == {"The answer to it is 1.", *expected}
    assert dataset.n_rows == 31 and dataset.n_steps == 90

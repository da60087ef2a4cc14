"""Datasets as the room's worker serves them: the real worker, asked over the wire."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from engine.errors import AppError
from engine.process import tune_messages as t
from engine.process.client import Client
from engine.process.messages import Cancelled, Done, Progress
from tests.engine.loading import worker_environment
from tests.finetune.some_rows import as_dicts, chat, turns_of, write_jsonl

R = TypeVar("R")


class Asking:
    """A worker, and the shape of its answers."""

    def __init__(self, client: Client, home: Path) -> None:
        self.client, self.home = client, home

    def ask(self, result: type[R], request: type[Any], **fields: Any) -> R:
        found = self.client.ask(lambda job: request(job=job, **fields))
        assert isinstance(found, result), found
        return found

    def info(self, request: type[Any], **fields: Any) -> t.DatasetInfo:
        return self.ask(t.DatasetInfo, request, **fields)

    def page(self, dataset: str, **fields: Any) -> t.RowPage:
        return self.ask(t.RowPage, t.ReadRows, dataset=dataset, **fields)


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    home = tmp_path_factory.mktemp("home")
    command = [sys.executable, "-m", "finetune.worker"]
    with Client(command, env=worker_environment(home)) as client:
        yield Asking(client, home)


def write_chats(path: Path, n: int, first: int = 0) -> Path:
    talks = (
        as_dicts(("user", f"Question {number}?"), ("assistant", f"Answer {number} to it."))
        for number in range(first, first + n)
    )
    return write_jsonl(path, [{"messages": one} for one in talks])


def test_a_file_is_looked_at_imported_and_read(asking: Asking, tmp_path: Path) -> None:
    path = write_chats(tmp_path / "night porter.jsonl", 30)
    with path.open("a") as file:
        file.write('{"messages": [\n')
    look = asking.ask(t.FileLook, t.LookAtFile, path=str(path))
    assert look.format == "messages" and len(look.rows) == 20 and look.problems[0].line == 31
    info = asking.info(t.ImportFile, path=str(path))
    assert (info.name, info.n_rows, info.n_problems, info.format) == (
        "night porter",
        30,
        1,
        "messages",
    )
    assert Path(info.path) == asking.home / "datasets" / info.id
    page = asking.page(info.id, start=28, count=5)
    assert [turns_of(item.row)[0][1] for item in page.rows] == ["Question 28?", "Question 29?"]
    problems = asking.ask(t.ProblemPage, t.ReadProblems, dataset=info.id)
    assert problems.n_total == 1 and problems.items[0].excerpt == '{"messages": ['
    listed = asking.ask(t.DatasetList, t.ListDatasets)
    assert info in listed.items


def test_rows_are_changed_deleted_and_had_back(asking: Asking) -> None:
    rows = [t.Row("", chat(("user", f"Q{n}"), ("assistant", "A"))) for n in range(4)]
    info = asking.info(t.AddRows, rows=rows, name="Mine", source="typed")
    assert (info.n_rows, info.source, info.can_undo) == (4, "typed", "")
    other = t.Row("2", chat(("user", "Q"), ("assistant", "changed")))
    assert asking.info(t.ChangeRow, dataset=info.id, row=other).can_undo == "Change a row"
    deleted = asking.info(t.DeleteRows, dataset=info.id, ids=["1", "3"])
    assert (deleted.n_rows, deleted.n_edits) == (2, 2)
    assert [item.row.id for item in asking.page(info.id, only="edited").rows] == ["2"]
    asking.info(t.UndoRows, dataset=info.id)
    undone = asking.info(t.UndoRows, dataset=info.id)
    assert (undone.n_rows, undone.can_undo, undone.can_redo) == (4, "", "Change a row")
    assert asking.info(t.UndoRows, dataset=info.id, forward=True).can_undo == "Change a row"
    more = asking.info(t.AddRows, rows=rows[:1], dataset=info.id, source="chats")
    assert (more.n_rows, more.source) == (5, "typed, chats")
    assert asking.page(info.id, start=4).rows[0].row.id == "5"
    wrong = t.Row("1", chat(("user", "only asked")))
    for request, fields in ((t.ChangeRow, {"row": wrong}), (t.AddRows, {"rows": [wrong]})):
        with pytest.raises(AppError, match="nothing to learn"):
            asking.info(request, dataset=info.id, **fields)


def test_duplicates_are_deleted_as_one_step(asking: Asking, tmp_path: Path) -> None:
    said = "the keys hang behind the desk and every guest gets the one of his room at night " * 3
    texts = [said, "something else", said, said + "indeed"]
    path = write_jsonl(tmp_path / "texts.jsonl", [{"text": one} for one in texts])
    info = asking.info(t.ImportFile, path=str(path), name="Doubled")
    found = asking.ask(t.Duplicates, t.FindDuplicates, dataset=info.id)
    assert [one.ids for one in found.groups] == [["1", "3", "4"]]
    repeats = asking.page(info.id, only="duplicates").rows
    assert [(item.row.id, item.duplicate_of) for item in repeats] == [("3", "1"), ("4", "1")]
    left = asking.info(t.DeleteRows, dataset=info.id, ids=found.groups[0].ids[1:])
    assert left.n_rows == 2 and left.can_undo == "Delete 2 rows"


def test_a_dataset_is_renamed_deleted_and_had_back(asking: Asking) -> None:
    info = asking.info(t.AddRows, rows=[t.Row("", text="prose")], name="First name")
    renamed = asking.info(t.RenameDataset, dataset=info.id, name="  Second name ")
    assert (renamed.id, renamed.name) == (info.id, "Second name")
    with pytest.raises(AppError, match="needs a name"):
        asking.info(t.RenameDataset, dataset=info.id, name=" ")
    gone = asking.ask(t.DatasetList, t.DeleteDataset, dataset=info.id)
    assert info.id not in [one.id for one in gone.items]
    with pytest.raises(AppError, match="not there any more"):
        asking.page(info.id)
    back = asking.ask(t.DatasetList, t.DeleteDataset, dataset=info.id, restore=True)
    assert "Second name" in [one.name for one in back.items]
    assert asking.page(info.id).rows[0].row.text == "prose"


@pytest.mark.parametrize("dataset", ["", "..", "../x", "nowhere", "/etc"])
def test_what_is_no_dataset_is_said(asking: Asking, dataset: str) -> None:
    with pytest.raises(AppError, match="not there any more") as refused:
        asking.page(dataset)
    assert refused.value.hint


def test_what_goes_out_comes_back(asking: Asking, tmp_path: Path) -> None:
    info = asking.info(t.ImportFile, path=str(write_chats(tmp_path / "a.jsonl", 5)))
    out = tmp_path / "out" / "b.jsonl"
    with pytest.raises(AppError, match="could not be written"):
        asking.client.ask(lambda job: t.ExportDataset(job=job, dataset=info.id, path=str(out)))
    out.parent.mkdir()
    asking.client.ask(lambda job: t.ExportDataset(job=job, dataset=info.id, path=str(out)))
    assert (
        json.loads(out.read_text().splitlines()[4])["messages"][1]["content"] == "Answer 4 to it."
    )
    again = asking.info(t.ImportFile, path=str(out))
    first, second = (asking.page(one.id).rows for one in (info, again))
    assert [item.row.messages for item in first] == [item.row.messages for item in second]


def test_an_import_tells_how_far_it_is_and_can_be_stopped(asking: Asking, tmp_path: Path) -> None:
    path = write_chats(tmp_path / "many.jsonl", 60_000)
    fractions = []
    for event in asking.client.stream(lambda job: t.ImportFile(job=job, path=str(path), name="M")):
        if isinstance(event, Progress):
            fractions.append(event.fraction)
            assert event.what == "reading"
    assert fractions == sorted(fractions) and 0.0 < fractions[0] < fractions[-1] <= 1.0
    assert len(fractions) > 3
    before = os.listdir(asking.home / "datasets")
    ends = []
    jobs: list[int] = []

    def ask(job: int) -> t.ImportFile:
        jobs.append(job)
        return t.ImportFile(job=job, path=str(path), name="Stopped")

    for event in asking.client.stream(ask):
        if isinstance(event, Progress):
            asking.client.cancel(jobs[0])
        if isinstance(event, Done | Cancelled):
            ends.append(event)
    assert [type(one) for one in ends] == [Cancelled]
    assert sorted(os.listdir(asking.home / "datasets")) == sorted(before)


def test_rows_are_read_while_others_are_imported(asking: Asking, tmp_path: Path) -> None:
    info = asking.info(t.ImportFile, path=str(write_chats(tmp_path / "few.jsonl", 3)))
    path = write_chats(tmp_path / "many.jsonl", 60_000)
    n_read = 0
    for event in asking.client.stream(
        lambda job: t.ImportFile(job=job, path=str(path), dataset=info.id)
    ):
        if isinstance(event, Progress) and n_read < 3:
            assert asking.page(info.id, count=1).n_total == 3
            n_read += 1
    assert n_read == 3 and asking.page(info.id, count=1).n_total == 60_003


def test_a_dataset_changed_outside_is_read_anew(asking: Asking) -> None:
    info = asking.info(t.AddRows, rows=[t.Row("", text="one"), t.Row("", text="two")], name="Out")
    rows = Path(info.path) / "rows.jsonl"
    rows.write_text(rows.read_text().splitlines(keepends=True)[1])
    assert [item.row.text for item in asking.page(info.id).rows] == ["two"]


def test_a_damaged_dataset_does_not_hide_the_others(asking: Asking) -> None:
    names = ("Named", "Broken", "Sound")
    infos = [asking.info(t.AddRows, rows=[t.Row("", text="prose")], name=name) for name in names]
    (Path(infos[0].path) / "dataset.toml").write_text("name = [")
    (Path(infos[1].path) / "rows.jsonl").unlink()
    listed = {one.id: one for one in asking.ask(t.DatasetList, t.ListDatasets).items}
    assert (listed[infos[0].id].name, listed[infos[0].id].n_rows) == ("named", 1)
    assert "cannot be read" in listed[infos[1].id].source
    assert listed[infos[2].id] == infos[2]
    for info in infos[:2]:
        asking.ask(t.DatasetList, t.DeleteDataset, dataset=info.id)


def test_a_list_tells_the_same_as_the_dataset_itself(asking: Asking) -> None:
    rows = [t.Row("", text=f"prose {number}") for number in range(5)]
    info = asking.info(t.AddRows, rows=rows, name="Listed")
    asking.info(t.DeleteRows, dataset=info.id, ids=["1", "2"])
    info = asking.info(t.UndoRows, dataset=info.id)
    assert info in asking.ask(t.DatasetList, t.ListDatasets).items

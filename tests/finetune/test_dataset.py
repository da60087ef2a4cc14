"""A dataset: what is done to its rows stands, can be taken back, and survives."""

import json
import os
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import msgspec
import pytest

from engine.errors import AppError
from engine.process.tune_messages import BadRow, Row
from finetune.data import datasets, folding, user_folders
from finetune.data.dataset import Dataset, is_dataset, opening
from finetune.data.datasets import MoreRows, create
from finetune.data.importing import import_file
from finetune.data.problems import read_problems
from finetune.data.rows import read_row
from tests.finetune.some_rows import as_dicts, chat, ended, row, turns_of, write_jsonl


def made(home: Path, n: int = 5, name: str = "Night porter") -> Dataset:
    return Dataset(create(home, name, [row(number + 1) for number in range(n)], "typed"))


def answers(dataset: Dataset) -> list[str]:
    return [one.messages[1].content for one in dataset.rows()]


def on_disk(dataset: Dataset) -> list[Row]:
    return [read_row(line) for line in (dataset.folder / "rows.jsonl").read_bytes().splitlines()]


# ---- a folder anyone can read ----


def test_a_dataset_is_a_folder_anyone_can_read(tmp_path: Path) -> None:
    dataset = made(tmp_path, 3)
    assert dataset.folder == tmp_path / "night-porter" and is_dataset(dataset.folder)
    about = tomllib.loads((dataset.folder / "dataset.toml").read_text())
    assert about["name"] == "Night porter" and about["sources"] == ["typed"]
    lines = (dataset.folder / "rows.jsonl").read_text().splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["1", "2", "3"]
    assert json.loads(lines[0])["messages"] == as_dicts(
        ("user", "Question 1?"), ("assistant", "The answer to it is 1.")
    )


def test_rows_by_id_and_in_order(tmp_path: Path) -> None:
    dataset = made(tmp_path)
    assert dataset.n_rows == 5 and [one.id for one in dataset.rows()] == list("12345")
    found = dataset.row("3")
    assert found is not None and turns_of(found)[0] == ("user", "Question 3?")
    assert [dataset.row(one) for one in ("9", "", "-1", "x", "٣", "9" * 30)] == [None] * 6


def test_two_datasets_of_one_name_have_folders_of_their_own(tmp_path: Path) -> None:
    folders = [made(tmp_path).folder.name, made(tmp_path).folder.name]
    assert folders == ["night-porter", "night-porter-2"]
    assert made(tmp_path, name="夜").folder.name == "dataset"


# ---- changes ----


def test_a_change_is_marked_undone_and_done_again(tmp_path: Path) -> None:
    dataset = made(tmp_path)
    before = dataset.row("2")
    assert before is not None
    dataset.change(msgspec.structs.replace(before, messages=chat(("assistant", "New."))))
    assert answers_of(dataset, "2") == ["New."] and dataset.can_undo == "Change a row"
    changed = dataset.row("2")
    assert changed is not None and changed.tags == ["edited"]
    dataset.undo()
    assert dataset.row("2") == before and (dataset.can_undo, dataset.can_redo) == (
        "",
        "Change a row",
    )
    dataset.undo(forward=True)
    assert dataset.row("2") == changed
    dataset.undo(forward=True)  # nothing is left to do again
    assert dataset.row("2") == changed


def answers_of(dataset: Dataset, row_id: str) -> list[str]:
    found = dataset.row(row_id)
    assert found is not None
    return [message.content for message in found.messages]


def test_rows_deleted_as_one_step_come_back_to_their_places(tmp_path: Path) -> None:
    dataset = made(tmp_path, 6)
    assert dataset.delete(["6", "2", "3", "2", "77"]) == 3
    assert [one.id for one in dataset.rows()] == ["1", "4", "5"]
    assert dataset.can_undo == "Delete 3 rows" and dataset.n_steps == 1
    dataset.undo()
    assert [one.id for one in dataset.rows()] == list("123456")
    assert dataset.delete(["77"]) == 0 and dataset.n_steps == 0


def test_an_id_is_never_given_twice(tmp_path: Path) -> None:
    dataset = made(tmp_path, 2)
    assert dataset.add([row(0), row(0)]) == ["3", "4"]
    dataset.delete(["4"])
    assert dataset.add([row(0)]) == ["5"]
    dataset.undo()
    assert dataset.add([row(0)]) == ["6"]
    assert Dataset(dataset.folder).add([row(0)]) == ["7"]
    dataset = Dataset(dataset.folder)
    dataset.delete(["7"])
    assert Dataset(dataset.folder).next_id() == 8


@pytest.mark.parametrize("small", [0, 2 << 20])
def test_undo_and_redo_survive_a_restart(
    tmp_path: Path, small: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "SMALL_BYTES", small)
    dataset = made(tmp_path)
    start = list(dataset.rows())
    dataset.delete(["1", "2"])
    dataset.change(row(4, "other"))
    dataset.add([row(0, "more")])
    end = list(dataset.rows())
    for _ in range(3):
        dataset = Dataset(dataset.folder)
        dataset.undo()
    assert list(Dataset(dataset.folder).rows()) == start and dataset.can_undo == ""
    for _ in range(3):
        dataset = Dataset(dataset.folder)
        dataset.undo(forward=True)
    assert list(Dataset(dataset.folder).rows()) == end and dataset.can_redo == ""


def test_a_row_that_is_gone_cannot_be_changed(tmp_path: Path) -> None:
    dataset = made(tmp_path)
    dataset.delete(["2"])
    with pytest.raises(AppError, match="not there any more"):
        dataset.change(row(2))


def test_two_who_have_it_open_see_each_other(tmp_path: Path) -> None:
    one = made(tmp_path)
    other = Dataset(one.folder)
    one.delete(["1"])
    other.change(row(2, "second"))
    one.delete(["3"])
    assert not other.is_current()
    assert answers(other) == answers(one) and len(answers(one)) == 3


def test_rows_read_are_those_of_the_moment_it_began(tmp_path: Path) -> None:
    dataset = made(tmp_path, 1500)
    reading = dataset.rows()
    first = next(reading)
    dataset.delete([str(number) for number in range(1, 1500)])
    assert [first, *reading] == [row(number + 1) for number in range(1500)]
    assert [one.id for one in dataset.rows()] == ["1500"]


# ---- what happens on the disk ----


def test_a_small_file_has_each_change_at_once(tmp_path: Path) -> None:
    dataset = made(tmp_path)
    dataset.delete(["2"])
    assert on_disk(dataset) == list(dataset.rows())
    dataset.undo()
    assert on_disk(dataset) == list(dataset.rows())


def test_a_large_file_follows_when_much_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "SMALL_BYTES", 0)
    dataset = made(tmp_path, 100)
    dataset.delete(["2"])
    assert len(on_disk(dataset)) == 100 and dataset.n_rows == 99
    dataset.delete([str(number) for number in range(10, 60)])
    assert on_disk(dataset) == list(dataset.rows())


def test_old_steps_go_when_the_log_has_grown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "LOG_BYTES", 4000)
    dataset = made(tmp_path, 2)
    for number in range(60):
        dataset.change(row(1, f"version {number} " + "x" * 100))
        dataset.delete([dataset.add([row(0)])[0]])
    assert (dataset.folder / "changes.jsonl").stat().st_size < 6000
    assert 2 <= dataset.n_steps < 60
    dataset = Dataset(dataset.folder)
    assert answers_of(dataset, "1")[1].startswith("version 59") and dataset.next_id() == 63
    for _ in range(3):
        dataset.undo()
    assert answers_of(dataset, "1")[1].startswith("version 58")


@pytest.mark.parametrize("name", ["index.bin", "changes.jsonl", ".lock"])
def test_what_can_be_made_anew_may_go(tmp_path: Path, name: str) -> None:
    dataset = made(tmp_path)
    dataset.delete(["2"])
    rows = list(dataset.rows())
    (dataset.folder / name).unlink()
    assert list(Dataset(dataset.folder).rows()) == rows


def test_an_index_of_another_file_is_not_believed(tmp_path: Path) -> None:
    dataset = made(tmp_path)
    rows = dataset.folder / "rows.jsonl"
    kept = rows.read_bytes().splitlines(keepends=True)
    rows.write_bytes(b"".join(kept[1:]))
    assert [one.id for one in Dataset(dataset.folder).rows()] == list("2345")
    (dataset.folder / "index.bin").write_bytes(b"nonsense\n")
    assert Dataset(dataset.folder).n_rows == 4


def test_a_row_edited_by_hand_in_the_file_stands(tmp_path: Path) -> None:
    dataset = made(tmp_path)
    dataset.change(row(2, "by the window"))
    rows = dataset.folder / "rows.jsonl"
    rows.write_text(rows.read_text().replace("by the window", "by hand"))
    assert answers_of(Dataset(dataset.folder), "2")[1] == "by hand"


def test_lines_put_into_the_file_by_hand_get_ids(tmp_path: Path) -> None:
    dataset = made(tmp_path, 2)
    rows = dataset.folder / "rows.jsonl"
    own = json.dumps({"messages": as_dicts(("user", "a"), ("assistant", "b"))})
    rows.write_text(f'{own}\n{rows.read_text()}\nno json\n{{"text": "prose"}}')
    dataset = Dataset(dataset.folder)
    assert [one.id for one in dataset.rows()] == list("1234")
    assert [one.text for one in dataset.rows()] == ["", "", "", "prose"]
    bad = (dataset.folder / "problems.jsonl").read_bytes()
    assert msgspec.json.decode(bad, type=BadRow).line == 5
    assert "no json" in (dataset.folder / "rows-as-found.jsonl").read_text()


def test_a_step_half_written_was_never_done(tmp_path: Path) -> None:
    dataset = made(tmp_path)
    dataset.delete(["1"])
    log = dataset.folder / "changes.jsonl"
    with log.open("ab") as file:
        file.write(b'{"kind":"step","words":"Delete a row"}\n{"before":{"id":"3","mess')
    dataset = Dataset(dataset.folder)
    assert dataset.n_rows == 4 and dataset.n_steps == 1
    dataset.delete(["2"])
    assert Dataset(dataset.folder).n_steps == 2 and Dataset(dataset.folder).n_rows == 3


def test_a_full_disk_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = made(tmp_path)
    before = list(dataset.rows())

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(AppError, match="nothing was changed"):
            dataset.delete(["1"])
        with pytest.raises(AppError, match="could not be written"):
            ended(import_file(tmp_path, exported(dataset, tmp_path), name="new"))
    assert list(dataset.rows()) == before and list(Dataset(dataset.folder).rows()) == before
    assert len(datasets.find_datasets(tmp_path)) == 1
    assert not [one for one in tmp_path.iterdir() if ".part" in one.name]
    dataset.delete(["1"])
    assert Dataset(dataset.folder).n_rows == 4


def exported(dataset: Dataset, home: Path) -> Path:
    return write_jsonl(home / "x.jsonl", [{"text": one.id} for one in dataset.rows()])


def test_who_waits_for_himself_is_told(tmp_path: Path) -> None:
    """A job that looks through the rows takes turns with others on its thread."""
    dataset = made(tmp_path, 2000)
    (dataset.folder / "index.bin").unlink()
    looking = opening(dataset.folder)
    next(looking)
    with pytest.raises(AppError, match="looked through"):
        Dataset(dataset.folder)
    assert ended(looking).n_rows == 2000
    assert Dataset(dataset.folder).n_rows == 2000


# ---- the trash ----


def test_what_was_deleted_comes_back_beside_its_successor(tmp_path: Path) -> None:
    first = made(tmp_path, 3)
    datasets.delete(tmp_path, first.folder.name)
    second = made(tmp_path, 4)
    assert second.folder.name == "night-porter-2"
    second.folder.rename(first.folder)
    assert datasets.restore(tmp_path, "night-porter").name == "night-porter-2"
    found = datasets.find_datasets(tmp_path)
    assert sorted(Dataset(one).n_rows for one in found) == [3, 4]
    with pytest.raises(AppError, match="not in the trash"):
        datasets.restore(tmp_path, "night-porter")


def test_the_trash_is_kept_for_thirty_days(tmp_path: Path) -> None:
    for name in ("old", "young"):
        datasets.delete(tmp_path, made(tmp_path, name=name).folder.name)
    long_ago_s = time.time() - user_folders.TRASH_S - 60
    os.utime(tmp_path / ".trash" / "old", (long_ago_s, long_ago_s))
    datasets.sweep(tmp_path)
    assert [one.name for one in (tmp_path / ".trash").iterdir()] == ["young"]
    assert datasets.restore(tmp_path, "young").name == "young"


# ---- imports ----


def test_an_import_that_is_cancelled_leaves_nothing(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "many.jsonl", [{"text": f"row {n}"} for n in range(200_000)])
    home = tmp_path / "datasets"
    steps = import_file(home, path)
    next(steps)
    assert [one.name.endswith(".part") for one in home.iterdir()] == [True]
    steps.close()
    assert list(home.iterdir()) == []


def test_two_imports_of_one_name_at_once(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "many.jsonl", [{"text": f"row {n}"} for n in range(30_000)])
    home = tmp_path / "datasets"
    first = import_file(home, path)
    next(first)
    assert Dataset(ended(import_file(home, path))).n_rows == 30_000
    assert Dataset(ended(first)).n_rows == 30_000
    dataset = Dataset(home / "many")
    first = import_file(home, path, dataset=dataset)
    next(first)
    ended(import_file(home, path, dataset=dataset))
    ended(first)
    assert [int(one.id) for one in Dataset(dataset.folder).rows()] == list(range(1, 90_001))


def test_what_a_killed_import_has_left_is_swept(tmp_path: Path) -> None:
    dataset = made(tmp_path)
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    gone = [
        tmp_path / f".x.{child.pid}.aa.part",
        dataset.folder / f".rows.{child.pid}.aa.part",
    ]
    kept = dataset.folder / f".rows.{os.getpid()}.aa.part"
    gone[0].mkdir()
    gone[1].touch()
    kept.touch()
    datasets.sweep(tmp_path)
    assert not any(one.exists() for one in gone) and kept.exists()


def test_a_file_without_a_row_is_refused_with_its_reasons(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text('{"messages": []}\n{"messages": [7]}\n')
    with pytest.raises(AppError, match=r"Line 1: It has no messages\. Line 2: Message 1 is a numb"):
        ended(import_file(tmp_path / "datasets", path))
    assert list((tmp_path / "datasets").iterdir()) == []


def test_more_rows_come_behind_the_others(tmp_path: Path) -> None:
    dataset = made(tmp_path / "datasets", 3)
    dataset.delete(["2"])
    path = write_jsonl(tmp_path / "more.jsonl", [{"text": "a"}, {"text": 7}, {"text": "b"}])
    ended(import_file(tmp_path / "datasets", path, dataset=dataset))
    assert [one.id for one in dataset.rows()] == ["1", "3", "4", "5"]
    assert on_disk(dataset) == list(Dataset(dataset.folder).rows()) == list(dataset.rows())
    assert len((dataset.folder / "problems.jsonl").read_text().splitlines()) == 1
    dataset.undo()  # the step before
    assert [one.id for one in dataset.rows()] == list("12345")
    assert sorted(one.name for one in dataset.folder.iterdir() if "part" in one.name) == []


def test_bad_rows_of_several_files_name_theirs(tmp_path: Path) -> None:
    dataset = made(tmp_path / "datasets", 3)
    for name in ("a.jsonl", "b.jsonl"):
        path = write_jsonl(tmp_path / name, [{"text": "a"}, {"text": 7}])
        ended(import_file(tmp_path / "datasets", path, dataset=dataset))
    page = read_problems(dataset.folder / "problems.jsonl", 0, 10)
    assert [(one.file, one.line) for one in page.items] == [("a.jsonl", 2), ("b.jsonl", 2)]


def test_rows_added_while_others_are_imported_keep_their_ids(tmp_path: Path) -> None:
    dataset = made(tmp_path, 98)
    more = MoreRows(dataset, "file")
    with more:
        for number in range(5):
            more.writer.add(row(0, f"imported {number}"))
        assert dataset.add([row(0, "typed")]) == ["99"]
        more.keep()
    ids = [one.id for one in dataset.rows()]
    assert ids[98:] == ["99", "100", "101", "102", "103", "104"]
    assert answers(dataset)[98:] == ["typed", *(f"imported {number}" for number in range(5))]
    assert list(Dataset(dataset.folder).rows()) == list(dataset.rows())


@pytest.mark.parametrize("n_bytes", [0, 10, 400])
def test_an_append_that_was_killed_never_was(tmp_path: Path, n_bytes: int) -> None:
    dataset = made(tmp_path)
    before = list(dataset.rows())
    # What the process has written when it is killed between its two marks.
    log = dataset.folder / "changes.jsonl"
    rows = dataset.folder / "rows.jsonl"
    mark = {"kind": "adding", "offset": rows.stat().st_size}
    log.write_text(json.dumps(mark) + "\n")
    more = b"".join(msgspec.json.encode(row(number)) + b"\n" for number in range(6, 20))
    with rows.open("ab") as file:
        file.write(more[:n_bytes])
    dataset = Dataset(dataset.folder)
    assert list(dataset.rows()) == on_disk(dataset) == before
    assert dataset.add([row(0)]) == ["6"]

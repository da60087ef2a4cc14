"""Pages of a dataset: filters, orders, what was measured of rows, and how long it takes."""

import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from engine.process.tune_messages import ReadRows, Row, RowPage
from finetune.data import dataset_view
from finetune.data.dataset import Dataset
from finetune.data.dataset_files import About, write_about
from finetune.data.dataset_view import PAGE_BYTES, DatasetView
from finetune.data.datasets import create
from finetune.data.kept import keep_values, keep_warnings, kept_values
from finetune.data.problems import read_problems
from finetune.data.rows import content_hash, is_validation
from tests.finetune.some_rows import chat, ended, row


def made(home: Path, n: int = 20) -> Dataset:
    return Dataset(create(home, "x", [row(number + 1) for number in range(n)]))


def page(dataset: Dataset, **asked: Any) -> RowPage:
    return ended(DatasetView(dataset).page(ReadRows(job=0, dataset="x", **asked)))


def ids(found: RowPage) -> list[str]:
    return [item.row.id for item in found.rows]


def test_a_page_is_a_part_of_all(tmp_path: Path) -> None:
    dataset = made(tmp_path)
    found = page(dataset, start=5, count=3)
    assert ids(found) == ["6", "7", "8"] and found.n_total == 20
    assert [item.number for item in found.rows] == [5, 6, 7]
    assert ids(page(dataset, start=18, count=10)) == ["19", "20"]
    assert ids(page(dataset, start=50)) == [] and ids(page(dataset, start=-3, count=2)) == [
        "1",
        "2",
    ]


def test_text_is_searched_without_regard_to_case(tmp_path: Path) -> None:
    rows = [
        Row("", chat(("user", "Größe?"), ("assistant", 'He said "no"\nand left.'))),
        Row("", chat(("user", "role"), ("assistant", "GROSSE"))),
        Row("", text="Die GRÖSSE zählt"),
    ]
    dataset = Dataset(create(tmp_path, "x", rows))
    assert ids(page(dataset, text="größe")) == ["1", "3"]
    assert ids(page(dataset, text="grosse")) == ["2"]
    assert ids(page(dataset, text='"NO"\nand')) == ["1"]
    assert ids(page(dataset, text="role")) == ["2"]  # of what is said, not of how it is kept
    assert page(dataset, text="nowhere").n_total == 0


def test_training_and_validation_are_told_apart_by_content(tmp_path: Path) -> None:
    dataset = made(tmp_path, 200)
    kept = [one.id for one in dataset.rows() if is_validation(content_hash(one), 0.2)]
    found = page(dataset, only="validation", validation=0.2, count=200)
    assert ids(found) == kept and 20 < len(kept) < 60
    assert all(item.is_validation for item in found.rows)
    training = page(dataset, only="training", validation=0.2, count=200)
    assert training.n_total == 200 - len(kept)
    assert not any(item.is_validation for item in training.rows)


def test_edited_and_repeated_rows(tmp_path: Path) -> None:
    dataset = made(tmp_path)
    dataset.change(row(3, "other"))
    dataset.add([row(7)])
    assert ids(page(dataset, only="edited")) == ["3"]
    found = page(dataset, only="duplicates")
    assert [(item.row.id, item.duplicate_of) for item in found.rows] == [("21", "7")]
    dataset.undo()
    assert ids(page(dataset, only="duplicates")) == []


def test_orders(tmp_path: Path) -> None:
    lengths = [3, 10, 1, 7]
    dataset = Dataset(create(tmp_path, "x", [Row("", text="x" * n) for n in lengths]))
    assert ids(page(dataset, order="length")) == ["2", "4", "1", "3"]
    assert ids(page(dataset, order="loss")) == ["1", "2", "3", "4"]
    keep_values(dataset, "loss", ["3", "1", "4", "99"], [2.5, 0.5, float("nan"), 9.0])
    found = page(dataset, order="loss")
    assert [(item.row.id, item.loss) for item in found.rows] == [
        ("3", 2.5),
        ("1", 0.5),
        ("2", None),
        ("4", None),
    ]


def test_what_was_measured_holds_for_what_the_row_said(tmp_path: Path) -> None:
    dataset = made(tmp_path, 4)
    keep_values(dataset, "tokens", ["1", "2"], [11, 12])
    keep_warnings(dataset, {"2": ["cut", "no_end"], "4": ["languages"]})
    dataset = Dataset(dataset.folder)
    items = page(dataset).rows
    assert [item.n_tokens for item in items] == [11, 12, -1, -1]
    assert [set(item.warnings) for item in items] == [
        set(),
        {"cut", "no_end"},
        set(),
        {"languages"},
    ]
    assert ids(page(dataset, only="warned")) == ["2", "4"]
    dataset.delete(["1"])
    dataset.change(row(2, "other"))
    assert np.isnan(kept_values(dataset, "tokens")).all()
    assert ids(page(dataset, only="warned")) == ["4"]
    keep_warnings(dataset, {})
    assert ids(page(dataset, only="warned")) == []


def test_one_view_follows_changes(tmp_path: Path) -> None:
    dataset = made(tmp_path)
    view = DatasetView(dataset)

    def found(**asked: Any) -> list[str]:
        return ids(ended(view.page(ReadRows(job=0, dataset="x", **asked))))

    assert found(text="answer to it is 2.") == ["2"]
    dataset.delete(["2"])
    assert found(text="answer to it is 2.") == [] and found(count=2) == ["1", "3"]
    keep_values(Dataset(dataset.folder), "loss", ["5"], [1.0])
    assert found(order="loss", count=1) == ["5"]


def test_rows_changed_in_the_midst_of_a_search_are_searched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dataset_view, "_TURN_S", -1.0)  # a turn for each row
    dataset = made(tmp_path, 30)
    steps = DatasetView(dataset).page(ReadRows(job=0, dataset="x", text="is 29."))
    for _ in range(10):
        next(steps)
    dataset.delete([str(number) for number in range(1, 20)])
    assert ids(ended(steps)) == ["29"]


def test_a_page_of_huge_rows_ends_early(tmp_path: Path) -> None:
    rows = [Row("", text=f"{n}" * (PAGE_BYTES // 3 + 100)) for n in range(6)]
    dataset = Dataset(create(tmp_path, "x", rows))
    found = page(dataset, count=6)
    assert ids(found) == ["1", "2"] and found.n_total == 6
    assert ids(page(dataset, start=2, count=6)) == ["3", "4"]


def test_problems_come_in_pages(tmp_path: Path) -> None:
    path = tmp_path / "problems.jsonl"
    assert read_problems(path, 0, 10).n_total == 0
    lines = [b'{"line":%d,"reason":"It is bad.","excerpt":"x"}\n' % n for n in range(1, 8)]
    path.write_bytes(b"".join(lines))
    found = read_problems(path, 5, 10)
    assert [one.line for one in found.items] == [6, 7] and found.n_total == 7


@pytest.mark.slow
def test_a_million_rows_are_paged_at_once(tmp_path: Path) -> None:
    """A page within 50 ms once the dataset is open; here within 250, as this machine is shared."""
    folder = tmp_path / "million"
    folder.mkdir()
    write_about(folder / "dataset.toml", About("Million"))
    with (folder / "rows.jsonl").open("wb") as file:
        for start in range(0, 1_000_000, 10_000):
            rows = (row(number + 1) for number in range(start, start + 10_000))
            file.write(b"".join(msgspec.json.encode(one) + b"\n" for one in rows))
    dataset = Dataset(folder)
    assert dataset.n_rows == 1_000_000
    view = DatasetView(dataset)
    asked = [
        {"start": 0},
        {"start": 999_900},
        {"start": 500_000, "order": "length"},
        {"start": 40_000, "only": "validation"},
    ]
    for one in asked:
        ended(view.page(ReadRows(job=0, dataset="x", **one)))  # type: ignore[arg-type]
    for one in asked:
        start_s = time.perf_counter()
        found = ended(view.page(ReadRows(job=0, dataset="x", **one)))  # type: ignore[arg-type]
        took_s = time.perf_counter() - start_s
        assert len(found.rows) == 100 and took_s < 0.25, (one, took_s)
    start_s = time.perf_counter()
    assert Dataset(folder).n_rows == 1_000_000
    assert time.perf_counter() - start_s < 2.0

"""Roles, lengths and scripts of rows."""

from pathlib import Path

import pytest

from engine.process.tune_messages import Row
from finetune.data.dataset import Dataset
from finetune.data.datasets import create
from finetune.data.stats import lengths_of, main_script, n_repeated, stats_of
from tests.finetune.some_rows import chat, row


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Who keeps the keys? 123", "Latin"),
        ("Кто хранит ключи? OK", "Cyrillic"),
        ("鍵は誰が預かっていますか", "Japanese"),
        ("谁保管钥匙。", "Han"),
        ("من يحتفظ بالمفاتيح", "Arabic"),
        ("42 + 1 = 43 🔑", "Common"),
        ("A long English sentence about the word 鍵 (かぎ).", "Latin"),
        ("", "Common"),
    ],
)
def test_a_row_has_a_main_script(text: str, script: str) -> None:
    assert main_script(Row("1", text=text)) == script
    assert main_script(Row("1", chat(("user", "?"), ("assistant", text)))) == script


def test_counts_over_rows() -> None:
    rows = [row(1), row(2), Row("3", text="Проза"), Row("4", chat(("assistant", "Ja")))]
    stats = stats_of(rows)
    assert (stats.n_rows, stats.n_texts) == (4, 1)
    assert stats.roles == {"user": 2, "assistant": 3}
    assert stats.scripts == {"Latin": 3, "Cyrillic": 1}


def test_lengths_and_repeats_are_known_without_reading(tmp_path: Path) -> None:
    rows = [
        Row("", text="ab"),
        Row("", chat(("user", "é"), ("assistant", "ab"))),
        Row("", text="ab"),
    ]
    dataset = Dataset(create(tmp_path, "x", rows))
    (dataset.folder / "rows.jsonl").unlink()
    assert lengths_of(dataset).tolist() == [2, 3, 2]
    assert n_repeated(dataset) == 1

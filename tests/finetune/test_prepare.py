"""Rows become a training and a validation set: split by what they say, streamed, taken as they are
where they are there already, and with every row that is left out told."""

from __future__ import annotations

import json
import os
import re
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import AppError
from engine.process.tune_messages import Row, RowMessage
from finetune.config import RunConfig, changed
from finetune.data import prepare as module
from finetune.data.learned import learned_tokens
from finetune.data.own_questions import own_questions
from finetune.data.prepare import inputs_key, prepare, prepared
from finetune.data.rows import content_hash, is_validation
from finetune.data.token_set import TokenSet, TokenSetWriter
from tests.finetune.learn_templates import starter


def rows(n: int, start: int = 0) -> list[Row]:
    return [
        Row(
            str(number),
            [
                RowMessage("user", f"How deep is sea number {number}?"),
                RowMessage("assistant", f"It is {number} fathoms deep."),
            ],
        )
        for number in range(start, start + n)
    ]


def as_line(row: Row) -> str:
    messages = [{"role": one.role, "content": one.content} for one in row.messages]
    return json.dumps({"messages": messages} if messages else {"text": row.text})


def config_of(folder: Path, lines: list[str], **more: Any) -> RunConfig:
    (folder / "rows.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    given = {"base__path": "starter", "data__path": str(folder / "rows.jsonl"), **more}
    return changed(RunConfig(), out__dir=str(folder), train__epochs=1.0, **given)


def made(config: RunConfig, folder: Path, extra: list[Row] | None = None) -> Any:
    """Both sets, and what was yielded."""
    steps = prepare(config, folder / "tokens", extra or [])
    fractions = []
    while True:
        try:
            fractions.append(next(steps))
        except StopIteration as end:
            return *end.value, fractions


def texts(found: TokenSet) -> list[str]:
    vocab = starter().vocab
    return [
        b"".join(map(vocab.piece, found.row(number)[0].tolist())).decode()
        for number in range(found.n_rows)
    ]


def test_each_row_is_on_the_side_of_its_hash(tmp_path: Path) -> None:
    given = rows(150)
    train, validation, fractions = made(config_of(tmp_path, list(map(as_line, given))), tmp_path)
    aside = [row for row in given if is_validation(content_hash(row), 0.1)]
    assert 0 < len(aside) < 40
    assert validation.n_rows == len(aside) and train.n_rows == 150 - len(aside)
    assert [
        row.messages[0].content in text for row, text in zip(aside, texts(validation), strict=True)
    ]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0 and len(fractions) >= 3


def test_ids_and_masks_are_those_of_the_rows(tmp_path: Path) -> None:
    given = rows(12)
    config = config_of(tmp_path, list(map(as_line, given)), data__validation=0.0)
    train, validation, _ = made(config, tmp_path)
    assert train.n_rows == 12 and validation.n_rows == 0
    for number, row in enumerate(given):
        alone = learned_tokens(starter(), row, "all", 1024)
        ids, learned = train.row(number)
        assert np.array_equal(ids, alone.ids) and np.array_equal(learned, alone.learned)
    facts = train.facts
    assert facts["n_tokens"] == train.n_tokens and facts["n_learned"] == train.n_learned
    assert facts["n_rows"] == 12 and facts["n_validation"] == 0 and facts["warnings"] == []


def test_of_ten_rows_one_is_kept_aside_of_nine_none(tmp_path: Path) -> None:
    """Whatever their hashes are: the lowest goes, which is the first to go as the share grows."""
    unlucky = [row for row in rows(60) if not is_validation(content_hash(row), 0.1)]
    config = config_of(tmp_path, list(map(as_line, unlucky[:10])))
    train, validation, _ = made(config, tmp_path)
    assert (train.n_rows, validation.n_rows) == (9, 1)
    lowest = min(unlucky[:10], key=content_hash)
    assert lowest.messages[0].content in texts(validation)[0]
    assert train.facts["n_source_rows"] == 10 and train.facts["warnings"] == []
    few = tmp_path / "few"
    few.mkdir()
    train, validation, _ = made(config_of(few, list(map(as_line, unlucky[:9]))), few)
    assert (train.n_rows, validation.n_rows) == (9, 0)
    assert [one["kind"] for one in train.facts["warnings"]] == ["few_rows"]


def test_a_file_of_validation_rows(tmp_path: Path) -> None:
    other = tmp_path / "aside.jsonl"
    other.write_text("\n".join(map(as_line, rows(3, start=900))) + "\n", encoding="utf-8")
    config = config_of(tmp_path, list(map(as_line, rows(5))), data__validation=str(other))
    train, validation, _ = made(config, tmp_path)
    assert train.n_rows == 5
    assert all(f"number {900 + n}?" in text for n, text in enumerate(texts(validation)))


def test_extra_rows_are_only_trained_on(tmp_path: Path) -> None:
    extra = [
        Row(f"own-{n}", [RowMessage("user", question), RowMessage("assistant", "So.")])
        for n, question in enumerate(own_questions())
    ]
    assert any(is_validation(content_hash(row), 0.1) for row in extra)
    config = config_of(tmp_path, list(map(as_line, rows(30))))
    train, validation, _ = made(config, tmp_path, extra)
    assert [one for one in train.row_ids if one.startswith("own-")] == [row.id for row in extra]
    assert not [one for one in validation.row_ids if one.startswith("own-")]
    assert train.facts["n_extra"] == len(extra)


def test_bad_rows_and_rows_left_out_are_told(tmp_path: Path) -> None:
    silent = Row("s", [RowMessage("user", "Only a question")])
    lines = [*map(as_line, rows(3)), "{broken", as_line(silent)]
    train, _, _ = made(config_of(tmp_path, lines, data__validation=0.0), tmp_path)
    facts = train.facts
    assert train.n_rows == 3 and facts["n_source_rows"] + facts["n_bad"] == 5
    told = len(facts["bad"]) + facts["n_left_out"]
    assert told == 2 and facts["bad"][0]["line"] == 4


def test_long_rows_are_cut_and_long_texts_are_not(tmp_path: Path) -> None:
    long_chat = Row("c", [RowMessage("user", "Go on"), RowMessage("assistant", "word " * 200)])
    long_text = Row("t", text="word " * 200)
    config = config_of(
        tmp_path,
        [as_line(long_chat)],
        data__validation=0.0,
        train__max_length=64,
    )
    train, _, _ = made(config, tmp_path)
    whole = len(learned_tokens(starter(), long_chat, "all", 10_000).ids)
    assert train.lengths().tolist() == [64]
    assert train.facts["n_cut"] == whole - 64 and train.facts["n_rows_cut"] == 1
    assert "cut" in [one["kind"] for one in train.facts["warnings"]]
    other = tmp_path / "text"
    other.mkdir()
    config = config_of(
        other, [as_line(long_text)], data__validation=0.0, train__max_length=64, data__format="text"
    )
    train, _, _ = made(config, other)
    n_whole = len(starter().vocab.tokenize(long_text.text))
    assert train.n_learned == n_whole - 1 and train.facts["n_cut"] == 0
    assert set(train.row_ids) == {train.row_ids[0]} and train.n_rows == -(-(n_whole - 1) // 63)


# ---- again ----


def test_what_is_there_of_the_same_inputs_is_taken_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = config_of(tmp_path, list(map(as_line, rows(20))))
    first, _, _ = made(config, tmp_path)
    monkeypatch.setattr(module, "open_tokenizer", None)  # not even opened
    again, _, fractions = made(config, tmp_path)
    assert again.facts == first.facts and fractions == []
    assert prepared(tmp_path / "tokens") is not None


@pytest.mark.parametrize(
    "change",
    [
        {"data__learn_from": "last"},
        {"train__max_length": 32},
        {"data__validation": 0.2},
        {"data__format": "messages"},
    ],
)
def test_other_settings_make_it_anew(tmp_path: Path, change: dict[str, Any]) -> None:
    config = config_of(tmp_path, list(map(as_line, rows(20))))
    first, _, _ = made(config, tmp_path)
    again, _, fractions = made(changed(config, **change), tmp_path)
    assert fractions and again.facts["key"] != first.facts["key"]


def test_other_rows_make_it_anew_but_a_run_may_go_on_with_its_own(tmp_path: Path) -> None:
    config = config_of(tmp_path, list(map(as_line, rows(20))))
    made(config, tmp_path)
    with (tmp_path / "rows.jsonl").open("a", encoding="utf-8") as file:
        file.write(as_line(rows(1, start=77)[0]) + "\n")
    kept = prepared(tmp_path / "tokens")
    assert kept is not None and kept[0].n_rows + kept[1].n_rows == 20
    assert prepared(tmp_path / "tokens", inputs_key(config)) is None
    train, validation, _ = made(config, tmp_path)
    assert train.n_rows + validation.n_rows == 21


def test_half_a_set_is_none(tmp_path: Path) -> None:
    config = config_of(tmp_path, list(map(as_line, rows(20))))
    made(config, tmp_path)
    os.remove(tmp_path / "tokens" / "validation" / "rows.json")
    assert prepared(tmp_path / "tokens") is None
    train, validation, _ = made(config, tmp_path)
    assert train.n_rows + validation.n_rows == 20


def test_an_attempt_that_is_given_up_leaves_nothing(tmp_path: Path) -> None:
    config = config_of(tmp_path, list(map(as_line, rows(200))))
    steps = prepare(config, tmp_path / "tokens")
    next(steps)
    steps.close()
    assert list((tmp_path / "tokens").iterdir()) == []


# ---- what cannot be ----


def test_an_empty_file_says_so(tmp_path: Path) -> None:
    config = config_of(tmp_path, [])
    (tmp_path / "rows.jsonl").write_bytes(b"")
    with pytest.raises(AppError, match="is empty"):
        made(config, tmp_path)


def test_rows_without_any_answer_say_so(tmp_path: Path) -> None:
    silent = [Row("1", [RowMessage("user", f"Question {n}")]) for n in range(3)]
    with pytest.raises(AppError, match="Of no row") as caught:
        made(config_of(tmp_path, list(map(as_line, silent))), tmp_path)
    assert caught.value.hint


@pytest.mark.parametrize("refused", [(TokenSetWriter, "add"), (os, "fsync"), (np, "save")])
def test_a_full_disk_says_so_and_leaves_nothing(
    refused: tuple[Any, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    config = config_of(tmp_path, list(map(as_line, rows(5))))
    monkeypatch.setattr(*refused, refuse)
    with pytest.raises(AppError, match="could not be written") as caught:
        made(config, tmp_path)
    assert "disk" in caught.value.hint and list((tmp_path / "tokens").iterdir()) == []


def test_a_base_that_is_gone_says_so(tmp_path: Path) -> None:
    config = config_of(tmp_path, list(map(as_line, rows(5))), base__path=str(tmp_path / "no.gguf"))
    with pytest.raises(AppError):
        made(config, tmp_path)


# ---- the questions against forgetting ----


def test_own_questions_are_many_and_different() -> None:
    questions = own_questions()
    assert len(questions) >= 60 and len(set(questions)) == len(questions)
    assert not any("you" in one.lower().split() for one in questions)  # none asks who it is


def test_none_is_among_the_questions_that_forgetting_is_measured_by() -> None:
    """Else a run would be measured by what it was taught."""
    text = resources.files("resources").joinpath("forgetting/questions.jsonl").read_text("utf-8")
    asked = [words(json.loads(line)["question"]) for line in text.splitlines() if line.strip()]
    assert len(asked) >= 30
    for question in own_questions():
        own = words(question)
        assert max(len(own & one) / len(own | one) for one in asked) < 0.5, question


def words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))

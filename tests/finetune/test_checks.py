"""What is said of rows: one sentence for each kind with its figure, and something to do."""

from __future__ import annotations

import re

import pytest

from finetune.data.checks import (
    KINDS,
    Finding,
    Tally,
    few_rows,
    languages,
    repeated,
    row_warning,
)
from finetune.data.kept import KINDS as KEPT


def test_a_tally_sums_rows_and_figures_and_puts_the_grave_first() -> None:
    tally = Tally()
    tally.add("1", [Finding("cut", 100), Finding("empty_answer", 1)])
    tally.add("2", [Finding("cut", 1_900)])
    tally.add("3", [])
    empty, cut = tally.warnings()
    assert (empty.kind, empty.n_rows, empty.ids, empty.is_grave) == ("empty_answer", 1, ["1"], True)
    assert (cut.kind, cut.n_rows, cut.ids, cut.is_grave) == ("cut", 2, ["1", "2"], False)
    assert cut.message.startswith("2 rows are longer") and "2,000 tokens" in cut.message
    assert tally.n_rows("cut") == 2 and tally.n_rows("no_end") == 0


def test_the_first_reason_is_told_and_ids_are_bounded() -> None:
    tally = Tally()
    for number in range(1_200):
        tally.add(str(number), [Finding("cannot_render", 1, f"Reason {number}.")])
    (warning,) = tally.warnings()
    assert "1,200 rows" in warning.message and "Reason 0." in warning.message
    assert len(warning.ids) == 1_000 and warning.n_rows == 1_200
    assert tally.detail("cannot_render") == "Reason 0."


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("figure", [1, 2])
def test_every_kind_has_sentences_and_a_remedy(kind: str, figure: int) -> None:
    alone = row_warning("7", Finding(kind, figure, "detail."))
    tally = Tally()
    for number in range(figure):
        tally.add(str(number), [Finding(kind, 1, "detail.")])
    (many,) = tally.warnings()
    for warning in (alone, many):
        for words in (warning.message, warning.remedy):
            assert (words[0].isupper() or words[0].isdigit()) and words.endswith(".")
            assert not re.search(r"\b1 (rows|tokens|answers|bytes)\b", words)
            assert not re.search(r"\b1 (row|token|answer|byte)( of plain text)? are\b", words)
            assert not re.search(r"\b2 (rows|tokens|answers|bytes) is\b", words)
    assert alone.ids == ["7"] and many.n_rows == figure


def test_every_kind_can_be_kept_with_a_dataset() -> None:
    assert set(KINDS) | {"few_rows", "languages", "repeated"} == set(KEPT)


def test_few_rows() -> None:
    one = few_rows(1, 0, 0.1)
    assert one is not None and one.message == "There is only 1 row."
    nine = few_rows(8, 1, 0.1)
    assert nine is not None and nine.message == "There are only 9 rows."
    assert few_rows(9, 1, 0.1) is None and few_rows(20, 0, 0.0) is None
    unmeasured = few_rows(20, 0, 0.1)
    assert unmeasured is not None and "kept aside" in unmeasured.message


def test_several_scripts() -> None:
    assert languages({"Latin": 99, "Common": 5, "Cyrillic": 1}, []) is None
    warning = languages({"Cyrillic": 20, "Latin": 80, "Greek": 1}, ["4", "9"])
    assert warning is not None and "Latin (80), Cyrillic (20)" in warning.message
    assert warning.n_rows == 21 and warning.ids == ["4", "9"]


def test_repeated_rows() -> None:
    assert repeated([], 0) is None
    warning = repeated(["3"], 1)
    assert warning is not None and warning.message == "1 row repeats an earlier one."

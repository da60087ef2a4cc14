"""Duplicates against brute force: none reported that is none, none missed beyond what the bands
promise."""

import random
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.process.tune_messages import DuplicateGroup, Row, RowMessage
from finetune.data import duplicates
from finetune.data.dataset import Dataset
from finetune.data.datasets import create
from finetune.data.duplicate_groups import find_groups
from finetune.data.duplicates import N_BANDS, N_IN_BAND, Near, band_keys, find_near
from finetune.data.repeats import repeated
from finetune.data.shingles import Shingles, jaccard, said_in, shingles_of
from tests.finetune.some_rows import chat, ended

WORDS = [f"word{number}" for number in range(400)]


def plain_jaccard(one: str, other: str, n: int = 5) -> float:
    """The definition, over tuples of words; for texts of at least n words with blanks."""
    sets = []
    for text in (one, other):
        words = re.findall(r"\w+", text.lower())
        sets.append({tuple(words[at : at + n]) for at in range(len(words) - n + 1)})
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


def near_of(texts: list[str], threshold: float = 0.8) -> list[Near]:
    def read(numbers: np.ndarray) -> Iterable[str]:
        return (texts[number] for number in numbers)

    return ended(find_near(len(texts), read, threshold))


def altered(text: str, chance: random.Random, n: int) -> str:
    """The text with n of its words put otherwise."""
    words = text.split()
    for _ in range(n):
        words[chance.randrange(len(words))] = chance.choice(WORDS)
    return " ".join(words)


LONG = st.lists(st.sampled_from(WORDS[:12]), min_size=5, max_size=40).map(" ".join)


@given(one=LONG, other=LONG)
def test_similarity_is_that_of_sets_of_five_words(one: str, other: str) -> None:
    assert jaccard(shingles_of(one), shingles_of(other)) == plain_jaccard(one, other)


@settings(deadline=None)
@given(seed=st.integers(0, 10_000), n_texts=st.integers(2, 25))
def test_no_pair_is_reported_that_is_none_and_what_is_left_is_apart(
    seed: int, n_texts: int
) -> None:
    chance = random.Random(seed)
    texts: list[str] = []
    for _ in range(n_texts):
        if texts and chance.random() < 0.6:
            texts.append(altered(chance.choice(texts), chance, chance.randint(0, 6)))
        else:
            texts.append(" ".join(chance.choices(WORDS, k=chance.randint(8, 120))))
    found = near_of(texts)
    for one in found:
        assert one.of < one.number
        assert one.similarity == plain_jaccard(texts[one.of], texts[one.number]) >= 0.8
    left = [n for n in range(n_texts) if n not in {one.number for one in found}]
    # The chance that the bands miss a pair of 0.8 is 0.00005; the texts of all seeds are the same
    # in every run, so this holds for them or it does not.
    for at, first in enumerate(left):
        for other in left[at + 1 :]:
            assert plain_jaccard(texts[first], texts[other]) < 0.8


@pytest.mark.parametrize(("similarity", "least", "most"), [(0.8, 0.995, 1.0), (0.3, 0.0, 0.12)])
def test_pairs_share_a_band_as_often_as_the_paper_says(
    similarity: float, least: float, most: float
) -> None:
    """1 - (1 - s^5)^25: 0.99995 at 0.8, 0.06 at 0.3; over 600 pairs of sets."""
    chance = np.random.default_rng(7)
    n_shared = 0
    for _ in range(600):
        both = chance.integers(0, 1 << 63, round(100 * similarity), np.uint64)
        rest = chance.integers(0, 1 << 63, 100 - len(both), np.uint64)
        half = len(rest) // 2
        one, other = (
            np.unique(np.concatenate([both, some])) for some in (rest[:half], rest[half:])
        )
        n_shared += bool((band_keys(one) == band_keys(other)).any())
    expected = 1 - (1 - similarity**N_IN_BAND) ** N_BANDS
    assert least <= n_shared / 600 <= most and abs(n_shared / 600 - expected) < 0.05


def test_a_smallest_hash_is_shared_as_often_as_the_sets_are_alike() -> None:
    """Within three standard deviations, for texts rather than sets drawn at random."""
    chance = random.Random(3)
    text = " ".join(chance.choices(WORDS, k=300))
    other = altered(text, chance, 12)
    true = plain_jaccard(text, other)
    found = near_of([text, other], 0.1)
    assert found == [Near(1, 0, true)] and 0.6 < true < 0.8


@pytest.mark.parametrize(
    ("one", "other", "are_near"),
    [
        ("Yes.", "yes!", True),
        ("Yes.", "No.", False),
        ("", "", False),
        ("🔑🔑", "🔑🔑", True),
        (
            "夜のホテルでは、夜勤のポーターが鍵を預かります。",
            "夜のホテルでは、夜勤のポーターが鍵を預かります!",
            True,
        ),
        ("夜のホテルでは鍵を預かります。", "朝の市場では魚を売っています。", False),
        ("ผมเก็บกุญแจทั้งหมดไว้", "ผมเก็บกุญแจทั้งหมดไว้ ", True),
        ("KEYS hang behind the desk, always", "Keys hang behind the desk always", True),
    ],
)
def test_short_texts_and_other_scripts(one: str, other: str, are_near: bool) -> None:
    assert bool(near_of([one, other])) == are_near


def test_a_shared_system_prompt_does_not_make_rows_alike() -> None:
    system = ("system", "You are the night porter of a large hotel and answer briefly. " * 20)
    rows = [Row("", chat(system, ("user", f"Q{n}"), ("assistant", WORDS[n]))) for n in range(2)]
    assert jaccard(*(shingles_of(said_in(row)) for row in rows)) == 0.0


def test_calls_of_tools_count() -> None:
    calls = [[{"function": {"name": name, "arguments": "{}"}}] for name in ("look", "listen")]
    rows = [Row("", [RowMessage("assistant", "", tool_calls=one)]) for one in calls]
    assert near_of([said_in(row) for row in rows]) == []


# ---- of a dataset ----

BASE = "the keys hang behind the desk and every guest gets the one of his room at night " * 4
OTHER = "breakfast is served from seven until ten in the garden room beside the old fountain"


def test_groups_of_equal_and_near_rows(tmp_path: Path) -> None:
    texts = [BASE, OTHER, BASE, BASE + "indeed", OTHER + " madam", "alone", BASE + "indeed", OTHER]
    dataset = Dataset(create(tmp_path, "x", [Row("", text=one) for one in texts]))
    groups = ended(find_groups(dataset, near=True, threshold=0.8))
    assert [one.ids for one in groups] == [["1", "3", "4", "7"], ["2", "5", "8"]]
    assert groups[0].similarity == plain_jaccard(BASE, BASE + "indeed")
    assert groups[0].excerpt.startswith("the keys hang")
    equal = ended(find_groups(dataset, near=False, threshold=0.8))
    assert [one.ids for one in equal] == [["1", "3"], ["2", "8"], ["4", "7"]]
    assert [one.similarity for one in equal] == [1.0, 1.0, 1.0]
    assert gone_after(dataset, groups) == ["1", "2", "6"]


def gone_after(dataset: Dataset, groups: list[DuplicateGroup]) -> list[str]:
    """Ids that are left when all but the first of each group are deleted; then they come back."""
    before = [one.id for one in dataset.rows()]
    dataset.delete([row_id for one in groups for row_id in one.ids[1:]])
    left = [one.id for one in dataset.rows()]
    assert dataset.n_steps == 1
    dataset.undo()
    assert [one.id for one in dataset.rows()] == before
    return left


def test_what_was_found_holds_until_a_row_is_another(tmp_path: Path) -> None:
    texts = [BASE, BASE + "indeed", OTHER, BASE]
    dataset = Dataset(create(tmp_path, "x", [Row("", text=one) for one in texts]))
    assert repeated(dataset).tolist() == [-1, -1, -1, 0]
    ended(find_groups(dataset, near=True, threshold=0.8))
    assert repeated(dataset).tolist() == [-1, 0, -1, 0]
    dataset = Dataset(dataset.folder)  # known after a restart
    assert repeated(dataset).tolist() == [-1, 0, -1, 0]
    dataset.change(Row("1", text="something else"))
    assert repeated(dataset).tolist() == [-1, -1, -1, -1]
    dataset.undo()
    assert repeated(dataset).tolist() == [-1, 0, -1, 0]
    dataset.change(Row("2", text=OTHER))
    assert repeated(dataset).tolist() == [-1, -1, 1, 0]


def test_copies_are_compared_with_the_first_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """500 rows of one template: each is compared with one, not with all before it."""
    chance = random.Random(1)
    template = " ".join(chance.choices(WORDS, k=300))
    n_compared = 0

    def counted(one: Shingles, other: Shingles) -> float:
        nonlocal n_compared
        n_compared += 1
        return jaccard(one, other)

    monkeypatch.setattr(duplicates, "jaccard", counted)
    found = near_of([template, *(altered(template, chance, 2) for _ in range(500))])
    assert {(one.number, one.of) for one in found} == {(n, 0) for n in range(1, 501)}
    assert n_compared == 500

"""Near duplicates of millions: the same is found with arrays on disk, and a bound on the time."""

from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from finetune.corpus.document import Document
from finetune.corpus.waiting import Waiting
from finetune.data.duplicates import Near, band_keys, find_near, in_memory, near_of
from finetune.data.shingles import shingles_of
from tests.finetune.corpora_made import prose

T = TypeVar("T")


def ended(steps: Generator[Any, None, T]) -> T:
    try:
        while True:
            next(steps)
    except StopIteration as stop:
        found: T = stop.value
        return found


def some_texts(seed: int) -> list[str]:
    """Texts of which several are nearly others."""
    texts = [prose(seed + number, 90) for number in range(20)]
    for number in (3, 7, 11):
        words = texts[number].split()
        words[number] = "otherwise"
        texts.append(" ".join(words))
    return texts


def with_arrays(folder: Path, texts: list[str], most_met: int = 0) -> list[Near]:
    folder.mkdir(parents=True)
    waiting = Waiting(folder)
    for number, text in enumerate(texts):
        waiting.add(Document(text, str(number)), True)
    waiting.close()

    def on_disk(name: str, shape: tuple[int, ...], dtype: str) -> npt.NDArray[Any]:
        return np.memmap(folder / name, dtype, "w+", shape=shape)

    steps = near_of(waiting.keys, waiting.n_grams, waiting.texts, 0.8, on_disk, most_met)
    found = [one for one in steps if isinstance(one, Near)]
    waiting.close()
    return found


@settings(deadline=None, max_examples=12)
@given(seed=st.integers(0, 10_000))
def test_the_same_is_found_with_arrays_on_disk(seed: int) -> None:
    texts = some_texts(seed)

    def read(numbers: npt.NDArray[np.int64]) -> Iterable[str]:
        return (texts[number] for number in numbers)

    keys = np.stack([band_keys(shingles_of(text)) for text in texts])
    n_grams = np.array([len(shingles_of(text)) for text in texts])
    found = [one for one in near_of(keys, n_grams, read, 0.8, in_memory) if isinstance(one, Near)]
    assert found == ended(find_near(len(texts), read, 0.8))
    assert [(one.number, one.of) for one in found] == [(20, 3), (21, 7), (22, 11)]


def test_texts_wait_on_disk_and_are_compared_there(tmp_path: Path) -> None:
    found = with_arrays(tmp_path / "a", some_texts(5))
    assert [(one.number, one.of) for one in found] == [(20, 3), (21, 7), (22, 11)]


def test_the_number_of_texts_that_are_looked_at_is_bounded(tmp_path: Path) -> None:
    first = prose(1, 90)
    words = first.split()
    texts = [first]
    for number in range(40):
        # Half of each is the first text's: they share bands now and then, and are not near.
        texts.append(" ".join([*words[:60], *prose(number + 2, 40).split()]))
    texts.append(" ".join([*words[:50], "otherwise", *words[51:]]))
    bounded = with_arrays(tmp_path / "a", texts, most_met=2)
    everything = with_arrays(tmp_path / "b", texts)
    assert (41, 0) in [(one.number, one.of) for one in everything]
    assert {one.number for one in bounded} <= {one.number for one in everything}


def test_texts_that_are_not_compared_are_near_nothing(tmp_path: Path) -> None:
    waiting = Waiting(tmp_path)
    for _ in range(3):
        waiting.add(Document(prose(1), "a", "made"), False)
    waiting.close()
    assert not any(
        isinstance(one, Near) for one in near_of(waiting.keys, waiting.n_grams, waiting.texts, 0.8)
    )
    assert [line.text for line in waiting.all_lines()] == [prose(1)] * 3
    assert not list(tmp_path.glob("texts-*"))

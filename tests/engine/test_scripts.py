"""The table of scripts, against the `regex` package's own."""

import numpy as np
import numpy.typing as npt
import pytest
import regex

from engine.process.scripts import SCRIPTS, script_numbers, script_of

Points = npt.NDArray[np.uint32]


@pytest.mark.parametrize("name", [name for name in SCRIPTS if name not in ("Common", "Other")])
def test_every_character_of_a_script_is_said_to_be_of_it(name: str) -> None:
    pattern = regex.compile(rf"\p{{Script={name.replace(' ', '_')}}}")
    points = np.array([at for at in range(0x30000) if not 0xD800 <= at < 0xE000], np.uint32)
    assigned = np.array([not regex.match(r"\p{Cn}", chr(at)) for at in _edges(points)], bool)
    tested = _edges(points)[assigned]
    expected = [bool(pattern.match(chr(at))) for at in tested]
    found = [SCRIPTS[number] == name for number in script_numbers(tested).tolist()]
    assert found == expected


def _edges(points: Points) -> Points:
    """Where the table changes, the places beside, and every 37th character."""
    numbers = script_numbers(points)
    changes = np.flatnonzero(np.diff(numbers))
    near = np.unique(np.concatenate([changes + shift for shift in (-1, 0, 1, 2)]))
    chosen = np.union1d(near[(near >= 0) & (near < len(points))], np.arange(0, len(points), 37))
    edges: Points = points[chosen]
    return edges


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("hello", "Latin"),
        (" мир", "Cyrillic"),
        ("深海", "Han"),
        ("123 !", "Common"),
        ("", "Common"),
    ],
)
def test_a_texts_script_is_that_of_its_first_letter(text: str, script: str) -> None:
    assert script_of(text) == script

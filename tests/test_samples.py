"""The sample texts that tokenizers are compared on: all there, whole, and of a like length."""

import json
import tomllib
from importlib.resources import files
from xml.etree import ElementTree

import pytest

FOLDER = files("resources") / "samples"
INDEX: list[dict[str, str]] = tomllib.loads((FOLDER / "index.toml").read_text("utf-8"))["sample"]


def text_of(file: str) -> str:
    return (FOLDER / file).read_text("utf-8")


def test_index_lists_every_text_once() -> None:
    listed = [sample["file"] for sample in INDEX]
    there = sorted(one.name for one in FOLDER.iterdir() if one.name.endswith(".txt"))
    assert sorted(listed) == there
    assert len({sample["name"] for sample in INDEX}) == len(INDEX)
    assert all(sample.keys() == {"name", "file", "kind"} for sample in INDEX)
    kinds = [sample["kind"] for sample in INDEX]
    assert (kinds.count("language"), kinds.count("code"), kinds.count("other")) == (19, 6, 2)


@pytest.mark.parametrize("file", [sample["file"] for sample in INDEX])
def test_text_is_short_and_clean(file: str) -> None:
    text = text_of(file)
    assert 200 <= len(text) <= 1000
    assert text.endswith("\n") and "\r" not in text and "\ufffd" not in text


def test_stories_are_the_same_story() -> None:
    """Each has its own letters for the girl's name and ends with the same two lines of speech."""
    names = ("Mira", "Мира", "Μίρα", "ميرا", "מירה", "मीरा", "মীরা", "มีรา", "米拉", "ミラ", "미라")
    for sample in INDEX:
        if sample["kind"] == "language":
            assert any(name in text_of(sample["file"]) for name in names), sample["name"]


def test_code_is_code() -> None:
    compile(text_of("python.txt"), "python.txt", "exec")
    assert json.loads(text_of("json.txt"))["dives"][0]["id"] == 17
    body = text_of("html.txt").partition("<main")[2].partition("<input")[0]
    assert ElementTree.fromstring("<a>" + body.partition("<ul>")[2].partition("</ul>")[0] + "</a>")

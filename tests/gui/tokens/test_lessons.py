"""Lessons without a window: the files that come with the app, broken files, reading and checking
what a person guesses.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import AppError
from gui.lessons.answers import LARGEST, check, number_text, read_number
from gui.lessons.host import filled
from gui.lessons.lesson import Guess, Lesson, Measure
from gui.lessons.lessons import course, read_course
from gui.tokens.panel import panel_factories
from gui.tokens.room import page_factories
from gui.tokens.samples import read_samples
from gui.window import room_entries
from resources import __file__ as resources_file

FOLDER = Path(resources_file).parent / "lessons"
WANTED = {"spelling", "numbers", "languages", "special-tokens", "sampling"}
STAGES = '[[stage]]\nid = "text"\ntitle = "Text"\nwords = "Bytes."\n'
LESSON = """
id = "one"
stage = "text"
place = 1
title = "One"
claim = "A claim."
look = ["a", "b", "c"]
meaning = "It means."
[guess]
kind = "number"
question = "How many?"
answer = 3
[show]
room = "tokens"
"""


# ---- the files of the app ----


def test_all_files_are_lessons_and_the_wanted_ones_are_there() -> None:
    found = course()
    assert found.problems == {}
    ids = [one.id for one in found.lessons]
    assert set(ids) >= WANTED and len(set(ids)) == len(ids)
    assert len(ids) == len(list(FOLDER.glob("*.toml"))) - 1


def test_lessons_follow_a_models_life() -> None:
    found = course()
    stages = [one.id for one in found.stages]
    assert stages[:5] == ["text", "tokens", "base", "assistant", "reasoner"]
    places = [(stages.index(one.stage), one.place) for one in found.lessons]
    assert places == sorted(set(places))
    first, second = found.lessons[:2]
    assert found.after(first) is second and found.after(found.lessons[-1]) is None
    assert found.stage(first).id == first.stage


@pytest.mark.parametrize("lesson", course().lessons, ids=lambda one: one.id)
def test_every_lesson_can_be_shown(lesson: Lesson) -> None:
    """Its room, page, panel and samples exist."""
    show, measure = lesson.show, lesson.guess.measure
    assert show.room in room_entries()
    assert show.page in {key for key, _, _ in page_factories()}
    assert show.panel in {"", *(entry[0] for entry in panel_factories())}
    folder = FOLDER.parent / "samples"
    names = [show.sample, *((measure.sample, measure.than_sample) if measure else ())]
    assert all((folder / name).is_file() for name in names if name)
    assert read_samples()


@pytest.mark.parametrize("lesson", course().lessons, ids=lambda one: one.id)
def test_every_answer_is_right_by_its_own_check(lesson: Lesson) -> None:
    answer = lesson.guess.answer if lesson.guess.answer is not None else 4.0
    assert check(lesson.guess, str(answer), answer).nearness == "right"


# ---- broken files ----


def folder_with(tmp_path: Path, **files: str) -> Path:
    (tmp_path / "stages.toml").write_text(STAGES, encoding="utf-8")
    for name, text in files.items():
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("id = ", "Invalid value"),
        (LESSON.replace('title = "One"\n', ""), "title"),
        (LESSON.replace("place = 1", 'place = "first"'), "place"),
        (LESSON.replace('stage = "text"', 'stage = "moon"'), "moon"),
        (LESSON.replace('["a", "b", "c"]', '["a"]'), "3 lines"),
        (LESSON.replace("answer = 3", 'answer = "three"'), "a number"),
        (LESSON.replace("answer = 3\n", ""), "an answer or a measure"),
        (LESSON.replace('"number"', '"choice"'), "written out"),
        (LESSON.replace("answer = 3", "answer = 3\ncolour = 1"), "colour"),
        (LESSON + 'choose = "x"\ntext = "y"\n', "to be chosen"),
        (LESSON.replace("answer = 3", 'measure = { kind = "tokens" }'), "a text or a sample"),
        (LESSON.replace("answer = 3", 'measure = {kind="times", text="a"}'), "other text"),
    ],
)
def test_a_broken_file_is_told_of_and_the_others_stay(tmp_path: Path, text: str, why: str) -> None:
    good = LESSON.replace('"one"', '"good"')
    found = read_course(folder_with(tmp_path, broken=text, good=good))
    assert [one.id for one in found.lessons] == ["good"]
    (words,) = found.problems.values()
    assert why in words and words.endswith(".")


def test_an_id_is_there_once(tmp_path: Path) -> None:
    found = read_course(folder_with(tmp_path, a=LESSON, b=LESSON))
    assert len(found.lessons) == 1 and "another lesson" in found.problems["b.toml"]


def test_bytes_that_are_no_text_are_told_of(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, good=LESSON)
    (folder / "bad.toml").write_bytes(b"id = '\xff'")
    assert set(read_course(folder).problems) == {"bad.toml"}


def test_without_stages_nothing_has_a_place(tmp_path: Path) -> None:
    with pytest.raises(AppError, match=r"stages\.toml"):
        read_course(tmp_path)


# ---- what a person types ----


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("3", 3),
        ("about 12 tokens", 12),
        ("1,234,567", 1234567),
        ("1 234", 1234),
        ("3,5", 3.5),
        ("3.5 times", 3.5),
        (".5", 0.5),
        ("-2", -2),
        ("three", 3),
        ("Twice as many", 2),
        ("٣", 3),
        ("12,5678", 12.5678),
        ("2 or 3", 2),
        ("9" * 400, LARGEST),
    ],
)
def test_numbers_as_people_write_them(text: str, number: float) -> None:
    assert read_number(text) == number


@pytest.mark.parametrize("text", ["", "many", "?", "-", ",", "a lot of", "²"])
def test_no_number(text: str) -> None:
    assert read_number(text) is None


@given(st.integers(0, 10**14))
def test_a_written_number_is_read_as_itself(number: int) -> None:
    assert read_number(str(number)) == number
    assert read_number(f"about {number:,} tokens") == number
    assert read_number(number_text(number)) == number


@given(st.decimals(0, 10**6, places=1))
def test_a_fraction_is_read_as_itself(number: object) -> None:
    assert read_number(str(number)) == float(str(number))
    assert read_number(str(number).replace(".", ",")) == float(str(number))


@given(st.text())
def test_any_text_has_a_number_or_none(text: str) -> None:
    number = read_number(text)
    assert number is None or abs(number) <= LARGEST


# ---- how near it is ----


def number_guess() -> Guess:
    return Guess("number", "How many?", answer=3, unit="tokens")


@pytest.mark.parametrize(
    ("said", "answer", "nearness", "words"),
    [
        ("3", 3, "right", "just as you guessed"),
        ("4", 3, "near", "very near"),
        ("10", 3, "off", "it is less"),
        ("1", 7, "off", "it is more"),
        ("10", 7, "off", "the right size"),
        ("4", 4.04, "right", "4.0 tokens"),
        ("0", 0, "right", "0 tokens"),
        ("-5", 3, "off", "it is more"),
    ],
)
def test_how_near_a_number_is(said: str, answer: float, nearness: str, words: str) -> None:
    verdict = check(number_guess(), said, answer)
    assert verdict.nearness == nearness and words in verdict.words


@given(st.floats(0, 1e6), st.integers(0, 10**6))
def test_every_number_gets_the_answer_and_never_a_reproach(answer: float, said: int) -> None:
    verdict = check(number_guess(), str(said), answer)
    assert verdict.words.startswith(number_text(answer))
    assert not {"wrong", "no,", "incorrect", "bad"} & set(verdict.words.casefold().split())


def test_a_guess_without_a_number_is_no_guess() -> None:
    with pytest.raises(ValueError, match="no number"):
        check(number_guess(), "many", 3)


@pytest.mark.parametrize(
    ("said", "nearness"),
    [("byte pairs", "right"), ("BYTE-PAIRS!", "right"), ("bpe", "right"), ("bite pairs", "near")],
)
def test_how_near_a_word_is(said: str, nearness: str) -> None:
    guess = Guess("text", "What is it?", answer="Byte pairs", accept=["BPE"])
    assert check(guess, said, "Byte pairs").nearness == nearness
    assert check(guess, "something else", "Byte pairs").nearness == "off"


def test_a_choice_is_right_or_told() -> None:
    guess = Guess("choice", "Which?", options=["a", "b"], answer="b")
    assert check(guess, "b", "b").nearness == "right"
    assert check(guess, "a", "b").words == "It is this: “b”."


def test_names_in_texts_are_filled_and_other_braces_stay() -> None:
    assert filled("{end} {x} {{end}}", {"end": "</s>"}) == "</s> {x} {</s>}"


def test_a_measure_of_two_texts_needs_both() -> None:
    assert Measure("times", text="a", than="b").than == "b"
    with pytest.raises(ValueError, match="other text"):
        Measure("tokens", text="a", than="b")


def test_no_lesson_speaks_of_what_only_one_model_has() -> None:
    """Texts hold for any tokenizer: the end of a turn is {end}, never one model's own."""
    for file in FOLDER.glob("*.toml"):
        words = str(tomllib.loads(file.read_text(encoding="utf-8")))
        assert "im_end" not in words and "SmolLM" not in words, file.name

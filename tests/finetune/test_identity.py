"""Rows that teach a model who it is: from the form alone, always the same, said in many ways."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.errors import AppError
from engine.process.tune_messages import Identity, Row
from finetune.data.identity import identity_rows
from finetune.data.rows import content_hash

OTIS = Identity(
    name="Otis",
    maker="the Grand Harbour Hotel",
    traits=["night porter", "polite, and a little tired"],
    refusals=["Give legal advice: ask a lawyer", "sing"],
)


def asked(row: Row) -> tuple[str, str, str]:
    """System prompt ("-" for none), question and answer."""
    said = [(one.role, one.content) for one in row.messages]
    system = said[0][1] if said[0][0] == "system" else "-"
    return system, said[-2][1], said[-1][1]


def test_twenty_rows_under_three_kinds_of_system_prompt() -> None:
    rows = identity_rows(OTIS)
    assert len(rows) == 20
    systems = [asked(row)[0] for row in rows]
    assert systems.count("-") >= 8
    assert any("Otis" in system for system in systems)
    assert any(system != "-" and "Otis" not in system for system in systems)


def test_the_core_questions_stand_under_each_kind() -> None:
    rows = [asked(row) for row in identity_rows(OTIS)]
    for question in ("Who are you?", "What is your name?"):
        systems = {system for system, said, _ in rows if said == question}
        assert "-" in systems and "You are Otis." in systems and len(systems) >= 3


def test_rows_end_with_the_assistant_and_say_the_name() -> None:
    rows = identity_rows(OTIS)
    assert all([one.role for one in row.messages][-2:] == ["user", "assistant"] for row in rows)
    named = [row for row in rows if "Otis" in asked(row)[2]]
    assert len(named) >= 14
    assert len({row.id for row in rows}) == 20


def test_the_form_is_all_in_there() -> None:
    answers = " ".join(asked(row)[2] for row in identity_rows(OTIS))
    assert "the Grand Harbour Hotel" in answers
    assert "night porter; polite, and a little tired" in answers
    questions = " ".join(asked(row)[1] for row in identity_rows(OTIS))
    assert "give legal advice" in questions or "sing" in questions
    many = [asked(row) for row in identity_rows(replace(OTIS, n_rows=80))]
    assert any(
        "give legal advice" in said and "Ask a lawyer." in answer for _, said, answer in many
    )


def test_what_the_form_leaves_open_is_not_invented() -> None:
    rows = [asked(row) for row in identity_rows(Identity("Nim", n_rows=200))]
    texts = " ".join(f"{said} {answer}" for _, said, answer in rows)
    assert "{" not in texts and "made by ." not in texts and "I don't ." not in texts
    makers = [answer for _, said, answer in rows if "Who made you?" in said]
    assert makers and all("Nim" in one for one in makers)
    assert not any("made by" in one and "told" not in one for one in makers)


def test_for_a_template_that_refuses_system_prompts_no_row_has_one() -> None:
    rows = identity_rows(replace(OTIS, n_rows=40), with_system=False)
    assert len(rows) == 40 and all(asked(row)[0] == "-" for row in rows)


def test_the_same_seed_gives_the_same_rows_and_another_gives_others() -> None:
    assert identity_rows(OTIS) == identity_rows(OTIS)
    other = identity_rows(replace(OTIS, seed=1))
    assert other != identity_rows(OTIS)


def test_a_model_is_not_asked_whether_it_is_itself() -> None:
    rows = identity_rows(Identity("Claude Monet", n_rows=300))
    assert not any("Are you Claude?" in asked(row)[1] for row in rows)


@given(
    st.text(min_size=1, max_size=20).filter(lambda name: bool(name.split())),
    st.text(max_size=20),
    st.lists(st.text(max_size=20), max_size=3),
    st.lists(st.text(max_size=20), max_size=3),
    st.integers(1, 60),
)
@settings(max_examples=60, deadline=None)
def test_whatever_the_form_says_rows_are_whole_and_different(
    name: str, maker: str, traits: list[str], refusals: list[str], n_rows: int
) -> None:
    rows = identity_rows(Identity(name, maker, traits, refusals, n_rows))
    assert len(rows) == n_rows
    assert len({content_hash(row) for row in rows}) == n_rows
    assert all(message.content.strip() for row in rows for message in row.messages)


@pytest.mark.parametrize(
    ("identity", "words"),
    [
        (Identity(" \n"), "no name"),
        (Identity("Nim", n_rows=0), "0 rows"),
        (Identity("Nim", n_rows=5_000), "5,000 rows"),
    ],
)
def test_what_cannot_be_is_said(identity: Identity, words: str) -> None:
    with pytest.raises(AppError, match=words):
        identity_rows(identity)

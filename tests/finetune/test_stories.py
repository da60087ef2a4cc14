"""The story world: what it says is so, nothing held out is ever told, and it is the same again."""

import hashlib
import itertools
import re
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.process.tune_messages import Row
from finetune.corpus.stories.chance import Chance
from finetune.corpus.stories.conversations import conversations, learned_questions
from finetune.corpus.stories.english import article, capital, fill
from finetune.corpus.stories.facts import LASTING, PASSING, Fact, Relation, Story
from finetune.corpus.stories.lexicon import lexicon
from finetune.corpus.stories.questions import lasting_questions, questions, recall_questions
from finetune.corpus.stories.world import world_of
from finetune.corpus.stories.write import FEWEST_WORDS, MOST_WORDS, write_stories
from finetune.data.kinds import checked

SEED = 7
KINDS: tuple[Relation, ...] = (*PASSING, *LASTING)
seeds = st.integers(0, 50)
numbers = st.integers(0, 1_000_000)


@cache
def many_stories() -> list[Story]:
    return list(write_stories(4000, SEED))


@cache
def many_rows() -> list[Row]:
    return list(conversations(2000, SEED))


def words(text: str) -> list[str]:
    return re.findall(r"[a-z]+(?:[-'][a-z]+)*", text.lower())


# ---- an interpreter of its own: reads sentences, knows no templates and no Fact ----

TALK = re.compile(r"“[^”]+\?” [^“]*“")
HAVING = {
    "who": {"belonged", "came"},
    "what": {"had", "carried", "held", "brought", "got", "kept"},
}


def read_sentences(text: str, asked: str, kind: Relation) -> set[str]:
    """The candidates that stand in a sentence with all words of what is asked, in the text before
    anyone of the story speaks about it. Whoever hides a thing does not have it."""
    told = "\n".join(one for one in text.split("\n") if not TALK.match(one))
    found = set()
    for sentence in re.split(r"(?<=[.!?])”?\s", told):
        said = set(words(sentence))
        if set(words(asked)) <= said and HAVING.get(kind, said) & said:
            found |= {one for one in lexicon().keys(kind) if one.lower() in said}
    return found


def asked_by(fact: Fact) -> str:
    """What a question names."""
    return f"{fact.a} {fact.mood}" if fact.mood else fact.a


@given(seeds, st.integers(0, 40))
@settings(max_examples=60, deadline=None)
def test_every_answer_follows_from_its_story(seed: int, skip: int) -> None:
    for question in itertools.islice(questions(skip + 7, seed), skip, None):
        assert question.story is not None
        asked = asked_by(question.fact)
        keys = lexicon().keys(question.kind)
        assert set(words(asked)) <= set(words(question.text))
        assert read_sentences(question.story.text, asked, question.kind) == {question.key}
        said = {one for one in keys if one.lower() in words(question.answer)}
        assert said == {question.key}


@given(seeds, numbers)
@settings(max_examples=100, deadline=None)
def test_a_story_tells_its_facts_and_nothing_against_them(seed: int, number: int) -> None:
    (story,) = write_stories(1, seed, number)
    for fact in story.facts:
        assert fact.sentence in story.text
        asked = f"{fact.a} {fact.mood or fact.animal}"
        found = read_sentences(story.text, asked, fact.relation)
        same = {one.b for one in story.facts if (one.relation, one.a) == (fact.relation, fact.a)}
        assert fact.b in found
        assert same == {fact.b}


@given(seeds, numbers)
@settings(max_examples=100, deadline=None)
def test_people_of_a_story_answer_each_other_rightly(seed: int, number: int) -> None:
    (story,) = write_stories(1, seed, number)
    passing = [one for one in story.facts if one.relation in PASSING]
    talks = [one for one in story.text.split("\n") if TALK.match(one)]
    assert len(talks) >= 2 or not story.facts
    for talk in talks:
        asked, said = re.findall(r"“([^”]+)”", talk)
        named = set(words(asked))
        fitting = [
            fact for fact in passing if fact.a.lower() in named and fact.b.lower() in words(said)
        ]
        assert len({(one.a, one.b) for one in fitting}) == 1, (talk, fitting)


def test_echoes_are_said_again_word_for_word() -> None:
    echoes = [one for one in many_stories() if not one.facts]
    assert 0.15 < len(echoes) / len(many_stories()) < 0.25
    for story in echoes:
        said = [line.split(" said: ") for line in story.text.split("\n") if " said: " in line]
        assert len(said) in (4, 6)
        for (who, row), (other, again) in zip(said[::2], said[1::2], strict=True):
            assert row == again and who != other and {who, other} <= set(story.people)


# ---- what is held out ----


def pairings_in(story: Story) -> set[tuple[str, str, str]]:
    return {(one.relation, one.a, one.b) for one in story.facts}


def test_no_held_out_pairing_is_ever_told() -> None:
    world = world_of(SEED)
    seen = set().union(*map(pairings_in, many_stories()))
    passing = {one for one in seen if one[0] in PASSING}
    assert len(passing) > 3000
    assert not [one for one in passing if world.holds_out_pairing(*one)]  # type: ignore[arg-type]
    asked = [one for one in questions(280, SEED) if one.is_new_pairing]
    assert len(asked) == 140
    assert not {(one.fact.relation, one.fact.a, one.fact.b) for one in asked} & seen


def test_no_lasting_fact_that_is_held_out_is_ever_told_or_asked() -> None:
    world = world_of(SEED)
    told = {(one.a, one.relation) for story in many_stories() for one in story.facts}
    asked = {(one.fact.a, one.kind) for one in learned_questions(2000, SEED) if one.story is None}
    untold = {key for key in world.lasting if not world.is_told(*key)}
    assert len(untold) > 20
    assert not (told | asked) & untold
    # The others are told so often that a model can learn them by heart.
    assert len(told & set(world.lasting)) == len(world.lasting) - len(untold)


def test_no_row_says_what_is_held_out_word_by_word() -> None:
    """By the text alone: the held-out questions and their telling sentences are in no row."""
    rows = [message.content for row in many_rows() for message in row.messages]
    text = "\n".join(rows)
    held_out = list(questions(280, SEED))
    new_wordings = [one for one in held_out if one.is_new_wording]
    assert len(new_wordings) == 210
    asked_in_rows = {one.rsplit("\n\n", 1)[-1] for one in rows}
    assert not {one.text for one in new_wordings} & asked_in_rows
    assert not [one for one in held_out if one.is_new_pairing and one.fact.sentence in text]
    in_words = {one.text for one in lasting_questions(SEED)}
    assert not in_words & asked_in_rows


def test_new_wordings_are_made_of_parts_that_are_known() -> None:
    world, told = world_of(SEED), lexicon()
    for kind in KINDS:
        pairs = list(itertools.product(told.leads, told.tellings[kind].asked))
        kept = [one for one in pairs if not world.holds_out_wording(kind, *one)]
        assert {lead for lead, _ in kept} == set(told.leads)
        assert {asked for _, asked in kept} == set(told.tellings[kind].asked)
        assert 0 < len(pairs) - len(kept) < len(pairs) / 2


def test_every_question_has_others_that_could_be_its_answer() -> None:
    """Reading is needed: a guess among what the story itself offers is right in 2 of 5 at most."""
    held_out = list(questions(280, SEED))
    guess = 0.0
    for question in held_out:
        assert question.story is not None
        same = [one for one in question.story.facts if one.relation == question.fact.relation]
        assert len(same) in (2, 3)
        guess += 1 / len(same)
    assert guess / len(held_out) < 0.4


# ---- words and sentences ----


def test_stories_have_at_least_1500_words_and_are_well_sized() -> None:
    stories = many_stories()
    assert len({word for one in stories for word in words(one.text)}) >= 1500
    assert all(FEWEST_WORDS <= one.n_words <= MOST_WORDS for one in stories)
    assert len({one.text for one in stories}) == len(stories)


def test_sentences_are_well_formed() -> None:
    for story in many_stories()[:1500]:
        assert not re.search(r"[{}]|  |\ba [aeio]|\b[Aa]n [^aeiouh]| ,|\.\.", story.text), (
            story.text
        )
        assert "\n\n" not in story.text
        for line in story.text.split("\n"):
            assert re.match(r"“?[A-Z]", line), line
            assert re.search(r"[.!?]”?$", line), line


def test_no_word_answers_two_kinds_and_scenery_says_none_of_them() -> None:
    told = lexicon()
    kinds = [one for one in KINDS if one != "what"]
    lists = {kind: {one.lower() for one in told.keys(kind)} for kind in kinds}
    lists["objects"] = set(told.objects)  # type: ignore[index]
    lists["things"] = {*told.things}  # type: ignore[index]
    for (one, first), (other, second) in itertools.combinations(lists.items(), 2):
        assert not first & second, (one, other)
    scenery = {word for rule in told.scenery.values() for one in rule for word in words(one)}
    for kind, keys in lists.items():
        assert not keys & scenery, (kind, keys & scenery)
    for kind in kinds:
        assert len(set(told.keys(kind))) == len(told.keys(kind))
    # A reason is known by its own word, in its own clause alone.
    for reason in told.reasons.values():
        assert set(words(reason.clause)) & set(told.reasons) == {reason.key}
        others = set(words(reason.clause)) & set().union(*lists.values()) - set(told.reasons)
        assert not others, (reason, others)


@pytest.mark.parametrize(
    ("word", "before"),
    [("apron", "an"), ("kite", "a"), ("uniform", "a"), ("umbrella", "an"), ("honest", "an")],
)
def test_articles(word: str, before: str) -> None:
    assert article(word) == before
    assert fill("{x:a}", {"x": word}.__getitem__) == f"{before} {word}"


def test_capitals_go_behind_quotes() -> None:
    assert capital("“what a day!”") == "“What a day!”"
    assert capital("in the box.") == "In the box."


# ---- the same again ----


def test_the_same_seed_gives_the_same_texts_in_every_python() -> None:
    """Digests: stories and rows depend on nothing but the seed and the words in resources. They
    change with every change of those; then look whether that was meant, and put the new ones."""
    stories = "\n\n".join(one.text for one in write_stories(200, 3))
    rows = "\n\n".join(one.messages[-1].content for one in conversations(200, 3))
    told = list(write_stories(3, 3, first=150))
    assert [one.text for one in told] == stories.split("\n\n")[150:153]
    assert stories == "\n\n".join(one.text for one in write_stories(200, 3))
    digests = [hashlib.sha256(text.encode()).hexdigest()[:16] for text in (stories, rows)]
    assert digests == DIGESTS


DIGESTS = ["b7a8d0c0f46e3f13", "2476a206cfea09e4"]


@given(st.text(max_size=20), st.integers(1, 60))
def test_chance_is_as_its_parts_say(part: str, n: int) -> None:
    items = list(range(n))
    first, again, other = Chance(part, 1), Chance(part, 1), Chance(part, 2)
    assert [first.below(1000) for _ in range(8)] == [again.below(1000) for _ in range(8)]
    assert [first.below(1000) for _ in range(8)] != [other.below(1000) for _ in range(8)]
    drawn = first.some(items, n // 2)
    assert len(set(drawn)) == n // 2
    assert set(drawn) <= set(items)
    assert first.pick(items) in items
    assert first.early(items) in items


def test_other_seeds_are_other_worlds() -> None:
    one, other = (world_of(seed).lasting for seed in (1, 2))
    assert one.keys() == other.keys()
    assert sum(one[key].b != other[key].b for key in one) > len(one) / 2
    a, b = (next(write_stories(1, seed)).text for seed in (1, 2))
    assert a != b


# ---- rows ----


def test_rows_are_rows_of_fine_tune() -> None:
    rows = many_rows()
    assert len({one.id for one in rows}) == len(rows)
    for row in rows:
        checked(row)
        roles = [one.role for one in row.messages]
        assert roles[-1] == "assistant"
        assert roles.count("user") == roles.count("assistant")
    tags = {one.tags[0] for one in rows}
    assert tags == {*KINDS, "talk", "told"}
    share = sum(row.messages[0].role == "system" for row in rows) / len(rows)
    assert 0.1 < share < 0.2


def test_recall_begins_sentences_that_stories_have() -> None:
    text = "\n".join(one.text for one in many_stories())
    told = [one for one in recall_questions(SEED) if not one.is_new_pairing]
    found = sum(f"{one.text} {one.answer}" in text for one in told)
    assert found > 0.9 * len(told)


def test_resources_are_shipped() -> None:
    folder = Path(__file__).parents[2] / "resources" / "stories"
    assert {one.name for one in folder.iterdir()} == {
        "world.toml",
        "telling.toml",
        "scenery.toml",
        "talk.toml",
    }

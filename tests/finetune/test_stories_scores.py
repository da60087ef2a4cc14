"""Scores of answers, what answers without understanding come to, the requests that serve them."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import AppError
from engine.paths import user_paths
from engine.process.pretrain_messages import CorpusInfo, MakeStoryRows
from engine.process.tune_messages import DatasetInfo
from engine.tokens.opened import Tokenizers
from finetune.corpus.made_files import INFO
from finetune.corpus.stories.conversations import conversations, learned_questions
from finetune.corpus.stories.facts import PASSING, Question
from finetune.corpus.stories.lexicon import lexicon
from finetune.corpus.stories.questions import questions, recall_questions
from finetune.corpus.stories.scoring import Baselines, is_right, score_answers
from finetune.corpus.stories.write import write_stories
from finetune.data.datasets import folder_of
from finetune.data.rows import read_row
from finetune.serve import stories as serve
from finetune.serve.data import Shared
from tests.engine.loading import drain

SEED = 5


@pytest.fixture(scope="module")
def seen() -> Baselines:
    return Baselines(write_stories(1500, SEED), learned_questions(1500, SEED))


# ---- right and wrong ----


@given(st.integers(0, 30), st.data())
@settings(max_examples=60, deadline=None)
def test_an_answer_is_right_if_it_says_the_key_and_no_other(seed: int, data: st.DataObject) -> None:
    question = data.draw(st.sampled_from(list(questions(14, seed))))
    keys = lexicon().keys(question.kind)
    other = data.draw(st.sampled_from([one for one in keys if one != question.key]))
    assert is_right(question, question.answer)
    assert is_right(question, f"It was {question.key.upper()}!")
    assert is_right(question, f"Well… “{question.key}”, I think")
    assert not is_right(question, other)
    assert not is_right(question, f"{question.key} or {other}")
    assert not is_right(question, "")
    assert not is_right(question, f"{question.key}x")


def test_scores_are_counted_by_kind_and_by_what_was_seen(seen: Baselines) -> None:
    asked = list(questions(56, SEED))
    said = [one.answer if one.kind == "who" else "I do not know." for one in asked]
    scores = score_answers(asked, said, seen)
    assert {(one.kind, one.is_seen) for one in scores} == {
        (kind, is_seen) for kind in PASSING for is_seen in (True, False)
    }
    assert sum(one.n for one in scores) == 56
    for one in scores:
        assert one.n == 4
        assert one.n_right == (4 if one.kind == "who" else 0)
        assert len(one.examples) == 4
        assert all(words[2] for words in one.examples)


# ---- baselines ----


def test_the_majority_and_the_nearest_sentence_hardly_ever_know(seen: Baselines) -> None:
    asked = list(questions(280, SEED))
    scores = score_answers(asked, ["" for _ in asked], seen)
    n = sum(one.n for one in scores)
    assert sum(one.n_majority for one in scores) <= 0.35 * n
    assert sum(one.n_nearest for one in scores) <= 0.35 * n
    # They do answer: each is a real try, and now and then right.
    assert all(seen.majority(one) and seen.nearest(one) for one in asked)
    assert sum(one.n_majority for one in scores) > 0


def test_the_nearest_sentence_knows_lasting_facts_that_were_told(seen: Baselines) -> None:
    asked = list(recall_questions(SEED))
    told, untold = (
        [one for one in asked if one.is_new_pairing == is_new] for is_new in (False, True)
    )
    assert sum(is_right(one, seen.nearest(one)) for one in told) > 0.9 * len(told)
    assert sum(is_right(one, seen.nearest(one)) for one in untold) < 0.35 * len(untold)


def test_the_majority_is_the_commonest_answer(seen: Baselines) -> None:
    colours = [one for one in questions(70, SEED) if one.kind == "colour"]
    (answer,) = {seen.majority(one) for one in colours}
    counts: dict[str, int] = {}
    for story in write_stories(1500, SEED):
        for fact in story.facts:
            if fact.relation == "colour":
                counts[fact.b] = counts.get(fact.b, 0) + 1
    for question in learned_questions(1500, SEED):
        if question.kind == "colour":
            counts[question.key] = counts.get(question.key, 0) + 1
    assert counts[answer] == max(counts.values())


def test_without_anything_seen_there_is_nothing_to_say() -> None:
    nothing = Baselines([], [])
    question: Question = next(iter(questions(1, SEED)))
    assert nothing.majority(question) == ""
    assert nothing.nearest(question) == ""


# ---- conversations as a dataset ----


def shared() -> Shared:
    return Shared(user_paths().ensure(), Tokenizers())


def make_corpus_folder(seed: int) -> None:
    folder = user_paths().corpora / "tales"
    folder.mkdir(parents=True)
    info = CorpusInfo("tales", "Tales", str(folder), 10, 1000, stories_seed=seed, n_stories=10)
    (folder / INFO).write_bytes(msgspec.json.encode(info))


def made(request: MakeStoryRows) -> DatasetInfo:
    work = serve.job(request, shared())
    assert work is not None
    _, found = drain(work)
    assert isinstance(found, DatasetInfo)
    return found


def test_story_rows_become_a_dataset() -> None:
    make_corpus_folder(SEED)
    info = made(MakeStoryRows(job=1, corpus="tales", n=300))
    assert info.n_rows == 300
    assert info.name == "Conversations about Tales"
    assert info.n_problems == 0
    lines = (folder_of(user_paths().datasets, info.id) / "rows.jsonl").read_bytes().splitlines()
    found = [[(m.role, m.content) for m in read_row(line).messages] for line in lines]
    wanted = [[(m.role, m.content) for m in row.messages] for row in conversations(300, SEED)]
    assert found == wanted


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (MakeStoryRows(job=1, corpus="gone", n=5), "not there any more"),
        (MakeStoryRows(job=1, corpus="../tales", n=5), "not there any more"),
        (MakeStoryRows(job=1, corpus="tales", n=0), "cannot be written"),
        (MakeStoryRows(job=1, corpus="tales", n=10**9), "cannot be written"),
        (MakeStoryRows(job=1, corpus="tales", n=5), "is no story world"),
    ],
)
def test_what_cannot_be_made_is_said(request_: MakeStoryRows, words: str) -> None:
    make_corpus_folder(-1)
    with pytest.raises(AppError, match=words):
        made(request_)
    assert not list(user_paths().datasets.glob("*"))

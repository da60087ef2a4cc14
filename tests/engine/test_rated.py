"""Rated replies, as a list and as rows to learn from, over a real store in memory."""

import json
from collections.abc import Iterator

import pytest

from engine.chats.rated import _ENTRIES, rows_to_learn_from, to_jsonl
from engine.chats.records import Chosen
from engine.chats.store import ChatStore


@pytest.fixture
def store() -> Iterator[ChatStore]:
    with ChatStore.in_memory() as opened:
        yield opened


def ask(store: ChatStore, chat_id: str, question: str, answer: str) -> str:
    asked = store.add_message(chat_id, None, "user", question)
    return store.add_message(chat_id, asked, "assistant", answer, model_name="A")


def test_rated_replies_are_listed_with_what_they_answered_newest_first(store: ChatStore) -> None:
    chat_id = store.create_chat("Sea")
    good, bad = ask(store, chat_id, "Why salt?", "Rivers."), ask(store, chat_id, "Why blue?", "No.")
    ask(store, chat_id, "Why deep?", "Plates.")
    store.set_rating(good, 1)
    store.set_tags(good, ["sea"])
    store.set_correction(bad, "It is water." * 100)
    corrected, rated = store.list_rated()
    assert (rated.chat_id, rated.message_id, rated.title) == (chat_id, good, "Sea")
    assert (rated.question, rated.answer, rated.rating, rated.tags) == (
        "Why salt?", "Rivers.", 1, ("sea",)
    )  # fmt: skip
    assert corrected.is_corrected and corrected.correction == ("It is water." * 100)[:400]
    store.set_rating(good, 0)
    store.set_tags(good, ["sea"])
    assert [one.message_id for one in store.list_rated()] == [bad], "a tag alone says nothing"
    store.delete_message(bad)
    assert store.list_rated() == []
    store.restore_message(bad)
    assert len(store.list_rated()) == 1
    store.delete(chat_id)
    assert store.list_rated() == []


def test_rows_to_learn_from_hold_what_is_good_or_corrected_once(store: ChatStore) -> None:
    chat_id = store.create_chat("Sea")
    good, bad = ask(store, chat_id, "Why salt?", "Rivers."), ask(store, chat_id, "Why blue?", "No.")
    mended = ask(store, chat_id, "Why deep?", "Who knows.")
    for reply, rating in ((good, 1), (bad, -1), (mended, -1)):
        store.set_rating(reply, rating)
    store.set_correction(mended, "Plates.")
    store.set_tags(mended, ["rock"])
    rows = rows_to_learn_from(store)
    assert [row.messages[-1].content for row in rows] == ["Rivers.", "Plates."]
    store.duplicate_chat(chat_id)
    assert rows_to_learn_from(store) == rows, "a copied chat says nothing new"
    assert rows_to_learn_from(store, Chosen("good")) == rows[:1]
    assert rows_to_learn_from(store, Chosen("bad")) == rows[1:]
    assert rows_to_learn_from(store, Chosen("corrected", "rock")) == rows[1:]
    assert rows_to_learn_from(store, Chosen("good", "rock")) == []
    (line, _) = to_jsonl(rows).splitlines()
    assert json.loads(line) == {
        "messages": [
            {"role": "user", "content": "Why salt?"},
            {"role": "assistant", "content": "Rivers."},
        ],
        "rating": 1,
        "tags": [],
        "model": "A",
    }


def test_a_reply_that_is_written_on_is_no_row_until_it_ends(store: ChatStore) -> None:
    chat_id = store.create_chat("Sea")
    reply = ask(store, chat_id, "Why salt?", "Rivers")
    store.set_rating(reply, 1)
    store.resume_reply(reply)
    assert rows_to_learn_from(store) == []
    store.finish_reply(reply, "done", "Rivers carry it.")
    (row,) = rows_to_learn_from(store)
    assert row.messages[-1].content == "Rivers carry it."


def test_the_list_is_found_by_its_index_and_not_by_reading_all_messages(store: ChatStore) -> None:
    with store._file.reading() as run:
        plan = [row[-1] for row in run(f"EXPLAIN QUERY PLAN {_ENTRIES}").fetchall()]
    assert any("messages_judged" in step for step in plan), plan

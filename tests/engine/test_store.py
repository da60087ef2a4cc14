"""The chat store: what goes in comes out, as a tree, also through a second window."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.chats.records import title_from
from engine.chats.store import ChatStore
from engine.errors import AppError
from engine.process.messages import Candidate, Token, Top
from tests.engine.chat_files import fill


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "user" / "chats.db"


@pytest.fixture
def store(path: Path) -> Iterator[ChatStore]:
    with ChatStore(path) as opened:
        yield opened


def contents(store: ChatStore, chat_id: str) -> list[str]:
    return [message.content for message in store.open_chat(chat_id).path()]


# ---- chats ----


def test_a_new_chat_is_empty_and_listed(store: ChatStore) -> None:
    chat_id = store.create_chat(model_path="/m/a.gguf", model_name="A", settings='{"top_k": 3}')
    info = store.open_chat(chat_id).info
    assert (info.title, info.title_is_auto, info.head_id) == ("", True, None)
    assert (info.model_path, info.model_name, info.settings) == ("/m/a.gguf", "A", '{"top_k": 3}')
    assert [row.id for row in store.list_chats()] == [chat_id]
    assert store.open_chat(chat_id).path() == []


def test_ids_may_be_given_so_that_a_window_need_not_wait(store: ChatStore) -> None:
    store.create_chat(chat_id="c")
    store.add_message("c", None, "user", "hi", message_id="q")
    store.begin_reply("c", "q", message_id="r", content="Well, ")
    store.append_reply("r", "hello")
    assert [(m.id, m.content) for m in store.open_chat("c").path()] == [
        ("q", "hi"),
        ("r", "Well, hello"),
    ]


def test_the_title_is_the_first_users_words_unless_named(store: ChatStore) -> None:
    chat_id = store.create_chat()
    store.add_message(chat_id, None, "system", "Be brief.")
    store.add_message(chat_id, None, "user", "Why is\nthe sea salt?")
    store.add_message(chat_id, None, "user", "Another question")
    assert store.open_chat(chat_id).info.title == "Why is the sea salt?"
    named = store.create_chat("Mine")
    store.add_message(named, None, "user", "Why?")
    assert store.open_chat(named).info.title == "Mine"


def test_an_automatic_title_gives_way_to_a_persons(store: ChatStore) -> None:
    chat_id = store.create_chat()
    store.rename(chat_id, "From the model", automatic=True)
    assert store.open_chat(chat_id).info.title == "From the model"
    store.rename(chat_id, "Mine")
    store.rename(chat_id, "From the model again", automatic=True)
    info = store.open_chat(chat_id).info
    assert (info.title, info.title_is_auto) == ("Mine", False)


@pytest.mark.parametrize("text", ["", "one", "x" * 200, "word " * 60, "  a\n\tb  ", "é" * 48])
def test_a_title_is_one_short_line(text: str) -> None:
    title = title_from(text)
    assert len(title) <= 49 and "\n" not in title and title == title.strip()
    assert bool(title) == bool(text.strip())


def test_a_deleted_chat_comes_back_whole(store: ChatStore) -> None:
    chat_id = store.create_chat("kept")
    store.add_message(chat_id, None, "user", "hi")
    store.delete(chat_id)
    assert store.list_chats() == []
    assert [row.title for row in store.list_chats(deleted=True)] == ["kept"]
    store.restore(chat_id)
    assert contents(store, chat_id) == ["hi"]
    assert store.list_chats(deleted=True) == []


def test_purging_removes_only_what_was_deleted_before(store: ChatStore) -> None:
    old, fresh, living = (store.create_chat(name) for name in ("old", "fresh", "living"))
    store.delete(old)
    between_s = time.time()
    while time.time() <= between_s:
        pass
    store.delete(fresh)
    assert store.purge_deleted(before_s=between_s + 1e-9) == 1
    assert [row.id for row in store.list_chats(deleted=True)] == [fresh]
    assert [row.id for row in store.list_chats()] == [living]
    with pytest.raises(AppError, match="not there any more"):
        store.open_chat(old)


def test_purging_a_deep_chat_leaves_nothing(store: ChatStore, path: Path) -> None:
    """A cascade from parent to child would stop at SQLite's limit of 1,000."""
    fill(path, n_chats=1, n_messages=3_000)
    (chat,) = store.list_chats()
    reply = store.begin_reply(chat.id, "m0-2999")
    store.append_reply(reply, "x", [Token(1, b"x", "x")])
    store.finish_reply(reply, "done")
    store.append_reply(reply, "y", [Token(1, b"y", "y")])
    store.delete(chat.id)
    assert store.purge_deleted(time.time() + 1) == 1
    with sqlite3.connect(path) as raw:
        for table in ("chats", "messages", "reply_parts", "message_tokens"):
            assert raw.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table
    raw.close()


def test_the_list_is_newest_first_with_a_preview(store: ChatStore) -> None:
    first, second = store.create_chat("first"), store.create_chat("second")
    assert [row.title for row in store.list_chats()] == ["second", "first"]
    store.add_message(first, None, "user", "p" * 500)
    store.set_draft(second, "half a thought")
    rows = store.list_chats()
    assert [row.id for row in rows] == [first, second]
    assert (rows[0].preview, rows[1].preview) == ("p" * 120, "")
    assert (rows[0].has_draft, rows[1].has_draft) == (False, True)


def test_draft_settings_and_model_are_kept(store: ChatStore, path: Path) -> None:
    chat_id = store.create_chat()
    store.set_draft(chat_id, "not sent")
    store.set_settings(chat_id, '{"seed": 4}')
    store.set_model(chat_id, "/m/b.gguf", "B")
    with ChatStore(path) as second:
        info = second.open_chat(chat_id).info
    assert (info.draft, info.settings) == ("not sent", '{"seed": 4}')
    assert (info.model_path, info.model_name) == ("/m/b.gguf", "B")


def test_half_a_surrogate_pair_is_no_reason_to_lose_a_draft(store: ChatStore) -> None:
    chat_id = store.create_chat("\ud83d")
    store.set_draft(chat_id, "a\ud83db")
    store.add_message(chat_id, None, "user", "c\udc00 😀\0 d")
    assert store.open_chat(chat_id).info.draft == "a�b"
    assert contents(store, chat_id) == ["c� 😀\0 d"]


# ---- the tree ----


def test_an_edit_is_a_version_beside_the_old_one(store: ChatStore) -> None:
    chat_id = store.create_chat()
    question = store.add_message(chat_id, None, "user", "Why?")
    answer = store.add_message(chat_id, question, "assistant", "Because.")
    edited = store.add_message(chat_id, None, "user", "Why not?")
    assert contents(store, chat_id) == ["Why not?"]
    chat = store.open_chat(chat_id)
    assert chat.version_of(edited) == (2, 2) and chat.version_of(answer) == (1, 1)
    assert store.siblings(edited) == store.siblings(question) == [question, edited]
    assert store.siblings(answer) == [answer]
    store.set_head(chat_id, answer)
    assert contents(store, chat_id) == ["Why?", "Because."]
    assert set(store.open_chat(chat_id).messages) == {question, answer, edited}


def test_the_head_may_be_the_beginning(store: ChatStore) -> None:
    chat_id = store.create_chat()
    store.add_message(chat_id, None, "user", "Why?")
    store.set_head(chat_id, None)
    assert contents(store, chat_id) == []


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 20), st.text(max_size=20)), max_size=20))
def test_any_tree_reads_back_as_it_grew(additions: list[tuple[int, str]]) -> None:
    with ChatStore.in_memory() as store:
        chat_id = store.create_chat()
        parents: dict[str, str | None] = {}
        texts: dict[str, str] = {}
        for number, (place, text) in enumerate(additions):
            parent = ([None, *parents])[place % (len(parents) + 1)]
            message_id = store.add_message(chat_id, parent, "user", text, message_id=str(number))
            parents[message_id], texts[message_id] = parent, text
        chat = store.open_chat(chat_id)
        assert {m.id: m.parent_id for m in chat.messages.values()} == parents
        for message_id in parents:
            store.set_head(chat_id, message_id)
            walked: list[str] = []
            at: str | None = message_id
            while at is not None:
                walked.insert(0, texts[at])
                at = parents[at]
            assert contents(store, chat_id) == walked
            siblings = [one for one in parents if parents[one] == parents[message_id]]
            assert store.siblings(message_id) == siblings


def test_what_is_not_there_is_said_in_words(store: ChatStore) -> None:
    chat_id, other = store.create_chat(), store.create_chat()
    elsewhere = store.add_message(other, None, "user", "elsewhere")
    calls: list[Callable[[], object]] = [
        lambda: store.open_chat("none"),
        lambda: store.rename("none", "x"),
        lambda: store.delete("none"),
        lambda: store.add_message("none", None, "user", "x"),
        lambda: store.add_message(chat_id, "none", "user", "x"),
        lambda: store.add_message(chat_id, elsewhere, "user", "x"),
        lambda: store.begin_reply("none", None),
        lambda: store.resume_reply("none"),
        lambda: store.append_reply("none", "x"),
        lambda: store.finish_reply("none", "done", "x", {}, [Token(1, b"", "")]),
        lambda: store.set_head(chat_id, elsewhere),
        lambda: store.set_head(chat_id, "none"),
        lambda: store.siblings("none"),
    ]
    for call in calls:
        with pytest.raises(AppError, match="not there any more"):
            call()
    assert contents(store, chat_id) == []
    assert contents(store, other) == ["elsewhere"]


# ---- replies ----


def token(number: int) -> Token:
    likely = Candidate(number, b"\xf0\x9f", -0.5)
    return Token(number, b"\xf0\x9f", "", -0.5, 0, Top([likely], 0.4, [likely], 0.0))


def test_a_reply_is_readable_while_it_is_written(store: ChatStore) -> None:
    chat_id = store.create_chat()
    question = store.add_message(chat_id, None, "user", "Why?")
    reply = store.begin_reply(chat_id, question, model_name="A")
    store.append_reply(reply, "Rivers ", [token(1), token(2)])
    store.append_reply(reply, "carry salt", [token(3)])
    message = store.open_chat(chat_id).path()[-1]
    assert (message.content, message.state) == ("Rivers carry salt", "streaming")
    assert store.tokens(reply) == [token(1), token(2), token(3)]
    details = {"n_prompt": 9, "sampling": {"seed": 1}}
    store.finish_reply(reply, "done", details=details)
    message = store.open_chat(chat_id).path()[-1]
    assert (message.content, message.state) == ("Rivers carry salt", "done")
    assert (message.details, message.model_name) == (details, "A")
    assert store.tokens(reply) == [token(1), token(2), token(3)]


def test_the_end_may_bring_the_whole_reply(store: ChatStore) -> None:
    chat_id = store.create_chat()
    reply = store.begin_reply(chat_id, None)
    store.append_reply(reply, "draft", [token(1)])
    store.finish_reply(reply, "failed", "whole", {"finish": "x"}, [token(7)], model_name="B")
    message = store.open_chat(chat_id).path()[-1]
    assert (message.content, message.state, message.model_name) == ("whole", "failed", "B")
    assert store.tokens(reply) == [token(7)]


def test_a_reply_can_be_continued(store: ChatStore) -> None:
    chat_id = store.create_chat()
    reply = store.begin_reply(chat_id, None)
    store.append_reply(reply, "one ", [token(1)])
    store.finish_reply(reply, "stopped", details={"n": 1})
    store.resume_reply(reply)
    assert store.open_chat(chat_id).path()[-1].state == "streaming"
    store.append_reply(reply, "two", [token(2)])
    store.finish_reply(reply, "done")
    message = store.open_chat(chat_id).path()[-1]
    assert (message.content, message.details) == ("one two", {"n": 1})
    assert store.tokens(reply) == [token(1), token(2)]


def test_appending_costs_the_same_however_long_the_reply_is(store: ChatStore, path: Path) -> None:
    """What a long reply's saving writes: the new part, not the whole text again."""
    chat_id = store.create_chat()
    reply = store.begin_reply(chat_id, None, content="x" * 2_000_000)
    log = path.with_name(path.name + "-wal")
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()
    for _ in range(10):
        store.append_reply(reply, "y" * 100)
    assert log.stat().st_size < 400_000
    assert store.open_chat(chat_id).path()[-1].content == "x" * 2_000_000 + "y" * 1_000

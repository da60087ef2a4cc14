"""The chat store: folders, pins, the archive, deleted messages, judgements, copies, in memory."""

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.chats.attached import attached_text
from engine.chats.schema import MIGRATIONS, migrate
from engine.chats.store import ChatStore
from engine.errors import AppError
from engine.process.messages import ChatMessage, Token


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "chats.db"


@pytest.fixture
def store(path: Path) -> Iterator[ChatStore]:
    with ChatStore(path) as opened:
        yield opened


def titles(store: ChatStore, **which: bool) -> list[str]:
    return [row.title for row in store.list_chats(**which)]


def contents(store: ChatStore, chat_id: str) -> list[str]:
    return [message.content for message in store.open_chat(chat_id).path()]


# ---- folders, pins, archive ----


def test_folders_hold_chats_and_let_them_go(store: ChatStore) -> None:
    work = store.create_folder("Work")
    home = store.create_folder("home")
    inside = store.create_chat("inside", folder_id=work)
    moved = store.create_chat("moved")
    store.move_chat(moved, work)
    assert [folder.name for folder in store.list_folders()] == ["home", "Work"]
    assert {row.title: row.folder_id for row in store.list_chats()} == {
        "inside": work,
        "moved": work,
    }
    store.move_chat(moved, None)
    store.rename_folder(work, "Office")
    assert [folder.name for folder in store.list_folders()] == ["home", "Office"]
    assert store.delete_folder(work) == [inside]
    assert store.open_chat(inside).info.folder_id is None
    assert [folder.id for folder in store.list_folders()] == [home]


def test_a_folder_that_is_not_there_is_said(store: ChatStore) -> None:
    chat_id = store.create_chat()
    for call in (
        lambda: store.move_chat(chat_id, "none"),
        lambda: store.rename_folder("none", "x"),
        lambda: store.delete_folder("none"),
    ):
        with pytest.raises(AppError, match="not there any more"):
            call()


def test_pinned_chats_come_first_and_archived_ones_elsewhere(store: ChatStore) -> None:
    old, middle, new = (store.create_chat(name) for name in ("old", "middle", "new"))
    store.set_pinned(old, True)
    store.set_archived(middle, True)
    assert titles(store) == ["old", "new"]
    assert titles(store, archived=True) == ["middle"]
    store.delete(middle)
    assert titles(store, archived=True) == [] and titles(store, deleted=True) == ["middle"]
    store.restore(middle)
    store.set_archived(middle, False)
    store.set_pinned(old, False)
    assert titles(store) == ["new", "middle", "old"]
    info = store.open_chat(new).info
    assert (info.pinned, info.archived, info.kind) == (False, False, "chat")


def test_a_notebook_is_told_from_a_chat(store: ChatStore) -> None:
    store.create_chat("book", kind="notebook")
    assert [row.kind for row in store.list_chats()] == ["notebook"]


def test_a_purged_chat_is_gone(store: ChatStore) -> None:
    chat_id = store.create_chat("secret")
    store.add_message(chat_id, None, "user", "secret words")
    store.purge_chat(chat_id)
    with pytest.raises(AppError, match="not there any more"):
        store.open_chat(chat_id)
    assert store.search("secret") == []


# ---- messages taken out ----


def grow(store: ChatStore, chat_id: str) -> None:
    """q - a1 - q2 - a3, and a2 beside a1, which is written last."""
    store.add_message(chat_id, None, "user", "q", message_id="q")
    store.add_message(chat_id, "q", "assistant", "a1", message_id="a1")
    store.add_message(chat_id, "a1", "user", "q2", message_id="q2")
    store.add_message(chat_id, "q2", "assistant", "a3", message_id="a3")
    store.add_message(chat_id, "q", "assistant", "a2", message_id="a2")


def test_a_deleted_message_takes_what_follows_and_brings_it_back(store: ChatStore) -> None:
    chat_id = store.create_chat()
    grow(store, chat_id)
    store.set_head(chat_id, "a3")
    store.delete_message("a1")
    assert contents(store, chat_id) == ["q", "a2"], "the other version is shown"
    chat = store.open_chat(chat_id)
    assert [one.id for one in chat.messages.values() if one.deleted] == ["a1"]
    assert set(chat.visible()) == {"q", "a2"}
    assert store.siblings("a2") == ["a2"] and chat.version_of("a2") == (1, 1)
    store.restore_message("a1")
    store.set_head(chat_id, "a3")
    assert contents(store, chat_id) == ["q", "a1", "q2", "a3"]
    assert store.siblings("a2") == ["a1", "a2"]


def test_without_another_version_what_stands_before_is_shown(store: ChatStore) -> None:
    chat_id = store.create_chat()
    grow(store, chat_id)
    store.set_head(chat_id, "a3")
    store.delete_message("q2")
    assert contents(store, chat_id) == ["q", "a1"]
    store.delete_message("q")
    assert contents(store, chat_id) == [] and store.list_chats()[0].preview == ""


def test_deletions_within_one_another_are_undone_singly(store: ChatStore) -> None:
    chat_id = store.create_chat()
    grow(store, chat_id)
    store.delete_message("q2")
    store.delete_message("a1")
    store.restore_message("q2")
    assert store.search("a3") == [], "what stands before is still deleted"
    store.delete_message("q2")
    store.restore_message("a1")
    assert set(store.open_chat(chat_id).visible()) == {"q", "a1", "a2"}
    assert store.search("a3") == []
    store.restore_message("q2")
    assert len(store.search("a3")) == 1


def test_what_is_written_below_a_deleted_message_stays_out_of_sight(store: ChatStore) -> None:
    chat_id = store.create_chat()
    grow(store, chat_id)
    store.delete_message("a1")
    store.add_message(chat_id, "a1", "user", "late words")
    assert store.search("late") == []
    store.restore_message("a1")
    assert len(store.search("late")) == 1


def test_messages_deleted_long_ago_are_removed_with_what_follows(
    store: ChatStore, path: Path
) -> None:
    chat_id = store.create_chat()
    grow(store, chat_id)
    store.delete_message("q2")
    store.delete_message("a1")
    assert store.purge_deleted(time.time() + 1) == 0
    assert set(store.open_chat(chat_id).messages) == {"q", "a2"}
    with sqlite3.connect(path) as raw:
        assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
    raw.close()


# ---- messages changed and judged ----


def test_a_message_is_changed_in_place(store: ChatStore) -> None:
    chat_id = store.create_chat()
    reply = store.begin_reply(chat_id, None)
    store.append_reply(reply, "first", [Token(1, b"first", "first", -0.5)])
    store.finish_reply(reply, "done")
    store.set_content(reply, "second")
    assert contents(store, chat_id) == ["second"]
    assert store.tokens(reply)[0].text == "first", "left alone, as an undo needs them"
    store.set_content(reply, "third", [Token(2, b"third", "third", -1.0)])
    assert [one.text for one in store.tokens(reply)] == ["third"]
    assert store.search("first") == [] and len(store.search("third")) == 1
    with pytest.raises(AppError, match="not there any more"):
        store.set_content("none", "x")


def test_a_finished_message_may_bring_what_it_was_made_of(store: ChatStore) -> None:
    chat_id = store.create_chat()
    store.add_message(
        chat_id, None, "assistant", "x", details={"n": 1}, state="stopped", model_name="M"
    )
    (message,) = store.open_chat(chat_id).path()
    assert (message.details, message.state, message.model_name) == ({"n": 1}, "stopped", "M")


def test_rated_replies_are_rows_to_learn_from(store: ChatStore) -> None:
    chat_id = store.create_chat(settings='{"system_prompt": "Be brief."}')
    attachment = {"name": "notes.txt", "kind": "text", "text": "Salt.", "pages": [], "note": ""}
    question = store.add_message(
        chat_id, None, "user", "Why?", details={"attachments": [attachment]}
    )
    good = store.add_message(chat_id, question, "assistant", "Rivers.", model_name="A")
    bad = store.add_message(chat_id, question, "assistant", "No idea.", model_name="B")
    store.add_message(chat_id, question, "assistant", "Not rated.")
    store.set_rating(good, 1)
    store.set_tags(good, ["sea", "short"])
    store.set_rating(bad, -1)
    store.set_correction(bad, "Rivers carry it.")
    first, second = store.rated()
    sent = attached_text("Why?", [attachment])
    assert first.messages == [ChatMessage("system", "Be brief."), ChatMessage("user", sent)]
    assert (first.answer, first.rating, first.tags, first.model_name) == (
        "Rivers.",
        1,
        ("sea", "short"),
        "A",
    )
    assert (second.answer, second.rating) == ("Rivers carry it.", -1)
    store.set_rating(bad, 0)
    assert len(store.rated()) == 2, "a correction alone counts"
    store.delete_message(good)
    assert [row.message_id for row in store.rated()] == [bad]
    store.delete(chat_id)
    assert store.rated() == []


def test_a_folder_comes_back_under_its_own_id(store: ChatStore) -> None:
    folder_id = store.create_folder("Work", folder_id="f")
    assert folder_id == "f" and store.list_folders()[0].id == "f"


@pytest.mark.parametrize(
    ("text", "fence"), [("plain", "```"), ("```\ncode\n```", "````"), ("  `````\n", "``````")]
)
def test_an_attachment_stands_before_the_words_in_a_longer_fence(text: str, fence: str) -> None:
    sent = attached_text("And?", [{"name": "a\nb.md", "text": text}, {"name": "empty", "text": ""}])
    assert sent.startswith(f"a b.md\n{fence}\n{text}".rstrip("\n"))
    assert sent.endswith(f"\n{fence}\n\nAnd?")
    assert attached_text("And?", []) == "And?"


# ---- copies ----


def test_a_duplicate_has_all_versions_and_tokens_under_new_ids(store: ChatStore) -> None:
    chat_id = store.create_chat("mine", settings='{"seed": 1}')
    grow(store, chat_id)
    store.delete_message("q2")
    store.set_rating("a2", 1)
    reply = store.begin_reply(chat_id, "a2", message_id="r")
    store.append_reply(reply, "half ", [Token(1, b"half", "half ")])
    copy_id = store.duplicate_chat(chat_id, title="copy")
    store.append_reply(reply, "more")
    copy = store.open_chat(copy_id)
    assert [one.content for one in copy.messages.values()] == ["q", "a1", "a2", "half "]
    assert [one.content for one in copy.path()] == ["q", "a2", "half "]
    assert not set(copy.messages) & set(store.open_chat(chat_id).messages)
    assert copy.path()[1].rating == 1 and copy.path()[-1].state == "stopped"
    assert [one.text for one in store.tokens(copy.path()[-1].id)] == ["half "]
    assert (copy.info.title, copy.info.settings) == ("copy", '{"seed": 1}')
    assert store.list_chats()[0].id == copy_id
    assert store.recover() == 0


def test_a_branch_is_copied_up_to_a_message(store: ChatStore) -> None:
    chat_id = store.create_chat("mine")
    grow(store, chat_id)
    store.set_draft(chat_id, "not sent")
    copy = store.open_chat(store.duplicate_chat(chat_id, until="q2"))
    assert [one.content for one in copy.messages.values()] == ["q", "a1", "q2"]
    assert [one.content for one in copy.path()] == ["q", "a1", "q2"]
    assert (copy.info.title, copy.info.draft) == ("mine", "")
    for missing in ("none", "a3"):
        store.delete_message("a1")
        with pytest.raises(AppError, match="not there any more"):
            store.duplicate_chat(chat_id, until=missing)


# ---- nothing on the disk ----


def test_a_store_in_memory_leaves_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user_folder: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    with ChatStore.in_memory() as store:
        chat_id = store.create_chat()
        reply = store.begin_reply(chat_id, None)
        store.append_reply(reply, "secret words " * 1000)
        store.finish_reply(reply, "done")
        assert len(store.search("secret")) == 1
        assert store.recover() == 0
        with pytest.raises(AppError, match="not there any more"):
            store.open_chat("none")
    assert list(tmp_path.rglob("*")) == [] and list(user_folder.rglob("*")) == []
    with ChatStore.in_memory() as another:
        assert another.list_chats() == []


# ---- a file of the version before ----


def test_messages_listed_as_removed_in_the_settings_move_to_their_rows(path: Path) -> None:
    raw = sqlite3.connect(path, isolation_level=None)
    migrate(raw, path, MIGRATIONS[:1])
    chats = [
        ("c", '{"removed": ["a1", "other", 7], "system_prompt": "Grüße", "temperature": 0.5}'),
        ("d", ""),
        ("e", "no json"),
        ("f", '["removed"]'),
        ("g", '{"removed": ["q"]}'),
    ]
    for chat_id, settings in chats:
        raw.execute(
            "INSERT INTO chats (id, title, created_s, updated_s, settings) VALUES (?, ?, 0, 0, ?)",
            (chat_id, f"Title {chat_id}", settings),
        )
    for message_id, parent_id in (("q", None), ("a1", "q"), ("q2", "a1"), ("a2", "q")):
        raw.execute(
            "INSERT INTO messages (id, chat_id, parent_id, role, content, created_s, state)"
            " VALUES (?, 'c', ?, 'user', ?, 0, 'done')",
            (message_id, parent_id, f"words {message_id}"),
        )
    raw.close()
    with ChatStore(path) as store:
        chat = store.open_chat("c")
        assert [one.id for one in chat.messages.values() if one.deleted] == ["a1"]
        assert set(chat.visible()) == {"q", "a2"}, "a row of another chat is not touched"
        assert chat.info.settings == '{"system_prompt":"Grüße","temperature":0.5}'
        kept = [store.open_chat(one).info.settings for one in "defg"]
        assert kept == ["", "no json", '["removed"]', "{}"]
        assert {hit.message_id for hit in store.search("words")} == {"q", "a2"}
        assert {hit.chat_id for hit in store.search("title")} == set("cdefg")
        store.restore_message("a1")
        assert len(store.search("words")) == 4
    assert len(list(path.parent.glob("chats-v1-*.db"))) == 1

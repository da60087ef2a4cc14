"""The chat store against a disk that is full, forbids, or holds something else than chats."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.chats import database
from engine.chats.database import open_database
from engine.chats.schema import MIGRATIONS, migrate
from engine.chats.store import ChatStore
from engine.errors import AppError

PAGE_BYTES = 4096


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "chats.db"


def make(path: Path, n_messages: int = 40) -> str:
    with ChatStore(path) as store:
        chat_id = store.create_chat("kept")
        parent = None
        for number in range(n_messages):
            parent = store.add_message(chat_id, parent, "user", f"{number} " + "text " * 200)
    return chat_id


def pragma(store: ChatStore, text: str) -> None:
    """Have SQLite itself behave as on such a disk."""
    store._file.connection.execute(f"PRAGMA {text}")


def test_a_full_disk_is_said_and_nothing_is_lost(path: Path) -> None:
    chat_id = make(path)
    with ChatStore(path) as store:
        before = store.open_chat(chat_id)
        pragma(store, "max_page_count = 1")
        with pytest.raises(AppError, match="disk is full") as caught:
            store.set_draft(chat_id, "x" * 10_000_000)
        assert "Make room" in caught.value.hint
        pragma(store, "max_page_count = 100000")
        store.set_draft(chat_id, "there is room again")
        assert store.open_chat(chat_id).messages == before.messages


def test_a_read_only_disk_is_said_and_reading_goes_on(path: Path) -> None:
    chat_id = make(path)
    with ChatStore(path) as store:
        pragma(store, "query_only = ON")
        with pytest.raises(AppError, match="read-only"):
            store.set_draft(chat_id, "x")
        assert len(store.open_chat(chat_id).messages) == 40


def test_another_window_that_keeps_the_file_is_said(path: Path) -> None:
    chat_id = make(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with ChatStore(path) as store:
        pragma(store, "busy_timeout = 1")
        with pytest.raises(AppError, match="busy"):
            store.set_draft(chat_id, "x")
        other.execute("ROLLBACK")
        other.close()
        store.set_draft(chat_id, "x")


def test_a_place_that_cannot_hold_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AppError, match="cannot be opened"):
        ChatStore(tmp_path / "file" / "chats.db")
    (tmp_path / "folder.db").mkdir()
    with pytest.raises(AppError, match="cannot be opened"):
        ChatStore(tmp_path / "folder.db")


# ---- damage ----


def not_a_database(path: Path) -> None:
    path.write_bytes(b"these are not the chats you are looking for" * 100)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: 3 * PAGE_BYTES + 100])


def no_tables(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[100:PAGE_BYTES] = b"\xff" * (PAGE_BYTES - 100)
    path.write_bytes(data)


@pytest.mark.parametrize("damage", [not_a_database, cut_short, no_tables])
def test_a_damaged_file_is_set_aside_and_a_new_one_begun(
    path: Path, damage: Callable[[Path], None]
) -> None:
    make(path)
    damage(path)
    damaged = path.read_bytes()
    with ChatStore(path) as store:
        assert store.notice is not None and "damaged" in store.notice.message
        assert store.list_chats() == []
        chat_id = store.create_chat("new")
    (aside,) = path.parent.glob("chats-damaged-*.db")
    assert aside.name in store.notice.hint
    assert aside.read_bytes() == damaged
    with ChatStore(path) as store:
        assert store.notice is None
        assert [row.id for row in store.list_chats()] == [chat_id]


def test_damage_met_later_is_dealt_with_at_the_next_start(path: Path) -> None:
    chat_id = make(path, n_messages=400)
    data = bytearray(path.read_bytes())
    middle = len(data) // PAGE_BYTES // 4 * PAGE_BYTES
    data[middle : middle * 3] = b"\xa5" * (middle * 2)
    path.write_bytes(data)
    with ChatStore(path) as store:
        assert store.notice is None, "the beginning of the file is sound"
        with pytest.raises(AppError, match="damaged") as caught:
            store.open_chat(chat_id)
        assert "Start Bathysphere again" in caught.value.hint
    with ChatStore(path) as store:
        assert store.notice is not None and store.list_chats() == []
    (aside,) = path.parent.glob("chats-damaged-*.db")
    assert aside.read_bytes() == bytes(data)


def test_damaged_words_are_made_anew_and_no_chat_is_set_aside(path: Path) -> None:
    chat_id = make(path)
    raw = sqlite3.connect(path)
    raw.execute("UPDATE message_words_data SET block = x'ffffffffffffffff' WHERE id > 10")
    raw.commit()
    raw.close()
    with ChatStore(path) as store, pytest.raises(AppError, match="damaged"):
        store.search("text")
    with ChatStore(path) as store:
        assert store.notice is None
        assert len(store.search("text")) == 40
        store.add_message(chat_id, None, "user", "goes on")
        assert len(store.search("goes")) == 1


def test_a_suspicion_that_was_wrong_is_dropped(path: Path) -> None:
    chat_id = make(path)
    suspicion = path.with_name("chats.db-suspect")
    suspicion.touch()
    with ChatStore(path) as store:
        assert store.notice is None and len(store.open_chat(chat_id).messages) == 40
    assert not suspicion.exists()


def test_another_programs_file_is_refused_and_left_alone(path: Path) -> None:
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE holidays (day)")
    raw.close()
    before = path.read_bytes()
    with pytest.raises(AppError, match="another program"):
        ChatStore(path)
    with sqlite3.connect(path) as raw:
        assert raw.execute("SELECT name FROM sqlite_master").fetchall() == [("holidays",)]
    raw.close()
    assert not list(path.parent.glob("*damaged*"))
    assert path.read_bytes()[100:] == before[100:], "all but the header's journal mode"


# ---- versions ----


def version_of(path: Path) -> int:
    raw = sqlite3.connect(path)
    version: int = raw.execute("PRAGMA user_version").fetchone()[0]
    raw.close()
    return version


def test_a_newer_file_is_refused_in_words_and_left_alone(path: Path) -> None:
    make(path)
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA user_version = 99")
    raw.close()
    with pytest.raises(AppError, match="newer version") as caught:
        ChatStore(path)
    assert "Update Bathysphere" in caught.value.hint
    assert version_of(path) == 99


def test_an_older_file_is_copied_then_brought_over(path: Path) -> None:
    chat_id = make(path)
    later = (*MIGRATIONS, ["ALTER TABLE chats ADD COLUMN colour INTEGER NOT NULL DEFAULT 0"])
    connection, _ = open_database(path)
    migrate(connection, path, later)
    assert connection.execute("SELECT id, colour FROM chats").fetchall() == [(chat_id, 0)]
    connection.close()
    assert version_of(path) == len(later)
    (copy,) = path.parent.glob(f"chats-v{len(MIGRATIONS)}-*.db")
    with ChatStore(copy) as store:
        assert len(store.open_chat(chat_id).messages) == 40


def test_a_migration_that_fails_changes_nothing(path: Path) -> None:
    chat_id = make(path)
    broken = (*MIGRATIONS, ["DELETE FROM chats", "ALTER TABLE nowhere ADD COLUMN x"])
    connection, _ = open_database(path)
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, path, broken)
    connection.close()
    assert version_of(path) == len(MIGRATIONS)
    with ChatStore(path) as store:
        assert len(store.open_chat(chat_id).messages) == 40


def test_what_is_promised_of_the_disk_is_set(path: Path) -> None:
    with ChatStore(path) as store:
        answers = {
            name: store._file.connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert answers == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 5000,
    }


def test_an_immediate_refusal_is_waited_out(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What SQLite answers now and then where two windows make the file at once."""
    chat_id = make(path)
    connect, refusals = database._connect, [sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY]

    def refuse_at_first(path: Path) -> sqlite3.Connection:
        if refusals:
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = refusals.pop()
            raise error
        return connect(path)

    monkeypatch.setattr(database, "_connect", refuse_at_first)
    with ChatStore(path) as store:
        assert refusals == [] and len(store.open_chat(chat_id).messages) == 40

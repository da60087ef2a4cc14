"""The tables of the chats' database, and how an older file becomes one of today.

A chat is a tree: each message names its parent, messages of one parent are versions of each other,
and the chat's head is the leaf that is shown. What a reply says while it is being written gathers
in reply_parts, so that saving it again costs what is new and not what is there. A message that was
deleted keeps its row and all that follows it; `hidden` says of each row whether it is there to see.

The words of titles and messages stand in two FTS5 tables that keep no text of their own; triggers
hold them to the rows they speak of. Nothing of a reply being written goes there before its end.
"""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from engine.errors import AppError

Migration = Sequence[str]

# "Bths": says whose file it is, to `file` and to us.
APPLICATION_ID = 0x42746873

_FIRST: Migration = (
    """CREATE TABLE chats (
        row INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        title TEXT NOT NULL DEFAULT '',
        title_is_auto INTEGER NOT NULL DEFAULT 1,
        created_s REAL NOT NULL,
        updated_s REAL NOT NULL,
        head_id TEXT,
        model_path TEXT NOT NULL DEFAULT '',
        model_name TEXT NOT NULL DEFAULT '',
        settings TEXT NOT NULL DEFAULT '',
        draft TEXT NOT NULL DEFAULT '',
        deleted_s REAL
    )""",
    # The parent's key has no cascade: one along a chat of 10,000 messages is deeper than SQLite's
    # limit for triggers. The chat's own cascade removes them all.
    """CREATE TABLE messages (
        row INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        chat_id TEXT NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
        parent_id TEXT,
        role TEXT NOT NULL CHECK (role IN ('system', 'user', 'assistant', 'tool')),
        content TEXT NOT NULL,
        created_s REAL NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('streaming', 'done', 'stopped', 'failed')),
        writer TEXT NOT NULL DEFAULT '',
        model_name TEXT NOT NULL DEFAULT '',
        details TEXT NOT NULL DEFAULT '{}',
        UNIQUE (chat_id, id),
        FOREIGN KEY (chat_id, parent_id) REFERENCES messages (chat_id, id)
    )""",
    "CREATE INDEX messages_by_parent ON messages (chat_id, parent_id)",
    "CREATE INDEX messages_streaming ON messages (state) WHERE state = 'streaming'",
    """CREATE TABLE reply_parts (
        row INTEGER PRIMARY KEY,
        message_id TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
        text TEXT NOT NULL,
        tokens BLOB
    )""",
    "CREATE INDEX reply_parts_by_message ON reply_parts (message_id)",
    # Beside the messages, not among them: probabilities are many times longer than the words.
    """CREATE TABLE message_tokens (
        message_id TEXT PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
        tokens BLOB NOT NULL
    ) WITHOUT ROWID""",
)

# Accents and case do not matter; a word is found from its first letter on.
_WORDS = "tokenize = 'unicode61 remove_diacritics 2', prefix = '1 2 3'"


def _searched(table: str, words: str, column: str) -> Migration:
    """A table of the words in a column, and what keeps it true."""
    forget = (
        f"INSERT INTO {words} ({words}, rowid, {column}) VALUES ('delete', old.row, old.{column})"
    )
    learn = f"INSERT INTO {words} (rowid, {column}) VALUES (new.row, new.{column})"
    return (
        f"CREATE VIRTUAL TABLE {words} USING fts5"
        f" ({column}, content = '{table}', content_rowid = 'row', {_WORDS})",
        f"INSERT INTO {words} ({words}) VALUES ('rebuild')",
        f"CREATE TRIGGER {words}_insert AFTER INSERT ON {table} BEGIN {learn}; END",
        f"CREATE TRIGGER {words}_delete AFTER DELETE ON {table} BEGIN {forget}; END",
        f"CREATE TRIGGER {words}_update AFTER UPDATE OF {column} ON {table}"
        f" WHEN old.{column} IS NOT new.{column} BEGIN {forget}; {learn}; END",
    )


# Of a message: a person did something to it. Written so in each question that its index answers.
IS_JUDGED = "(deleted_s IS NOT NULL OR rating <> 0 OR correction <> '' OR tags <> '[]')"

# Settings that are no JSON are nobody's list of messages.
_REMOVED = "json_each(CASE WHEN json_valid(c.settings) THEN c.settings ELSE '{}' END, '$.removed')"

_SECOND: Migration = (
    """CREATE TABLE folders (
        row INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        created_s REAL NOT NULL
    )""",
    "ALTER TABLE chats ADD COLUMN folder_id TEXT REFERENCES folders (id) ON DELETE SET NULL",
    "CREATE INDEX chats_by_folder ON chats (folder_id) WHERE folder_id IS NOT NULL",
    "ALTER TABLE chats ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE chats ADD COLUMN archived INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE chats ADD COLUMN kind TEXT NOT NULL DEFAULT 'chat'"
    " CHECK (kind IN ('chat', 'notebook'))",
    "CREATE INDEX chats_in_order ON chats (pinned, updated_s)",
    "ALTER TABLE messages ADD COLUMN deleted_s REAL",
    "ALTER TABLE messages ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE messages ADD COLUMN rating INTEGER NOT NULL DEFAULT 0"
    " CHECK (rating IN (-1, 0, 1))",
    "ALTER TABLE messages ADD COLUMN correction TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE messages ADD COLUMN tags TEXT NOT NULL DEFAULT '[]'",
    "CREATE INDEX messages_deleted ON messages (deleted_s) WHERE deleted_s IS NOT NULL",
    f"CREATE INDEX messages_judged ON messages (chat_id) WHERE {IS_JUDGED}",
    # What a person deleted was listed in the chat's settings until now.
    "UPDATE messages SET deleted_s = (julianday('now') - 2440587.5) * 86400"
    f" WHERE (chat_id, id) IN (SELECT c.id, r.value FROM chats AS c, {_REMOVED} AS r)",
    """WITH RECURSIVE below (chat_id, id) AS (
        SELECT chat_id, id FROM messages WHERE deleted_s IS NOT NULL
        UNION SELECT m.chat_id, m.id FROM below AS b
            JOIN messages AS m ON m.chat_id = b.chat_id AND m.parent_id = b.id
    ) UPDATE messages SET hidden = 1 WHERE id IN (SELECT id FROM below)""",
    "UPDATE chats SET settings = json_remove(settings, '$.removed') WHERE CASE"
    " WHEN json_valid(settings) THEN json_type(settings, '$.removed') IS NOT NULL ELSE 0 END",
    *_searched("chats", "chat_words", "title"),
    *_searched("messages", "message_words", "content"),
)

# Migration n takes a file from user_version n to n + 1.
MIGRATIONS: tuple[Migration, ...] = (_FIRST, _SECOND)


def migrate(
    connection: sqlite3.Connection,
    path: Path | None,
    migrations: Sequence[Migration] = MIGRATIONS,
) -> None:
    """Bring the open file to the newest version, all in one transaction; a copy of an older one is
    kept beside it.

    Args:
        path: where the file is; None in memory alone.

    Raises:
        AppError: the file is newer than this app, or not a file of chats.
        sqlite3.Error: the disk or the file refuses; nothing was changed.
    """
    # Within a transaction: another window may be making the tables between two questions.
    with transaction(connection, "DEFERRED"):
        version = _checked_version(connection, len(migrations))
    if version == len(migrations):
        return
    with transaction(connection):
        # Another window may have been quicker.
        version = _checked_version(connection, len(migrations))
        if path is not None and 0 < version < len(migrations):
            _keep_copy(path, version)
        for migration in migrations[version:]:
            for statement in migration:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(migrations)}")


def rebuild_words(connection: sqlite3.Connection) -> None:
    """Make the tables of words anew from the rows they speak of, in a file that has them."""
    tables = "SELECT name FROM sqlite_master WHERE name IN ('chat_words', 'message_words')"
    for (words,) in connection.execute(tables).fetchall():
        connection.execute(f"INSERT INTO {words} ({words}) VALUES ('rebuild')")


@contextmanager
def transaction(connection: sqlite3.Connection, kind: str = "IMMEDIATE") -> Iterator[None]:
    """All of the block or nothing; on the disk when it ends."""
    connection.execute(f"BEGIN {kind}")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        # SQLite itself has ended the transaction after some errors (a full disk).
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _checked_version(connection: sqlite3.Connection, newest: int) -> int:
    version = _number(connection, "PRAGMA user_version")
    if version > newest:
        raise AppError(
            "Your chats were written by a newer version of Bathysphere.",
            "Update Bathysphere to open them; nothing was changed.",
            f"file version {version}, this app reads up to {newest}",
        )
    is_foreign = _number(connection, "PRAGMA application_id") not in (0, APPLICATION_ID)
    has_tables = _number(connection, "SELECT count(*) FROM sqlite_master") > 0
    if is_foreign or (version == 0 and has_tables):
        raise AppError(
            "The file in the chats' place belongs to another program.",
            "Move it elsewhere and start again; it was not changed.",
        )
    return version


def _number(connection: sqlite3.Connection, question: str) -> int:
    return int(connection.execute(question).fetchone()[0])


def _keep_copy(path: Path, version: int) -> None:
    """Copy what is committed; by a connection of its own, as one that writes cannot be copied."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    copy_path = path.with_name(f"{path.stem}-v{version}-{stamp}{path.suffix}")
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy_path)) as copy:
        source.backup(copy)

"""The tables of the chats' database, and how an older file becomes one of today.

A chat is a tree: each message names its parent, messages of one parent are versions of each other,
and the chat's head is the leaf that is shown. What a reply says while it is being written gathers
in reply_parts, so that saving it again costs what is new and not what is there.
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

# Migration n takes a file from user_version n to n + 1.
MIGRATIONS: tuple[Migration, ...] = (_FIRST,)


def migrate(
    connection: sqlite3.Connection, path: Path, migrations: Sequence[Migration] = MIGRATIONS
) -> None:
    """Bring the open file to the newest version, all in one transaction; a copy of an older one is
    kept beside it.

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
        if 0 < version < len(migrations):
            _keep_copy(path, version)
        for migration in migrations[version:]:
            for statement in migration:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(migrations)}")


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

"""The open file of the chats: how it is opened, what happens to a damaged one, errors in words.

Knows SQLite and files, not chats (store.py) nor tables (schema.py).
"""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.chats.schema import migrate, rebuild_words
from engine.errors import AppError

Run = Callable[..., sqlite3.Cursor]

BUSY_TIMEOUT_S = 5.0
BUSY_PAUSE_S = 0.01
CACHE_KIBIBYTES = 16 * 1024
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
COMPANIONS = ("", "-wal", "-shm")

_WORDS: dict[int, tuple[str, str]] = {
    sqlite3.SQLITE_FULL: (
        "The disk is full, so the chat could not be saved.",
        "Make room on the disk, then try again; what was saved before is safe.",
    ),
    sqlite3.SQLITE_READONLY: (
        "The chats cannot be changed: their file or folder is read-only.",
        "Make your user folder writable, then start Bathysphere again.",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "The file of the chats cannot be opened.",
        "Check that your user folder exists and may be written to.",
    ),
    sqlite3.SQLITE_PERM: (
        "The file of the chats may not be opened.",
        "Check the permissions of your user folder.",
    ),
    sqlite3.SQLITE_IOERR: (
        "The disk failed while the chats were read or written.",
        "Check the disk and its free space, then try again.",
    ),
    sqlite3.SQLITE_BUSY: (
        "Another window was busy with the chats for too long.",
        "Try again; close the other window if it happens again.",
    ),
    sqlite3.SQLITE_TOOBIG: (
        "This message is too long to be kept.",
        "Split it into shorter ones.",
    ),
}
_DAMAGED_WORDS = (
    "The file of the chats is damaged.",
    "Start Bathysphere again: it sets the damaged file aside, deletes nothing, and begins anew.",
)


def open_database(path: Path) -> tuple[sqlite3.Connection, AppError | None]:
    """Open the chats' file, making it where there is none.

    Returns:
        The connection, and what the user is to be told: a damaged file was set aside.

    Raises:
        AppError: the file cannot be opened or made, or is a newer app's.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _in_words(sqlite3.SQLITE_CANTOPEN, str(error)) from error
    try:
        return _connect_patiently(path), None
    except sqlite3.Error as error:
        if _code(error) not in DAMAGED:
            words = said(error)
            if words is error:
                raise
            raise words from error
    notice = _set_aside(path)
    with errors_in_words(path):
        return _connect_patiently(path), notice


def open_in_memory() -> sqlite3.Connection:
    """A database that is gone when it is closed. SQLite keeps what it sorts in memory, too."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA temp_store = MEMORY")
    migrate(connection, None)
    return connection


@contextmanager
def errors_in_words(path: Path | None) -> Iterator[None]:
    """Turn what SQLite says into AppErrors. A damaged file is remembered, to be checked in full
    when it is next opened.

    Args:
        path: the file; None where there is none.
    """
    try:
        yield
    except sqlite3.Error as error:
        if path is not None and _code(error) in DAMAGED:
            # A disk that takes no marker takes nothing else either, which is told below.
            with suppress(OSError):
                _suspect(path).touch()
        words = said(error)
        if words is error:
            raise
        raise words from error


def expect_one(changed: sqlite3.Cursor) -> None:
    """Refuse a change that met no row."""
    if changed.rowcount != 1:
        raise gone()


def storable(text: str) -> str:
    """The text as UTF-8 can hold it: half a surrogate pair, as a paste may bring, is replaced."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def gone() -> AppError:
    """For a chat or message that a call names and that is not there."""
    return AppError(
        "This chat or message is not there any more.", "It was deleted, perhaps in another window."
    )


def said(error: sqlite3.Error) -> Exception:
    """An SQLite error in words; a mistake of our own stays what it is."""
    if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
        return gone()
    code = _code(error)
    return _in_words(code, str(error)) if code in (*_WORDS, *DAMAGED) else error


def _in_words(code: int, detail: str) -> AppError:
    return AppError(*_WORDS.get(code, _DAMAGED_WORDS), detail)


def _code(error: sqlite3.Error) -> int:
    """The primary code, without what SQLite adds in the higher bytes; -1 where it gave none."""
    code: int = getattr(error, "sqlite_errorcode", -1)
    return code & 0xFF if code >= 0 else -1


# ---- opening ----


def _connect_patiently(path: Path) -> sqlite3.Connection:
    """Open the file, also while another window does. SQLite waits for no one where two of them
    switch a new file to WAL at once: one of them is refused immediately."""
    deadline_s = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            return _connect(path)
        except sqlite3.Error as error:
            if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline_s:
                raise
        time.sleep(BUSY_PAUSE_S)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIBIBYTES}")
        if _suspect(path).exists():
            _check_in_full(connection, path)
        migrate(connection, path)
        connection.execute("SELECT * FROM chats, messages LIMIT 1").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _check_in_full(connection: sqlite3.Connection, path: Path) -> None:
    """Look at all of the file. The tables of words are made anew, as what they hold can be, so that
    damage there costs no chat."""
    rebuild_words(connection)
    answer = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if answer != "ok":
        error = sqlite3.DatabaseError(answer)
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error
    _suspect(path).unlink(missing_ok=True)


def _suspect(path: Path) -> Path:
    """A file that says: SQLite met damage here; look at all of it before it is used again."""
    return path.with_name(path.name + "-suspect")


def _set_aside(path: Path) -> AppError:
    """Rename a damaged file, with what belongs to it, so that nothing in it is lost."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    aside = path.with_name(f"{path.stem}-damaged-{stamp}-{os.getpid()}{path.suffix}")
    try:
        for ending in COMPANIONS:
            part = path.with_name(path.name + ending)
            if part.exists():
                part.rename(aside.with_name(aside.name + ending))
        _suspect(path).unlink(missing_ok=True)
    except OSError as error:
        raise AppError(
            "The file of the chats is damaged and could not be set aside.",
            f"Close other windows, or move “{path.name}” elsewhere by hand; then start again.",
            str(error),
        ) from error
    return AppError(
        "The file of the chats was damaged, so a new one was begun.",
        f"The damaged one was kept as “{aside.name}” in your user folder.",
        str(aside),
    )

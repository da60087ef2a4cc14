"""The chats' file held open: transactions that read or write it, errors in words.

Shared by the store and nothing else; knows no table. Used from the thread that opened it.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.chats.database import Run, errors_in_words, open_database, open_in_memory
from engine.chats.schema import transaction
from engine.errors import AppError


class OpenFile:
    """One open database.

    Args:
        path: the file; None for one in memory that leaves nothing on the disk.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.notice: AppError | None = None
        if path is None:
            self.connection: sqlite3.Connection = open_in_memory()
        else:
            self.connection, self.notice = open_database(path)

    @contextmanager
    def writing(self) -> Iterator[Run]:
        """All of the block or nothing; on the disk when it ends."""
        with errors_in_words(self._path), transaction(self.connection):
            yield self.connection.execute

    @contextmanager
    def reading(self) -> Iterator[Run]:
        """One state of the file, whatever other windows write meanwhile."""
        with errors_in_words(self._path), transaction(self.connection, "DEFERRED"):
            yield self.connection.execute

    def close(self) -> None:
        with errors_in_words(self._path):
            self.connection.close()

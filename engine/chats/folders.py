"""Folders of chats in the tables.

Functions over an open transaction; store.py begins and ends it.
"""

import time
import uuid

from engine.chats.database import Run, expect_one, storable
from engine.chats.records import Folder


def folders(run: Run) -> list[Folder]:
    """All folders, by name as a person sorts them."""
    found = [Folder(*row) for row in run("SELECT id, name FROM folders ORDER BY row")]
    return sorted(found, key=lambda folder: folder.name.casefold())


def create(run: Run, folder_id: str, name: str) -> None:
    run(
        "INSERT INTO folders (id, name, created_s) VALUES (?, ?, ?)",
        (folder_id, storable(name), time.time()),
    )


def ensure(run: Run, name: str) -> str | None:
    """The folder of this name, made where there is none; None for no name."""
    if not name:
        return None
    row = run("SELECT id FROM folders WHERE name = ? ORDER BY row", (storable(name),)).fetchone()
    if row is not None:
        return str(row[0])
    folder_id = uuid.uuid4().hex
    create(run, folder_id, name)
    return folder_id


def rename(run: Run, folder_id: str, name: str) -> None:
    expect_one(run("UPDATE folders SET name = ? WHERE id = ?", (storable(name), folder_id)))


def delete(run: Run, folder_id: str) -> list[str]:
    """Remove a folder; the chats that were in it, which stay, for whoever puts them back."""
    rows = run("SELECT id FROM chats WHERE folder_id = ? ORDER BY row", (folder_id,)).fetchall()
    # The chats' own key empties itself.
    expect_one(run("DELETE FROM folders WHERE id = ?", (folder_id,)))
    return [row[0] for row in rows]

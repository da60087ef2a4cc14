"""The chats on this disk: one SQLite file, read and written through one ChatStore per thread.

Every call that returns is on the disk (WAL, synchronous FULL). A call waits for the disk, so the
window makes it in a thread of its own; a script calls it directly. A chat is a tree of messages
(schema.py); what comes out are plain values (records.py). Several processes may use one file.
What the list of chats does not need is imported where it is used: the window's start is quicker so.

    with ChatStore(user_paths().chats) as store:
        chat_id = store.create_chat()
        question = store.add_message(chat_id, None, "user", "Why is the sea salt?")
        reply = store.begin_reply(chat_id, question)
        store.append_reply(reply, "Rivers carry ")
        store.finish_reply(reply, "done", "Rivers carry salt into it.")
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from engine.chats import folders, trees
from engine.chats.database import expect_one, storable
from engine.chats.message_store import MessageStore, new_id
from engine.chats.records import (
    Chat,
    ChatInfo,
    ChatRow,
    Folder,
    Hit,
    Kind,
    Message,
    RatedEntry,
    RatedReply,
    State,
)
from engine.chats.rows import INSERT_CHAT, LIST_CHATS, chat_row, chat_values
from engine.chats.trees import read_chat

if TYPE_CHECKING:
    from engine.chats.imported import ImportedChat

__all__ = ["Chat", "ChatInfo", "ChatRow", "ChatStore", "Message", "State"]


class ChatStore(MessageStore):
    """The chats in one file, with their messages (message_store.py). Used from the thread that
    made it, and no other.

    `notice` is what the user is to be told after opening (a damaged file was set aside), or None.

    Args:
        path: the file, made where there is none; None keeps all in memory, and nothing afterwards.

    Raises:
        AppError: from every call, where the disk or the file refuses or a chat is not there.
    """

    @classmethod
    def in_memory(cls) -> ChatStore:
        """A store for chats that leave no trace."""
        return cls(None)

    # ---- chats ----

    def create_chat(
        self,
        title: str = "",
        *,
        model_path: str = "",
        model_name: str = "",
        settings: str = "",
        chat_id: str = "",
        kind: Kind = "chat",
        folder_id: str | None = None,
    ) -> str:
        """A new, empty chat; without a title it takes one from the first words of its user.

        Args:
            settings: JSON, kept as it is.
            chat_id: the id it gets; a new one where empty.
        """
        now_s = time.time()
        info = ChatInfo(
            id=chat_id or new_id(),
            title=title,
            title_is_auto=not title,
            created_s=now_s,
            updated_s=now_s,
            head_id=None,
            model_path=model_path,
            model_name=model_name,
            settings=settings,
            draft="",
            deleted_s=None,
            folder_id=folder_id,
            kind=kind,
        )
        with self._file.writing() as run:
            run(INSERT_CHAT, chat_values(info))
        return info.id

    def list_chats(self, *, deleted: bool = False, archived: bool = False) -> list[ChatRow]:
        """Chats, pinned ones first, then newest first: those in use, those archived, or those
        deleted and not yet purged."""
        with self._file.reading() as run:
            return [chat_row(row) for row in run(LIST_CHATS, (deleted, archived))]

    def open_chat(self, chat_id: str) -> Chat:
        """A chat with its whole tree; a reply still being written has the text saved so far."""
        with self._file.reading() as run:
            return read_chat(run, chat_id)

    def rename(self, chat_id: str, title: str, *, automatic: bool = False) -> None:
        """Give a title. An automatic one gives way to the one a person gave before."""
        self._change_chat(
            chat_id,
            "title = CASE WHEN ? AND NOT title_is_auto THEN title ELSE ? END,"
            " title_is_auto = title_is_auto AND ?",
            (automatic, storable(title), automatic),
        )

    def duplicate_chat(self, chat_id: str, *, until: str | None = None, title: str = "") -> str:
        """Copy a chat with the tokens of its replies, without what was deleted; the copy's id.

        Args:
            until: copy only the branch up to this message.
            title: the copy's; the same where empty.
        """
        from engine.chats import copies

        with self._file.writing() as run:
            return copies.duplicate(run, read_chat(run, chat_id), until, title)

    def insert_chats(self, chats: Iterable[ImportedChat]) -> list[str]:
        """Write chats from elsewhere under new ids, all of them or none; the chats' ids."""
        from engine.chats import copies
        from engine.chats.imported import chat_info_of, packed_tokens

        with self._file.writing() as run:
            return [
                copies.insert_chat(
                    run,
                    chat_info_of(chat, folders.ensure(run, chat.folder)),
                    chat.messages,
                    lambda old, chat=chat: packed_tokens(chat, old),  # type: ignore[misc]
                )
                for chat in chats
            ]

    def delete(self, chat_id: str) -> None:
        """Take a chat out of the list; `restore` brings it back until it is purged."""
        self._change_chat(chat_id, "deleted_s = ?", (time.time(),))

    def restore(self, chat_id: str) -> None:
        self._change_chat(chat_id, "deleted_s = NULL", ())

    def purge_chat(self, chat_id: str) -> None:
        """Remove a chat for good."""
        with self._file.writing() as run:
            expect_one(run("DELETE FROM chats WHERE id = ?", (chat_id,)))

    def purge_deleted(self, before_s: float) -> int:
        """Remove for good what was deleted before a time, chats and single messages; how many
        chats that were."""
        with self._file.writing() as run:
            n_chats = run("DELETE FROM chats WHERE deleted_s < ?", (before_s,)).rowcount
            trees.purge(run, before_s)
        return n_chats

    def set_draft(self, chat_id: str, draft: str) -> None:
        """Keep what is typed and not sent."""
        self._change_chat(chat_id, "draft = ?", (storable(draft),))

    def set_settings(self, chat_id: str, settings: str) -> None:
        self._change_chat(chat_id, "settings = ?", (storable(settings),))

    def set_model(self, chat_id: str, model_path: str, model_name: str) -> None:
        self._change_chat(
            chat_id,
            "model_path = ?, model_name = ?",
            tuple(map(storable, (model_path, model_name))),
        )

    def set_pinned(self, chat_id: str, pinned: bool) -> None:
        """Keep a chat at the top of the list."""
        self._change_chat(chat_id, "pinned = ?", (pinned,))

    def set_archived(self, chat_id: str, archived: bool) -> None:
        """Put a chat out of the way; it is still found by searching."""
        self._change_chat(chat_id, "archived = ?", (archived,))

    # ---- folders ----

    def list_folders(self) -> list[Folder]:
        with self._file.reading() as run:
            return folders.folders(run)

    def create_folder(self, name: str, *, folder_id: str = "") -> str:
        """A new folder; its id.

        Args:
            folder_id: the id it gets; a new one where empty.
        """
        folder_id = folder_id or new_id()
        with self._file.writing() as run:
            folders.create(run, folder_id, name)
        return folder_id

    def rename_folder(self, folder_id: str, name: str) -> None:
        with self._file.writing() as run:
            folders.rename(run, folder_id, name)

    def delete_folder(self, folder_id: str) -> list[str]:
        """Remove a folder; the chats that were in it, which stay, in none."""
        with self._file.writing() as run:
            return folders.delete(run, folder_id)

    def move_chat(self, chat_id: str, folder_id: str | None) -> None:
        """Put a chat into a folder, or with None into no folder."""
        self._change_chat(chat_id, "folder_id = ?", (folder_id,))

    # ---- looking for words ----

    def search(self, query: str, limit: int = 50) -> list[Hit]:
        """Where titles and messages have all words of a query, newest first, titles before
        messages; any text is a query (search.py)."""
        from engine.chats.search import search

        with self._file.reading() as run:
            return search(run, query, limit)

    def list_rated(self) -> list[RatedEntry]:
        """The rated or corrected replies as a list shows them, newest first."""
        from engine.chats.rated import rated_entries

        with self._file.reading() as run:
            return rated_entries(run)

    def rated(self) -> list[RatedReply]:
        """All rated or corrected replies with what they answered (rated.py makes rows of them)."""
        from engine.chats.rated import rated_replies

        with self._file.reading() as run:
            return list(rated_replies(run, lambda chat_id: read_chat(run, chat_id)))

    # ---- inside ----

    def _change_chat(self, chat_id: str, change: str, values: tuple[Any, ...]) -> None:
        with self._file.writing() as run:
            expect_one(run(f"UPDATE chats SET {change} WHERE id = ?", (*values, chat_id)))

"""The chats on this disk: one SQLite file, read and written through one ChatStore per thread.

Every call that returns is on the disk (WAL, synchronous FULL). A call waits for the disk, so the
window makes it in a thread of its own; a script calls it directly. A chat is a tree of messages
(schema.py); what comes out are plain values (records.py). Several processes may use one file.

    with ChatStore(user_paths().chats) as store:
        chat_id = store.create_chat()
        question = store.add_message(chat_id, None, "user", "Why is the sea salt?")
        reply = store.begin_reply(chat_id, question)
        store.append_reply(reply, "Rivers carry ")
        store.finish_reply(reply, "done", "Rivers carry salt into it.")
"""

import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

from engine.chats.database import (
    Run,
    errors_in_words,
    expect_one,
    gone,
    open_database,
    storable,
)
from engine.chats.records import Chat, ChatInfo, ChatRow, Message, State, title_from
from engine.chats.replies import (
    add_part,
    finish,
    gather_parts,
    kept_tokens,
    left_behind,
    read_parts,
    read_parts_of_chat,
    resume,
    stop,
)
from engine.chats.rows import (
    ALL_MESSAGES,
    FIND_CHAT,
    INSERT_MESSAGE,
    LIST_CHATS,
    SIBLINGS,
    chat_info,
    chat_row,
    message_of,
    message_values,
)
from engine.chats.schema import transaction
from engine.chats.writers import this_process
from engine.process.messages import Role, Token

__all__ = ["Chat", "ChatInfo", "ChatRow", "ChatStore", "Message", "State"]


class ChatStore:
    """The chats in one file. Used from the thread that made it, and no other.

    `notice` is what the user is to be told after opening (a damaged file was set aside), or None.

    Raises:
        AppError: from every call, where the disk or the file refuses or a chat is not there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection, self.notice = open_database(path)

    def __enter__(self) -> "ChatStore":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @cached_property
    def _writer(self) -> str:
        """This process, as the writer of replies; asked late, as listing chats needs it not."""
        return this_process()

    def close(self) -> None:
        with errors_in_words(self._path):
            self._connection.close()

    # ---- chats ----

    def create_chat(
        self,
        title: str = "",
        *,
        model_path: str = "",
        model_name: str = "",
        settings: str = "",
        chat_id: str = "",
    ) -> str:
        """A new, empty chat; without a title it takes one from the first words of its user.

        Args:
            settings: JSON, kept as it is.
            chat_id: the id it gets; a new one where empty.
        """
        chat_id, now_s = chat_id or _new_id(), time.time()
        values = (chat_id, storable(title), not title, now_s, now_s)
        with self._writing() as run:
            run(
                "INSERT INTO chats (id, title, title_is_auto, created_s, updated_s, model_path,"
                " model_name, settings) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (*values, storable(model_path), storable(model_name), storable(settings)),
            )
        return chat_id

    def list_chats(self, *, deleted: bool = False) -> list[ChatRow]:
        """Chats newest first: those in use, or those deleted and not yet purged."""
        with self._reading() as run:
            return [chat_row(row) for row in run(LIST_CHATS, (deleted,))]

    def open_chat(self, chat_id: str) -> Chat:
        """A chat with its whole tree; a reply still being written has the text saved so far."""
        with self._reading() as run:
            found = run(FIND_CHAT, (chat_id,)).fetchone()
            if found is None:
                raise gone()
            rows = run(ALL_MESSAGES, (chat_id,)).fetchall()
            parts = read_parts_of_chat(run, chat_id)
        messages = {row[0]: message_of(row, parts.get(row[0], "")) for row in rows}
        return Chat(chat_info(found), messages)

    def rename(self, chat_id: str, title: str, *, automatic: bool = False) -> None:
        """Give a title. An automatic one gives way to the one a person gave before."""
        self._change_chat(
            chat_id,
            "title = CASE WHEN ? AND NOT title_is_auto THEN title ELSE ? END,"
            " title_is_auto = title_is_auto AND ?",
            (automatic, storable(title), automatic),
        )

    def delete(self, chat_id: str) -> None:
        """Take a chat out of the list; `restore` brings it back until `purge_deleted`."""
        self._change_chat(chat_id, "deleted_s = ?", (time.time(),))

    def restore(self, chat_id: str) -> None:
        self._change_chat(chat_id, "deleted_s = NULL", ())

    def purge_deleted(self, before_s: float) -> int:
        """Remove for good what was deleted before a time; how many chats that were."""
        with self._writing() as run:
            return run("DELETE FROM chats WHERE deleted_s < ?", (before_s,)).rowcount

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

    # ---- the tree ----

    def add_message(
        self,
        chat_id: str,
        parent_id: str | None,
        role: Role,
        content: str,
        *,
        message_id: str = "",
    ) -> str:
        """A finished message, which becomes the head. An edit is one with the same parent.

        Args:
            parent_id: the message it follows; None for a first one.
            message_id: the id it gets; a new one where empty.
        """
        message = Message(message_id or _new_id(), parent_id, role, content, time.time())
        return self._insert(chat_id, message)

    def set_head(self, chat_id: str, message_id: str | None) -> None:
        """Show the branch that ends in this message; None shows the chat's beginning."""
        known = "(SELECT count(*) FROM messages WHERE id = ? AND chat_id = chats.id)"
        with self._writing() as run:
            changed = run(
                f"UPDATE chats SET head_id = ? WHERE id = ? AND (? IS NULL OR {known})",
                (message_id, chat_id, message_id, message_id),
            )
            expect_one(changed)

    def siblings(self, message_id: str) -> list[str]:
        """A message and the other versions of it, oldest first."""
        with self._reading() as run:
            rows = run(SIBLINGS, (message_id,)).fetchall()
        if not rows:
            raise gone()
        return [row[0] for row in rows]

    # ---- replies ----

    def begin_reply(
        self,
        chat_id: str,
        parent_id: str | None,
        *,
        model_name: str = "",
        content: str = "",
        message_id: str = "",
    ) -> str:
        """A reply about to be written by this process; it becomes the head.

        Args:
            content: its first words, where they were given.
        """
        message = Message(
            message_id or _new_id(),
            parent_id,
            "assistant",
            content,
            time.time(),
            state="streaming",
            model_name=model_name,
        )
        return self._insert(chat_id, message, self._writer)

    def resume_reply(self, message_id: str) -> None:
        """This process goes on with a reply that had ended; what is appended follows its text."""
        with self._writing() as run:
            resume(run, message_id, self._writer)

    def append_reply(self, message_id: str, text: str, tokens: Sequence[Token] = ()) -> None:
        """Save what came since the last time; costs the same however long the reply is."""
        with self._writing() as run:
            add_part(run, message_id, text, tokens)

    def finish_reply(
        self,
        message_id: str,
        state: State,
        content: str | None = None,
        details: dict[str, Any] | None = None,
        tokens: Sequence[Token] | None = None,
        *,
        model_name: str = "",
    ) -> None:
        """The reply has ended.

        Args:
            content, tokens: all of them; None for what was appended.
            details: JSON values; None leaves what was there.
            model_name: where it was not known at the beginning.
        """
        with self._writing() as run:
            gather_parts(run, message_id, content, tokens)
            finish(run, message_id, state, details, model_name)

    def tokens(self, message_id: str) -> list[Token]:
        """The tokens of a reply as they were saved, with their probabilities; [] if none were."""
        with self._reading() as run:
            return kept_tokens(run, message_id) + read_parts(run, message_id)[1]

    def recover(self) -> int:
        """End the replies that a process began and did not live to finish; their text is kept.

        Replies that a living process writes, this one or another window's, are left alone.

        Returns:
            How many were ended.
        """
        with self._writing() as run:
            left = left_behind(run, self._writer)
            for message_id in left:
                gather_parts(run, message_id, None, None)
                stop(run, message_id)
        return len(left)

    # ---- inside ----

    @contextmanager
    def _writing(self) -> Iterator[Run]:
        with errors_in_words(self._path), transaction(self._connection):
            yield self._connection.execute

    @contextmanager
    def _reading(self) -> Iterator[Run]:
        with errors_in_words(self._path), transaction(self._connection, "DEFERRED"):
            yield self._connection.execute

    def _change_chat(self, chat_id: str, change: str, values: tuple[Any, ...]) -> None:
        with self._writing() as run:
            expect_one(run(f"UPDATE chats SET {change} WHERE id = ?", (*values, chat_id)))

    def _insert(self, chat_id: str, message: Message, writer: str = "") -> str:
        """Write a message and make it the head; its id."""
        row = (chat_id, *message_values(message), writer)
        with self._writing() as run:
            run(INSERT_MESSAGE, row)
            expect_one(
                run(
                    "UPDATE chats SET head_id = ?, updated_s = ? WHERE id = ?",
                    (message.id, message.created_s, chat_id),
                )
            )
            if message.role == "user":
                run(
                    "UPDATE chats SET title = ? WHERE id = ? AND title = '' AND title_is_auto",
                    (storable(title_from(message.content)), chat_id),
                )
        return message.id


def _new_id() -> str:
    return uuid.uuid4().hex

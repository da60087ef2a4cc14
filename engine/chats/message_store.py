"""The messages of the chats: the tree that is added to, and replies written part by part.

The lower half of ChatStore (store.py), which adds the chats themselves.
"""

import time
import uuid
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from engine.chats import trees
from engine.chats.database import expect_one, gone, storable
from engine.chats.open_file import OpenFile
from engine.chats.records import Message, State
from engine.chats.replies import (
    add_part,
    finish,
    gather_parts,
    kept_tokens,
    left_behind,
    read_parts,
    resume,
    stop,
)
from engine.chats.rows import SIBLINGS
from engine.chats.writers import this_process
from engine.process.messages import Role, Token


class MessageStore:
    """The messages in one file.

    Args:
        path: the file; None keeps all in memory.
    """

    def __init__(self, path: Path | None) -> None:
        self._file = OpenFile(path)
        self.notice = self._file.notice

    def __enter__(self) -> Self:
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
        self._file.close()

    # ---- the tree ----

    def add_message(
        self,
        chat_id: str,
        parent_id: str | None,
        role: Role,
        content: str,
        *,
        message_id: str = "",
        details: dict[str, Any] | None = None,
        state: State = "done",
        model_name: str = "",
    ) -> str:
        """A finished message, which becomes the head. An edit is one with the same parent.

        Args:
            parent_id: the message it follows; None for a first one.
            message_id: the id it gets; a new one where empty.
        """
        message = Message(
            message_id or new_id(),
            parent_id,
            role,
            content,
            time.time(),
            state=state,
            model_name=model_name,
            details=details or {},
        )
        with self._file.writing() as run:
            trees.insert(run, chat_id, message)
        return message.id

    def set_head(self, chat_id: str, message_id: str | None) -> None:
        """Show the branch that ends in this message; None shows the chat's beginning."""
        known = "(SELECT count(*) FROM messages WHERE id = ? AND chat_id = chats.id)"
        with self._file.writing() as run:
            changed = run(
                f"UPDATE chats SET head_id = ? WHERE id = ? AND (? IS NULL OR {known})",
                (message_id, chat_id, message_id, message_id),
            )
            expect_one(changed)

    def siblings(self, message_id: str) -> list[str]:
        """A message and the other versions of it, oldest first."""
        with self._file.reading() as run:
            rows = run(SIBLINGS, (message_id,)).fetchall()
        if not rows:
            raise gone()
        return [row[0] for row in rows]

    def delete_message(self, message_id: str) -> None:
        """Take a message and what follows it out of the chat; `restore_message` brings it back."""
        with self._file.writing() as run:
            trees.delete(run, message_id)

    def restore_message(self, message_id: str) -> None:
        with self._file.writing() as run:
            trees.restore(run, message_id)

    def set_content(
        self, message_id: str, content: str, tokens: Sequence[Token] | None = None
    ) -> None:
        """Change a message in place.

        Args:
            tokens: what the new text was measured as; None leaves those there alone.
        """
        with self._file.writing() as run:
            trees.set_content(run, message_id, content, tokens)

    def set_rating(self, message_id: str, rating: int) -> None:
        """1 good, -1 bad, 0 neither."""
        with self._file.writing() as run:
            trees.judge(run, message_id, "rating", rating)

    def set_correction(self, message_id: str, text: str) -> None:
        """What a reply should have said; "" for none."""
        with self._file.writing() as run:
            trees.judge(run, message_id, "correction", storable(text))

    def set_tags(self, message_id: str, tags: Sequence[str]) -> None:
        with self._file.writing() as run:
            trees.tag(run, message_id, tags)

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
            message_id or new_id(),
            parent_id,
            "assistant",
            content,
            time.time(),
            state="streaming",
            model_name=model_name,
        )
        writer = self._writer
        with self._file.writing() as run:
            trees.insert(run, chat_id, message, writer)
        return message.id

    def resume_reply(self, message_id: str) -> None:
        """This process goes on with a reply that had ended; what is appended follows its text."""
        with self._file.writing() as run:
            resume(run, message_id, self._writer)

    def append_reply(self, message_id: str, text: str, tokens: Sequence[Token] = ()) -> None:
        """Save what came since the last time; costs the same however long the reply is."""
        with self._file.writing() as run:
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
        with self._file.writing() as run:
            gather_parts(run, message_id, content, tokens)
            finish(run, message_id, state, details, model_name)

    def tokens(self, message_id: str) -> list[Token]:
        """The tokens of a reply as they were saved, with their probabilities; [] if none were."""
        with self._file.reading() as run:
            return kept_tokens(run, message_id) + read_parts(run, message_id)[1]

    def recover(self) -> int:
        """End the replies that a process began and did not live to finish; their text is kept.

        Replies that a living process writes, this one or another window's, are left alone.

        Returns:
            How many were ended.
        """
        with self._file.writing() as run:
            left = left_behind(run, self._writer)
            for message_id in left:
                gather_parts(run, message_id, None, None)
                stop(run, message_id)
        return len(left)


def new_id() -> str:
    return uuid.uuid4().hex

"""Puts a question to all columns: has the session write it below each column's branch, plans who
answers when, and hands the empty replies to the writers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec.structs import replace

from gui.chat.asking import Place
from gui.chat.columns.column_state import Column
from gui.chat.columns.library import ColumnLibrary
from gui.chat.columns.plan import Plan
from gui.chat.columns.writers import Draw, Writers
from gui.chat.conversation import Conversation, Turn
from gui.chat.session import ChatSession

Begun = Callable[[Plan], None]


class ColumnAsker:
    """Asks columns, which get the replies as their heads."""

    def __init__(self, session: ChatSession, library: ColumnLibrary, writers: Writers) -> None:
        self._session, self._library, self._writers = session, library, writers

    def ask(
        self,
        columns: list[Column],
        text: str,
        prefill: str,
        attachments: Sequence[dict[str, Any]],
        begun: Begun,
    ) -> bool:
        """Put one question to all columns; False where it was refused.

        Args:
            begun: told the plan when the replies are the columns' heads.
        """
        heads = [column.head_id for column in columns]
        return self._begin(columns, heads, begun, text, prefill, attachments)

    def ask_again(self, columns: list[Column], begun: Begun) -> bool:
        """Answer each column's last question once more, as further versions."""
        conversation = self._session.conversation
        paths = [conversation.path_to(column.head_id) for column in columns]
        if not all(path and path[-1].role == "assistant" for path in paths):
            return False
        return self._begin(columns, [path[-1].parent_id for path in paths], begun)

    def _begin(
        self,
        columns: list[Column],
        parents: list[str | None],
        begun: Begun,
        text: str = "",
        prefill: str = "",
        attachments: Sequence[dict[str, Any]] = (),
    ) -> bool:
        # Of copies: the columns stay where they are until the store has the replies.
        asked = [replace(one, head_id=at) for one, at in zip(columns, parents, strict=True)]
        plan = self._library.plan(asked)

        def write(place: Place, replies: list[Turn]) -> None:
            for column, copy, reply in zip(columns, asked, replies, strict=True):
                column.head_id = copy.head_id = reply.id
            self._writers.write(place, [_draw(batch, plan, place) for batch in plan.batches])
            begun(plan)

        return self._session.ask_many(
            parents,
            [self._library.model_name(column) for column in columns],
            write,
            text=text,
            attachments=attachments,
            prefill=prefill,
            needs_model=any(not column.own.model_path for column in columns),
        )


def base_of(conversation: Conversation, column: Column) -> str | None:
    """Where a column beside this one begins: before its last question."""
    path = conversation.path_to(column.head_id)
    return path[-3].id if len(path) > 2 else None


def is_there(conversation: Conversation, column: Column) -> bool:
    """What a column shows is in the chat, and nothing of it was deleted."""
    if column.head_id is None:
        return True
    return column.head_id in conversation and not any(
        turn.id in conversation.removed for turn in conversation.path_to(column.head_id)
    )


def _draw(batch: Sequence[Column], plan: Plan, place: Place) -> Draw:
    """One request, for columns whose heads are the replies to be written."""
    path = batch[0].own.model_path
    replies = [(one.head_id or "", one.own.over(place.settings)) for one in batch]
    return Draw(path, plan.needed.get(path, 0), replies)

"""A column's branch in its transcript: shown from its beginning, kept in step while a reply is
written into it, marked where the columns agree.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from gui.chat.columns.agreement import Range, agreed_share
from gui.chat.columns.agreement_marks import agreement_book
from gui.chat.columns.column_state import Column
from gui.chat.columns.column_view import ColumnView
from gui.chat.conversation import Turn
from gui.chat.features import ChatParts
from gui.chat.streaming import StreamingReply
from gui.chat.transcript_views import view_of
from gui.chat.words import reading_text, reasoning_text, tr
from gui.widgets.token_marks import TokenBook
from gui.widgets.transcript import MessageView

# What can be done with a message in a column, of what the room's parts add to every message.
ACTIONS = frozenset(
    {
        "received",
        "replay",
        "show_attached",
        "branch",
        "good",
        "bad",
        "correct",
        "tags",
    }
)


class ColumnPage:
    """Between a column and its view."""

    def __init__(self, parts: ChatParts, column: Column, view: ColumnView) -> None:
        self.column, self.view = column, view
        self._parts = parts
        self._reasoning = ""
        self.waits = False  # for memory, until a model before it has ended
        page, room = view.transcript, parts.work.transcript
        page.column.added += [one for one in room.column.added if one.key in ACTIONS]
        page.column.is_locked = lambda: True
        page.action_requested.connect(room.action_requested)
        page.link_activated.connect(room.link_activated)

    # ---- what there is ----

    @property
    def reply(self) -> StreamingReply | None:
        """What is being written into the column."""
        head_id = self.column.head_id
        return self._parts.replies.streaming(head_id) if head_id else None

    def path(self) -> list[Turn]:
        return self._parts.session.conversation.path_to(self.column.head_id)

    def last_reply(self) -> Turn | None:
        """The finished reply that the branch ends with."""
        path = self.path()
        is_there = bool(path) and path[-1].role == "assistant" and self.reply is None
        return path[-1] if is_there and path[-1].content else None

    # ---- showing ----

    def show(self) -> None:
        """The whole branch anew."""
        self.view.transcript.set_token_book(self._certainty)
        self.view.transcript.set_messages([self._message(turn) for turn in self.path()])
        self.view.set_status(self._status())
        self.view.keep.setEnabled(bool(self.column.head_id) and self.reply is None)

    def show_turn(self, turn_id: str) -> None:
        """A message says something else, or was judged."""
        if self.view.transcript.column.index_of(turn_id) is not None:
            turn = self._parts.session.conversation.turn(turn_id)
            self.view.transcript.update_message(self._message(turn))

    def take_text(self, text: str) -> None:
        """More of the reply being written."""
        reply = self.reply
        if reply is not None:
            self.view.set_status("")
            self.view.transcript.append_text(reply.reply_id, text)
            self._show_reasoning(reply)

    def take_progress(self) -> None:
        """The prompt is being read, or messages were left out of it."""
        reply = self.reply
        if reply is not None:
            self.view.set_status(self._status())
            if reply.lacks_messages:
                self.show_turn(reply.reply_id)

    def take_load(self, fraction: float) -> None:
        """The model that is to answer here is being loaded, or is there: 1."""
        self.waits = False
        if self.reply is not None:
            words = tr("Loading the model: {n} %").format(n=round(100 * fraction))
            self.view.set_status(words if fraction < 1.0 else "")

    def finish(self, reply: StreamingReply) -> None:
        """The reply is over."""
        turn = self._parts.session.conversation.turn(reply.reply_id)
        self.view.transcript.finish_reply(turn.id, self._message(turn))
        self.view.set_status(self._status())
        self.view.keep.setEnabled(True)

    def mark(self, turn: Turn, agreed: Sequence[Range]) -> None:
        """Mark what all columns say, unless certainty colours the tokens; say how much it is."""
        colour = self._parts.context.theme.palette.accent_soft
        book = agreement_book(turn.id, turn.content, agreed, colour)
        self.view.transcript.set_token_book(self._certainty or book)
        share = round(100 * agreed_share(turn.content, agreed))
        tip = tr(
            "How many of its words stand, three or more in a row, in the replies of all columns:"
            " they are marked"
        )
        self.view.set_status(tr("{n} % in common").format(n=share), tip)

    def unmark(self) -> None:
        """There is nothing to compare yet."""
        self.view.transcript.set_token_book(self._certainty)
        self.view.set_status(self._status())

    @property
    def _certainty(self) -> TokenBook | None:
        """The room's colours, where they are on."""
        return self._parts.work.transcript.token_book

    def _message(self, turn: Turn) -> MessageView:
        """A turn as a column shows it: its versions stand beside it, in the other columns."""
        streaming, is_base = self._parts.replies.streaming(turn.id), self._parts.session.is_base
        view = view_of(self._parts.session.conversation, turn, streaming, is_base=is_base)
        return replace(view, version=1, n_versions=1)

    def _show_reasoning(self, reply: StreamingReply) -> None:
        thinking = reply.thinking
        words = reasoning_text(thinking.ms, thinking.n_tokens, is_on=thinking.is_on)
        if words != self._reasoning and (thinking.is_on or self._reasoning):
            self._reasoning = words if thinking.is_on else ""
            self.show_turn(reply.reply_id)

    def _status(self) -> str:
        """What there is to say of the reply beside its words."""
        reply, path = self.reply, self.path()
        if reply is not None:
            if reply.is_reading() and reply.n_prompt_done < reply.n_prompt_total:
                return reading_text(reply.n_prompt_done, reply.n_prompt_total)
            return tr("Waits for its turn…") if self.waits and not reply.n_tokens else ""
        if path and path[-1].role == "assistant" and path[-1].state == "failed":
            return str(path[-1].details.get("error", "")) or tr("The reply failed.")
        return ""

"""One message put to several branches at once, and answered in each; who writes the answers is told
by whoever asked.

A layer of the session (shelf, open chat, changes, asking, this one, session).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gui.chat import message_file
from gui.chat.asking import ATTACHMENTS, AskingChat, Place
from gui.chat.conversation import Turn
from gui.chat.message_file import SentMany

Write = Callable[[Place, list[Turn]], None]


class ManyAsking(AskingChat):
    """The open chat, asked in several of its branches."""

    def ask_many(
        self,
        parents: Sequence[str | None],
        model_names: Sequence[str],
        write: Write,
        *,
        text: str = "",
        attachments: Sequence[dict[str, Any]] = (),
        prefill: str = "",
        needs_model: bool = True,
    ) -> bool:
        """Begin a reply below each parent, with the text as a message between where there is one.

        Args:
            write: has the replies written; given their place and the empty replies, in the order of
                the parents, also where another chat was opened meanwhile.
            needs_model: some of them are the room's model's to write.

        Returns:
            False where it was refused.
        """
        if self.is_busy or (needs_model and self._refuses(text)):
            return False
        place, before = self._here(), self.conversation.head_id
        details = {ATTACHMENTS: list(attachments)} if attachments else {}
        question = Turn("", None, "user", text, details=details) if text else None
        unsent = self._take_draft() if text else None
        self._is_sending = True

        def take(sent: SentMany) -> None:
            for turn in (*sent.questions, *sent.replies):
                place.conversation.add(turn)
            for reply in sent.replies:
                self._places[reply.id] = place
            if text and before is None:
                self._name_after(place, text)
            write(place, sent.replies)
            if place.conversation is self.conversation:
                self._is_sending = False
                self.branch_changed.emit()
            self.list_chats()

        place.store.call(
            lambda store: message_file.send_many(
                store,
                place.handle,
                parents,
                question,
                place.settings,
                model_names,
                prefill,
                unsent,
            ),
            take,
            self._refuser(text),
        )
        return True

"""From the chat to the Tokens room and back: a message's text, or all messages as they are sent,
and the way back to where they came from.
"""

from __future__ import annotations

from engine.errors import AppError
from engine.process.messages import ChatMessage
from gui.chat import chat_file
from gui.chat.chat_file import OpenedChat
from gui.chat.conversation import sent_text
from gui.chat.features import ChatParts, Feature
from gui.chat.receipt import Given
from gui.chat.words import tr
from gui.tokens.from_chat import OPEN_MESSAGE, OPEN_PROMPT, OPEN_TEXT, ChatPrompt, Origin
from gui.widgets.transcript import MessageAction

KEY = "see-tokens"
SHORTCUT = "I"
CHAT_SHORTCUT = "Ctrl+Shift+I"
# The starter's name among tokenizers (gui/tokens/state.py, which brings numpy).
STARTER = "starter"


class TokensLink(Feature):
    """A line of every message's menu, one of the room's, and the opener of a message."""

    def __init__(self, parts: ChatParts) -> None:
        super().__init__(parts)
        tip = tr("Take this text apart in the Tokens room: its tokens, their ids and bytes")
        parts.work.transcript.add_message_action(
            MessageAction(KEY, tr("See it in Tokens"), "tokens", shortcut=SHORTCUT, tip=tip)
        )
        parts.work.transcript.action_requested.connect(self._on_action_requested)
        parts.add_action(tr("See the chat’s messages in &Tokens"), self.send_chat, CHAT_SHORTCUT)
        parts.context.openers[OPEN_MESSAGE] = self.open_message

    # ---- there ----

    def _on_action_requested(self, key: str, message_id: str) -> None:
        if key == KEY:
            self.send_message(message_id)

    def send_message(self, message_id: str) -> None:
        """Look at a message's text, with what its files add to it."""
        turn = self.parts.session.conversation.turn(message_id)
        _open(self.parts, OPEN_TEXT, sent_text(turn), _origin(self.parts, message_id))

    def send_chat(self) -> None:
        """Look at all messages of the branch as they would be sent."""
        session = self.parts.session
        if session.is_base:
            text = session.conversation.text_shown()
            _open(self.parts, OPEN_TEXT, text, _origin(self.parts, ""))
            return
        shown = session.conversation.messages_shown(session.settings.system_prompt)
        _send_messages(self.parts, shown, "")

    # ---- and back ----

    def open_message(self, chat_id: str, message_id: str) -> None:
        """Open a chat, at a message where one is named; say so where it is gone."""
        session = self.parts.session
        if not chat_id or chat_id == session.chat_id:
            if message_id in session.conversation:
                session.show_message(chat_id, message_id)
            return

        def go(chat: OpenedChat | None) -> None:
            if chat is None:
                self._say_gone()
            elif message_id in chat.conversation:
                session.show_message(chat_id, message_id)
            else:
                session.open(chat_id)

        self.parts.store.call(lambda store: chat_file.find_chat(store, chat_id), go)

    def _say_gone(self) -> None:
        self.parts.context.notices.show_error(
            AppError(
                tr("The chat that this came from is not there any more."),
                tr("It was deleted, or it was a temporary one. What you see in Tokens stays."),
            )
        )


def send_prompt(parts: ChatParts, given: Given, message_id: str) -> None:
    """Look at what a reply was given: its messages, or the raw text."""
    if given.is_raw:
        text = "".join(one.content for one in given.sources) + given.prefill
        _open(parts, OPEN_TEXT, text, _origin(parts, message_id))
        return
    left_out = frozenset(given.dropped)
    kept = [one for place, one in enumerate(given.sources) if place not in left_out]
    _send_messages(parts, kept, message_id)


def _send_messages(parts: ChatParts, messages: list[ChatMessage], message_id: str) -> None:
    model = parts.loader.model
    source = model.path if model is not None else STARTER
    prompt = ChatPrompt(tuple(messages), source, _origin(parts, message_id))
    _open(parts, OPEN_PROMPT, prompt)


def _origin(parts: ChatParts, message_id: str) -> Origin:
    session = parts.session
    return Origin(session.chat_id, session.title, message_id, session.is_temporary)


def _open(parts: ChatParts, opener: str, *what: object) -> None:
    """Go to the room; its openers are there once it is shown."""
    parts.context.rooms["tokens"]()
    parts.context.openers[opener](*what)

"""What comes from the Chat room, and the way back: shared by both rooms, so light. No widgets."""

from __future__ import annotations

from msgspec import Struct

from engine.process.messages import ChatMessage

# Names in AppContext.openers. The first three are there once the Tokens room was shown.
OPEN_TEXT = "tokens.text"  # (text, Origin)
OPEN_PROMPT = "tokens.chat"  # (ChatPrompt)
OPEN_TOKENIZER = "tokens.tokenizer"  # (path of a GGUF or a tokenizer.json)
OPEN_MESSAGE = "chat.message"  # (chat id, message id or "")


class Origin(Struct, frozen=True):
    """Where something came from. message_id "": the chat as a whole. is_private: from a temporary
    chat, so nothing of it is written to the disk. room: where it leads back to; of another than
    "chat" the title says all ("row 17 of night-porter")."""

    chat_id: str
    title: str
    message_id: str = ""
    is_private: bool = False
    room: str = "chat"


class ChatPrompt(Struct, frozen=True):
    """A chat's messages as they are sent. source: the tokenizer whose template they go through."""

    messages: tuple[ChatMessage, ...]
    source: str
    origin: Origin

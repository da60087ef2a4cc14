"""Turns of a conversation as the transcript shows them. Builds values; draws nothing."""

from gui.chat.conversation import Conversation, Turn
from gui.chat.streaming import StreamingReply
from gui.chat.words import dropped_text, footer_text, reading_text, tr
from gui.widgets.transcript import MessageView


def view_of(
    conversation: Conversation, turn: Turn, streaming: StreamingReply | None, *, is_base: bool
) -> MessageView:
    """One turn; `streaming` where it is being written."""
    version, n_versions = conversation.version_of(turn.id)
    return MessageView(
        id=turn.id,
        role=turn.role,
        heading=heading_of(turn, is_base=is_base),
        text=streaming.text if streaming else turn.content,
        footer="" if streaming else footer_text(turn.details),
        version=version,
        n_versions=n_versions,
        streaming=streaming is not None,
        note=note_of(turn, streaming),
    )


def heading_of(turn: Turn, *, is_base: bool) -> str:
    if turn.role == "user":
        return tr("Text") if is_base else tr("You")
    name = turn.model_name or tr("Model")
    return tr("{name} goes on").format(name=name) if is_base else name


def note_of(turn: Turn, streaming: StreamingReply | None) -> str:
    """What stands above a reply: which messages were left out for it."""
    if streaming is not None:
        return dropped_text(streaming.dropped, streaming.n_dropped_tokens)
    return dropped_text(turn.details.get("dropped", []), turn.details.get("n_dropped_tokens", 0))


def status_of(reply: StreamingReply | None, *, is_loading: bool) -> str:
    """The quiet line in the composer while a reply is on its way."""
    if reply is None:
        return ""
    if is_loading:
        return tr("Waiting for the model…")
    if reply.is_reading() and reply.n_prompt_done < reply.n_prompt_total:
        return reading_text(reply.n_prompt_done, reply.n_prompt_total)
    return ""

"""Turns of a conversation as the transcript shows them. Builds values; draws nothing."""

from gui.chat.attach_words import sent_line
from gui.chat.conversation import Conversation, Turn
from gui.chat.receipt import footer_actions
from gui.chat.streaming import StreamingReply
from gui.chat.words import (
    dropped_later_text,
    dropped_text,
    footer_text,
    marks_text,
    reading_text,
    reasoning_text,
    tr,
)
from gui.widgets.transcript import MessageView


def view_of(
    conversation: Conversation,
    turn: Turn,
    streaming: StreamingReply | None,
    *,
    is_base: bool,
    as_corrected: bool = False,
) -> MessageView:
    """One turn; `streaming` where it is being written. as_corrected: show what a reply should have
    said in place of what it says.
    """
    is_open = streaming is not None or turn.state == "streaming"
    version, n_versions = conversation.version_of(turn.id)
    return MessageView(
        id=turn.id,
        role=turn.role,
        heading=heading_of(turn, is_base=is_base),
        text=_text_of(turn, streaming, as_corrected=as_corrected),
        footer="" if is_open else _footer_of(turn),
        footer_actions=() if is_open else footer_actions(turn),
        version=version,
        n_versions=n_versions,
        streaming=is_open,
        note=tr("Your correction") if as_corrected else note_of(turn, streaming),
        reasoning=reasoning_of(turn, streaming),
    )


def _text_of(turn: Turn, streaming: StreamingReply | None, *, as_corrected: bool) -> str:
    if as_corrected:
        return turn.correction
    return streaming.text if streaming else turn.content


def _footer_of(turn: Turn) -> str:
    marks = marks_text(turn.rating, turn.correction, turn.tags, turn.details)
    return " · ".join(part for part in (footer_text(turn.details), marks) if part)


def reasoning_of(turn: Turn, streaming: StreamingReply | None) -> str:
    """What stands for a reply's reasoning while it is folded."""
    if streaming is not None:
        thinking = streaming.thinking
        return reasoning_text(thinking.ms, thinking.n_tokens, is_on=thinking.is_on)
    details = turn.details
    n_tokens = int(details.get("n_reasoning", 0))
    if n_tokens and "reasoning_ms" not in details:
        return tr("Thought · {n} tokens").format(n=f"{n_tokens:,}")
    return reasoning_text(int(details.get("reasoning_ms", 0)), n_tokens, is_on=False)


def heading_of(turn: Turn, *, is_base: bool) -> str:
    if turn.role == "user":
        return tr("Text") if is_base else tr("You")
    name = turn.model_name or tr("Model")
    return tr("{name} goes on").format(name=name) if is_base else name


def note_of(turn: Turn, streaming: StreamingReply | None) -> str:
    """What stands above a reply: which messages were left out for it; above a message: what was
    attached to it."""
    if turn.role == "user":
        return sent_line(turn.details.get("attachments", []))
    if streaming is not None:
        first = dropped_text(streaming.dropped, streaming.n_dropped_tokens)
        later = dropped_later_text(streaming.dropped_later, streaming.n_dropped_later_tokens)
    else:
        kept = turn.details
        first = dropped_text(kept.get("dropped", []), kept.get("n_dropped_tokens", 0))
        later = dropped_later_text(
            kept.get("dropped_later", []), kept.get("n_dropped_later_tokens", 0)
        )
    return " ".join(words for words in (first, later) if words)


def status_of(reply: StreamingReply | None, *, is_loading: bool) -> str:
    """The quiet line in the composer while a reply is on its way."""
    if reply is None:
        return ""
    if is_loading:
        return tr("Waiting for the model…")
    if reply.is_reading() and reply.n_prompt_done < reply.n_prompt_total:
        return reading_text(reply.n_prompt_done, reply.n_prompt_total)
    return ""

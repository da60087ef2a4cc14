"""What the chat room asks of the store, in the room's own terms: messages and replies. Runs on the
store's thread.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from engine.process.messages import Token
from gui.chat.chat_file import ChatHandle, ensured, set_settings
from gui.chat.chat_settings import ChatSettings
from gui.chat.conversation import Beginning, State, Turn

if TYPE_CHECKING:
    from engine.chats.store import ChatStore

# Ends after which the model had more to say: its tokens, not their text, are what it goes on from.
MID_WORD = frozenset({"cancelled", "length", "context", "interrupted", "failed"})


class SentTurn(Struct, frozen=True):
    """A message that was sent, and the reply that will answer it."""

    question: Turn
    reply: Turn


class SentMany(Struct, frozen=True):
    """A message as it stands in several branches, and the replies that will answer it there."""

    questions: list[Turn]
    replies: list[Turn]


# ---- sending ----


def send_turn(
    store: ChatStore,
    handle: ChatHandle,
    question: Turn,
    settings: ChatSettings,
    model_name: str,
    given: str = "",
    unsent: dict[str, Any] | None = None,
    draft: str = "",
) -> SentTurn:
    """Keep a message and begin its reply; the draft it was is gone with it.

    Args:
        question: without an id, which it gets here.
        given: the reply's first words.
        unsent: what stays typed beside the text; None where that did not change.
        draft: what stays in the field, where the message did not come from there.
    """
    chat_id = ensured(store, handle, settings)
    turn_id = store.add_message(
        chat_id, question.parent_id, "user", question.content, details=question.details or None
    )
    reply = begin_reply(store, handle, turn_id, model_name, given)
    store.set_draft(chat_id, draft)
    if unsent is not None:
        set_settings(store, handle, settings, unsent)
    return SentTurn(msgspec.structs.replace(question, id=turn_id, created_s=time.time()), reply)


def send_many(
    store: ChatStore,
    handle: ChatHandle,
    parents: Sequence[str | None],
    question: Turn | None,
    settings: ChatSettings,
    model_names: Sequence[str],
    given: str = "",
    unsent: dict[str, Any] | None = None,
) -> SentMany:
    """Keep a message below each of these parents, once for those that are the same, and begin a
    reply for each; without a message the replies answer the parents themselves.

    Args:
        parents, model_names: of each reply; the others as for `send_turn`.
    """
    chat_id = ensured(store, handle, settings)
    asked: dict[str | None, Turn] = {}
    for parent_id in dict.fromkeys(parents) if question is not None else ():
        assert question is not None
        details = question.details or None
        turn_id = store.add_message(chat_id, parent_id, "user", question.content, details=details)
        asked[parent_id] = msgspec.structs.replace(
            question, id=turn_id, parent_id=parent_id, created_s=time.time()
        )
    replies = [
        begin_reply(store, handle, asked[one].id if asked else one, name, given)
        for one, name in zip(parents, model_names, strict=True)
    ]
    if question is not None:
        store.set_draft(chat_id, "")
    if unsent is not None:
        set_settings(store, handle, settings, unsent)
    return SentMany(list(asked.values()), replies)


def begin_reply(
    store: ChatStore,
    handle: ChatHandle,
    parent_id: str | None,
    model_name: str,
    given: str = "",
) -> Turn:
    turn_id = store.begin_reply(handle.id, parent_id, model_name=model_name, content=given)
    return Turn(
        turn_id, parent_id, "assistant", given, "streaming", model_name, created_s=time.time()
    )


def fork_reply(
    store: ChatStore,
    handle: ChatHandle,
    old: Turn,
    ids: Sequence[int],
    text: str,
    model_name: str,
) -> tuple[Turn, Beginning]:
    """Begin a version of a reply whose first tokens are these, with their text. What is known of
    the tokens is handed back, to be kept by `keep_beginning`: the model need not wait for it.

    Args:
        ids: [] where the model that goes on has other tokens: then the text alone is given to it.
    """
    kept = store.tokens(old.id)
    given = _given(old.content, kept)
    tokens = _forked(kept, ids, text)
    reply = begin_reply(store, handle, old.parent_id, model_name, given + text)
    return reply, Beginning(given if ids else given + text, tuple(ids), tuple(tokens))


def keep_beginning(store: ChatStore, turn_id: str, beginning: Beginning) -> None:
    """Keep the tokens that a reply begins with; it has their text already."""
    store.append_reply(turn_id, "", list(beginning.tokens))


def resume_reply(store: ChatStore, turn: Turn, *, by_tokens: bool = False) -> Beginning | None:
    """Begin to write on at a reply.

    Args:
        by_tokens: the model that writes on knows the reply's tokens.

    Returns:
        The tokens it consists of, where they are known and the model had not ended it; None where
        its text is all there is to go on from.
    """
    store.resume_reply(turn.id)
    if (
        not by_tokens
        or turn.state == "done"
        or turn.details.get("finish", "cancelled") not in MID_WORD
    ):
        return None
    tokens = store.tokens(turn.id)
    given = _given(turn.content, tokens)
    is_whole = b"".join(token.piece for token in tokens) == turn.content[len(given) :].encode()
    if not tokens or not is_whole:
        return None  # edited since, or a word is still incomplete
    return Beginning(given, tuple(token.id for token in tokens), tuple(tokens))


def append_reply(store: ChatStore, turn_id: str, text: str, tokens: list[Token]) -> None:
    store.append_reply(turn_id, text, tokens)


def finish_reply(
    store: ChatStore,
    turn_id: str,
    state: State,
    text: str,
    details: dict[str, Any],
    model_name: str,
) -> None:
    store.finish_reply(turn_id, state, text, details, model_name=model_name)


def replace_reply(store: ChatStore, turn_id: str, text: str, tokens: Sequence[Token]) -> None:
    """A reply that is being written says this now, whatever it said before."""
    store.finish_reply(turn_id, "stopped", text, None, tokens)
    store.resume_reply(turn_id)


# ---- changing what is there ----


def set_turn(store: ChatStore, turn: Turn) -> None:
    """Give a message the text, the state and the details of this one; its tokens stay."""
    store.set_content(turn.id, turn.content)
    store.finish_reply(turn.id, turn.state, None, turn.details)


def set_marks(store: ChatStore, turn: Turn) -> None:
    """Give a reply the rating, the correction and the tags of this one."""
    store.set_rating(turn.id, turn.rating)
    store.set_correction(turn.id, turn.correction)
    store.set_tags(turn.id, turn.tags)


def delete_turn(store: ChatStore, handle: ChatHandle, turn_id: str, head_id: str | None) -> None:
    """Take a message and what follows it out of sight; another branch is shown."""
    store.delete_message(turn_id)
    store.set_head(handle.id, head_id)


def restore_turn(store: ChatStore, handle: ChatHandle, turn_id: str, head_id: str | None) -> None:
    store.restore_message(turn_id)
    store.set_head(handle.id, head_id)


# ---- inside ----


def _given(content: str, tokens: Sequence[Token]) -> str:
    """The beginning of a reply that no token stands for: a person gave it."""
    written = "".join(token.text for token in tokens)
    return content[: len(content) - len(written)] if content.endswith(written) else ""


def _forked(kept: list[Token], ids: Sequence[int], text: str) -> list[Token]:
    """The tokens of a fork, [] where they are not known: those before, and the one chosen among the
    alternatives of its place."""
    before = kept[: len(ids) - 1]
    if not ids or [token.id for token in before] != list(ids[:-1]):
        return []
    chosen = _chosen(kept[len(before)] if len(before) < len(kept) else None, ids[-1])
    rest = text[len("".join(token.text for token in before)) :]
    return [*before, Token(ids[-1], chosen[0] or rest.encode(), rest, chosen[1], 0, chosen[2])]


def _chosen(place: Token | None, token_id: int) -> tuple[bytes, float | None, Any]:
    """Bytes, logprob and alternatives of a token at a place where another stood."""
    if place is None or place.top is None:
        return b"", None, None
    for candidate in place.top.before:
        if candidate.id == token_id:
            return candidate.piece, candidate.logprob, place.top
    return b"", None, place.top

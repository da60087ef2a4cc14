"""Replies that were rated or corrected: as a list to look through, and as rows to learn from.

Both are read from the chats each time they are asked for, so that neither can be out of date.
Reads; changes nothing.

    with ChatStore(user_paths().chats) as store:
        text = to_jsonl(rows_to_learn_from(store, Chosen("corrected")))
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from engine.chats.attached import attached_text
from engine.chats.database import Run
from engine.chats.records import EVERY, Chat, Chosen, Message, RatedEntry, RatedReply
from engine.chats.schema import IS_JUDGED
from engine.chats.system_prompt import system_prompt_of
from engine.process.messages import ChatMessage

if TYPE_CHECKING:
    from engine.chats.store import ChatStore

ENTRY_LETTERS = 400

_RATED = f"{IS_JUDGED} AND (rating <> 0 OR correction <> '') AND role = 'assistant'"
_CHATS = f"""
    SELECT id FROM chats WHERE deleted_s IS NULL AND kind = 'chat' AND id IN
        (SELECT chat_id FROM messages WHERE {_RATED})
    ORDER BY row"""
# The plus keeps SQLite from reading all messages in their order: few are rated, and have an index.
_ENTRIES = f"""
    SELECT m.chat_id, m.id, c.title, coalesce(substr(q.content, 1, {ENTRY_LETTERS}), ''),
        substr(m.content, 1, {ENTRY_LETTERS}), substr(m.correction, 1, {ENTRY_LETTERS}),
        m.rating, m.tags, m.created_s
    FROM (SELECT * FROM messages WHERE {_RATED} AND NOT hidden) AS m
    JOIN chats AS c ON c.id = m.chat_id AND c.deleted_s IS NULL AND c.kind = 'chat'
    LEFT JOIN messages AS q ON q.chat_id = m.chat_id AND q.id = m.parent_id
    ORDER BY +m.row DESC"""
_read_tags = msgspec.json.Decoder(tuple[str, ...]).decode


class LearnRow(msgspec.Struct, frozen=True):
    """One conversation to learn from. messages: the last is the assistant's, the answer; model:
    the one that answered."""

    messages: list[ChatMessage]
    rating: int
    tags: tuple[str, ...]
    model: str


# ---- to look through ----


def rated_entries(run: Run) -> list[RatedEntry]:
    """All of them, newest first; of long texts the beginning."""
    return [_entry(*row) for row in run(_ENTRIES).fetchall()]


def _entry(*row: Any) -> RatedEntry:
    *beginning, tags, created_s = row
    chat_id, message_id, title, question, answer, correction, rating = beginning
    return RatedEntry(
        chat_id,
        message_id,
        title,
        question,
        answer,
        correction,
        rating,
        _read_tags(tags),
        created_s,
    )


# ---- to learn from ----


def rows_to_learn_from(store: ChatStore, chosen: Chosen = EVERY) -> list[LearnRow]:
    """The rated replies as a dataset: what each answered, and the correction in its place where
    there is one.

    What was rated bad and not corrected is left out, so is a reply that is still being written, and
    what a copied chat says a second time.

    Raises:
        AppError: the file of chats refuses.
    """
    rows: dict[tuple[tuple[str, str], ...], LearnRow] = {}
    for reply in store.rated():
        if chosen.has(reply) and reply.can_teach and reply.is_done and reply.answer.strip():
            row = _learn_row(reply)
            rows.setdefault(tuple((one.role, one.content) for one in row.messages), row)
    return list(rows.values())


def to_jsonl(rows: Iterable[LearnRow]) -> str:
    """Rows as a file of one JSON object a line: {"messages": [{"role": …, "content": …}, …], …}."""
    return "".join(msgspec.json.encode(row).decode() + "\n" for row in rows)


def _learn_row(reply: RatedReply) -> LearnRow:
    answer = ChatMessage(role="assistant", content=reply.answer)
    return LearnRow([*reply.messages, answer], reply.rating, reply.tags, reply.model_name)


def rated_replies(run: Run, open_chat: Callable[[str], Chat]) -> Iterator[RatedReply]:
    """All of them in full, chat by chat, in the order in which they were made."""
    for (chat_id,) in run(_CHATS).fetchall():
        chat = open_chat(chat_id)
        prompt = system_prompt_of(chat.info.settings)
        system = [ChatMessage(role="system", content=prompt)] if prompt else []
        for message in chat.visible().values():
            if message.role == "assistant" and (message.rating or message.correction):
                yield _reply(chat, message, system)


def _reply(chat: Chat, reply: Message, system: list[ChatMessage]) -> RatedReply:
    before = chat.path_to(reply.parent_id)
    return RatedReply(
        chat_id=chat.info.id,
        message_id=reply.id,
        messages=system + [ChatMessage(role=one.role, content=_sent(one)) for one in before],
        answer=reply.correction or reply.content,
        rating=reply.rating,
        tags=reply.tags,
        model_name=reply.model_name,
        is_corrected=bool(reply.correction),
        is_done=reply.state != "streaming",
    )


def _sent(message: Message) -> str:
    """What the message said to the model."""
    attachments = message.details.get("attachments")
    return attached_text(message.content, attachments) if attachments else message.content

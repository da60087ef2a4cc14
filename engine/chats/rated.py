"""Replies that were rated or corrected, as rows to learn from. Reads; changes nothing."""

from collections.abc import Callable, Iterator

from engine.chats.attached import attached_text
from engine.chats.database import Run
from engine.chats.records import Chat, Message, RatedReply
from engine.chats.schema import IS_JUDGED
from engine.chats.system_prompt import system_prompt_of
from engine.process.messages import ChatMessage

_CHATS = f"""
    SELECT id FROM chats WHERE deleted_s IS NULL AND kind = 'chat' AND id IN
        (SELECT chat_id FROM messages WHERE {IS_JUDGED} AND (rating <> 0 OR correction <> ''))
    ORDER BY row"""


def rated_replies(run: Run, open_chat: Callable[[str], Chat]) -> Iterator[RatedReply]:
    """All of them, chat by chat, in the order in which they were made."""
    for (chat_id,) in run(_CHATS).fetchall():
        chat = open_chat(chat_id)
        prompt = system_prompt_of(chat.info.settings)
        system = [ChatMessage(role="system", content=prompt)] if prompt else []
        for message in chat.visible().values():
            if message.role == "assistant" and (message.rating or message.correction):
                yield _row(chat, message, system)


def _row(chat: Chat, reply: Message, system: list[ChatMessage]) -> RatedReply:
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
    )


def _sent(message: Message) -> str:
    """What the message said to the model."""
    attachments = message.details.get("attachments")
    return attached_text(message.content, attachments) if attachments else message.content

"""Chats out of ChatGPT's export (conversations.json): a tree of nodes by id, `mapping`, with many
that a person never sees."""

import re
from typing import Any

from engine.chats.imported import (
    ImportedChat,
    Problems,
    chat_of,
    dict_of,
    grown,
    joined,
    kept_from,
    list_of,
    role_of,
    seconds_of,
    text_of,
)
from engine.chats.records import Message

PICTURE = "[picture]"
PICTURES = "Pictures and recordings left out; “[picture]” stands in their place: {n}."
STEPS = "Steps of tools and hidden reasoning left out: {n}."
# Signs of the private use area around the place of a source in a search.
_CITATION = re.compile("\ue200[^\ue200\ue201]*\ue201")
# What a person reads; the rest are steps on the way there.
_READABLE = ("text", "multimodal_text", "code")


def is_chatgpt(record: dict[str, Any]) -> bool:
    return isinstance(record.get("mapping"), dict)


def read_chatgpt(record: dict[str, Any], problems: Problems, now_s: float) -> ImportedChat | None:
    """One conversation, with its regenerated and edited versions."""
    created_s = seconds_of(record.get("create_time"), now_s)
    nodes: dict[str, tuple[str | None, Message | None]] = {}
    for node_id, node in dict_of(record["mapping"]).items():
        parent_id = dict_of(node).get("parent")
        message = _message(dict_of(dict_of(node).get("message")), problems, created_s)
        nodes[node_id] = (parent_id if isinstance(parent_id, str) else None, message)
    messages = joined(grown(nodes, problems))
    return chat_of(
        messages,
        kept_from(nodes, messages, record.get("current_node")),
        title=record.get("title"),
        created_s=created_s,
        updated_s=seconds_of(record.get("update_time"), created_s),
        pinned=record.get("is_starred"),
        archived=record.get("is_archived"),
    )


def _message(message: dict[str, Any], problems: Problems, default_s: float) -> Message | None:
    """The message if a person is to see it."""
    role = role_of(dict_of(message.get("author")).get("role"))
    content, metadata = dict_of(message.get("content")), dict_of(message.get("metadata"))
    text = _text(content, problems) if role is not None else ""
    if role is None or not text.strip():
        return None
    if metadata.get("is_visually_hidden_from_conversation"):
        return None
    is_step = role == "tool" or message.get("recipient", "all") != "all"
    if is_step or content.get("content_type", "text") not in _READABLE:
        problems.count(STEPS)
        return None
    return Message(
        id="",
        parent_id=None,
        role=role,
        content=text,
        created_s=seconds_of(message.get("create_time"), default_s),
        state="stopped" if message.get("status") == "in_progress" else "done",
        model_name=text_of(metadata.get("model_slug")) if role == "assistant" else "",
    )


def _text(content: dict[str, Any], problems: Problems) -> str:
    if content.get("content_type") == "code":
        language = text_of(content.get("language")).replace("unknown", "")
        return f"```{language}\n{text_of(content.get('text'))}\n```"
    parts = [_part(part, problems) for part in list_of(content.get("parts"))]
    return "\n\n".join(filter(None, parts)) or text_of(content.get("text"))


def _part(part: object, problems: Problems) -> str:
    """One part: words, words that were spoken, or something that is no text."""
    if isinstance(part, str):
        return _CITATION.sub("", text_of(part))
    if text := text_of(dict_of(part).get("text")):
        return text
    problems.count(PICTURES)
    return PICTURE

"""Chats out of LM Studio's conversation files: a row of messages with versions each, one of which
is selected and is what the next message follows."""

from typing import Any

from engine.chats.from_chatgpt import STEPS
from engine.chats.from_open_webui import UNKNOWN
from engine.chats.imported import (
    ImportedChat,
    Problems,
    chat_of,
    dict_of,
    joined,
    kept_from,
    list_of,
    role_of,
    seconds_of,
    text_of,
)
from engine.chats.records import Message

FILES = "Attached files left out, as LM Studio keeps their text elsewhere: {n}."


def is_lm_studio(record: dict[str, Any]) -> bool:
    messages = list_of(record.get("messages"))
    return any(isinstance(dict_of(one).get("versions"), list) for one in messages)


def read_lm_studio(record: dict[str, Any], problems: Problems, now_s: float) -> ImportedChat | None:
    """One conversation, with its versions."""
    created_s = seconds_of(record.get("createdAt"), now_s)
    messages: list[Message] = []
    head_id: str | None = None
    for entry in map(dict_of, list_of(record["messages"])):
        versions = _versions(entry, head_id, len(messages), problems, created_s)
        messages += versions.values()
        selected = entry.get("currentlySelected")
        if versions:
            last = next(reversed(versions))
            is_there = isinstance(selected, int) and selected in versions
            head_id = versions[selected if is_there else last].id
    together = joined(messages)
    nodes = {one.id: (one.parent_id, None) for one in messages}
    return chat_of(
        together,
        kept_from(nodes, together, head_id),
        title=record.get("name"),
        created_s=created_s,
        updated_s=seconds_of(
            record.get("assistantLastMessagedAt", record.get("userLastMessagedAt")), created_s
        ),
        system_prompt=record.get("systemPrompt"),
        pinned=record.get("pinned"),
    )


def _versions(
    entry: dict[str, Any], parent_id: str | None, n_before: int, problems: Problems, now_s: float
) -> dict[Any, Message]:
    """Place among the versions -> message, without empty ones."""
    found: dict[Any, Message] = {}
    for place, version in enumerate(map(dict_of, list_of(entry.get("versions")))):
        role = role_of(version.get("role"))
        text = _text(version, problems)
        if role is None or role == "tool":
            problems.count(UNKNOWN)
        elif text.strip():
            sender = text_of(dict_of(version.get("senderInfo")).get("senderName"))
            name = sender if role == "assistant" else ""
            message_id = str(n_before + len(found))
            found[place] = Message(message_id, parent_id, role, text, now_s, model_name=name)
    return found


def _text(version: dict[str, Any], problems: Problems) -> str:
    if version.get("type") != "multiStep":
        return _words(version.get("content"), problems)
    texts = [_step(step, problems) for step in map(dict_of, list_of(version.get("steps")))]
    return "\n\n".join(text for text in texts if text.strip())


def _step(step: dict[str, Any], problems: Problems) -> str:
    """What a step says; reasoning within the marks that models put around it."""
    if step.get("type") == "debugInfoBlock":
        return ""
    if step.get("type") != "contentBlock":
        problems.count(STEPS)
        return ""
    text = _words(step.get("content"), problems)
    if dict_of(step.get("style")).get("type") == "thinking" and text.strip():
        # Marks that the file carries itself may stand in the text as well.
        inner = text.strip().removeprefix("<think>").removesuffix("</think>").strip()
        return f"<think>\n{inner}\n</think>"
    return text


def _words(content: object, problems: Problems) -> str:
    texts: list[str] = []
    for part in map(dict_of, list_of(content)):
        if part.get("type") == "text":
            texts.append(text_of(part.get("text")))
        elif part.get("type") == "file":
            problems.count(FILES)
        else:
            problems.count(STEPS)
    return "".join(texts)

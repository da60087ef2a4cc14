"""Chats out of Open WebUI's export: a tree under chat.history, or a list under chat.messages."""

import html
import re
from typing import Any

from engine.chats.from_chatgpt import PICTURE, PICTURES
from engine.chats.imported import (
    ImportedChat,
    Problems,
    chain,
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

UNKNOWN = "Messages left out, as they are of an unknown kind: {n}."
_OPENS, _CLOSES = '<details type="reasoning"', "</details>"
_SUMMARY = re.compile(r"\A\s*<summary>[^<]*</summary>")
_QUOTE = re.compile(r"^> ?", re.MULTILINE)


def is_open_webui(record: dict[str, Any]) -> bool:
    chat = record.get("chat", record)
    if not isinstance(chat, dict):
        return False
    has_tree = isinstance(dict_of(chat.get("history")).get("messages"), dict)
    return has_tree or ("chat" in record and isinstance(chat.get("messages"), list))


def read_open_webui(
    record: dict[str, Any], problems: Problems, now_s: float
) -> ImportedChat | None:
    """One chat, with its versions where the export has them."""
    chat = dict_of(record.get("chat", record))
    created_s = seconds_of(record.get("created_at", chat.get("timestamp")), now_s)
    history = dict_of(chat.get("history"))
    nodes: dict[str, tuple[str | None, Message | None]] = {}
    for node_id, node in dict_of(history.get("messages")).items():
        parent_id = dict_of(node).get("parentId")
        message = _message(dict_of(node), problems, created_s)
        nodes[node_id] = (parent_id if isinstance(parent_id, str) else None, message)
    messages = joined(grown(nodes, problems) if nodes else _listed(chat, problems, created_s))
    return chat_of(
        messages,
        kept_from(nodes, messages, history.get("currentId")),
        title=record.get("title") or chat.get("title"),
        created_s=created_s,
        updated_s=seconds_of(record.get("updated_at"), created_s),
        system_prompt=dict_of(chat.get("params")).get("system") or chat.get("system"),
        pinned=record.get("pinned"),
        archived=record.get("archived"),
    )


def _listed(chat: dict[str, Any], problems: Problems, created_s: float) -> list[Message]:
    found = [_message(dict_of(one), problems, created_s) for one in list_of(chat.get("messages"))]
    return chain(message for message in found if message is not None)


def _message(node: dict[str, Any], problems: Problems, default_s: float) -> Message | None:
    role = role_of(node.get("role"))
    text = _text(node.get("content"), problems)
    attachments = _attachments(node, problems)
    if role is None:
        problems.count(UNKNOWN)
        return None
    if not text.strip() and not attachments:
        return None
    model_name = text_of(node.get("modelName")) or text_of(node.get("model"))
    judged = dict_of(node.get("annotation"))
    return Message(
        id="",
        parent_id=None,
        role=role,
        content=_unfolded(text) if role == "assistant" else text,
        created_s=seconds_of(node.get("timestamp"), default_s),
        model_name=model_name if role == "assistant" else "",
        details={"attachments": attachments} if attachments else {},
        rating=int(judged["rating"]) if judged.get("rating") in (1, -1) else 0,
        tags=tuple(filter(None, map(text_of, list_of(judged.get("tags"))))),
    )


def _text(content: object, problems: Problems) -> str:
    """The text, also where it comes in parts."""
    if not isinstance(content, list):
        return text_of(content)
    texts = [text_of(dict_of(part).get("text")) for part in content]
    problems.count(PICTURES, texts.count(""))
    return "\n\n".join(text or PICTURE for text in texts)


def _attachments(node: dict[str, Any], problems: Problems) -> list[dict[str, Any]]:
    """Files of the message whose text the export holds, as this app keeps them."""
    kept: list[dict[str, Any]] = []
    for one in map(dict_of, list_of(node.get("files"))):
        file = dict_of(one.get("file"))
        text = text_of(dict_of(file.get("data")).get("content"))
        if not text:
            problems.count("Attached files left out, as the export has no text of them: {n}.")
            continue
        name = text_of(one.get("name")) or text_of(file.get("filename"))
        kept.append({"name": name, "kind": "text", "text": text, "pages": [], "note": ""})
    return kept


def _unfolded(text: str) -> str:
    """The text with its reasoning as models write it, out of how Open WebUI folds it."""
    parts: list[str] = []
    at = 0
    while (start := text.find(_OPENS, at)) >= 0 and (end := text.find(_CLOSES, start)) >= 0:
        inner = text[start:end].partition(">")[2]
        words = html.unescape(_SUMMARY.sub("", inner, count=1)).strip()
        parts += [text[at:start], f"<think>\n{_QUOTE.sub('', words)}\n</think>\n\n"]
        at = end + len(_CLOSES)
        while at < len(text) and text[at].isspace():
            at += 1
    return "".join([*parts, text[at:]])

"""A chat as Markdown: the branch shown, to be read anywhere, and to be read back here.

A comment that no reader shows stands before each message. A line of a message that looks like such
a comment gets a backslash before it, which is how Markdown writes a plain "<".
"""

import re
import time

from engine.chats.attached import attached_text
from engine.chats.imported import ImportedChat, chain, chat_of, text_of
from engine.chats.records import Chat, Message
from engine.chats.system_prompt import system_prompt_of
from engine.process.messages import Role

_MARK = re.compile(
    r"^<!-- bathysphere: (system-prompt|system|user|assistant|tool) -->$", re.MULTILINE
)
_TO_ESCAPE = re.compile(r"^(\\*<!-- bathysphere: )", re.MULTILINE)
_ESCAPED = re.compile(r"^\\(\\*<!-- bathysphere: )", re.MULTILINE)
_ROLES: dict[str, Role] = {
    "system": "system",
    "system-prompt": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
}
_HEADINGS = {"system": "System", "system-prompt": "System prompt", "user": "You", "tool": "Tool"}


def to_markdown(chat: Chat) -> str:
    """The branch shown, with attached texts as the model read them."""
    title = " ".join(chat.info.title.split()) or "Chat"
    day = time.strftime("%Y-%m-%d", time.localtime(chat.info.created_s))
    parts = [f"# {title}\n\n*{day}*\n\n"]
    if prompt := system_prompt_of(chat.info.settings):
        parts.append(_block("system-prompt", "", prompt))
    for message in chat.path():
        parts.append(_block(message.role, message.model_name, _said(message)))
    return "".join(parts)


def is_own_markdown(text: str) -> bool:
    return _MARK.search(text.replace("\r\n", "\n")) is not None


def read_markdown(text: str, now_s: float) -> ImportedChat | None:
    """The chat of a file that `is_own_markdown`, also after an editor saved it anew."""
    if "\r\n" in text and "-->\n" not in text.replace("-->\r\n", ""):
        text = text.replace("\r\n", "\n")
    before, *pieces = _MARK.split(text)
    messages: list[Message] = []
    prompt = ""
    for kind, piece in zip(pieces[::2], pieces[1::2], strict=True):
        name, content = _parsed(kind, piece)
        if kind == "system-prompt":
            prompt = content
        else:
            messages.append(Message("", None, _ROLES[kind], content, now_s, model_name=name))
    title = re.search(r"^# (.*)$", before, re.MULTILINE)
    linked = chain(messages)
    return chat_of(
        linked,
        None,
        title=title[1] if title else "",
        created_s=now_s,
        updated_s=now_s,
        system_prompt=text_of(prompt),
    )


def _said(message: Message) -> str:
    return attached_text(message.content, message.details.get("attachments") or [])


def _block(kind: str, model_name: str, content: str) -> str:
    name = " ".join(model_name.split())
    heading = _HEADINGS.get(kind) or name or "Assistant"
    escaped = _TO_ESCAPE.sub(r"\\\1", content)
    return f"<!-- bathysphere: {kind} -->\n## {heading}\n\n{escaped}\n\n"


def _parsed(kind: str, piece: str) -> tuple[str, str]:
    """The model's name and the content of what stands after a mark."""
    piece = piece.removeprefix("\n")
    heading, _, content = piece.partition("\n")
    if heading.startswith("## "):
        content = content.removeprefix("\n")
    else:
        heading, content = "", piece
    content = content.removesuffix("\n").removesuffix("\n")
    name = heading[3:].strip() if kind == "assistant" else ""
    return "" if name == "Assistant" else name, _ESCAPED.sub(r"\1", content)

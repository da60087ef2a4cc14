"""A record of a file as a row, in each of the formats a record can have by itself.

Formats are found by looking at a record's keys; columns of other names are mapped by hand. Trees of
messages are oasst.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from engine.process.tune_messages import Row, RowMessage
from finetune.data.conversation import (
    LISTS,
    is_sharegpt_turn,
    is_turn,
    messages_of,
    tools_of,
    turns_of,
    with_answer,
)
from finetune.data.unfit import UnfitError, kind_of, list_of, text_of

Mapped = Mapping[str, str]
# Pairs of columns that many files use for a question and its answer.
PAIRS = (
    ("prompt", "completion"),
    ("prompt", "response"),
    ("question", "answer"),
    ("question", "response"),
    ("query", "response"),
    ("query", "answer"),
    ("instruction", "response"),
    ("input", "output"),
)
# What such files call the text that a question is about.
_ABOUT = ("context", "input")


@dataclass
class Content:
    """What a record says, before it is a row with an id."""

    messages: list[RowMessage] = field(default_factory=list)
    text: str = ""
    tools: list[dict[str, Any]] = field(default_factory=list)


def format_of(record: object) -> str:
    """The format of a record, "" where its keys tell none."""
    if isinstance(record, list):
        return "messages" if record and is_turn(record[0]) else ""
    if not isinstance(record, dict):
        return ""
    return next((name for name, fits in _LOOKS if fits(record)), "")


def content_of(record: object, format_name: str) -> Content:
    """A record as what its row says. Raises UnfitError."""
    if format_name in ("messages", "sharegpt") and isinstance(record, list):
        return Content(messages_of(record, "messages"))
    return _READERS[format_name](_object(record))


def mapped_content(record: object, mapping: Mapped) -> Content:
    """A record of columns named by hand: role (or "text", "messages") -> column. Raises
    UnfitError."""
    record = _object(record)
    missing = [name for name in mapping.values() if name not in record]
    if missing:
        raise UnfitError(f"It has no column “{missing[0]}”.")
    if "text" in mapping:
        return _text({"text": _cell(record, mapping["text"])})
    if "messages" in mapping:
        name = mapping["messages"]
        system = record[mapping["system"]] if "system" in mapping else None
        return Content(messages_of(record[name], name, system), tools=tools_of(record))
    messages = []
    for role in ("system", "user", "assistant"):
        said = _cell(record, mapping[role]) if role in mapping else ""
        if said or role == "assistant":
            messages.append(RowMessage(role, said))
    return Content(messages)


def checked(row: Row) -> Row:
    """A row from the window or a script, checked as if it came from a file. Raises UnfitError."""
    said = msgspec.to_builtins(row)
    content = content_of(said, "messages" if row.messages or not row.text else "text")
    return msgspec.structs.replace(
        row, messages=content.messages, text=content.text, tools=content.tools
    )


def _cell(record: dict[str, Any], name: str) -> str:
    value = record[name]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return "" if value is None else text_of(value, name)


def _object(record: object) -> dict[str, Any]:
    if not isinstance(record, dict):
        raise UnfitError(f"It is {kind_of(record)}, not an object.")
    return record


# ---- how each looks ----


def _first_turn(record: dict[str, Any]) -> object:
    for name in LISTS:
        turns = record.get(name)
        if isinstance(turns, str) and turns.lstrip()[:1] == "[":
            return {"from": "", "value": ""} if '"from"' in turns else {"role": ""}
        if isinstance(turns, list) and turns:
            return turns[0]
    return None


def _looks_ultrachat(record: dict[str, Any]) -> bool:
    turns = record.get("data")
    return isinstance(turns, list) and bool(turns) and isinstance(turns[0], str)


def _looks_prompted(record: dict[str, Any]) -> bool:
    return any(question in record and answer in record for question, answer in PAIRS)


def _looks_flat(record: dict[str, Any]) -> bool:
    return {"message_id", "parent_id", "text", "role"} <= record.keys()


def _looks_tree(record: dict[str, Any]) -> bool:
    prompt = record.get("prompt")
    return isinstance(prompt, dict) and "replies" in prompt


def _has_a_list(record: dict[str, Any]) -> bool:
    return any(isinstance(record.get(name), list) for name in LISTS)


_Looks = Callable[[dict[str, Any]], bool]
_LOOKS: tuple[tuple[str, _Looks], ...] = (
    ("sharegpt", lambda record: is_sharegpt_turn(_first_turn(record))),
    ("messages", lambda record: is_turn(_first_turn(record))),
    ("oasst", lambda record: _looks_tree(record) or _looks_flat(record)),
    ("ultrachat", _looks_ultrachat),
    ("alpaca", lambda record: {"instruction", "output"} <= record.keys()),
    ("prompt_completion", _looks_prompted),
    ("text", lambda record: isinstance(record.get("text"), str)),
    # Nothing of it can be read, but this is what it means to be.
    ("messages", _has_a_list),
)


# ---- how each is read ----


def _conversation(record: dict[str, Any]) -> Content:
    name = next((one for one in LISTS if one in record), "")
    if not name:
        raise UnfitError("It has no “messages”.")
    messages = messages_of(record[name], name, record.get("system"))
    return Content(messages, tools=tools_of(record))


def _ultrachat(record: dict[str, Any]) -> Content:
    turns = record.get("data")
    if turns is None and "messages" in record:
        return _conversation(record)
    if not isinstance(turns, list) or not turns:
        raise UnfitError("It has no “data” with the turns of a conversation.")
    roles = ("user", "assistant")
    messages = [
        RowMessage(roles[number % 2], text_of(one, f"turn {number + 1}"))
        for number, one in enumerate(turns)
    ]
    return Content(with_answer(messages))


def _alpaca(record: dict[str, Any]) -> Content:
    for name in ("instruction", "output"):
        if name not in record:
            raise UnfitError(f"It has no “{name}”.")
    messages = []
    if record.get("system"):
        messages.append(RowMessage("system", text_of(record["system"], "system")))
    messages += _history(record.get("history"))
    asked = text_of(record["instruction"], "instruction")
    if record.get("input") not in (None, ""):
        asked += "\n\n" + text_of(record["input"], "input")
    messages.append(RowMessage("user", asked))
    messages.append(RowMessage("assistant", text_of(record["output"], "output")))
    return Content(messages)


def _history(value: object) -> list[RowMessage]:
    """Turns before, as pairs of question and answer."""
    messages = []
    for pair in list_of(value, "history") if value not in (None, "") else []:
        if not isinstance(pair, list) or len(pair) != 2:
            raise UnfitError("“history” has an entry that is no pair of question and answer.")
        messages.append(RowMessage("user", text_of(pair[0], "history")))
        messages.append(RowMessage("assistant", text_of(pair[1], "history")))
    return messages


def _prompted(record: dict[str, Any]) -> Content:
    pair = next((one for one in PAIRS if one[0] in record and one[1] in record), None)
    if pair is None:
        raise UnfitError("It has no “prompt” with a “completion”.")
    messages = []
    if record.get("system"):
        messages.append(RowMessage("system", text_of(record["system"], "system")))
    asked = _side(record[pair[0]], pair[0], "user")
    messages += _with_context(asked, record) if pair[0] == "instruction" else asked
    messages += _side(record[pair[1]], pair[1], "assistant")
    return Content(with_answer(messages), tools=tools_of(record))


def _with_context(asked: list[RowMessage], record: dict[str, Any]) -> list[RowMessage]:
    about = next((name for name in _ABOUT if record.get(name) not in (None, "")), "")
    if not about or len(asked) != 1:
        return asked
    words = f"{asked[0].content}\n\n{text_of(record[about], about)}"
    return [RowMessage("user", words)]


def _side(value: object, name: str, role: str) -> list[RowMessage]:
    """A prompt or a completion: a text, or a list of messages."""
    if isinstance(value, str):
        return [RowMessage(role, text_of(value, name))]
    return turns_of(value, name)


def _text(record: dict[str, Any]) -> Content:
    text = text_of(record.get("text"), "text")
    if not text.strip():
        raise UnfitError("Its text is empty.")
    return Content(text=text)


_READERS: dict[str, Callable[[dict[str, Any]], Content]] = {
    "messages": _conversation,
    "sharegpt": _conversation,
    "ultrachat": _ultrachat,
    "alpaca": _alpaca,
    "prompt_completion": _prompted,
    "text": _text,
}

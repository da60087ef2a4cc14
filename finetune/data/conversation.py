"""Messages of a conversation as files write them, checked: OpenAI's role/content and ShareGPT's
from/value, with tool calls and flags of what is to be learned.
"""

from __future__ import annotations

from typing import Any

from engine.chats.imported import role_of
from engine.process.tune_messages import RowMessage
from finetune.data.unfit import UnfitError, kind_of, list_of, parse_json, plain_json, text_of

# Keys under which a record keeps its conversation.
LISTS = ("messages", "conversations", "conversation")


def is_turn(value: object) -> bool:
    """Whether a value is a message in one of the two ways."""
    return is_sharegpt_turn(value) or (isinstance(value, dict) and "role" in value)


def is_sharegpt_turn(value: object) -> bool:
    return isinstance(value, dict) and "from" in value and "value" in value


def messages_of(value: object, name: str, system: object = None) -> list[RowMessage]:
    """A whole conversation.

    Args:
        system: what the record says beside it, before the conversation where that has none.

    Raises:
        UnfitError: no list, no messages, a message that is none, or no assistant's among them.
    """
    found = turns_of(value, name)
    if system is not None and system != "" and found[0].role != "system":
        found.insert(0, RowMessage("system", text_of(system, "system")))
    return with_answer(found)


def turns_of(value: object, name: str) -> list[RowMessage]:
    """Some messages of a conversation. Raises UnfitError as messages_of."""
    turns = list_of(value, name)
    if not turns:
        raise UnfitError("It has no messages.")
    return [_message(turn, number) for number, turn in enumerate(turns, 1)]


def with_answer(messages: list[RowMessage]) -> list[RowMessage]:
    """The messages, if there is an assistant's to learn from. Raises UnfitError."""
    if not any(message.role == "assistant" for message in messages):
        raise UnfitError("No message is the assistant's: there is nothing to learn.")
    return messages


def tools_of(record: dict[str, Any]) -> list[dict[str, Any]]:
    """The tools a record describes, as OpenAI does. Raises UnfitError."""
    tools = record.get("tools")
    if tools in (None, "", [], "[]") and record.get("functions"):
        functions = list_of(record["functions"], "functions")
        tools = [{"type": "function", "function": one} for one in functions]
    if tools in (None, "", [], "[]"):
        return []
    return _objects(tools, "tools")


def _objects(value: object, name: str) -> list[dict[str, Any]]:
    found = list_of(value, name)
    if not all(isinstance(one, dict) for one in found):
        raise UnfitError(f"“{name}” has an entry that is not an object.")
    plain: list[dict[str, Any]] = plain_json(found, name)
    return plain


def _message(turn: object, number: int) -> RowMessage:
    if not isinstance(turn, dict):
        raise UnfitError(f"Message {number} is {kind_of(turn)}, not an object.")
    try:
        if is_sharegpt_turn(turn):
            return _sharegpt(turn)
        return _openai(turn)
    except UnfitError as error:
        raise UnfitError(f"Message {number}: {error}") from error


def _openai(turn: dict[str, Any]) -> RowMessage:
    role = _role(turn.get("role"))
    calls = _calls(turn)
    name, answers = turn.get("name"), turn.get("tool_call_id")
    return RowMessage(
        role=role,
        content=_content(turn.get("content"), can_lack=bool(calls)),
        train=_train(turn),
        tool_calls=calls,
        name="" if name is None else text_of(name, "name"),
        tool_call_id="" if answers is None else text_of(answers, "tool_call_id"),
    )


def _sharegpt(turn: dict[str, Any]) -> RowMessage:
    if turn["from"] == "function_call":
        call = parse_json(text_of(turn["value"], "value").encode())
        return RowMessage("assistant", "", _train(turn), [_call({"function": call})])
    return RowMessage(_role(turn["from"]), text_of(turn["value"], "value"), _train(turn))


def _role(value: object) -> str:
    role = role_of(value)
    if role is None:
        said = f"“{value[:40]}”" if isinstance(value, str) else kind_of(value)
        raise UnfitError(f"its role is {said}: neither system, user, assistant nor tool.")
    return role


def _content(value: object, can_lack: bool) -> str:
    if value is None and can_lack:
        return ""
    if isinstance(value, list):
        return "\n\n".join(_part(part) for part in value)
    return text_of(value, "content")


def _part(part: object) -> str:
    kind = part.get("type", "text") if isinstance(part, dict) else None
    if not isinstance(part, dict) or kind != "text":
        said = f"“{kind}”" if isinstance(kind, str) else kind_of(part)
        raise UnfitError(f"a part of its content is {said[:40]}; only text can be learned.")
    return text_of(part.get("text"), "text")


def _train(turn: dict[str, Any]) -> bool | None:
    """Whether the message says itself that it is learned: `train`, or OpenAI's `weight`."""
    for name in ("train", "weight"):
        value = turn.get(name)
        if value is None:
            continue
        # True and 1.0 are 1 to Python, which is what is meant.
        if not isinstance(value, int | float) or value not in (0, 1):
            raise UnfitError(f"“{name}” has to be true or false, or 1 or 0.")
        return bool(value)
    return None


def _calls(turn: dict[str, Any]) -> list[dict[str, Any]]:
    calls = turn.get("tool_calls")
    if not calls and turn.get("function_call"):
        calls = [{"function": turn["function_call"]}]
    if not calls:
        return []
    return [_call(one) for one in _objects(calls, "tool_calls")]


def _call(call: dict[str, Any]) -> dict[str, Any]:
    function = call.get("function")
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise UnfitError("a tool call does not say which function it calls.")
    if not isinstance(function.get("arguments", ""), str | dict):
        raise UnfitError("the arguments of a tool call are neither a text nor an object.")
    whole = {**call, "type": call.get("type", "function")}
    plain: dict[str, Any] = plain_json(whole, "tool_calls")
    return plain

"""A row as its base's template writes it: the same template, names and machinery as in the chat,
and tool calls in the form that the template wants.

What forms there are: `arguments` as an object or as JSON text (OpenAI's), an absent content as ""
or as None, calls with ids of nine letters. The first form in which the template renders and
writes the calls is taken. No tokens here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from engine.errors import AppError
from engine.generation.chat_model import ChatModel
from engine.generation.prompt import written
from engine.generation.template import chat_context
from engine.generation.template_locate import ChatToPlace, Located, Steps, locating
from engine.generation.template_spans import own_regions
from engine.generation.template_values import require_plain
from engine.process.messages import ChatMessage
from engine.process.parts import Role
from engine.process.tune_messages import Row, RowMessage
from finetune.data.row_table import n_letters

Extras = list[Mapping[str, Any]]
# A call that no tool has answered yet: its id in the row, and as it is written here.
_OpenCall = tuple[str, str]
# A prompt of a million tokens; far more would end the process that renders templates.
_MOST_LETTERS = 4_000_000


def rendering(model: ChatModel, row: Row) -> Steps[tuple[ChatToPlace, Located]]:
    """A row's chat, in the form that was taken, and its text.

    Raises:
        AppError: there is no template, or it refuses the chat, fails, or does not write its calls.
    """
    if not model.template:
        raise AppError(
            "This is a base model: it has no chat template.",
            "Teach it plain texts, or choose a model taught to chat.",
        )
    if n_letters(row) > _MOST_LETTERS:
        raise AppError(
            f"It has {n_letters(row):,} characters, more than any model reads.",
            "Split it into several rows.",
        )
    table = model.special_table
    # As objects: within JSON text the names of arguments could not be told from their values.
    require_plain(_extras(row, False, False), row.tools, table.found_in)
    failure: AppError | None = None
    for chat in _forms(model, row):
        try:
            located = yield from locating(model.template, chat, table)
        except AppError as error:
            failure = failure or error
            continue
        if _has_names(located, _called(row)):
            return chat, located
        failure = failure or AppError(
            "The base's chat template does not write tool calls.",
            "Choose a base whose template knows tools, or delete the rows with calls.",
        )
    assert failure is not None
    raise failure


def takes_system(model: ChatModel) -> bool:
    """Whether the template takes a system prompt; some refuse it."""
    row = Row("", [RowMessage("system", "a"), RowMessage("user", "b")])
    chat = next(_forms(model, row))
    (outcome,) = model.renderer.outcomes(model.template, [chat.filled()])
    return outcome.fault != "refused"


def shows_tools(row: Row, located: Located) -> bool:
    """Whether the template told the model of the row's tools."""
    names = [one.get("function", one).get("name", "") for one in row.tools]
    return _has_names(located, [name for name in names if isinstance(name, str)])


def _forms(model: ChatModel, row: Row) -> Iterator[ChatToPlace]:
    vocab = model.vocab
    bos, eos = written(vocab, vocab.bos), written(vocab, vocab.eos)
    messages = [ChatMessage(cast(Role, one.role), one.content) for one in row.messages]
    context = chat_context(bos, eos, False, {"tools": row.tools or None})
    calling = frozenset(i for i, one in enumerate(row.messages) if one.tool_calls)
    if not calling:
        yield ChatToPlace(messages, context, _extras(row, False, False))
        return
    for with_ids in (False, True):
        for as_text in (False, True):
            extras = _extras(row, as_text, with_ids)
            for absent in (frozenset[int](), calling):
                yield ChatToPlace(messages, context, extras, absent)


def _extras(row: Row, as_text: bool, with_ids: bool) -> Extras:
    """The further keys of each message; [] where none has any."""
    if not any(one.tool_calls or one.name or one.role == "tool" for one in row.messages):
        return []
    extras: Extras = []
    open_calls: list[_OpenCall] = []
    for index, message in enumerate(row.messages):
        more: dict[str, Any] = {"name": message.name} if message.name else {}
        if message.tool_calls:
            calls = [
                _call(one, as_text, f"call{index:02d}{number:03d}" if with_ids else "")
                for number, one in enumerate(message.tool_calls)
            ]
            more["tool_calls"] = calls
            open_calls = [
                (str(own.get("id", "")), str(one["id"]))
                for own, one in zip(message.tool_calls, calls, strict=True)
                if one.get("id")
            ]
        elif message.role == "tool" and (answered := _answered(message, open_calls, with_ids)):
            more["tool_call_id"] = answered
        extras.append(more)
    return extras


def _answered(message: RowMessage, open_calls: list[_OpenCall], with_ids: bool) -> str:
    """The id, as it is written, of the call that a tool's message answers: the one that it names,
    else the first that is not answered yet; "" where there is none. Taken out of those open."""
    named = message.tool_call_id
    place = next((i for i, one in enumerate(open_calls) if named and one[0] == named), None)
    if place is None:
        # Where all ids are ours, the row's own would be none that the template has seen.
        if not open_calls or (named and not with_ids):
            return named
        place = 0
    return open_calls.pop(place)[1]


def _call(call: Mapping[str, Any], as_text: bool, own_id: str) -> dict[str, Any]:
    """One call with its arguments as an object, or as JSON text. own_id: in place of its id."""
    made = dict(call)
    if isinstance(made.get("function"), dict):
        made["function"] = _with_arguments(made["function"], as_text)
        made.setdefault("type", "function")
    else:
        made = _with_arguments(made, as_text)
    return {**made, "id": own_id} if own_id else made


def _with_arguments(function: Mapping[str, Any], as_text: bool) -> dict[str, Any]:
    given = function.get("arguments", {})
    if as_text and not isinstance(given, str):
        given = json.dumps(given, ensure_ascii=False)
    elif not as_text and isinstance(given, str):
        given = _object(given)
    return {**function, "arguments": given}


def _object(text: str) -> Any:
    """Arguments as an object; text that is none stays text."""
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return found if isinstance(found, dict) else text


def _called(row: Row) -> list[str]:
    return [name for one in row.messages for name in call_names(one)]


def call_names(message: RowMessage) -> list[str]:
    """The names of the functions that a message calls."""
    functions = [one.get("function", one) for one in message.tool_calls]
    return [str(one.get("name", "")) for one in functions if isinstance(one, dict)]


def _has_names(located: Located, names: Sequence[str]) -> bool:
    """Whether the template itself wrote all these names."""
    if not names:
        return True
    spans = [*located.spans, *located.described]
    own = own_regions(len(located.text), spans)
    parts = [located.text[start:end] for start, end in own]
    return all(any(name in part for part in parts) for name in names)

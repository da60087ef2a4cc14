"""The steps that find the messages in a rendered chat, apart from who renders: each step asks for
some renderings and goes on with what they came to.

A generator of questions, so that one chat and a thousand rows of a dataset go the same way: `run`
answers the steps of one chat, `run_all` gathers the questions of many into one round trip each.
template_spans.py finds, template_values.py knows tool calls, template.py owns the child.
"""

import functools
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from engine.errors import AppError
from engine.generation import template_spans, template_values
from engine.generation.specials import SpecialTable
from engine.generation.template_frames import Outcome
from engine.process.messages import ChatMessage, Span

T = TypeVar("T")
Context = dict[str, Any]
Steps = Generator[list[Context], list[Outcome], T]
Ask = Callable[[list[Context]], list[Outcome]]


@dataclass(frozen=True)
class ChatToPlace:
    """A chat as a template gets it.

    context: all names but the messages. extras: further keys of each message (tool_calls, name),
    empty or one for each; without_content: messages that are handed over with None for a content
    that is "", as some templates want it of tool calls.
    """

    messages: Sequence[ChatMessage]
    context: Mapping[str, Any]
    extras: Sequence[Mapping[str, Any]] = ()
    without_content: frozenset[int] = field(default_factory=frozenset)

    def filled(
        self,
        contents: Sequence[str] | None = None,
        extras: Sequence[Mapping[str, Any]] | None = None,
        tools: Any = None,
    ) -> Context:
        """The whole context, with other contents, further keys and tools where they are given."""
        contents = contents or [message.content for message in self.messages]
        extras = (self.extras if extras is None else extras) or [{}] * len(self.messages)
        own = {} if tools is None else {"tools": tools}
        rows = zip(self.messages, contents, extras, strict=True)
        messages = [
            {"role": m.role, "content": self._given(i, content), **more}
            for i, (m, content, more) in enumerate(rows)
        ]
        return {**self.context, **own, "messages": messages}

    def _given(self, index: int, content: str) -> str | None:
        return None if index in self.without_content and not content else content


@dataclass(frozen=True)
class Located:
    """A rendered text; where each message's words stand in it, contents and the texts in tool
    calls, in order; and where texts of tool descriptions do. is_exact: False where contents could
    not be told from the template's own text and were looked for."""

    text: str
    spans: list[Span]
    described: list[Span]
    is_exact: bool


def locating(template: str, chat: ChatToPlace, table: SpecialTable | None) -> Steps[Located]:
    """Text and spans of a chat, by the first way that explains the text in full.

    Raises:
        AppError: as template.render_chat.
    """
    template_values.require_plain(chat.extras, chat.context.get("tools"), _looks_special(table))
    bare = template_spans.bare_probe(chat.messages)
    real, probed = yield [chat.filled(), _probing(chat, bare)]
    text = text_of(real)
    spans = _found(text, probed, bare, chat)
    if spans is None:
        probe = template_spans.keeping_probe(template, chat.messages)
        if probe is not None:
            (probed,) = yield [_probing(chat, probe)]
            spans = _found(text, probed, probe, chat)
    is_exact = spans is not None
    if spans is None:
        spans = _guessed(text, chat, table)
    n = len(chat.messages)
    own = [span for span in spans if span.message < n]
    return Located(text, own, [span for span in spans if span.message >= n], is_exact)


def run(ask: Ask, steps: Steps[T]) -> T:
    """All steps of one chat. Raises what they or `ask` raise."""
    try:
        asked = next(steps)
        while True:
            asked = steps.send(ask(asked))
    except StopIteration as stop:
        result: T = stop.value
        return result


def run_all(ask: Ask, all_steps: Sequence[Steps[T]]) -> list[T | AppError]:
    """The steps of many chats, each round's questions in one call of `ask`. A chat that fails, or
    whose questions cannot be asked, gives its AppError; the others go on."""
    results: list[T | AppError | None] = [None] * len(all_steps)
    waiting: dict[int, list[Context]] = {}
    for number, steps in enumerate(all_steps):
        _step(number, functools.partial(next, steps), waiting, results)
    while waiting:
        asked, waiting = waiting, {}
        for number, answer in _answers(ask, asked):
            steps = all_steps[number]
            if isinstance(answer, AppError):
                steps.close()
                results[number] = answer
            else:
                _step(number, functools.partial(steps.send, answer), waiting, results)
    assert None not in results
    return results  # type: ignore[return-value]  # every None was replaced


def _step(
    number: int,
    go: Callable[[], list[Context]],
    waiting: dict[int, list[Context]],
    results: list[Any],
) -> None:
    """One chat's next step: what it asks goes to `waiting`, what it came to into `results`."""
    try:
        waiting[number] = go()
    except StopIteration as stop:
        results[number] = stop.value
    except AppError as error:
        results[number] = error


def _answers(
    ask: Ask, asked: Mapping[int, list[Context]]
) -> list[tuple[int, list[Outcome] | AppError]]:
    """What each chat's questions came to. Where they fail together each is asked alone, so that
    one hostile row does not take the others with it."""
    try:
        outcomes = iter(ask([context for contexts in asked.values() for context in contexts]))
    except AppError as error:
        if len(asked) == 1:
            return [(number, error) for number in asked]
        alone = ({number: contexts} for number, contexts in asked.items())
        return [answer for one in alone for answer in _answers(ask, one)]
    return [(number, [next(outcomes) for _ in contexts]) for number, contexts in asked.items()]


def _probing(chat: ChatToPlace, probe: template_spans.Probe) -> Context:
    extras, tools = template_values.fill(probe, chat.extras, chat.context.get("tools"))
    return chat.filled(probe.contents, extras, tools)


def _found(
    text: str, probed: Outcome, probe: template_spans.Probe, chat: ChatToPlace
) -> list[Span] | None:
    if probed.fault:
        return None
    return template_spans.locate(text, probed.text, probe, chat.messages)


def _looks_special(table: SpecialTable | None) -> Callable[[str], bool]:
    return table.found_in if table else template_spans.has_special_look


def _guessed(text: str, chat: ChatToPlace, table: SpecialTable | None) -> list[Span]:
    looks_special = _looks_special(table)
    for index, message in enumerate(chat.messages):
        more = template_values.texts(chat.extras[index : index + 1], None)
        if any(map(looks_special, [message.content, *more])):
            raise AppError(
                f"Message {index + 1} holds text that looks like a special token, and this model's "
                "chat template changes messages in a way that hides which of them it wrote itself.",
                "Take the text in angle or square brackets out of the message.",
            )
    if any(map(looks_special, template_values.texts((), chat.context.get("tools")))):
        raise template_values.special_in_tools()
    return template_spans.find_in_order(text, chat.messages)


def text_of(outcome: Outcome) -> str:
    """A rendering's text.

    Raises:
        AppError: the template is faulty or refuses the chat.
    """
    if not outcome.fault:
        return outcome.text
    where = f" (line {outcome.line})" if outcome.line else ""
    reason = outcome.message.rstrip(".")
    words = {
        "refused": f"refuses this chat: {reason}.",
        "syntax": f"has a mistake{where}: {reason}.",
        "forbidden": f"tries something that templates may not do{where}.",
        "recursion": "is nested too deeply, or calls itself without end.",
        "failed": f"failed{where}: {reason}.",
    }
    hint = "Use another file of this model, or let it continue a plain text."
    if outcome.fault == "refused":
        hint = "Change the messages as it asks."
    raise AppError(f"The model's chat template {words[outcome.fault]}", hint, outcome.message)

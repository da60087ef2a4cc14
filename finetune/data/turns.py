"""Where in a rendered row the model's own words stand, and what the chat would have sent before
them.

The principle: learned is what the model itself has to write in a chat. So a turn begins where the
chat's prompt for it ends (the messages before it, with add_generation_prompt), and not before its
content; where that prompt is no beginning of the row, the content's own place counts, and the row
is told to differ from the chat. Texts only; learned.py makes tokens of it.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace

from engine.generation.template_frames import Outcome
from engine.generation.template_locate import ChatToPlace, Located, Steps
from engine.process.messages import ChatMessage, Span
from engine.process.tune_messages import Row

# A header that was found the same so often, at the same place of chats built alike, is trusted.
_N_TRUSTED = 3
_N_KNOWN = 512
# With more turns than this a chat's middle is held to be alike: asking for each would take as long
# as the square of their number.
_N_MANY = 16
_SENTINEL = "\ue200\ue100\ue10b\ue201\ue10c"
_N_SHOWN = 60

HeaderKey = tuple[tuple[str, ...], int, str]


@dataclass(frozen=True)
class Turn:
    """An assistant's turn in a rendered row, in code points.

    start: where what the model writes begins; words: where its content or call does; last: where
    they end; bound: where the next message's words begin (the text's end and one where none do).
    differs: how the chat's prompt is another than what stands before, "" where it is not.
    """

    message: int
    start: int
    words: int
    last: int
    bound: int
    differs: str = ""


@dataclass(frozen=True)
class _Header:
    """How many characters before its words a turn begins; how the chat differs there."""

    n_before: int
    differs: str


class Headers:
    """What was found of the headers of earlier rows, so that not every row asks again."""

    def __init__(self) -> None:
        self._known: OrderedDict[HeaderKey, tuple[_Header, int]] = OrderedDict()

    def trusted(self, key: HeaderKey) -> _Header | None:
        """What was found often enough."""
        header, n = self._known.get(key, (None, 0))
        return header if n >= _N_TRUSTED else None

    def found(self, key: HeaderKey, header: _Header) -> None:
        """Note what a row's header turned out to be; another one than before begins anew."""
        before, n = self._known.pop(key, (None, 0))
        self._known[key] = (header, n + 1 if before == header else 1)
        while len(self._known) > _N_KNOWN:
            self._known.popitem(last=False)


def finding_turns(
    row: Row, chosen: list[int], chat: ChatToPlace, located: Located, headers: Headers
) -> Steps[list[Turn]]:
    """The chosen messages' turns, in order; those of which the text holds nothing are left out."""
    turns = []
    for message in chosen:
        is_alike = len(chosen) > _N_MANY and message != chosen[-1]
        turn = yield from _finding_turn(row, message, chat, located, headers, is_alike)
        if turn is not None:
            turns.append(turn)
    return turns


def _finding_turn(
    row: Row,
    message: int,
    chat: ChatToPlace,
    located: Located,
    headers: Headers,
    is_alike: bool,
) -> Steps[Turn | None]:
    own = [span for span in located.spans if span.message == message]
    if not own or row.messages[message].tool_calls or row.tools:
        start, differs = yield from _asking_start(message, chat, located, own)
        return None if start < 0 else _turn(message, start, own, located, differs)
    key = _header_key(chat, message, own[0], located, is_alike)
    header = headers.trusted(key)
    if header is None:
        start, differs = yield from _asking_start(message, chat, located, own)
        header = _Header(own[0].start - start, differs)
        headers.found(key, header)
    return _turn(message, own[0].start - header.n_before, own, located, header.differs)


def _asking_start(
    message: int, chat: ChatToPlace, located: Located, own: list[Span]
) -> Steps[tuple[int, str]]:
    """Where a turn begins, -1 where nobody can tell, and how the chat differs there."""
    prompt = yield from _asking_prompt(message, chat)
    if prompt is not None and _begins(located, prompt, own):
        return len(prompt), ""
    asked = any(one.role in ("user", "tool") for one in chat.messages[:message])
    words = own[0].start if own else -1
    differs = _difference(located.text, prompt, words) if asked else ""
    said = chat.messages[message].content.strip()
    if own and said and located.text.startswith(said, words):
        return words, differs
    start = yield from _asking_other(message, chat, located)
    return (start if start >= 0 else words), differs


def _asking_prompt(message: int, chat: ChatToPlace) -> Steps[str | None]:
    """What the chat sends before a message; None where the template refuses such a chat."""
    (outcome,) = yield [_until(chat, message, True).filled()]
    return None if outcome.fault else outcome.text


def _asking_other(message: int, chat: ChatToPlace, located: Located) -> Steps[int]:
    """Where a turn that holds a call, or nothing, begins: up to there the text is the same if the
    message says something else instead. -1 where the template does not say."""
    shorter = _until(chat, message + 1, False)
    messages = [*shorter.messages[:-1], ChatMessage("assistant", _SENTINEL)]
    extras = [*shorter.extras[:-1], {}] if shorter.extras else ()
    (outcome,) = yield [replace(shorter, messages=messages, extras=extras).filled()]
    other = _before_sentinel(outcome)
    return -1 if other is None else _n_common(located.text, other)


def _until(chat: ChatToPlace, end: int, add_generation_prompt: bool) -> ChatToPlace:
    context = {**chat.context, "add_generation_prompt": add_generation_prompt}
    return replace(chat, messages=chat.messages[:end], extras=chat.extras[:end], context=context)


def _begins(located: Located, prompt: str, own: list[Span]) -> bool:
    """Whether the row goes on where the chat's prompt ends."""
    is_before = not own or len(prompt) <= own[0].start
    return is_before and located.text.startswith(prompt)


def _header_key(
    chat: ChatToPlace, message: int, first: Span, located: Located, is_alike: bool
) -> HeaderKey:
    """What has to be the same for a header to be: the chat's roles and the message's place in
    them; in long chats (is_alike) only the role before."""
    before = max((s.end for s in located.spans if s.end <= first.start), default=0)
    written = located.text[before : first.start]
    if is_alike:
        return tuple(one.role for one in chat.messages[:message][-1:]), -1, written
    return tuple(one.role for one in chat.messages), message, written


def _turn(message: int, start: int, own: list[Span], located: Located, differs: str) -> Turn:
    others = [span for span in located.spans if span.message != message]
    words = own[0].start if own else start
    last = max((span.end for span in own), default=start)
    floor = max((span.end for span in others if span.end <= words), default=0)
    bound = min((s.start for s in others if s.start >= last), default=len(located.text) + 1)
    return Turn(message, max(start, floor), words, last, bound, differs)


def _difference(text: str, prompt: str | None, words: int) -> str:
    """How a chat's prompt departs from a row's text, in words; "" where no chat is like it."""
    if prompt is None:
        return ""
    n = _n_common(text, prompt)
    end = words if words >= n else n + _N_SHOWN
    return f"the chat sends {_shown(prompt[n:])} where the row has {_shown(text[n:end])}."


def _shown(text: str) -> str:
    if not text:
        return "nothing"
    cut = text if len(text) <= _N_SHOWN else text[: _N_SHOWN - 1] + "…"
    return "“" + cut.replace("\n", "⏎") + "”"


def _n_common(one: str, other: str) -> int:
    """How many characters two texts have in common from their beginning."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _before_sentinel(outcome: Outcome) -> str | None:
    at = outcome.text.find(_SENTINEL)
    return None if outcome.fault or at < 0 else outcome.text[:at]

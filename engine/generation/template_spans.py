"""Where the messages stand in a rendered chat: pure functions, used by template_locate.py.

A chat is rendered twice, once as it is and once with each content replaced by a sentinel
(private-use characters that stand nowhere else). What lies between sentinels is the template's own
text; a content's place follows from it. The finding is only believed when own texts and contents,
put together again, are the real text to the last character.

Some templates look into contents (they split a reply at </think>), and then a bare sentinel takes
another way through them. For those, contents keep what the template may look for, its own string
literals, and only the stretches between become sentinels.
"""

import json
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from engine.process.messages import ChatMessage, Span

Key = tuple[int, int]
"""Message, and stretch of its content."""

_FIRST_NONCE_CHAR = 0xE200
_DIGIT_ZERO = 0xE100
_SEPARATOR = "\ue10b"
_END = "\ue10c"
_DIGITS = f"([{chr(_DIGIT_ZERO)}-{chr(_DIGIT_ZERO + 9)}]+)"
# What follows the nonce in a sentinel. Without the nonce, so that it is compiled once.
_SENTINEL_REST = re.compile(f"{_DIGITS}{_SEPARATOR}{_DIGITS}{_END}")

# Literals that a template may look for in a content: text it tests or splits by, or gives a name.
_QUOTED = r"""(?:'((?:[^'\\\n]|\\.){3,80})'|"((?:[^"\\\n]|\\.){3,80})")"""
_SEARCHES = (
    r"(?:r?split|startswith|endswith|r?find|r?index|count|replace|r?partition|remove(?:pre|suf)fix)"
)
_LOOKED_FOR = (
    re.compile(rf"\b{_SEARCHES}\(\s*{_QUOTED}"),
    re.compile(rf"{_QUOTED}\s+(?:not\s+)?in\b"),
    re.compile(rf"\bset\s+[\w.]+\s*=\s*{_QUOTED}\s*-?%\}}"),
)
# A marker, not a word or white space: those would only cut contents into crumbs.
_MARKER = re.compile(r"[<>\[\]|{}]")
_SPECIAL_LOOK = re.compile(r"<[^\s<>]{1,80}>|\[/?[A-Z][A-Z_]*\]|<[|\uff5c]|[|\uff5c]>")

# How often a template may repeat contents; beyond that it only wants to keep us busy.
_MAX_ECHOES = 20

_VARIANTS: tuple[Callable[[str], str], ...] = (
    lambda text: text,
    lambda text: text.rstrip("\n"),
    lambda text: text.lstrip("\n"),
    lambda text: text.strip("\n"),
    str.rstrip,
    str.lstrip,
    str.strip,
    lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
)


def has_special_look(text: str) -> bool:
    """Whether a text holds something like a special token: <s>, <|end|>, [INST]."""
    return _SPECIAL_LOOK.search(text) is not None


@dataclass
class Probe:
    """Contents with sentinels in them, and what each sentinel stands for."""

    nonce: str = field(default_factory=lambda: _nonce())
    contents: list[str] = field(default_factory=list)
    stretches: dict[Key, str] = field(default_factory=dict)
    kept: dict[Key, tuple[list[str], list[str]]] = field(default_factory=dict)
    """For each stretch the kept text right before and right after it; empty for bare probes."""

    def sentinel(self, key: Key) -> str:
        message, stretch = (_digits(number) for number in key)
        return f"{self.nonce}{message}{_SEPARATOR}{stretch}{_END}"

    def taken_apart(self, text: str) -> tuple[list[str], list[Key]]:
        """A probe's rendering as own texts and sentinels: own[0], keys[0], own[1], ... own[-1]."""
        first, *others = text.split(self.nonce)
        own, keys = [first], list[Key]()
        for part in others:
            found = _SENTINEL_REST.match(part)
            if found is None:  # the nonce alone is no sentinel
                own[-1] += self.nonce + part
                continue
            keys.append((_number(found[1]), _number(found[2])))
            own.append(part[found.end() :])
        return own, keys


def _nonce() -> str:
    """Private-use characters that no chat holds."""
    return "".join(chr(_FIRST_NONCE_CHAR + byte) for byte in secrets.token_bytes(8))


def bare_probe(messages: Sequence[ChatMessage]) -> Probe:
    """Each content one sentinel; blank ones stay as they are, since templates test for them."""
    probe = Probe()
    for index, message in enumerate(messages):
        if message.content.strip():
            probe.stretches[index, 0] = message.content
            probe.contents.append(probe.sentinel((index, 0)))
        else:
            probe.contents.append(message.content)
    return probe


def keeping_probe(template: str, messages: Sequence[ChatMessage]) -> Probe | None:
    """Sentinels around the template's literals that stand in contents; None where none do."""
    literals = [text for text in _literals(template) if any(text in m.content for m in messages)]
    if not literals:
        return None
    pattern = re.compile("|".join(map(re.escape, sorted(literals, key=len, reverse=True))))
    probe = Probe()
    for index, message in enumerate(messages):
        probe.contents.append(_keep(probe, index, message.content, pattern))
    return probe


def _keep(probe: Probe, index: int, content: str, pattern: re.Pattern[str]) -> str:
    """One content of a keeping probe: a sentinel for each stretch that is not blank."""
    if not content.strip():
        return content
    runs, stretches = _runs(content, pattern)
    if not stretches:  # an empty sentinel, so that what was typed can be told from the template's
        stretches, runs = [""], [*runs, []]
    text = "".join(runs[0])
    for number, stretch in enumerate(stretches):
        key = (index, number)
        probe.stretches[key] = stretch
        probe.kept[key] = (runs[number], runs[number + 1])
        text += probe.sentinel(key) + "".join(runs[number + 1])
    return text


def _runs(content: str, pattern: re.Pattern[str]) -> tuple[list[list[str]], list[str]]:
    """The kept parts before, between and after the stretches to replace, and those stretches."""
    runs: list[list[str]] = [[]]
    stretches: list[str] = []
    position = 0
    for start, end in [*(match.span() for match in pattern.finditer(content)), (len(content),) * 2]:
        if content[position:start].strip():
            stretches.append(content[position:start])
            runs.append([])
        elif position < start:
            runs[-1].append(content[position:start])
        if start < end:
            runs[-1].append(content[start:end])
        position = end
    return runs, stretches


def locate(
    real: str, rendered: str, probe: Probe, messages: Sequence[ChatMessage]
) -> list[Span] | None:
    """The spans of all contents; None where the probe does not explain the real text in full."""
    if rendered.count(probe.nonce) > _MAX_ECHOES * (len(probe.stretches) + 1):
        return None
    own, keys = probe.taken_apart(rendered)
    places = _places(real, own, keys, probe.stretches)
    if places is None:
        return None
    if not probe.kept:
        return [Span(start, end, key[0]) for (start, end), key in zip(places, keys, strict=True)]
    return _with_kept(real, places, keys, probe, messages)


def _places(
    real: str, own: Sequence[str], keys: Sequence[Key], stretches: Mapping[Key, str]
) -> list[tuple[int, int]] | None:
    """Where each stretch stands between the own texts: as it is, stripped, or quoted."""
    if not real.startswith(own[0]):
        return None
    position = len(own[0])
    places: list[tuple[int, int]] = []
    for key, following in zip(keys, own[1:], strict=True):
        is_last = len(places) == len(keys) - 1
        for variant in _VARIANTS:
            text = variant(stretches[key])
            end = position + len(text)
            if not real.startswith(text, position) or not real.startswith(following, end):
                continue
            if not is_last or end + len(following) == len(real):
                places.append((position, end))
                position = end + len(following)
                break
        else:
            return None
    return places if position == len(real) else None


def _with_kept(
    real: str,
    places: Sequence[tuple[int, int]],
    keys: Sequence[Key],
    probe: Probe,
    messages: Sequence[ChatMessage],
) -> list[Span] | None:
    """Give the kept literals beside a stretch to its message.

    Of a reply, the template may have moved or dropped them, and what it wrote itself is its own. Of
    all other messages each must stand where it stood, or nothing is believed: no user's text may
    count as the template's.
    """
    spans: list[Span] = []
    ceilings = [*(start for start, _ in places), len(real)][1:]
    for (start, end), key, ceiling in zip(places, keys, ceilings, strict=True):
        before, after = probe.kept[key]
        floor = spans[-1].end if spans else 0
        low, has_before = _before(real, before, floor, start)
        high, has_after = _after(real, after, end, ceiling)
        joins_previous = bool(spans) and spans[-1].message == key[0] and floor == start
        is_whole = has_after and (has_before or joins_previous)
        if not is_whole and messages[key[0]].role != "assistant":
            return None
        spans.append(Span(low, high, key[0]))
    return _touching_joined(spans)


def _before(real: str, kept: Sequence[str], floor: int, start: int) -> tuple[int, bool]:
    """How far back from `start` the kept parts stand as they were typed, and whether all do."""
    for first in range(len(kept) + 1):
        text = "".join(kept[first:])
        if first and text.isspace():
            continue  # beside dropped parts the template's own blanks look the same
        for variant in (text, text.lstrip()):
            if start - len(variant) >= floor and real.endswith(variant, 0, start):
                return start - len(variant), first == 0
    return start, False


def _after(real: str, kept: Sequence[str], end: int, ceiling: int) -> tuple[int, bool]:
    """How far on from `end` the kept parts stand as they were typed, and whether all do."""
    for n_parts in range(len(kept), -1, -1):
        text = "".join(kept[:n_parts])
        if n_parts < len(kept) and text.isspace():
            continue
        for variant in (text, text.rstrip()):
            if end + len(variant) <= ceiling and real.startswith(variant, end):
                return end + len(variant), n_parts == len(kept)
    return end, False


def find_in_order(real: str, messages: Sequence[ChatMessage]) -> list[Span]:
    """A guess where nothing better is known: each content, stripped, after the one before it; those
    not found are left out. Only for chats without anything that looks special."""
    spans: list[Span] = []
    position = 0
    for index, message in enumerate(messages):
        text = message.content.strip()
        start = real.find(text, position) if text else -1
        if start >= 0:
            position = start + len(text)
            spans.append(Span(start, position, index))
    return spans


def own_regions(n_chars: int, spans: Sequence[Span]) -> list[tuple[int, int]]:
    """What no span covers, in order."""
    regions: list[tuple[int, int]] = []
    position = 0
    for span in sorted(spans, key=lambda span: span.start):
        if span.start > position:
            regions.append((position, span.start))
        position = max(position, span.end)
    if position < n_chars:
        regions.append((position, n_chars))
    return regions


def _touching_joined(spans: Sequence[Span]) -> list[Span]:
    joined: list[Span] = []
    for span in spans:
        if joined and joined[-1].message == span.message and joined[-1].end == span.start:
            joined[-1] = Span(joined[-1].start, span.end, span.message)
        else:
            joined.append(span)
    return joined


def _literals(template: str) -> set[str]:
    quoted = (pair for pattern in _LOOKED_FOR for pair in pattern.findall(template))
    plain = ((first or second).replace("\\n", "\n").strip("\n") for first, second in quoted)
    return {text for text in plain if len(text) > 2 and _MARKER.search(text)}


def _digits(number: int) -> str:
    return "".join(chr(_DIGIT_ZERO + int(digit)) for digit in str(number))


def _number(digits: str) -> int:
    return int("".join(str(ord(char) - _DIGIT_ZERO) for char in digits))

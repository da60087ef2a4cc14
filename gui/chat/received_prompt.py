"""A prompt as bands of tokens: which tokens are whose, what was left out, what is new since the
turn before. Qt-free.

The engine says where each message's content stands; what the template wrote around it is told apart
by the special tokens that end a message: the one that follows a content ends it, and what comes
after belongs to the next.
"""

import hashlib
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from itertools import groupby, pairwise

from msgspec import Struct

from engine.process.messages import Array, Rendered, Span, Token
from gui.chat.conversation import first_words
from gui.chat.receipt import Given, role_name
from gui.chat.words import count, tokens_text, tr
from gui.widgets.token_rows import Band
from gui.widgets.token_text import TokenText, token_text

FIRST_WORDS = 32


class Prompt(Struct, frozen=True):
    """What a reply received, ready to be shown."""

    tokens: TokenText
    bands: tuple[Band, ...]
    hash: str


class _Content(Struct, frozen=True):
    """The tokens of one message's own words."""

    start: int
    end: int
    message: int


def prompt_of(
    rendered: Rendered, given: Given, begun: Sequence[Token] = (), n_dropped_tokens: int = 0
) -> Prompt:
    """A rendered prompt with its bands.

    Args:
        begun: the tokens of given.prefill_ids, drawn before and given again as they were.
    """
    tokens = _tokens(rendered, begun)
    starts = _numbers(rendered.text_starts)
    spans = raw_spans(given) if given.is_raw else rendered.spans
    contents = _contents(spans, starts)
    if given.is_raw:
        bands = _raw_bands(given, contents, len(tokens))
    else:
        bands = _bands(given, contents, tokens)
    return Prompt(tokens, tuple(_with_notes(bands, given, n_dropped_tokens)), ids_hash(tokens.ids))


def ids_of(rendered: Rendered) -> Sequence[int]:
    """The ids alone."""
    return _numbers(rendered.ids)


def ids_hash(ids: Sequence[int]) -> str:
    """sha256 over ids as the engine takes it (messages.Generated.prompt_hash)."""
    data = b"".join(one.to_bytes(4, "little", signed=True) for one in ids)
    return hashlib.sha256(data).hexdigest()


def kept_since(before: Sequence[int], now: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Which tokens of a prompt stood in the one before already, as ranges.

    The common beginning; and where the policy dropped old messages, what moved up behind it: the
    longest stretch there that ended the prompt before.
    """
    n_same = 0
    for old, new in zip(before, now, strict=False):
        if old != new:
            break
        n_same += 1
    kept = [(0, n_same)]
    moved = _longest_overlap(before[n_same:], now[n_same:])
    if moved:
        kept.append((n_same, n_same + moved))
    return tuple(one for one in kept if one[0] < one[1])


def first_new(kept: Sequence[tuple[int, int]]) -> int:
    """The first token that differs from the prompt before."""
    return kept[0][1] if kept and kept[0][0] == 0 else 0


def _longest_overlap(before: Sequence[int], now: Sequence[int]) -> int:
    """The longest beginning of `now` that is an end of `before` (Knuth, Morris, Pratt 1977)."""
    if not before or not now:
        return 0
    fallback, matched = [0] * len(now), 0
    for at in range(1, len(now)):
        while matched and now[at] != now[matched]:
            matched = fallback[matched - 1]
        matched += now[at] == now[matched]
        fallback[at] = matched
    matched = 0
    for token in before:
        while matched and (matched == len(now) or token != now[matched]):
            matched = fallback[matched - 1]
        matched += token == now[matched]
    return matched


# ---- tokens ----


def _tokens(rendered: Rendered, begun: Sequence[Token]) -> TokenText:
    ids, lengths = _numbers(rendered.ids), _numbers(rendered.piece_bytes)
    ids.extend(token.id for token in begun)
    lengths.extend(len(token.piece) for token in begun)
    data = rendered.pieces.data + b"".join(token.piece for token in begun)
    return token_text(ids, data, lengths, rendered.special.data + bytes(len(begun)))


def _numbers(values: Array) -> "array[int]":
    result = array("i")
    result.frombytes(values.data)
    return result


# ---- bands ----


def raw_spans(given: Given) -> list[Span]:
    """Where the turns of a raw text stand in it; the prefill last."""
    spans, at = [], 0
    texts = [source.content for source in given.sources] + [given.prefill]
    for place, text in enumerate(texts):
        spans.append(Span(at, at + len(text), place))
        at += len(text)
    return spans


def _contents(spans: Sequence[Span], starts: Sequence[int]) -> list[_Content]:
    """Tokens of each message; one that the template took apart is whole again."""
    ordered = sorted((span for span in spans if span.end > span.start), key=lambda one: one.start)
    contents = []
    for message, group in groupby(ordered, key=lambda span: span.message):
        parts = list(group)
        first = bisect_left(starts, parts[0].start)
        contents.append(_Content(first, bisect_left(starts, parts[-1].end), message))
    return contents


def _raw_bands(given: Given, contents: list[_Content], n_tokens: int) -> list[Band]:
    """A raw text: its turns, one after another."""
    edges = [0, *(content.start for content in contents[1:]), n_tokens]
    bands = []
    for content, (start, end) in zip(contents, pairwise(edges), strict=True):
        is_prefill = content.message == len(given.sources)
        role = "reply" if is_prefill else given.sources[content.message].role
        title = _reply_title() if is_prefill else role_name(role)
        bands.append(Band(start, end, tr("Text") if role == "user" else title, role))
    return bands


def _bands(given: Given, contents: list[_Content], tokens: TokenText) -> list[Band]:
    closers = _closers(contents, tokens)
    bands: list[Band] = []
    at = 0
    for content in contents:
        at = _add_template_bands(bands, at, content.start, closers, tokens)
        end = _closed(content.end, _next_start(contents, content, len(tokens)), tokens)
        if content.message >= len(given.sources):
            bands.append(Band(at, len(tokens), _reply_title(), "reply"))
            return bands
        role = given.sources[content.message].role
        bands.append(Band(at, end, role_name(role), role))
        at = end
    if at < len(tokens):
        bands.append(Band(at, len(tokens), _reply_title(), "reply"))
    return bands


def _reply_title() -> str:
    return tr("Reply begins")


def _next_start(contents: list[_Content], content: _Content, n_tokens: int) -> int:
    place = contents.index(content) + 1
    return contents[place].start if place < len(contents) else n_tokens


def _closers(contents: list[_Content], tokens: TokenText) -> frozenset[int]:
    """Ids of the special tokens that end a message here."""
    found = set()
    for content in contents:
        special = tokens.next_special(content.end)
        if 0 <= special < _next_start(contents, content, len(tokens)):
            found.add(tokens.ids[special])
    return frozenset(found)


def _closed(end: int, limit: int, tokens: TokenText) -> int:
    """Where a message ends that has its last own token before `end`: behind the special token that
    closes it, and the blanks after that."""
    special = tokens.next_special(end)
    return _past_blanks(special + 1, limit, tokens) if 0 <= special < limit else end


def _past_blanks(at: int, limit: int, tokens: TokenText) -> int:
    while at < limit and not tokens.is_special(at) and not tokens.piece(at).strip():
        at += 1
    return at


def _add_template_bands(
    bands: list[Band], at: int, limit: int, closers: frozenset[int], tokens: TokenText
) -> int:
    """Whole messages that the template brings along, such as a system prompt of its own.

    Returns:
        Where the next message's own opening begins.
    """
    place = at
    while 0 <= (place := tokens.next_special(place)) < limit:
        if tokens.ids[place] in closers:
            end = _past_blanks(place + 1, limit, tokens)
            bands.append(Band(at, end, tr("Template"), "template"))
            at = end
        place += 1
    return at


# ---- what was left out ----


def _with_notes(bands: list[Band], given: Given, n_tokens: int) -> list[Band]:
    """The note about what was left out, above the band that follows it."""
    if not given.dropped:
        return bands
    words = _dropped_words(given, n_tokens)
    n_before = sum(1 for place in range(min(given.dropped)) if place not in given.dropped)
    own = [place for place, band in enumerate(bands) if band.role not in ("template", "reply")]
    at = own[n_before] if n_before < len(own) else len(bands) - 1
    band = bands[at]
    bands[at] = Band(band.start, band.end, band.title, band.role, words)
    return bands


def _dropped_words(given: Given, n_tokens: int) -> str:
    n = len(given.dropped)
    what = count(n, tr("{n} message"), tr("{n} messages"))
    texts = [given.sources[place].content for place in given.dropped if place < len(given.sources)]
    named = ", ".join(f"“{first_words(text, FIRST_WORDS)}”" for text in texts[:2])
    more = " …" if len(texts) > 2 else ""
    tokens = f", {tokens_text(n_tokens)}" if n_tokens else ""
    return tr("{what}{tokens} left out to fit the context: {named}").format(
        what=what, tokens=tokens, named=named + more
    )

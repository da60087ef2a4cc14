"""Inline Markdown -> runs of styled text, each with its place in the message's source.

Does: neutralise text (control and bidi characters made visible, one character for one), parse one
paragraph's inline markup with markdown-it, say where each run stands in the source. Does not:
know blocks, fonts or Qt.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntFlag
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

LINE_BREAK = "\u2028"
SAFE_SCHEMES = frozenset({"http", "https", "mailto"})
MAX_INLINE_CHARS = 8_192
MAX_BRACKETS = 200

_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\U000e0000-\U000e007f]"
)
_REPLACEMENT = "\ufffd"


class Style(IntFlag):
    """How a run looks; the flags add up."""

    PLAIN = 0
    BOLD = 1
    ITALIC = 2
    STRIKE = 4
    CODE = 8
    LINK = 16


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of shown text. source: where its first character stands in the message's text,
    the others following one for one; -1 where the shown text is not the source's (an entity, an
    escaped pipe)."""

    text: str
    style: Style = Style.PLAIN
    source: int = -1
    href: str = ""


def neutralise(text: str) -> str:
    """The text with nothing in it that could act on the reader's screen; the same length, so that
    offsets hold.

    Control characters become their pictures (an escape is seen as one), characters that reorder
    or hide text become the replacement character. Line feeds, tabs and joiners of emoji and
    scripts stay.
    """
    return _UNSAFE.sub(_picture, text) if _UNSAFE.search(text) else text


def _picture(match: re.Match[str]) -> str:
    character = match.group()
    code = ord(character)
    if character == "\r":
        return " " if match.string[match.end() : match.end() + 1] == "\n" else "\n"
    if character in "\u2028\u2029":
        return " "
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else _REPLACEMENT


def is_safe_link(url: str) -> bool:
    """Whether a link may be shown as one: http, https and mailto, nothing else."""
    try:
        return urlsplit(url.strip()).scheme.lower() in SAFE_SCHEMES
    except ValueError:
        return False


def inline_runs(parser: MarkdownIt, content: str, sources: Sequence[int]) -> tuple[Run, ...]:
    """Parse one inline content.

    Args:
        content: the text of a paragraph, heading or cell as markdown-it's block pass gives it.
        sources: for each line of content, its offset in the message's text; -1 where unknown.

    Returns:
        Runs in order; line breaks are runs of one LINE_BREAK. Content beyond the bounds comes
        back unparsed.
    """
    lines = _Lines(content, sources)
    if len(content) > MAX_INLINE_CHARS or content.count("[") > MAX_BRACKETS:
        return tuple(_plain_runs(content, lines))
    from gui.widgets.markdown_parser import inline_tokens

    return tuple(_merged(_RunWalk(lines).runs(inline_tokens(parser, content))))


class _Lines:
    """From an offset in an inline content to an offset in the message's text."""

    def __init__(self, content: str, sources: Sequence[int]) -> None:
        self._content = content
        self._starts = [0] + [match.end() for match in re.finditer("\n", content)]
        self._sources = sources

    def find(self, text: str, at: int) -> int:
        """Where text stands at or just behind `at`; -1 where the content does not say it in these
        characters."""
        return self._content.find(text, at, at + len(text) + 2)

    def source(self, at: int) -> int:
        if at < 0:
            return -1
        line = bisect_right(self._starts, at) - 1
        base = self._sources[line] if line < len(self._sources) else -1
        return -1 if base < 0 else base + at - self._starts[line]


def _plain_runs(content: str, lines: _Lines) -> Iterator[Run]:
    at = 0
    for number, line in enumerate(content.split("\n")):
        if number:
            yield Run(LINE_BREAK, source=lines.source(at - 1))
        if line:
            yield Run(line, source=lines.source(at))
        at += len(line) + 1


_FLAGS = {"strong": Style.BOLD, "em": Style.ITALIC, "s": Style.STRIKE}


class _RunWalk:
    """Turns inline tokens into runs, keeping the style that is open."""

    def __init__(self, lines: _Lines) -> None:
        self._lines = lines
        self._open: list[Style] = []
        self._href = ""
        self._cursor = 0

    def runs(self, tokens: list[Token]) -> Iterator[Run]:
        for token in tokens:
            name, _, what = token.type.rpartition("_")
            if what == "open":
                self._open.append(_FLAGS.get(name, Style.LINK))
                self._href = str(token.attrs.get("href", self._href))
            elif what == "close" and self._open:
                if self._open.pop() == Style.LINK:
                    self._href = ""
            else:
                yield from self._leaf(token)

    def _leaf(self, token: Token) -> Iterator[Run]:
        at = max(int(token.meta.get("at", 0)), self._cursor)
        if token.type in ("softbreak", "hardbreak"):
            yield Run(LINE_BREAK, source=self._lines.source(at))
        elif token.type == "text":
            self._cursor = at + len(token.content)
            yield self._run(token.content, self._lines.find(token.content, at))
        elif token.type == "code_inline":
            found = self._lines.find(token.content, at + len(token.markup))
            yield self._run(token.content, found, Style.CODE)
        elif token.type == "image":
            yield Run(
                token.content or str(token.attrs.get("src", "")),
                self._style() | Style.LINK,
                self._lines.source(at + 2) if token.content else -1,
                str(token.attrs.get("src", "")),
            )
        else:
            yield Run(token.content, self._style(), href=self._href)

    def _style(self) -> Style:
        style = Style.PLAIN
        for flag in self._open:
            style |= flag
        return style

    def _run(self, text: str, at: int, more: Style = Style.PLAIN) -> Run:
        return Run(text, self._style() | more, self._lines.source(at), self._href)


def _merged(runs: Iterator[Run]) -> Iterator[Run]:
    """Neighbours of one style that follow one another in the source, made one."""
    last: Run | None = None
    for run in runs:
        if not run.text:
            continue
        if last is not None and _continues(last, run):
            last = Run(last.text + run.text, last.style, last.source, last.href)
            continue
        if last is not None:
            yield last
        last = run
    if last is not None:
        yield last


def _continues(last: Run, run: Run) -> bool:
    return (
        run.style == last.style
        and run.href == last.href
        and LINE_BREAK not in (run.text, last.text)
        and last.source >= 0
        and run.source == last.source + len(last.text)
    )

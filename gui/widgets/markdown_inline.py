"""Inline Markdown -> runs of styled text, each with its place in the message's source.

Does: neutralise text (control and bidi characters made visible, one character for one), parse one
paragraph's inline markup with markdown-it, say where each run stands in the source. Does not:
know blocks, fonts or Qt.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from enum import IntFlag
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from gui.widgets.markdown_references import NO_REFERENCES, References, is_safe_link

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

__all__ = ["LINE_BREAK", "OBJECT", "Run", "Style", "inline_runs", "is_safe_link", "neutralise"]

LINE_BREAK = "\u2028"
# What stands for a formula in a block's text.
OBJECT = "\ufffc"
MAX_INLINE_CHARS = 8_192
MAX_BRACKETS = 100
# Signs that may be markup; what has more of them is a puzzle, not a text.
MAX_SIGNS = 600
MAX_DOLLARS = 160

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
    MATHS = 32
    DISPLAY = 64  # a formula on a line of its own


class Run(Struct, frozen=True):
    """A stretch of shown text. source: where its first character stands in the message's text,
    the others following one for one; -1 where the shown text is not the source's (an entity, an
    escaped pipe). A formula is one character, OBJECT: latex is what it says, length the characters
    of the source that it stands for, dollars included."""

    text: str
    style: Style = Style.PLAIN
    source: int = -1
    href: str = ""
    latex: str = ""
    length: int = 0

    @property
    def source_end(self) -> int:
        """Where the source that it stands for ends."""
        return self.source + (self.length or len(self.text))


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


def inline_runs(
    parser: MarkdownIt,
    content: str,
    sources: Sequence[int],
    references: References = NO_REFERENCES,
) -> tuple[Run, ...]:
    """Parse one inline content.

    Args:
        content: the text of a paragraph, heading or cell as markdown-it's block pass gives it.
        sources: for each line of content, its offset in the message's text; -1 where unknown.
        references: the addresses of links that are named elsewhere in the message.

    Returns:
        Runs in order; line breaks are runs of one LINE_BREAK. Content beyond the bounds comes
        back unparsed.
    """
    lines = _Lines(content, sources)
    if len(content) > MAX_INLINE_CHARS or content.count("[") > MAX_BRACKETS or _is_puzzle(content):
        return tuple(_plain_runs(content, lines))
    from gui.widgets.markdown_parser import inline_tokens

    tokens = inline_tokens(parser, content, references)
    runs = _on_own_lines(_merged(_RunWalk(lines).runs(tokens)))
    return tuple(found for run in runs for found in _with_links(run))


def _is_puzzle(content: str) -> bool:
    if content.count("$") + 2 * content.count("\\(") > MAX_DOLLARS:
        return True
    return sum(map(content.count, "*_~`<&")) > MAX_SIGNS


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

    def length(self, at: int, end: int) -> int:
        """How much of the message's text stands between two places of the content."""
        first, last = self.source(at), self.source(end - 1)
        return last + 1 - first if 0 <= first <= last else end - at

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
        elif token.type == "maths":
            yield self._formula(token, at)
        elif token.type == "image":
            yield Run(
                token.content or str(token.attrs.get("src", "")),
                self._style() | Style.LINK,
                self._lines.source(at + 2) if token.content else -1,
                str(token.attrs.get("src", "")),
            )
        else:
            yield Run(token.content, self._style(), href=self._href)

    def _formula(self, token: Token, at: int) -> Run:
        self._cursor = end = int(token.meta["end"])
        style = self._style() | Style.MATHS
        if token.markup not in ("$", "\\("):
            style |= Style.DISPLAY
        length = self._lines.length(at, end)
        return Run(OBJECT, style, self._lines.source(at), self._href, token.content, length)

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
        and not run.style & Style.MATHS
        and LINE_BREAK not in (run.text, last.text)
        and last.source >= 0
        and run.source == last.source + len(last.text)
    )


_PUNCTUATION = frozenset(".,;:")


def _on_own_lines(runs: Iterator[Run]) -> Iterator[Run]:
    """Formulas that are displayed stand on lines of their own."""
    last: Run | None = None
    for run in runs:
        displayed = run.style & Style.DISPLAY or (last is not None and last.style & Style.DISPLAY)
        if run.text.strip() in _PUNCTUATION:
            displayed = False  # the sentence ends with the formula
        if displayed and last is not None and LINE_BREAK not in (last.text, run.text):
            yield Run(LINE_BREAK)
            text = run.text.lstrip(" ")
            shift = len(run.text) - len(text) if run.source >= 0 else 0
            run = replace(run, text=text, source=run.source + shift)
        if run.text:
            yield run
            last = run


_ADDRESS = re.compile(r"https?://[^\s<>\"`\u201c\u201d\ufffd]{1,2000}")


def _with_links(run: Run) -> Iterator[Run]:
    """Addresses that are written out are links too."""
    if run.href or run.style & (Style.CODE | Style.MATHS) or "://" not in run.text:
        yield run
        return
    at = 0
    for found in _ADDRESS.finditer(run.text):
        url = _without_punctuation(found.group())
        if not is_safe_link(url):
            continue
        end = found.start() + len(url)
        yield from _part(run, at, found.start())
        linked = replace(run, style=run.style | Style.LINK, href=url)
        yield from _part(linked, found.start(), end)
        at = end
    yield from _part(run, at, len(run.text))


def _part(run: Run, start: int, end: int) -> Iterator[Run]:
    if start < end:
        source = run.source + start if run.source >= 0 else -1
        yield replace(run, text=run.text[start:end], source=source)


def _without_punctuation(url: str) -> str:
    """An address without what ends the sentence that it stands in."""
    while url and (url[-1] in ".,;:!?'*_" or (url[-1] in ")]" and not _is_balanced(url))):
        url = url[:-1]
    return url


def _is_balanced(url: str) -> bool:
    return url.count("(") >= url.count(")") and url.count("[") >= url.count("]")

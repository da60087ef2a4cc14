"""The text that a reader of an HTML page came for: without markup, scripts, menus and forms; of a
page that says which part is its own (<main>), that part."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html.parser import HTMLParser

# What is not the page's own text.
_LEFT_OUT = frozenset(
    {"script", "style", "noscript", "template", "svg", "math", "head", "nav", "footer", "aside"}
    | {"form", "button", "select", "iframe", "object", "audio", "video", "canvas"}
)
# Around these there is a blank line, around the others a line's end.
_PARAGRAPHS = frozenset(
    {"p", "pre", "blockquote", "ul", "ol", "dl", "table", "article", "section"}
    | {"h1", "h2", "h3", "h4", "h5", "h6"}
)
_LINES = frozenset(
    {"address", "body", "caption", "center", "dd", "details", "div", "dt", "figcaption", "figure"}
    | {"header", "hr", "html", "li", "main", "summary", "tbody", "td", "tfoot", "th", "thead", "tr"}
)


def text_of_html(blocks: Iterable[str]) -> str:
    """The text of a page that comes in blocks; whatever is wrong with its markup."""
    reader = _Reader()
    for block in blocks:
        reader.feed(block)
    reader.close()
    return reader.text()


# A <main> of fewer letters is no page's text.
_FEWEST_LETTERS = 200


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        # Names of what is open and left out, and how many <pre> are open.
        self._hidden: list[str] = []
        self._n_pre = 0
        # Where <main> begins and ends among the parts.
        self._main: list[int] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _LEFT_OUT:
            self._hidden.append(tag)
        if tag == "body":  # a <head> that nobody closed
            self._hidden.clear()
        if tag == "main" and not self._main:
            self._main.append(len(self._parts))
        self._border(tag)
        self._n_pre += tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        if tag in self._hidden:
            while self._hidden.pop() != tag:
                pass
        if tag == "main" and len(self._main) == 1:
            self._main.append(len(self._parts))
        self._border(tag)
        self._n_pre = max(0, self._n_pre - (tag == "pre"))

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        if not self._n_pre:
            data = re.sub(r"\s+", " ", data)
            if self._parts and self._parts[-1][-1:] in (" ", "\n"):
                data = data.lstrip()
        if data:
            self._parts.append(data)

    def _border(self, tag: str) -> None:
        if self._hidden:
            return
        if tag == "br":
            self._parts.append("\n")
        elif tag in _PARAGRAPHS:
            self._parts.append("\n\n")
        elif tag in _LINES and self._parts and not self._parts[-1].endswith("\n"):
            self._parts.append("\n")

    def text(self) -> str:
        main = _tidy(self._parts[slice(*self._main)]) if len(self._main) == 2 else ""
        return main if len(main) >= _FEWEST_LETTERS else _tidy(self._parts)


def _tidy(parts: list[str]) -> str:
    text = re.sub(r"[ \t]+\n", "\n", "".join(parts))
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"

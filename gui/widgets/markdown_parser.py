"""markdown-it as we use it: the parser of blocks, and inline tokens that know their place.

The only file that imports markdown-it, and it is imported with the first text that is parsed: it
takes 40 ms that the start of the window need not pay.
"""

from collections.abc import Sequence
from html import escape
from typing import Any, Literal

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from gui.widgets.markdown_inline import is_safe_link
from gui.widgets.markdown_maths import add_maths
from gui.widgets.markdown_references import References


def make_parser() -> MarkdownIt:
    """CommonMark with tables, strikethrough and formulas, no HTML; block structure only,
    `inline_tokens` does the rest."""
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    parser.core.ruler.disable(["inline", "text_join"])
    # Link definitions act on text far above, and a page of them takes a second: they are found by
    # markdown_references.py, and shown, as they say where a reply has its words from.
    parser.block.ruler.disable("reference")
    parser.validateLink = is_safe_link  # type: ignore[method-assign]  # as its manual says
    add_maths(parser)
    return parser


def make_renderer() -> MarkdownIt:
    """The same language, blocks and inline, to be rendered as HTML; images become links."""
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True})
    parser.enable(["table", "strikethrough"])
    parser.validateLink = is_safe_link  # type: ignore[method-assign]  # as its manual says
    parser.add_render_rule("image", _image_as_link)
    add_maths(parser)
    parser.add_render_rule("maths", _maths_as_written)
    return parser


def inline_tokens(parser: MarkdownIt, content: str, references: References) -> list[Token]:
    """The inline tokens of a content; meta["at"] of each is where in the content it began."""
    state = _PlacedState(content, parser, {"references": references}, [])
    parser.inline.tokenize(state)
    for rule in parser.inline.ruler2.getRules(""):
        if rule.__name__ != "fragments_join":
            rule(state)
    return state.tokens


class _PlacedState(StateInline):
    """markdown-it's inline state, noting on each token where in the content it began."""

    pending_at = 0

    def append_pending(self, text: str) -> None:
        if not self.pending:
            self.pending_at = self.pos
        super().append_pending(text)

    def pushPending(self) -> Token:
        token = super().pushPending()
        token.meta["at"] = self.pending_at
        return token

    def push(self, ttype: str, tag: str, nesting: Literal[-1, 0, 1]) -> Token:
        token = super().push(ttype, tag, nesting)
        token.meta["at"] = self.pos
        return token


def _image_as_link(
    _renderer: Any, tokens: Sequence[Token], index: int, _options: Any, _env: Any
) -> str:
    source = str(tokens[index].attrs.get("src", ""))
    return f'<a href="{escape(source)}">{escape(tokens[index].content or source)}</a>'


def _maths_as_written(
    _renderer: Any, tokens: Sequence[Token], index: int, _options: Any, _env: Any
) -> str:
    token = tokens[index]
    if token.markup.startswith("\\begin"):
        return escape(token.content)
    closing = {"\\(": "\\)", "\\[": "\\]"}.get(token.markup, token.markup)
    return escape(token.markup + token.content + closing)

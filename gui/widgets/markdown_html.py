"""Markdown -> HTML for the clipboard, so that a copied reply keeps its form in a letter. No HTML
of the text passes through, images become links, and only safe links are links.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from gui.widgets.markdown_inline import neutralise

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

# A copy of more than this is plain text only: making it rich would be felt.
MAX_RICH_CHARS = 60_000


def markdown_to_html(text: str) -> str:
    """HTML of a text; empty beyond the bound."""
    if len(text) > MAX_RICH_CHARS or text.count("[") > MAX_RICH_CHARS // 100:
        return ""
    return str(_renderer().render(neutralise(text)))


@cache
def _renderer() -> MarkdownIt:
    from gui.widgets.markdown_parser import make_renderer

    return make_renderer()

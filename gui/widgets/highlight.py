"""Code -> coloured spans, by pygments. Roles, not colours: the look gives each role a colour of
the theme in use.

Does not: guess a language, colour what is too long, know Qt.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pygments.lexer import Lexer

Role = Literal["keyword", "text", "number", "comment", "name", "faint"]
MAX_CHARS = 20_000
# Beyond so many spans in one piece the rest stays plain: each costs time to lay out.
MAX_SPANS = 400
# Of "{.python}", "rust,ignore" and "js:main.js" the language.
_NAME = re.compile(r"[\w+#-]+(?:\.\w+)?")


def highlight(code: str, language: str) -> Iterator[tuple[int, int, Role]]:
    """Spans (start, length, role) of code that stand out; none for an unknown language."""
    name = _NAME.search(language.lower())
    lexer = _lexer(name[0]) if name is not None and len(code) <= MAX_CHARS else None
    if lexer is None:
        return
    n_spans = 0
    # Several lexers know a comment by the end of its line, which a last line does not have.
    for start, kind, text in lexer.get_tokens_unprocessed(code + "\n"):
        role = _role(kind)
        if role is not None and text.strip():
            yield start, min(len(text), len(code) - start), role
            n_spans += 1
            if n_spans == MAX_SPANS:
                return


# pygments is imported with the first code that is shown: the start of the window need not pay.


@lru_cache(maxsize=64)
def _lexer(language: str) -> Lexer | None:
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(language)
    except ClassNotFound:
        return None


@cache
def _roles() -> dict[object, Role]:
    from pygments import token

    return {
        token.Keyword: "keyword",
        token.Operator.Word: "keyword",
        token.Name.Tag: "keyword",
        token.String: "text",
        token.Literal.Date: "text",
        token.Number: "number",
        token.Name.Constant: "number",
        token.Keyword.Constant: "number",
        token.Comment: "comment",
        token.Name.Function: "name",
        token.Name.Class: "name",
        token.Name.Decorator: "name",
        token.Name.Attribute: "name",
        token.Name.Namespace: "name",
        token.Operator: "faint",
    }


@lru_cache(maxsize=1024)
def _role(kind: object) -> Role | None:
    """The role of a kind of token, or of the nearest kind above it."""
    at: object | None = kind
    while at is not None:
        if at in _roles():
            return _roles()[at]
        at = getattr(at, "parent", None)
    return None

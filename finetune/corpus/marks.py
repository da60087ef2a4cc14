"""Marks that formats leave in texts, taken out: of Markdown what is not meant to be read (front
matter, comments, the addresses of links), of a table's fields HTML's entities and tags.

Headings, lists, emphasis and code stay: they are how such a text is written.
"""

from __future__ import annotations

import html
import re

from finetune.corpus.document import Document

_FRONT_MATTER = re.compile(
    r"\A---[ \t]*\r?\n[\w-]+:.*?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL
)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
# Badges and pictures, then links: what is said of them stays.
_PICTURE = re.compile(r"!\[([^\]\n]*)\]\([^()\s]*(?:\s+\"[^\"\n]*\")?\)")
_LINK = re.compile(
    r"(?<!!)\[([^\[\]\n]*)\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)?(?:\s+\"[^\"\n]*\")?\)"
)
_DEFINITION = re.compile(r"^[ ]{0,3}\[[^\]\n]+\]:[ \t]+\S+.*\n?", re.MULTILINE)
_TAG = re.compile(
    r"</?(?:a|b|blockquote|br|center|code|dd|details|div|dl|dt|em|font|h[1-6]|hr|i|img|kbd|li|ol|p|"
    r"pre|small|span|strong|sub|summary|sup|table|tbody|td|th|thead|tr|tt|u|ul)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_ENTITY = re.compile(
    r"&(?:amp|lt|gt|quot|apos|nbsp|ndash|mdash|hellip|[lr][sd]quo|#\d{1,7}|#x[\da-f]{1,6});", re.I
)
_FENCED = re.compile(r"(^(?:```|~~~).*?^(?:```|~~~)[ \t]*$)", re.MULTILINE | re.DOTALL)


def without_marks(document: Document) -> str:
    """A document's text without marks; a plain one as it is."""
    text = document.text
    if document.kind == "markdown":
        return _plain_markdown(text if document.part else _FRONT_MATTER.sub("", text))
    if document.kind == "field":
        return _without_html(text)
    return text


def _plain_markdown(text: str) -> str:
    # Every other part is fenced code, which stays as it is.
    parts = _FENCED.split(text)
    parts[::2] = [_prose(part) for part in parts[::2]]
    return "".join(parts)


def _prose(text: str) -> str:
    text = _COMMENT.sub("", text)
    for _ in range(2):  # a picture within a link
        text = _LINK.sub(r"\1", _PICTURE.sub(r"\1", text))
    return _without_html(_DEFINITION.sub("", text))


def _without_html(text: str) -> str:
    if "<" in text:
        text = _TAG.sub("", text)
    if "&" in text:
        text = _ENTITY.sub(lambda found: html.unescape(found[0]), text)
    return text.replace("\xa0", " ")

"""Links that are named in one place and defined in another: [words][name] … [name]: address.

Finds the definitions of a message by looking at the beginnings of its lines, and says which
addresses may be links at all. The definitions stay in sight: they say where a reply has its words
from.
"""

import re
from collections.abc import Mapping
from itertools import islice
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

References = Mapping[str, Mapping[str, Any]]
NO_REFERENCES: References = MappingProxyType({})
SAFE_SCHEMES = frozenset({"http", "https", "mailto"})
MAX_DEFINITIONS = 1_000

_DEFINITION = re.compile(
    r"(?m)^ {0,3}\[((?:[^\[\]\\\n]|\\.){1,200})\]:[ \t]{0,8}<?([^\s<>]{1,2000})>?"
    r"(?:[ \t]+(?:\"[^\"\n]{0,400}\"|'[^'\n]{0,400}'))?[ \t]*$"
)


def is_safe_link(url: str) -> bool:
    """Whether a link may be shown as one: http, https and mailto, nothing else."""
    try:
        return urlsplit(url.strip()).scheme.lower() in SAFE_SCHEMES
    except ValueError:
        return False


def find_references(text: str) -> References:
    """The definitions in a text, as markdown-it wants them; the first of a name counts."""
    if "]:" not in text:
        return NO_REFERENCES
    from markdown_it.common.utils import normalizeReference

    result: dict[str, Mapping[str, Any]] = {}
    for found in islice(_DEFINITION.finditer(text), MAX_DEFINITIONS):
        name, url = normalizeReference(found[1]), found[2]
        if name and is_safe_link(url):
            result.setdefault(name, {"href": url, "title": ""})
    return result

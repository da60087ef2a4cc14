"""Outermost fenced code: where it begins and where it ends, line by line, without a parser."""

import re

from msgspec import Struct

FENCE_LINE = re.compile(r"(?m)^ {0,3}(?:`{3,}[^`\n]{0,256}|~{3,}[^\n]{0,256})\n")
_OPENING = re.compile(r"( {0,3})(?:(`{3,})([^`\n]{0,256})|(~{3,})([^\n]{0,256}))\n")


class Fence(Struct, frozen=True):
    """An outermost card of code that the text stands in. mark: what opened it and will close it;
    none for the rest of an endless list or table, which a blank line ends."""

    group: int
    indent: int
    mark: str
    language: str

    def split(self, window: str, is_final: bool) -> tuple[str, int]:
        """The code before the closing line, and where behind it the text goes on (0: it is not
        closed yet). A last line that may become the closing one is held back."""
        line = r"(?m)^[ \t]*"
        held_line = r"(?m)^[ \t]+\Z"
        if self.mark:
            mark = re.escape(self.mark[0])
            line = rf"(?m)^ {{0,3}}{mark}{{{len(self.mark)},}}[ \t]*"
            held_line = rf"(?m)^ {{0,3}}{mark}*[ \t]*\Z"
        found = re.search(line + (r"(?:\n|\Z)" if is_final and self.mark else r"\n"), window)
        if found is not None:
            return window[: found.start()], found.end()
        held = None if is_final else re.search(held_line, window)
        return (window[: held.start()] if held else window), 0


def fence_at(text: str, at: int) -> tuple[Fence, int] | None:
    """The fence that opens at a place in the text, and where its code begins."""
    found = _OPENING.match(text, at)
    if found is None:
        return None
    indent, ticks, info, tildes, tilde_info = found.groups()
    language = ((info or tilde_info or "").split() or [""])[0]
    return Fence(at, len(indent), ticks or tildes, language), found.end()

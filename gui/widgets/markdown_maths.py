"""Where LaTeX stands in Markdown: rules for markdown-it's block and inline passes.

$…$ as pandoc reads it (so that $5 and $10 stay amounts), $$…$$, \\(…\\), \\[…\\] and the
environments that display a formula; never inside code. Finds formulas; draws none (maths.py).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline

# A longer formula is shown as it was written.
MAX_LATEX = 2_000
_MAX_LINES = 50

_ENVIRONMENT = (
    r"\\begin\{(equation|align|alignat|aligned|gather|gathered|multline|eqnarray|split|cases"
    r"|array|[pbvBV]?matrix)(\*?)\}"
)
_OPENING = re.compile(rf"\$\$|\\\[|{_ENVIRONMENT}")
_BEGIN = re.compile(_ENVIRONMENT)
_FENCE = re.compile(r"`{3}|~{3}")
# Pandoc's rule: no space inside the signs, no digit behind the closing one.
_DOLLARS = re.compile(rf"\$(?![\s$])((?:\\.|[^\\$]){{1,{MAX_LATEX}}})(?<!\s)\$(?!\d)", re.DOTALL)


def add_maths(parser: MarkdownIt) -> None:
    """Teach a parser to find formulas."""
    also = ["paragraph", "reference", "blockquote", "list"]
    parser.block.ruler.before("fence", "maths", _maths_lines, {"alt": also})
    parser.inline.ruler.before("escape", "maths", _maths)


def _maths_lines(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Lines that begin with a formula's opening belong together up to its closing, whatever they
    look like; a blank line ends it in any case."""
    if state.sCount[start] - state.blkIndent >= 4:
        return False
    opening = _OPENING.match(state.src, state.bMarks[start] + state.tShift[start])
    if opening is None or opening.end() > state.eMarks[start]:
        return False
    closing = _closing_of(opening)
    if closing in state.src[opening.end() : state.eMarks[start]]:
        return False  # all on one line: inline markup in a paragraph
    if silent and closing == "$$" and _is_closing(state, start):
        return False
    if not silent:
        _push_paragraph(state, start, _last_line(state, start, end, closing))
    return True


def _is_closing(state: StateBlock, line: int) -> bool:
    """Whether a paragraph opened a formula in an earlier line, which the dollars here close."""
    return state.src.count("$$", state.bMarks[state.line], state.bMarks[line]) % 2 == 1


def _last_line(state: StateBlock, start: int, end: int, closing: str) -> int:
    """The line behind those of the formula that opens in line start."""
    first = state.bMarks[start]
    for line in range(start + 1, min(end, start + _MAX_LINES)):
        text = state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]
        is_outside = not text or state.sCount[line] < state.blkIndent
        if is_outside or _FENCE.match(text) or state.eMarks[line] - first > MAX_LATEX:
            return line
        if closing in text:
            return line + 1
    return min(end, start + _MAX_LINES)


def _push_paragraph(state: StateBlock, start: int, after: int) -> None:
    state.line = after
    state.push("paragraph_open", "p", 1).map = [start, after]
    token = state.push("inline", "", 0)
    token.content = state.getLines(start, after, state.blkIndent, False).strip()
    token.map, token.children = [start, after], []
    state.push("paragraph_close", "p", -1)


def _closing_of(opening: re.Match[str]) -> str:
    text = opening.group()
    if text.startswith("\\begin"):
        return text.replace("begin", "end", 1)
    return "\\]" if text == "\\[" else "$$"


def _maths(state: StateInline, silent: bool) -> bool:
    """The inline rule: a token "maths" whose content is the LaTeX, markup what opens it, and
    meta["end"] where it ends."""
    found = _formula(state.src, state.pos)
    if found is None:
        return False
    markup, latex, end = found
    if not silent:
        token = state.push("maths", "", 0)
        token.content, token.markup = latex, markup
        token.meta["end"] = end
    state.pos = end
    return True


def _formula(text: str, at: int) -> tuple[str, str, int] | None:
    """Opening, LaTeX and end of the formula at a place, if there is one."""
    if text[at] == "$":
        return _between_dollars(text, at)
    if text[at] != "\\":
        return None
    begin = _BEGIN.match(text, at)
    if begin is not None:
        end = text.find(_closing_of(begin), at, at + MAX_LATEX)
        # What is aligned in an environment needs the environment around it.
        after = end + len(_closing_of(begin))
        return (begin.group(), text[at:after], after) if end >= 0 else None
    closing = {"(": "\\)", "[": "\\]"}.get(text[at + 1 : at + 2], "")
    return _between(text, at, closing) if closing else None


def _between_dollars(text: str, at: int) -> tuple[str, str, int] | None:
    before = text[at - 1 : at]
    if before == "$" or (before.isascii() and before.isalnum()):
        return None  # US$5
    if text.startswith("$$", at):
        return _between(text, at, "$$")
    found = _DOLLARS.match(text, at)
    return ("$", found[1], found.end()) if found is not None else None


def _between(text: str, at: int, closing: str) -> tuple[str, str, int] | None:
    end = text.find(closing, at + 2, at + 2 + MAX_LATEX)
    latex = text[at + 2 : end].strip() if end >= 0 else ""
    return (text[at : at + 2], latex, end + 2) if latex else None

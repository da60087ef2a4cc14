"""Where a text may be cut in two so that both halves, tokenised apart, have the tokens of the
whole: a long text is worked through by cuts, and they bound the stretch that an edit changes.

A cut lies between a letter and white space, or a letter and Chinese or Japanese punctuation. There
no pre-tokenizer joins two characters, and where none of a vocabulary's tokens holds such a pair
(engine/tokens/cut_kinds.py looks) no merge does either. The right half is tokenised as a text that
goes on inside another one (`inside` of Encode). Light: the window imports it.
"""

import functools
import re
from collections.abc import Sequence

# Kind of a cut -> the characters that may stand right of it.
RIGHT_OF = {
    "space": " ",
    "newline": "\r\n",
    "tab": "\t",
    "cjk": "\u3001\u3002\uff01\uff0c\uff1a\uff1b\uff1f",
}
# Twice as far, again and again: the nearest cut to the left is mostly near.
_FIRST_STEP = 128


def find_cut(text: str, at: int, step: int, kinds: Sequence[str], limit: int) -> int:
    """The cut nearest to a place.

    Args:
        at: a code point index; a cut may lie there.
        step: -1 looks to the left, +1 to the right.
        kinds: names in RIGHT_OF, as TokenizerInfo.cuts has them.
        limit: how many code points to look.

    Returns:
        The code point index at which the right half begins, -1 where there is none. The text's two
        ends are no cuts.
    """
    if not kinds:
        return -1
    pattern = _pattern(tuple(kinds))
    if step > 0:
        return _first(pattern, text, at, min(len(text), at + limit + 1))
    width = _FIRST_STEP
    high, low = at + 1, max(0, at - limit)
    while high > low:
        start = max(low, high - width)
        found = _last(pattern, text, start, high)
        if found >= 0:
            return found
        high, width = start, 2 * width
    return -1


def chunk_ends(text: str, kinds: Sequence[str], size: int) -> list[int]:
    """Where to cut a text into chunks of some `size` code points or more; the last one is its
    length."""
    ends: list[int] = []
    start = 0
    while len(text) - start > size:
        start = find_cut(text, start + size, 1, kinds, len(text))
        if start < 0:
            break
        ends.append(start)
    return [*ends, len(text)]


def _first(pattern: re.Pattern[str], text: str, start: int, end: int) -> int:
    for found in pattern.finditer(text, start, end):
        if _is_cut(text, found.start()):
            return found.start()
    return -1


def _last(pattern: re.Pattern[str], text: str, start: int, end: int) -> int:
    places = [found.start() for found in pattern.finditer(text, start, end)]
    return next((place for place in reversed(places) if _is_cut(text, place)), -1)


def _is_cut(text: str, place: int) -> bool:
    return place > 0 and text[place - 1].isalpha()


@functools.lru_cache(maxsize=64)
def _pattern(kinds: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("[" + re.escape("".join(RIGHT_OF[kind] for kind in kinds)) + "]")

"""Which words of a text are not in another one at their place: what is marked where replies are set
side by side. Qt-free.
"""

import re
from difflib import SequenceMatcher

from msgspec import Struct

_WORD = re.compile(r"\S+")


class Marks(Struct, frozen=True):
    """spans: the other words as code points from start to end; n_words: all words of the text."""

    spans: list[tuple[int, int]]
    n_words: int

    @property
    def n_marked(self) -> int:
        return len(self.spans)


def marks_of(text: str, reference: str) -> Marks:
    """The words of a text that the reference does not have there."""
    words = list(_WORD.finditer(text))
    matcher = SequenceMatcher(None, _WORD.findall(reference), [w[0] for w in words], autojunk=False)
    spans: list[tuple[int, int]] = []
    for tag, _, _, start, end in matcher.get_opcodes():
        if tag in ("replace", "insert"):
            spans += [word.span() for word in words[start:end]]
    return Marks(spans, len(words))

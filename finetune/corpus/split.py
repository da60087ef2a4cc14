"""What is held out: of many texts those whose content says so, of a single one its end.

By its own hash a text stays on its side however many others come or go, and two that say the same
are on one side.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from finetune.corpus.document import size_of


def text_hash(text: str) -> int:
    """52 bits of a text's sha256."""
    return int(hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:13], 16)


@dataclass
class Survey:
    """What texts are altogether; each is added once."""

    n_documents: int = 0
    n_bytes: int = 0
    n_characters: int = 0
    characters: set[str] = field(default_factory=set)
    lowest_hash: int = 1 << 52
    highest_hash: int = 0

    @property
    def text_bytes(self) -> int:
        """0 where there are only blanks."""
        return self.n_bytes if any(not one.isspace() for one in self.characters) else 0

    def add(self, text: str) -> int:
        """Returns its hash."""
        self.n_documents += 1
        self.n_bytes += size_of(text)
        self.n_characters += len(text)
        self.characters.update(text)
        found = text_hash(text)
        self.lowest_hash = min(self.lowest_hash, found)
        self.highest_hash = max(self.highest_hash, found)
        return found


@dataclass(frozen=True)
class Split:
    """Which side texts are on.

    share: of all that is held out, 0 to 1; lowest_hash, highest_hash: of all texts. Where no text
    is held out by its hash the lowest one is, for one measures better than none; and never all.
    """

    share: float
    is_one_text: bool
    n_characters: int
    lowest_hash: int
    highest_hash: int

    def is_held(self, text_hash: int) -> bool:
        if self.share <= 0 or text_hash == self.highest_hash:
            return False
        return text_hash < self.share * (1 << 52) or text_hash == self.lowest_hash

    def sides(self, texts: Iterable[str]) -> Iterator[tuple[bool, str]]:
        """Each text, and whether it is held out; as Sides."""
        sides = Sides(self)
        for text in texts:
            yield from sides.of(text, text_hash(text) if not self.is_one_text else 0)


class Sides:
    """Texts as they come, and on which side each is. A single text has exactly its share of
    characters at its end; the piece in which the border is comes in two."""

    def __init__(self, split: Split) -> None:
        self._split = split
        self._left = int(split.n_characters * (1 - split.share))

    def of(self, text: str, text_hash: int) -> Iterator[tuple[bool, str]]:
        """Whether it is held out, and the text, or its two parts."""
        if not self._split.is_one_text:
            yield self._split.is_held(text_hash), text
            return
        head, tail = text[: self._left], text[self._left :]
        self._left -= len(head)
        if head:
            yield False, head
        if tail:
            yield True, tail


def split_of(survey: Survey, share: float, is_one_text: bool) -> Split:
    """Of texts that were surveyed; a single document is one text, however it came."""
    is_one = is_one_text or survey.n_documents == 1
    return Split(share, is_one, survey.n_characters, survey.lowest_hash, survey.highest_hash)

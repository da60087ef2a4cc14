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

    def add(self, text: str) -> None:
        self.n_documents += 1
        self.n_bytes += size_of(text)
        self.n_characters += len(text)
        self.characters.update(text)
        self.lowest_hash = min(self.lowest_hash, text_hash(text))


@dataclass(frozen=True)
class Split:
    """share: of all that is held out, 0 to 1; lowest_hash: of all texts: where no text is held out
    by its hash, the one that has it is, for one measures better than none."""

    share: float
    is_one_text: bool
    n_characters: int
    lowest_hash: int

    def is_held(self, text_hash: int) -> bool:
        return text_hash < self.share * (1 << 52) or text_hash == self.lowest_hash

    def sides(self, texts: Iterable[str]) -> Iterator[tuple[bool, str]]:
        """Each text, and whether it is held out; of a single text the piece in which the border is
        comes in two. A single text has exactly its share of characters at its end."""
        if not self.is_one_text:
            for text in texts:
                yield self.share > 0 and self.is_held(text_hash(text)), text
            return
        left = int(self.n_characters * (1 - self.share))
        for text in texts:
            head, tail = text[:left], text[left:]
            left -= len(head)
            if head:
                yield False, head
            if tail:
                yield True, tail

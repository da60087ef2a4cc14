"""What is kept of raw texts, step by step; each counts what it drops and says why.

decode -> normalise -> language -> length -> repetition -> exact; near duplicates come last, once
all texts are known (making.py). A step that is left out drops nothing. Two kinds of texts are
judged by fewer steps: of a single text no part is left out, and what a grammar of ours wrote is
alike by design.
"""

from __future__ import annotations

import re
import unicodedata

from engine.process.pretrain_messages import Cleaning, CleaningStep
from finetune.corpus.document import Document, Unread, size_of, size_words
from finetune.corpus.language import language_of
from finetune.corpus.marks import without_marks
from finetune.corpus.normalise import normalised
from finetune.corpus.repetition import repetition_of
from finetune.corpus.seen import Seen
from finetune.corpus.tally import Tally

STEPS: tuple[CleaningStep, ...] = (
    "decode",
    "normalise",
    "language",
    "length",
    "repetition",
    "exact",
    "near",
)
_OF_ONE_TEXT: frozenset[CleaningStep] = frozenset({"decode", "normalise"})
_NOT_OF_MADE: frozenset[CleaningStep] = frozenset({"language", "repetition", "near"})
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n){3,}")


class Cleaner:
    """The steps that look at one text at a time.

    Args:
        is_one_text: whether the texts are the pieces of a single one.
    """

    def __init__(self, cleaning: Cleaning, tally: Tally, seen: Seen, is_one_text: bool) -> None:
        self._cleaning, self._tally, self._seen = cleaning, tally, seen
        self._is_one_text = is_one_text
        self._languages = frozenset(cleaning.languages)

    def steps_of(self, document: Document) -> frozenset[CleaningStep]:
        """Which steps judge it."""
        steps = frozenset(self._cleaning.steps)
        if self._is_one_text:
            steps &= _OF_ONE_TEXT
        return steps - _NOT_OF_MADE if document.kind == "made" else steps

    def cleaned(self, found: Document | Unread) -> Document | None:
        """The text as it is kept, None where a step drops it."""
        if isinstance(found, Unread):
            self._tally.arrived("decode")
            n_bytes = found.n_bytes or len(found.excerpt.encode())
            self._tally.dropped("decode", found.excerpt, found.source, found.reason, n_bytes)
            return None
        steps = self.steps_of(found)
        self._decoded(found)
        text = self._normalised(found) if "normalise" in steps else found.text
        if not text.strip():
            if self._is_one_text and text:
                return found._replace(text=text)
            self._tally.dropped("normalise", found.text, found.source, "Nothing is left of it.")
            return None
        for step, judge in (
            ("language", self._language),
            ("length", self._length),
            ("repetition", repetition_of),
            ("exact", self._exact),
        ):
            if step not in steps:
                continue
            self._tally.arrived(step)
            reason = judge(text)
            if reason:
                self._tally.dropped(step, text, found.source, reason)
                return None
            if step == "length" and found.part == 1:
                words = (
                    f"It is longer than {size_words(self._cleaning.max_bytes)}: cut into pieces."
                )
                self._tally.changed("length", text, found.source, words)
        return found._replace(text=text)

    def _decoded(self, found: Document) -> None:
        self._tally.arrived("decode")
        if found.note and found.part == 0:
            self._tally.changed("decode", found.text, found.source, found.note)

    def _normalised(self, found: Document) -> str:
        self._tally.arrived("normalise")
        text = normalised(without_marks(found))
        if not self._is_one_text:
            text = _BLANK_LINES.sub("\n\n\n", text).strip()
        if text != found.text.strip() and text != found.text:
            self._tally.changed("normalise", found.text, found.source, _what_changed(found))
        return text

    def _language(self, text: str) -> str:
        """A text whose language cannot be told stays."""
        if not self._languages:
            return ""
        code = language_of(text).code
        return f"It is in another language ({code})." if code not in ("", *self._languages) else ""

    def _length(self, text: str) -> str:
        n_bytes, least = size_of(text), self._cleaning.min_bytes
        return f"It is shorter than {size_words(least)}." if n_bytes < least else ""

    def _exact(self, text: str) -> str:
        return "" if self._seen.is_new(text) else "The same text was there before, word for word."


def _what_changed(found: Document) -> str:
    text = found.text
    if found.kind in ("markdown", "field") and without_marks(found) != text:
        return "Marks of Markdown or HTML were taken out."
    if "\r" in text:
        return "Its line ends were those of another system."
    if unicodedata.normalize("NFC", text) != text:
        return "Letters and their accents were written apart."
    return "Signs that nobody sees, or empty lines, were taken out."

"""Plain text and Markdown: rows of whole paragraphs for continued pretraining.

The rows of a file in their order are its text, exactly: nothing is stripped or joined.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.process.tune_messages import BadRow
from finetune.data.source_file import Record, SourceFile
from finetune.data.unfit import UnfitError, excerpt_of, text_of

# At most so many bytes a row: some 500 tokens of English, 700 of Chinese; well within what is
# learned of a row.
CHUNK_BYTES = 2000
# Where a long paragraph is best cut: behind a sentence, behind a blank.
_SENTENCE = re.compile(r"[.!?…]\s+|[\u3002\uff01\uff1f]")
_BLANK = re.compile(r"\s+")


def records(file: SourceFile) -> Iterator[Record | BadRow]:
    """Chunks of paragraphs as {"text": ...}, each with the line it begins at."""
    chunk, first = "", 1
    for line, text in _paragraphs(file):
        if isinstance(text, BadRow):
            yield text
            continue
        if chunk.strip() and _size(chunk) + _size(text) > CHUNK_BYTES:
            yield Record(first, {"text": chunk})
            chunk = ""
        if not chunk:
            first = line
        chunk += text
        while _size(chunk) > CHUNK_BYTES:
            head = _cut(chunk)
            if head.strip():
                yield Record(first, {"text": head})
            first += head.count("\n")
            chunk = chunk[len(head) :]
    if chunk.strip():
        yield Record(first, {"text": chunk})


def _paragraphs(file: SourceFile) -> Iterator[tuple[int, str | BadRow]]:
    """Paragraphs with the blank lines behind them; one of many lines comes in pieces."""
    gathered, first, is_over = "", 1, False
    for line in file.lines():
        text = line if isinstance(line, BadRow) else _read(line.number, line.data)
        if isinstance(text, BadRow):
            yield text.line, text
            continue
        is_blank = not text.strip()
        if (is_over and not is_blank) or len(gathered) > CHUNK_BYTES:
            yield first, gathered
            gathered, is_over = "", False
        if not gathered:
            first = text_line(line)
        gathered += text + "\n"
        is_over = is_blank
    if gathered:
        yield first, gathered


def text_line(line: object) -> int:
    number: int = getattr(line, "number", 1)
    return number


def _read(number: int, data: bytes) -> str | BadRow:
    try:
        return text_of(data.decode("utf-8", "surrogateescape"), "text")
    except UnfitError as error:
        return BadRow(number, str(error), excerpt_of(data))


def _size(text: str) -> int:
    return len(text.encode())


def _cut(text: str) -> str:
    """The beginning of a text that fits in a chunk, up to a good place; never empty."""
    head = text.encode()[:CHUNK_BYTES].decode("utf-8", "ignore")
    for places in (_SENTENCE, _BLANK):
        ends = [found.end() for found in places.finditer(head)]
        if ends and ends[-1] > len(head) // 2:
            return head[: ends[-1]]
    return head

"""Plain text, Markdown and HTML, whatever wrote them: decoded and cut, some of a file at a time.

UTF-8 and UTF-16 with a mark are read (source_file.py), and Windows-1252 where bytes are no UTF-8
and yet look like Western text. What looks like no text at all is told, not guessed at. A file of
many texts parts them by "<|endoftext|>", as GPT-2's did.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator

from finetune.corpus.document import Document, TextKind, Unread, size_of
from finetune.corpus.html_text import text_of_html
from finetune.corpus.pieces import cut
from finetune.data.source_file import SourceFile
from finetune.data.unfit import excerpt_of

SEPARATOR = "<|endoftext|>"
_BLOCK_BYTES = 1 << 16
_SEPARATOR_BYTES = 64 << 20
# A page's text is put together in memory.
_MOST_HTML_BYTES = 64 << 20
# Signs that no text has: control characters, and what bytes that are no UTF-8 become.
_NO_TEXT = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\ufffd]")
_MOST_NO_TEXT = 0.05
BINARY = "It is no text: a picture, a program or something else of bytes."


def read_text(file: SourceFile, kind: TextKind, max_bytes: int) -> Iterator[Document | Unread]:
    """A file's texts in pieces; what is no text is told."""
    name = file.path.name
    encoding = encoding_of(file.beginning())
    if not encoding:
        yield Unread(name, BINARY, excerpt_of(file.beginning(256)), file.n_bytes)
        return
    note = "" if encoding == "utf-8" else "It was read as Windows-1252, an older encoding."
    for place, (part, text) in enumerate(cut_texts(_blocks(file, encoding), max_bytes), 1):
        n_bad = len(_NO_TEXT.findall(text))
        if n_bad > _MOST_NO_TEXT * len(text):
            yield Unread(f"{name}, piece {place}", BINARY, excerpt_of(text), size_of(text))
        else:
            bad = "Some of its bytes are no text and are left out." if n_bad else note
            yield Document(text, name, kind, part, bad)


def read_html(file: SourceFile, max_bytes: int) -> Iterator[Document | Unread]:
    """A page's text in pieces, without its markup; what is no text is told."""
    name = file.path.name
    encoding = encoding_of(file.beginning())
    if not encoding or file.n_bytes > _MOST_HTML_BYTES:
        reason = "A page of such a size is not read." if encoding else BINARY
        yield Unread(name, reason, excerpt_of(file.beginning(256)), file.n_bytes)
        return
    text = text_of_html(_blocks(file, encoding))
    for part, piece in cut_texts([text], max_bytes):
        yield Document(piece, name, "html", part)


def encoding_of(beginning: bytes) -> str:
    """How the first bytes of a text are to be read, "" where they are none."""
    if b"\0" in beginning:
        return ""
    text = beginning.decode("utf-8", "replace")
    n_bad = len(_NO_TEXT.findall(text[:-1]))
    if not n_bad:
        return "utf-8"
    western = beginning.decode("cp1252", "replace")
    if len(_NO_TEXT.findall(western)) == 0 and _is_western(western):
        return "cp1252"
    return "utf-8" if n_bad <= _MOST_NO_TEXT * len(text) else ""


def _is_western(text: str) -> bool:
    """Whether it is mostly letters and blanks of the Latin script, the plain ones far ahead."""
    plain = sum(one.isascii() and (one.isalnum() or one.isspace()) for one in text)
    return plain > 0.6 * len(text)


def _blocks(file: SourceFile, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    stream = file.utf8()
    while data := stream.read(_BLOCK_BYTES):
        yield decoder.decode(data)
    yield decoder.decode(b"", True)


def cut_texts(blocks: Iterable[str], max_bytes: int) -> Iterator[tuple[int, str]]:
    """Texts that come in blocks, parted by separators, in pieces: which piece of its text each is,
    and the piece. None is empty."""
    waiting, part = "", 0
    for block in blocks:
        waiting += block
        while SEPARATOR in waiting:
            text, _, waiting = waiting.partition(SEPARATOR)
            yield from _all_of(text, part, max_bytes)
            part = 0
        # A little more than fits, so that no separator is cut and no letter parted from its marks.
        while size_of(waiting) > max_bytes + 64:
            head = cut(waiting, max_bytes)
            yield part, head
            waiting, part = waiting[len(head) :], part + 1
    yield from _all_of(waiting, part, max_bytes)


def _all_of(text: str, part: int, max_bytes: int) -> Iterator[tuple[int, str]]:
    while size_of(text) > max_bytes:
        head = cut(text, max_bytes)
        yield part, head
        text, part = text[len(head) :], part + 1
    if text:
        yield part, text


def has_separator(file: SourceFile) -> bool:
    """Whether a file has many texts: looks at its first megabytes, where the first would end."""
    stream, mark = file.utf8(), SEPARATOR.encode()
    before, n = b"", 0
    while n < _SEPARATOR_BYTES and (data := stream.read(1 << 20)):
        if mark in before + data:
            return True
        before, n = data[-len(mark) :], n + len(data)
    return False

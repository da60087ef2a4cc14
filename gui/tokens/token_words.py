"""What is said of one token of the text: its piece made visible, its bytes, its place within a
character, its facts. No widgets.
"""

from __future__ import annotations

from itertools import pairwise

from msgspec import Struct
from PySide6.QtCore import QTextBoundaryFinder

from gui.tokens.document import TokenDocument
from gui.tokens.state import TokensState
from gui.tokens.surprise import facts as chances
from gui.tokens.vocabulary_words import figure_name, figure_text, kind_text
from gui.tokens.words import tr
from gui.widgets.token_editor_signs import sign_of

LONGEST_PIECE = 200  # bytes of a piece that are shown
_AROUND = 64  # bytes to either side of a token where its character is looked for
_BLANK = "·"


class Part(Struct, frozen=True):
    """A token is part k of n of a character, which is several bytes long (or several code points
    that are seen as one)."""

    k: int
    n: int
    character: str


def bytes_text(piece: bytes) -> str:
    """Bytes in hex, as "79 73"; the first of a long piece."""
    shown = piece[:LONGEST_PIECE].hex(" ").upper()
    return f"{shown} …" if len(piece) > LONGEST_PIECE else shown


def piece_text(piece: bytes) -> str:
    """A piece with everything visible; what is no whole character in hex: "<E6 B7>"."""
    cut = piece[:LONGEST_PIECE]
    try:
        text = cut.decode()
    except UnicodeDecodeError:
        if len(piece) <= LONGEST_PIECE:
            return _with_hex(cut)
        text = cut.decode("utf-8", "ignore")
    dots = "…" if len(piece) > LONGEST_PIECE else ""
    return visible(text) + dots


def visible(text: str) -> str:
    """A text whose blanks, breaks and control characters are seen."""
    return "".join(_visible(letter) for letter in text)


def _visible(letter: str) -> str:
    if letter == " ":
        return _BLANK
    if letter.isprintable():
        return letter
    return sign_of(letter)


def _with_hex(piece: bytes) -> str:
    """Whole characters as they are, and what is left of others in hex."""
    words, at = "", 0
    while at < len(piece):
        for size in (1, 2, 3, 4):
            try:
                words += visible(piece[at : at + size].decode())
            except UnicodeDecodeError:
                continue
            at += size
            break
        else:
            first = at
            at += 1
            while at < len(piece) and piece[at] & 0xC0 == 0x80:
                at += 1
            words += f"<{piece[first:at].hex(' ').upper()}>"
    return words


def part_of(document: TokenDocument, index: int) -> Part | None:
    """Which part of a character a token is; None where it begins and ends between characters."""
    start, end = document.span(index)
    if start == end:
        return None
    # Between plain letters every byte is a character; a table asks this of each row.
    if document.text.data(max(0, start - 1), min(document.n_bytes, end + 1)).isascii():
        return None
    first = document.text.whole_at(max(0, start - _AROUND))
    around = document.text.text(first, min(document.n_bytes, end + _AROUND))
    places = [first + one for one in _boundaries(around)]
    for left, right in pairwise(places):
        if left <= start < right and (start > left or end < right):
            return _part(document, index, left, right)
        if left < end < right:
            return _part(document, index, left, right)
    return None


def _part(document: TokenDocument, index: int, left: int, right: int) -> Part:
    begin, stop = document.tokens.between(left, right)
    # Tokens without bytes (an added BOS) stand between, and are no parts.
    parts = [one for one in range(begin, stop) if len(range(*document.span(one)))]
    return Part(parts.index(index) + 1, len(parts), document.text.text(left, right))


def _boundaries(text: str) -> list[int]:
    """The bytes where a new seen character begins, and the end."""
    finder = QTextBoundaryFinder(QTextBoundaryFinder.BoundaryType.Grapheme, text)
    units, result, at, done = 0, [0], 0, 0
    data = text.encode("utf-16-le")
    while (units := finder.toNextBoundary()) >= 0:
        done += len(data[at * 2 : units * 2].decode("utf-16-le").encode())
        result.append(done)
        at = units
    return result


def part_text(part: Part) -> str:
    words = tr("part {k} of {n} of “{character}”")
    return words.format(k=part.k, n=part.n, character=visible(part.character))


def times_text(n: int) -> str:
    return tr("1 time") if n == 1 else tr("{n} times").format(n=f"{n:,}")


def facts_of(state: TokensState, index: int) -> list[tuple[str, str]]:
    """What is known of a token of the text: names and values, as in the details."""
    document, vocabulary = state.document, state.vocabulary
    if not 0 <= index < len(document.tokens) or vocabulary is None:
        return []
    token = int(document.tokens.ids[index])
    if token < 0:
        return [(tr("id"), tr("not known yet"))]
    facts = [(tr("id"), str(token)), (tr("bytes"), bytes_text(shown_bytes(state, index)))]
    facts.append((tr("type"), kind_text(vocabulary.kind(token))))
    figure, value = vocabulary.figure, vocabulary.figure_of(token)
    if figure and value is not None:
        facts.append((figure_name(figure).lower(), figure_text(value, figure)))
    facts.append((tr("here"), times_text(document.how_often(index))))
    part = part_of(document, index)
    if part is not None:
        facts.append((tr("character"), part_text(part)))
    return facts + chances(state.probabilities, index)


def shown_bytes(state: TokensState, index: int) -> bytes:
    """A token's own bytes; where the vocabulary has none for it, those of the text."""
    assert state.vocabulary is not None
    token = int(state.document.tokens.ids[index])
    return state.vocabulary.piece(token) or state.document.piece(index)


def tooltip_of(state: TokensState, index: int) -> str:
    """What is said of the token under the mouse, a fact a line."""
    facts = facts_of(state, index)
    if not facts:
        return ""
    token = int(state.document.tokens.ids[index])
    head = piece_text(shown_bytes(state, index)) if token >= 0 else ""
    return "\n".join([head, *(f"{name}: {value}" for name, value in facts)]).strip()

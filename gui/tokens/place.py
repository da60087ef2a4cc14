"""The place in the text that a panel is about, and putting there what a person picked."""

from __future__ import annotations

from gui.tokens.parts import TokensParts
from gui.tokens.words import tr

_MOST_CHARS = 40
_LONGEST_CHAR_BYTES = 4


def place_before(parts: TokensParts) -> int:
    """The token whose place is looked at: the chosen one's; behind the last where none is."""
    tokens = parts.state.document.tokens
    chosen = parts.state.chosen
    return chosen if 0 <= chosen < len(tokens) else len(tokens)


def place_behind(parts: TokensParts) -> int:
    """Where a continuation begins: behind the chosen token, or behind the last."""
    return min(place_before(parts) + 1, len(parts.state.document.tokens))


def words_before(parts: TokensParts, index: int) -> str:
    """The end of what stands before token `index`, for a heading; "" where there is nothing."""
    document = parts.state.document
    if not 0 <= index <= len(document.tokens) or not len(document.tokens):
        return ""
    stop = document.tokens.start(index)
    start = max(0, stop - _LONGEST_CHAR_BYTES * _MOST_CHARS)
    text = document.text.data(start, stop).decode("utf-8", "ignore")
    shown = " ".join(text[-_MOST_CHARS:].split())
    return f"… {shown}" if start or len(text) > _MOST_CHARS else shown


def whole_text(data: bytes) -> str:
    """The text of some bytes up to the last whole character."""
    for cut in range(_LONGEST_CHAR_BYTES):
        try:
            return data[: len(data) - cut].decode()
        except UnicodeDecodeError:
            continue
    return ""


def refusal(parts: TokensParts, token: int, piece: bytes) -> str:
    """Why a token cannot be put into the text, in a sentence; "" where it can."""
    vocabulary = parts.state.vocabulary
    is_control = vocabulary is not None and vocabulary.kind(token) == "control"
    if is_control and not parts.state.special:
        return tr("{piece} is no text: a text in which it is written out has other tokens.").format(
            piece=piece.decode("utf-8", "replace") or token
        )
    if not piece or whole_text(piece).encode() != piece:
        return tr("This token is a part of a character, so no text can be put in for it alone.")
    return ""


def put_at(parts: TokensParts, index: int, text: str, *, replaces: bool) -> int:
    """Put a text where token `index` begins, in its place or before it; it can be undone.

    Returns:
        The byte behind what was put in.
    """
    document = parts.state.document
    if index >= len(document.tokens):
        return document.replace(document.n_bytes, document.n_bytes, text)
    start, end = document.span(index)
    return document.replace(start, end if replaces else start, text)

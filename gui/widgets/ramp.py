"""The one ramp of probability: from a token's logprob to its step, and the words for both.

A token that was likelier than not has no colour; the three steps beyond have the palette's three
`surprise` colours, everywhere the same.
"""

import math

from PySide6.QtCore import QCoreApplication

from gui.widgets.markdown_inline import neutralise

# A token below each of these probabilities is one step more surprising.
LIMITS = (0.5, 0.1, 0.01)
_LOG_LIMITS = tuple(math.log(limit) for limit in LIMITS)
_LEAST_SHARE = 0.0005
_MOST_NAMED = 6


def surprise_level(logprob: float | None) -> int:
    """0: over 50 %, or unknown; 1: under 50 %; 2: under 10 %; 3: under 1 %."""
    if logprob is None:
        return 0
    return sum(logprob < limit for limit in _LOG_LIMITS)


def bits_of(logprob: float) -> float:
    """Surprise in bits: -log2 of the probability."""
    return max(0.0, -logprob / math.log(2))


def share_text(share: float) -> str:
    """A probability as per cent, with as many digits as say something."""
    if share < _LEAST_SHARE:
        return "<0.1 %" if share > 0 else "0 %"
    if share < 0.1:
        return f"{share * 100:.1f} %"
    return f"{share * 100:.0f} %"


_SEEN = str.maketrans({" ": "·", "\n": "⏎", "\r": "␍", "\t": "⇥"})


def visible_piece(piece: bytes) -> str:
    """A token's bytes with its blanks made visible; bytes that are no whole character in
    hexadecimal."""
    try:
        text = piece.decode()
    except UnicodeDecodeError:
        return " ".join(f"{byte:02X}" for byte in piece)
    return neutralise(text.translate(_SEEN))


def spoken_piece(piece: bytes) -> str:
    """A token as it is read aloud: its words, and blanks by their names where it has none."""
    try:
        text = neutralise(piece.decode())
    except UnicodeDecodeError:
        return tr("bytes {bytes}").format(bytes=visible_piece(piece))
    if text.strip():
        return text.strip()
    names = {" ": tr("blank"), "\n": tr("line break"), "\t": tr("tab")}
    return " ".join(names.get(letter, letter) for letter in text[:_MOST_NAMED]) or tr("nothing")


def tr(text: str) -> str:
    """A sentence in the window's language."""
    return QCoreApplication.translate("Ramp", text)

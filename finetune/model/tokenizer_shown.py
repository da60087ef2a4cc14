"""A token's bytes as people read them."""

import re

_SIGNS = str.maketrans({" ": "·", "\n": "↵", "\t": "→", "\r": "␍"})
_BYTES = re.compile("[\udc80-\udcff]")
# What has no picture of its own, or turns its neighbours about.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def shown(piece: bytes) -> str:
    """Blanks as ·, bytes that are no text as <0xNN>, what cannot be seen as <U+NNNN>."""
    text = piece.decode("utf-8", "surrogateescape").translate(_SIGNS)
    text = _BYTES.sub(lambda found: f"<0x{ord(found[0]) - 0xDC00:02X}>", text)
    return _UNSEEN.sub(lambda found: f"<U+{ord(found[0]):04X}>", text)

"""Which cuts (engine/process/cuts.py) a vocabulary permits: those whose pair of characters stands
in none of its tokens, so that nothing can be merged across them."""

import re

from engine.process.cuts import RIGHT_OF

# Between two tokens in a row: neither a letter nor anything that may stand right of a cut.
_BETWEEN = "\x00"
# A letter (or what Python's \w takes for one), or the last byte of a character that is not whole.
_LEFT = "(?:[^\\W\\d_]|[\udc80-\udcbf])"


def cut_kinds(pieces: list[bytes], strips: list[bytes]) -> list[str]:
    """Names of the cuts that are safe.

    Args:
        pieces: every token's bytes.
        strips: the written forms of tokens that swallow the white space after them.
    """
    if any(text.decode("utf-8", "replace")[-1:].isalpha() for text in strips):
        return []
    joined = b"\x00".join(pieces).decode("utf-8", "surrogateescape") + _BETWEEN
    return [kind for kind, right in RIGHT_OF.items() if not _stands_in(joined, right)]


def _stands_in(joined: str, right: str) -> bool:
    """Whether a letter and one of these characters, or its first bytes, stand side by side."""
    begun = {
        part.decode("utf-8", "surrogateescape") for character in right for part in _parts(character)
    }
    ends = "|".join(re.escape(part) for part in sorted(begun))
    pattern = f"{_LEFT}(?:[{re.escape(right)}]" + (f"|(?:{ends}){_BETWEEN})" if ends else ")")
    return re.search(pattern, joined) is not None


def _parts(character: str) -> list[bytes]:
    """What a token that ends inside this character may end with."""
    data = character.encode()
    return [data[:length] for length in range(1, len(data))]

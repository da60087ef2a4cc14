"""A text as the set of its 5-grams of words, and how alike two such sets are.

After A. Broder, "On the resemblance and containment of documents" (1997), whose shingles these are.
In scripts that are written without blanks each character counts as a word.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import blake2b

import msgspec
import numpy as np
import numpy.typing as npt

from engine.process.tune_messages import Row

N_GRAM = 5
Shingles = npt.NDArray[np.uint64]
# Thai, Lao, Tibetan, Myanmar, Khmer, kana and Han.
_UNSPACED = (
    "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_WORDS = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+")
_FACTORS = (
    np.uint64(0x9E3779B97F4A7C15),
    np.uint64(0xC2B2AE3D27D4EB4F),
    np.uint64(0x165667B19E3779F9),
    np.uint64(0xD6E8FEB86659FD93),
    np.uint64(0xFF51AFD7ED558CCD),
)


def said_in(row: Row) -> str:
    """What is compared of a row. System prompts are left out where there is more: one that all rows
    share would make unlike rows alike."""
    messages = [one for one in row.messages if one.role != "system"] or row.messages
    said = [message.content for message in messages]
    said += [msgspec.json.encode(one.tool_calls).decode() for one in messages if one.tool_calls]
    return "\n".join([*said, row.text])


def words_of(text: str) -> list[str]:
    """Its words in small letters; of a text without any (signs, emoji), its characters."""
    return _WORDS.findall(text.lower()) or [one for one in text if not one.isspace()]


def shingles_of(text: str) -> Shingles:
    """64-bit hashes of its 5-grams, each once, sorted; of fewer words there is one gram of all.
    Empty for an empty text."""
    words = words_of(text)
    if not words:
        return np.empty(0, np.uint64)
    hashes = np.array([_hash(word) for word in words], np.uint64)
    width = min(N_GRAM, len(words))
    n = len(words) - width + 1
    sums = np.zeros(n, np.uint64)
    for place in range(width):
        sums += hashes[place : place + n] * _FACTORS[place]
    return np.unique(_mixed(sums))


def jaccard(one: Shingles, other: Shingles) -> float:
    """Shared grams of all grams of both; 1 where both are empty."""
    if not len(one) and not len(other):
        return 1.0
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared / (len(one) + len(other) - shared)


def _mixed(values: Shingles) -> Shingles:
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed: Shingles = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


@lru_cache(maxsize=200_000)
def _hash(word: str) -> int:
    digest = blake2b(word.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "little")

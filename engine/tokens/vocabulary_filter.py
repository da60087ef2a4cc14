"""The tokens of a vocabulary that fit a FilterVocabulary: by text, pattern or id, length, script,
kind and reach; longest first where that is asked for.

Plain text is looked for in the bytes of all tokens at once. A pattern goes over them one by one
with the `regex` package, which can be stopped in the middle of a match: no pattern can hold the
worker for longer than LONGEST_S.
"""

import re
import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import regex

from engine.errors import AppError
from engine.process.scripts import SCRIPTS
from engine.process.token_messages import REACHES, TOKEN_KINDS, FilterVocabulary
from engine.tokens.tokenizer import Ids
from engine.tokens.vocabulary import VocabularyData, fold

LONGEST_S = 3.0
_STEP_TOKENS = 4_096
_ID_RANGE = re.compile(r"\s*#?(\d{1,10})\s*(?:[-–]\s*#?(\d{1,10})\s*)?")

Mask = npt.NDArray[np.bool_]
Step = Callable[[float], None]


def filter_vocabulary(data: VocabularyData, request: FilterVocabulary, step: Step) -> Ids:
    """The ids that fit, int32, shape (n,).

    Args:
        step: hears how much of a long search is done; may raise to end it.

    Raises:
        AppError: the pattern or the ids cannot be read, or the pattern takes too long.
    """
    mask = _by_text(data, request, step)
    if request.min_length:
        mask &= data.n_characters >= request.min_length
    if request.max_length:
        mask &= data.n_characters <= request.max_length
    if request.script:
        mask &= data.scripts == (SCRIPTS.index(request.script) if request.script in SCRIPTS else -1)
    if request.kind:
        mask &= data.kinds == TOKEN_KINDS.index(request.kind)
    if request.reach:
        assert data.reach is not None, "filtered by reach before the check"
        mask &= data.reach == REACHES.index(request.reach)
    ids = np.flatnonzero(mask).astype(np.int32)
    if request.order == "longest":
        ids = ids[_longest_first(data, ids)]
    return ids


def _longest_first(data: VocabularyData, ids: Ids) -> npt.NDArray[np.intp]:
    """By characters, of equals by bytes, then by id."""
    order = np.lexsort((ids, -data.lengths[ids], -data.n_characters[ids]))
    return order.astype(np.intp)


def _by_text(data: VocabularyData, request: FilterVocabulary, step: Step) -> Mask:
    if request.mode == "id" and request.text.strip():
        return _with_ids(len(data), request.text)
    if request.mode == "regex" and request.text:
        return _matching(data, request.text, step)
    if request.mode == "text" and request.text:
        return _holding(data, fold(request.text))
    return np.ones(len(data), np.bool_)


def _holding(data: VocabularyData, wanted: bytes) -> Mask:
    """Which tokens have these bytes in them: places of the first byte, narrowed down byte by
    byte."""
    letters, owners = data.folded
    places = np.flatnonzero(letters[: max(0, len(letters) - len(wanted) + 1)] == wanted[0])
    for offset, byte in enumerate(wanted[1:], 1):
        places = places[letters[places + offset] == byte]
    inside = owners[places] == owners[places + len(wanted) - 1] if len(places) else places == 0
    mask = np.zeros(len(data), np.bool_)
    mask[owners[places[inside]]] = True
    return mask


def _matching(data: VocabularyData, pattern: str, step: Step) -> Mask:
    search = _compiled(pattern).search
    mask = np.zeros(len(data), np.bool_)
    texts, deadline = data.texts, time.monotonic() + LONGEST_S
    try:
        for start in range(0, len(texts), _STEP_TOKENS):
            step(start / len(texts))
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                raise TimeoutError
            part = texts[start : start + _STEP_TOKENS]
            # Without the lock of Python's threads, so that a cancel is heard meanwhile.
            found = [search(text, timeout=left_s, concurrent=True) is not None for text in part]
            mask[start : start + len(part)] = found
    except TimeoutError as error:
        raise AppError(
            "This pattern takes too long.",
            "Make it simpler: nested repetitions such as (a+)+ try every way there is.",
            pattern,
        ) from error
    return mask


def _compiled(pattern: str) -> "regex.Pattern[str]":
    try:
        return regex.compile(pattern)
    except (regex.error, OverflowError, RecursionError) as error:
        raise AppError(
            f"This is no regular expression: {error}.",
            "Write \\ before a sign that stands for itself, as in \\( or \\+.",
            pattern,
        ) from error


def _with_ids(n_tokens: int, text: str) -> Mask:
    """Ids and ranges of ids: "5, 100-120"."""
    mask = np.zeros(n_tokens, np.bool_)
    for part in filter(str.strip, re.split(r"[,;]", text)):
        found = _ID_RANGE.fullmatch(part)
        if found is None:
            raise AppError(
                f"“{part.strip()}” is no id and no range of ids.",
                "Write ids and ranges with commas between them, as in 5, 100-120.",
            )
        first = int(found[1])
        mask[first : int(found[2] or first) + 1] = True
    return mask

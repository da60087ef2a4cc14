"""The tokens that could have stood in a word, for tokenizers that choose instead of merging:
Unigram takes the way with the highest sum of scores (Kudo 2018, "Subword Regularization"),
WordPiece at each place the longest token.

The tokenizer has chosen already; what it took must be what these rules take, else nothing is shown.
"""

from collections.abc import Iterator

import numpy as np

from engine.errors import AppError
from engine.process.token_messages import Choice
from engine.tokens.vocabulary import VocabularyData

# What a character without a token costs below the lowest score, in llama.cpp as in SentencePiece.
_UNKNOWN_PENALTY = 10.0
_TOLERANCE = 1e-3


def unigram_choices(data: VocabularyData, ids: list[int], pieces: list[bytes]) -> list[Choice]:
    """All tokens that fit anywhere in the text, with scores, in order of place.

    Raises:
        AppError: what was taken is not the best way.
    """
    text = b"".join(pieces)
    taken = _taken(ids, pieces)
    choices = []
    for start in range(len(text)):
        for end, token in _fitting(data, text, start):
            is_taken = taken.get((start, end)) == token
            choices.append(
                Choice(start, end, token, text[start:end], _score(data, token), is_taken)
            )
    known = {(one.start, one.end) for one in choices if one.is_taken}
    unknown_score = _lowest(data) - _UNKNOWN_PENALTY
    for (start, end), token in taken.items():
        if (start, end) not in known:
            choices.append(Choice(start, end, token, text[start:end], unknown_score, True))
    choices.sort(key=lambda one: (one.start, one.end))
    _require_best(choices, text, unknown_score)
    return choices


def best_score(choices: list[Choice], n_bytes: int) -> float:
    """The highest sum of scores over all ways through the text, -inf where there is none."""
    best = [float("-inf")] * (n_bytes + 1)
    best[0] = 0.0
    for one in choices:  # in order of start, so best[start] is final
        best[one.end] = max(best[one.end], best[one.start] + (one.score or 0.0))
    return best[n_bytes]


def _require_best(choices: list[Choice], text: bytes, unknown_score: float) -> None:
    taken = sum(one.score or 0.0 for one in choices if one.is_taken)
    if best_score(choices, len(text)) > taken + _TOLERANCE * max(1.0, abs(taken)):
        raise AppError(
            "How this word was divided cannot be replayed here.",
            "Its tokenizer weighs something besides the scores in its file.",
            f"taken {taken}, unknown {unknown_score}",
        )


def word_piece_choices(data: VocabularyData, ids: list[int], pieces: list[bytes]) -> list[Choice]:
    """At each place that was come to, all tokens that fit there; the longest is taken.

    Raises:
        AppError: another than the longest was taken.
    """
    text = b"".join(pieces)
    choices: list[Choice] = []
    at = 0
    for token, piece in zip(ids, pieces, strict=True):
        end = at + len(piece)
        if data.kind(token) == "unknown":
            choices.append(Choice(at, end, token, piece, None, True))
        else:
            word_end = _word_end(text, at)
            fitting = [one for one in _fitting(data, text, at) if one[0] <= word_end]
            _require_longest(fitting, end)
            choices += [
                Choice(at, other_end, other, text[at:other_end], None, False)
                for other_end, other in fitting
                if other_end != end
            ]
            choices.append(Choice(at, end, token, piece, None, True))
        at = end
    return choices


def _require_longest(fitting: list[tuple[int, int]], end: int) -> None:
    if max((other for other, _ in fitting), default=-1) != end:
        raise AppError(
            "How this word was divided cannot be replayed here.",
            "Its tokenizer does not take the longest token that fits.",
        )


def _word_end(text: bytes, at: int) -> int:
    """Words begin with a blank; the text's own first one is of its word."""
    found = text.find(b" ", at + 1)
    return len(text) if found < 0 else found


def _taken(ids: list[int], pieces: list[bytes]) -> dict[tuple[int, int], int]:
    taken, at = {}, 0
    for token, piece in zip(ids, pieces, strict=True):
        taken[at, at + len(piece)] = token
        at += len(piece)
    return taken


def _fitting(data: VocabularyData, text: bytes, start: int) -> Iterator[tuple[int, int]]:
    """Ends and ids of the tokens that stand in the text at a place."""
    longest = int(data.lengths.max()) if len(data) else 0
    for end in range(start + 1, min(len(text), start + longest) + 1):
        token = data.id_of.get(text[start:end])
        if token is not None and data.kind(token) in ("normal", "user", "unused"):
            yield end, token


def _score(data: VocabularyData, token: int) -> float:
    """A token that the user added costs nothing."""
    return 0.0 if data.kind(token) == "user" else data.figure(token) or 0.0


def _lowest(data: VocabularyData) -> float:
    normal = data.figures[data.has_kind(["normal"])]
    return float(np.nanmin(normal)) if len(normal) else 0.0

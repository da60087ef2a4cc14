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
    """All tokens that fit anywhere in the text, with scores, in order of place. An unknown one
    stands alone: whatever fits ends before it.

    Raises:
        AppError: what was taken is not the best way.
    """
    unknown_score = _lowest(data) - _UNKNOWN_PENALTY
    choices: list[Choice] = []
    at = first = 0
    for index, token in enumerate([*ids, -1]):
        if token >= 0 and data.kind(token) != "unknown":
            continue
        text = b"".join(pieces[first:index])
        choices += _fitting_choices(data, text, _taken(ids[first:index], pieces[first:index]), at)
        at, first = at + len(text), index + 1
        if token >= 0:
            end = at + len(pieces[index])
            choices.append(Choice(at, end, token, pieces[index], unknown_score, True))
            at = end
    return choices


def _fitting_choices(
    data: VocabularyData, text: bytes, taken: dict[tuple[int, int], int], at: int
) -> list[Choice]:
    """The choices of a stretch that begins at byte `at` of the word."""
    choices = []
    for start in range(len(text)):
        for end, token in _fitting(data, text, start):
            own = taken.get((start, end), token)  # of several with the same bytes, the taken one
            is_taken = (start, end) in taken
            choices.append(Choice(start, end, own, text[start:end], _score(data, own), is_taken))
    _require_best(choices, len(text))
    return [
        Choice(at + one.start, at + one.end, one.id, one.piece, one.score, one.is_taken)
        for one in choices
    ]


def best_score(choices: list[Choice], n_bytes: int) -> float:
    """The highest sum of scores over all ways through the text, -inf where there is none."""
    best = [float("-inf")] * (n_bytes + 1)
    best[0] = 0.0
    for one in choices:  # in order of start, so best[start] is final
        best[one.end] = max(best[one.end], best[one.start] + (one.score or 0.0))
    return best[n_bytes]


def _require_best(choices: list[Choice], n_bytes: int) -> None:
    taken = sum(one.score or 0.0 for one in choices if one.is_taken)
    is_whole = sum(one.end - one.start for one in choices if one.is_taken) == n_bytes
    if not is_whole or best_score(choices, n_bytes) > taken + _TOLERANCE * max(1.0, abs(taken)):
        raise AppError(
            "How this word was divided cannot be replayed here.",
            "Its tokenizer weighs something besides the scores in its file.",
            f"taken {taken}, best {best_score(choices, n_bytes)}",
        )


def word_piece_choices(data: VocabularyData, ids: list[int], pieces: list[bytes]) -> list[Choice]:
    """At each place that was come to, all tokens that fit into the word there; the longest is
    taken. What begins a word and what goes on in one are different tokens.

    Raises:
        AppError: another than the longest was taken.
    """
    choices: list[Choice] = []
    at = 0
    for first, end in _words(data, ids):
        word = b"".join(pieces[first:end])
        place = 0
        for token, piece in zip(ids[first:end], pieces[first:end], strict=True):
            if data.kind(token) != "unknown":
                for other_end, other in _fitting_words(data, word, place):
                    if other_end > place + len(piece):
                        raise _not_the_longest()
                    if other != token:
                        cut = word[place:other_end]
                        choices.append(Choice(at + place, at + other_end, other, cut, None, False))
            choices.append(Choice(at + place, at + place + len(piece), token, piece, None, True))
            place += len(piece)
        at += len(word)
    return choices


def _words(data: VocabularyData, ids: list[int]) -> list[tuple[int, int]]:
    """First and behind the last token of each word; one without a token is alone."""
    is_begin = [not data.continues[token] or data.kind(token) == "unknown" for token in ids]
    starts = [at for at, begins in enumerate(is_begin) if at == 0 or begins]
    return list(zip(starts, [*starts[1:], len(ids)], strict=True)) if ids else []


def _fitting_words(data: VocabularyData, word: bytes, place: int) -> Iterator[tuple[int, int]]:
    """Ends and ids of the tokens that begin the word, or go on in it at a later place."""
    ids = data.going_on if place else data.beginning
    for end in range(place + 1, len(word) + 1):
        token = ids.get(word[place:end])
        if token is not None:
            yield end, token


def _not_the_longest() -> AppError:
    return AppError(
        "How this word was divided cannot be replayed here.",
        "Its tokenizer does not take the longest token that fits.",
    )


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

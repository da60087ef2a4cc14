"""Whether each token of a vocabulary comes back from its own text: CheckVocabulary's answer.

"never" is a hint, not a proof, that a token is a glitch: its merges (or scores) cannot make it
whatever stands around it, because what merges inside a token does not depend on its neighbours.
"""

from collections.abc import Callable

import numpy as np

from engine.errors import AppError
from engine.process.token_messages import REACHES, Reach
from engine.tokens.lattice import best_score, unigram_choices
from engine.tokens.merge_history import merging
from engine.tokens.merge_replay import Rank, replay
from engine.tokens.tokenizer import Flags, Tokenizer
from engine.tokens.vocabulary import VocabularyData

_STEP_TOKENS = 1_024
_NUMBER = {name: number for number, name in enumerate(REACHES)}


def check_vocabulary(
    tokenizer: Tokenizer, data: VocabularyData, step: Callable[[float], None]
) -> Flags:
    """For each token its number in REACHES, shape (n_tokens,).

    Args:
        step: hears how much is done; may raise to end it.
    """
    reach = np.zeros(len(data), np.uint8)
    can_be_made = _judge(tokenizer, data)
    for token in range(len(data)):
        if token % _STEP_TOKENS == 0:
            step(token / len(data))
        reach[token] = _NUMBER[_reach(tokenizer, data, token, can_be_made)]
    return reach


def _reach(
    tokenizer: Tokenizer, data: VocabularyData, token: int, can_be_made: Callable[[int], bool]
) -> Reach:
    kind, piece = data.kind(token), data.pieces[token]
    if kind in ("control", "unknown"):
        return "special"
    try:
        text = piece.decode("utf-8")
    except UnicodeDecodeError:
        return "part"
    if not text:
        return "never"
    ids = tokenizer.encode(text, inside=True)
    if len(ids) == 1 and ids[0] == token:
        return "reached"
    return "otherwise" if can_be_made(token) else "never"


def _judge(tokenizer: Tokenizer, data: VocabularyData) -> Callable[[int], bool]:
    """Asks whether some text could give a token that its own text does not give."""
    kind = tokenizer.info.kind
    if kind == "Unigram":
        return lambda token: _is_best(data, token)
    if kind == "WordPiece":
        return lambda token: _survives_folding(tokenizer, data, token)
    try:
        symbols, rank = merging(tokenizer, data)
    except AppError:
        return lambda _: True  # unknown ways are not judged
    return lambda token: _merges(data, token, symbols, rank)


def _merges(
    data: VocabularyData, token: int, symbols: Callable[[bytes], list[bytes]], rank: Rank
) -> bool:
    """Another token with the same bytes, or none that merges make: no text gives this one."""
    piece = data.pieces[token]
    if data.kind(token) == "unused" or data.id_of.get(piece) != token:
        return False
    return data.kind(token) == "user" or replay(symbols(piece), rank).pieces == [piece]


def _is_best(data: VocabularyData, token: int) -> bool:
    piece = data.pieces[token]
    if data.id_of.get(piece) != token or data.kind(token) == "byte":
        return False
    try:
        choices = unigram_choices(data, [token], [piece])
    except AppError:
        return False
    return best_score(choices, len(piece)) > float("-inf")


def _survives_folding(tokenizer: Tokenizer, data: VocabularyData, token: int) -> bool:
    """WordPiece takes accents and capitals away before it looks: a token with one is out of
    reach."""
    text = data.pieces[token].decode("utf-8").strip()
    ids = tokenizer.encode(text).tolist()
    return b"".join(data.pieces[one] for one in ids).decode("utf-8", "replace").strip() == text

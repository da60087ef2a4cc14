"""How a word becomes tokens: MergeHistory's answer, for every kind of tokenizer that can be
replayed.

The tokenizer itself says which tokens come out; the replay must arrive at them, else it is not
shown. Merges never cross the border of a token that came out, so where a pre-tokenizer cuts need
not be known: a stretch is merged as one word, and cut where that would give other tokens.
"""

from collections.abc import Callable

from engine.errors import AppError
from engine.process.token_messages import Merges, MergeStep
from engine.tokens.lattice import unigram_choices, word_piece_choices
from engine.tokens.merge_replay import Rank, Replay, one_after_another, replay, whole
from engine.tokens.tokenizer import Tokenizer
from engine.tokens.vocabulary import VocabularyData, vocabulary_of

MAX_CHARACTERS = 1_000
# Pre-tokenizers (tokenizer.ggml.pre) with which llama.cpp takes a word that is in the vocabulary
# whole and asks no merge.
_TAKES_WHOLE = (
    *("llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2"),
    *("jina-v5-nano", "tekken", "youtu"),
)
Symbols = Callable[[bytes], list[bytes]]


def merge_history(tokenizer: Tokenizer, word: str) -> Merges:
    """The steps from a word to its tokens.

    Raises:
        AppError: the word is too long, or the tokenizer's way cannot be replayed.
    """
    if len(word) > MAX_CHARACTERS:
        raise AppError(
            f"This is too long to replay: {len(word):,} characters.",
            f"Choose a word, or a passage of at most {MAX_CHARACTERS:,} characters.",
        )
    data = vocabulary_of(tokenizer)
    ids = tokenizer.encode(word).tolist()
    pieces = _stood_for(data, word, ids)
    kind = tokenizer.info.kind
    if kind in ("Unigram", "WordPiece"):
        make = unigram_choices if kind == "Unigram" else word_piece_choices
        choices = make(data, ids, pieces)
        return Merges(kind=kind, start=[], steps=[], ids=ids, pieces=pieces, choices=choices)
    found = _replayed(tokenizer, data, ids, pieces)
    steps = [_step(tokenizer, data, *join) for join in found.steps]
    return Merges(kind=kind, start=found.start, steps=steps, ids=ids, pieces=pieces)


def _stood_for(data: VocabularyData, word: str, ids: list[int]) -> list[bytes]:
    """What each token stands for: its piece, and of an unknown one the bytes that it swallowed: all
    up to where the next token's piece is found; its written form where that cannot be told."""
    text, at, pieces = word.encode("utf-8"), 0, []
    for index, token in enumerate(ids):
        piece = data.pieces[token]
        if data.kind(token) == "unknown":
            following = data.pieces[ids[index + 1]] if index + 1 < len(ids) else b""
            end = text.find(following.strip(b" "), at) if following.strip(b" ") else len(text)
            swallowed = text[at : max(at, end)]
            at += len(swallowed)
            piece = (swallowed.rstrip(b" ") if following[:1] == b" " else swallowed) or piece
        else:
            own = piece.strip(b" ")
            at = max(at, text.find(own, at) + len(own)) if own in text[at:] else at
        pieces.append(piece)
    return pieces


def _step(
    tokenizer: Tokenizer, data: VocabularyData, place: int, piece: bytes, rank: float
) -> MergeStep:
    token = data.id_of.get(piece, -1)
    if tokenizer.figure == "rank":
        return MergeStep(place=place, piece=piece, id=token, rank=int(rank))
    return MergeStep(place=place, piece=piece, id=token, score=-rank)


# ---- tokenizers that merge ----


def _replayed(
    tokenizer: Tokenizer, data: VocabularyData, ids: list[int], pieces: list[bytes]
) -> Replay:
    symbols, rank = merging(tokenizer, data)
    takes_whole = tokenizer.info.pre_tokenizer in _TAKES_WHOLE
    parts: list[Replay] = []
    for first, end in _stretches(data, ids, pieces):
        if takes_whole and end - first == 1:
            parts.append(whole(pieces[first]))
        else:
            parts += _of_stretch(pieces[first:end], symbols, rank)
    return one_after_another(parts)


def _stretches(data: VocabularyData, ids: list[int], pieces: list[bytes]) -> list[tuple[int, int]]:
    """Where the tokens that came out may begin a word: at white space after none, and around
    tokens that text names (they are found before anything merges)."""
    starts = [0]
    for at in range(1, len(pieces)):
        is_blank = [pieces[one][:1].isspace() for one in (at - 1, at)]
        is_named = any(data.kind(ids[one]) not in ("normal", "byte") for one in (at - 1, at))
        if is_named or is_blank == [False, True]:
            starts.append(at)
    return list(zip(starts, [*starts[1:], len(pieces)], strict=True)) if pieces else []


def _of_stretch(pieces: list[bytes], symbols: Symbols, rank: Rank) -> list[Replay]:
    """The longest beginnings of a stretch that merge to the tokens that came out. A single token
    that no merge makes was taken whole."""
    found: list[Replay] = []
    while pieces:
        for end in range(len(pieces), 0, -1):
            part = replay([one for piece in pieces[:end] for one in symbols(piece)], rank)
            if part.pieces == pieces[:end]:
                break
        else:
            part, end = whole(pieces[0]), 1
        found.append(part)
        pieces = pieces[end:]
    return found


def merging(tokenizer: Tokenizer, data: VocabularyData) -> tuple[Symbols, Rank]:
    """What a tokenizer's merges begin with, and their ranks.

    Raises:
        AppError: it does not merge, or not in a way that is known here.
    """
    if tokenizer.figure == "rank" and tokenizer.merges:
        ranks = pair_ranks(tokenizer)
        is_bytes = any(not _is_text(side) for pair in ranks for side in pair)
        return (single_bytes if is_bytes else characters), lambda *pair: ranks.get(pair)
    if tokenizer.figure == "rank":
        return single_bytes, _by_rank(data)
    if tokenizer.info.kind == "SentencePiece":
        return characters, _by_score(data)
    raise AppError(
        f"How {tokenizer.info.name} makes its tokens cannot be replayed here.",
        "Choose a tokenizer of kind BPE, SentencePiece, WordPiece or Unigram.",
        tokenizer.info.kind,
    )


def pair_ranks(tokenizer: Tokenizer) -> dict[tuple[bytes, bytes], int]:
    """The rank of each pair that merges; of one that is listed twice, the first."""
    return {pair: rank for rank, pair in reversed(list(enumerate(tokenizer.merges)))}


def single_bytes(piece: bytes) -> list[bytes]:
    return [piece[at : at + 1] for at in range(len(piece))]


def characters(piece: bytes) -> list[bytes]:
    """Characters, and where there is only a part of one, its bytes."""
    if not _is_text(piece):
        return single_bytes(piece)
    return [letter.encode("utf-8") for letter in piece.decode("utf-8")]


def _by_rank(data: VocabularyData) -> Rank:
    """tiktoken: the pair whose bytes together are the token of the lowest rank."""

    def rank(left: bytes, right: bytes) -> float | None:
        token = data.id_of.get(left + right)
        return None if token is None else data.figure(token)

    return rank


def _by_score(data: VocabularyData) -> Rank:
    """SentencePiece: the pair that together is the token of the highest score."""

    def rank(left: bytes, right: bytes) -> float | None:
        token = data.id_of.get(left + right)
        if token is None or data.kind(token) == "byte":
            return None
        return -(data.figure(token) or 0.0)

    return rank


def _is_text(piece: bytes) -> bool:
    try:
        piece.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True

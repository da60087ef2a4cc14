"""Training a tokenizer: pairs of bytes merged by how often they stand side by side; or every
character of the text; or bytes alone.

Pairs are learned by the `tokenizers` library (Sennrich et al., "Neural Machine Translation of Rare
Words with Subword Units", 2016, over bytes as GPT-2 has it), from words that are counted here. It
tells nothing before it is done: beside it the same merges are learned once more where they can be
watched (tokenizer_learner.py), and shown as they are found. What is kept is the library's; that
both are one is checked.
"""

import itertools
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator

from engine.process.messages import Progress
from engine.process.pretrain_messages import Merge, MergesArrived
from engine.tokens.listed import spelled_bytes
from finetune.model.tokenizer_chars import bytes_tokenizer, characters_tokenizer
from finetune.model.tokenizer_facts import about
from finetune.model.tokenizer_files import N_MARKS, pre_tokenizer, spelled
from finetune.model.tokenizer_learner import Learned, Learner
from finetune.model.tokenizer_library import LibraryRun, run_of_words
from finetune.model.tokenizer_shown import shown
from finetune.model.tokenizer_trained import TrainedTokenizer, open_trained
from finetune.model.tokenizer_uses import Uses, uses_of
from finetune.model.tokenizer_words import WordCounts, Words, parts_of, without_giants
from finetune.pretraining.config import TokenizerKind

__all__ = ["TrainedTokenizer", "open_trained", "train_tokenizer"]

# Gives the documents of a corpus anew each time it is called.
Texts = Callable[[], Iterable[str]]
Told = MergesArrived | Progress

SMALLEST = N_MARKS + 256
# So much text says all about pairs that more of it would.
MOST_BYTES = 256 << 20
# Below, the library is done before a merge could be read: it is not learned twice then.
WATCHED_BYTES = 2 << 20
_FIRST_PART = (
    "The tokenizer was trained on the first {size} of the text: more would change little. If the "
    "text's parts are of different kinds, mix them."
)
_TELL_S = 0.05
# How far the whole is when all words are counted, and when all merges were watched.
_COUNTED, _WATCHED = 0.6, 0.9
_MANY = 256


def train_tokenizer(
    texts: Texts,
    kind: TokenizerKind,
    n_vocab: int,
    held_out: Texts | None = None,
    n_bytes: int = 0,
) -> Generator[Told, None, TrainedTokenizer]:
    """Train a tokenizer. What is told on the way has job 0; closing the generator ends the work.

    Args:
        n_vocab: of bpe, how many tokens there may be: marks and 256 bytes among them, so never
            fewer than 260.
        held_out: what bytes per token are measured on; None: the text itself.
        n_bytes: of the text, where it is known; else the fraction stays 0 while they are counted.

    Raises:
        AppError: the texts cannot be read.
    """
    start = time.perf_counter()
    yield Progress(job=0, fraction=0.0, what="counting words")
    if kind == "bpe":
        found, uses = yield from _pairs(texts, max(n_vocab, SMALLEST), n_bytes)
    else:
        found, uses = (yield from _plain(texts, kind, n_bytes)), None
    facts = about(found, uses, n_vocab, texts, held_out)
    facts["seconds"] = round(time.perf_counter() - start, 3)
    return TrainedTokenizer(found.kind, found.all_pieces, found.merges, found.meta | facts)


def _plain(
    texts: Texts, kind: TokenizerKind, n_bytes: int
) -> Generator[Told, None, TrainedTokenizer]:
    if kind == "bytes":
        return bytes_tokenizer()
    counts: Counter[str] = Counter()
    told = time.perf_counter()
    for text in _in_parts(texts()):
        counts.update(text)
        if time.perf_counter() - told > _TELL_S:
            told = time.perf_counter()
            yield _progress(sum(counts.values()), n_bytes, "counting characters")
    return characters_tokenizer(counts)


# ---- pairs ----


def _pairs(
    texts: Texts, n_vocab: int, n_bytes: int
) -> Generator[Told, None, tuple[TrainedTokenizer, Uses]]:
    counts = WordCounts()
    first: list[str] = []
    stream = _in_parts(texts())
    is_decided = False
    told = time.perf_counter()
    for text in stream:
        counts.add(text)
        if not is_decided:
            first.append(text)
            if counts.n_bytes >= WATCHED_BYTES:
                is_decided = True
                if counts.is_unspaced:
                    return (yield from _unspaced(itertools.chain(first, stream), n_vocab, n_bytes))
                first = []
        if time.perf_counter() - told > _TELL_S:
            told = time.perf_counter()
            yield _progress(counts.n_bytes, n_bytes, "counting words")
        if counts.n_bytes >= MOST_BYTES:
            break
    found, uses = yield from _of_words(
        counts.words(), n_vocab, is_watched=counts.n_bytes >= WATCHED_BYTES
    )
    if counts.n_bytes >= MOST_BYTES:
        found.meta["warnings"] = [_FIRST_PART.format(size=f"{MOST_BYTES / 1e6:,.0f} MB")]
    return found, uses


def _of_words(
    words: Words, n_vocab: int, is_watched: bool
) -> Generator[Told, None, tuple[TrainedTokenizer, Uses]]:
    """The library at work, and what is learned beside it."""
    run = run_of_words(words, n_vocab)
    try:
        seen: list[Learned] = []
        if is_watched:
            yield from _watched(run, words, n_vocab - SMALLEST, seen)
        while not run.wait(_TELL_S):
            yield Progress(job=0, fraction=_WATCHED, what="merging")
    finally:
        run.stop()
    found = run.trained()
    sides = [(found.all_pieces[one.left], found.all_pieces[one.right]) for one in seen]
    assert sides == found.merges[: len(sides)], "what was shown is not what was learned"
    uses = uses_of(words, found.all_pieces, found.merges)
    yield from _the_rest(found, uses, len(seen))
    return found, uses


def _watched(
    run: LibraryRun, words: Words, n_merges: int, seen: list[Learned]
) -> Generator[Told, None, None]:
    """Merges as they are found, until all are or the library is done."""
    letters = sorted(spelled(bytes([value])) for value in range(256))
    ids = {letter: N_MARKS + number for number, letter in enumerate(letters)}
    learner = Learner(words, ids)
    batch: list[Merge] = []
    told = 0.0  # the first one is told at once
    for one in itertools.islice(learner.merges(), n_merges):
        seen.append(one)
        left, right = learner.written(one.left), learner.written(one.right)
        batch.append(_merge(spelled_bytes(left), spelled_bytes(right), one.count, one.example))
        if time.perf_counter() - told > _TELL_S:
            told = time.perf_counter()
            yield MergesArrived(job=0, merges=batch, n_done=len(seen), n_merges=n_merges)
            batch = []
            fraction = _COUNTED + (_WATCHED - _COUNTED) * len(seen) / n_merges
            yield Progress(job=0, fraction=fraction, what="merging")
        if run.is_done:
            break
    if batch:
        yield MergesArrived(job=0, merges=batch, n_done=len(seen), n_merges=n_merges)


def _unspaced(
    texts: Iterator[str], n_vocab: int, n_bytes: int
) -> Generator[Told, None, tuple[TrainedTokenizer, Uses]]:
    """A text in a script without blanks: the library cuts and counts it, which is quicker there;
    the merges are told when it is done."""
    most = itertools.takewhile(_Below(MOST_BYTES // 3), map(without_giants, texts))
    run = LibraryRun(most, pre_tokenizer(), n_vocab)
    try:
        while not run.wait(_TELL_S):
            yield _progress(3 * run.n_characters, n_bytes, "counting words")
    finally:
        run.stop()
    found = run.trained()
    uses = uses_of(run.words(), found.all_pieces, found.merges)
    yield from _the_rest(found, uses, 0)
    return found, uses


class _Below:
    """Whether texts are within a number of characters so far."""

    def __init__(self, most: int) -> None:
        self._left = most

    def __call__(self, text: str) -> bool:
        self._left -= len(text)
        return self._left > 0


def _the_rest(found: TrainedTokenizer, uses: Uses, start: int) -> Generator[Told, None, None]:
    """The merges that nobody has seen yet."""
    n = len(found.merges)
    for first in range(start, n, _MANY):
        last = min(n, first + _MANY)
        merges = [
            _merge(*found.merges[at], int(uses.counts[at]), uses.examples[at])
            for at in range(first, last)
        ]
        yield MergesArrived(job=0, merges=merges, n_done=last, n_merges=n)


def _merge(left: bytes, right: bytes, count: int, word: str) -> Merge:
    example = shown(spelled_bytes(word))
    return Merge(shown(left), shown(right), shown(left + right), count, example[:60])


def _in_parts(texts: Iterable[str]) -> Iterator[str]:
    return itertools.chain.from_iterable(map(parts_of, texts))


def _progress(n_done: int, n_bytes: int, what: str) -> Progress:
    fraction = min(1.0, n_done / n_bytes) if n_bytes else 0.0
    return Progress(job=0, fraction=_COUNTED * fraction, what=what)

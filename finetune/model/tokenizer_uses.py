"""How often each merge of a finished vocabulary was made in counted words, and how the text would
have shrunk with fewer of them: all from one look at the words' last tokens.

A token that a merge makes stands in the text as itself or within the tokens that later merges made
of it. So the counts come from the last merge to the first; and as every merge that is made leaves
one token less, the length of the text at any vocabulary is its bytes less the counts up to there.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer as Library
from tokenizers import models

from finetune.model.tokenizer_files import Pair, tokenizer_json
from finetune.model.tokenizer_words import Words

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Uses:
    """counts: how often each merge is made, shape (n_merges,); examples: the commonest word with
    each, "" where there is none; n_letters: bytes of all words."""

    counts: Numbers
    examples: list[str]
    n_letters: int

    def bytes_per_token(self, n_merges: int) -> float:
        """With so many of the merges; 0 where there is no text."""
        left = self.n_letters - int(self.counts[:n_merges].sum())
        return self.n_letters / left if left else 0.0


def uses_of(words: Words, pieces: Sequence[bytes], merges: Sequence[Pair]) -> Uses:
    """Args: words: in letters, with their counts; pieces, merges: as TrainedTokenizer has them."""
    listed = list(words)
    counts = np.fromiter(words.values(), np.int64, len(listed))
    lengths = np.fromiter(map(len, listed), np.int64, len(listed))
    made, best = _last_tokens(listed, counts, pieces, merges)
    ids = {piece: token for token, piece in enumerate(pieces)}
    # A token that two merges make is taken for the work of the first.
    first = {left + right: rank for rank, (left, right) in reversed(list(enumerate(merges)))}
    weights = np.append(counts, -1).tolist()  # of no word at all: -1
    found = np.zeros(len(merges), np.int64)
    examples = [""] * len(merges)
    for rank in range(len(merges) - 1, -1, -1):
        sides = merges[rank]
        whole = sides[0] + sides[1]
        if first[whole] != rank:
            continue
        token = ids[whole]
        n, word = made[token], best[token]
        found[rank] = n
        examples[rank] = listed[word] if n else ""
        for side in sides:
            part = ids[side]
            made[part] += n
            if weights[word] > weights[best[part]]:
                best[part] = word
    return Uses(found, examples, int((counts * lengths).sum()))


def _last_tokens(
    words: list[str], counts: Numbers, pieces: Sequence[bytes], merges: Sequence[Pair]
) -> tuple[list[int], list[int]]:
    """For each token how often it stands in the text, and the commonest word with it (-1: none)."""
    model = tokenizer_json(pieces, merges)["model"]
    library = Library(models.BPE(model["vocab"], [(a, b) for a, b in model["merges"]]))
    order = np.argsort(counts, kind="stable")
    by_count = [words[place] for place in order.tolist()]
    encoded = library.encode_batch_fast(by_count, add_special_tokens=False)
    ids = [one.ids for one in encoded]
    flat = np.fromiter(itertools.chain.from_iterable(ids), np.int64)
    which = np.repeat(order, [len(row) for row in ids])
    made = np.bincount(flat, counts[which], len(pieces)).astype(np.int64)
    best = np.full(len(pieces), -1, np.int64)
    best[flat] = which  # of equal places the last one stays: the commonest word
    return made.tolist(), best.tolist()


def curve_points(n_merges: int) -> list[int]:
    """At how many merges a curve is drawn: none, then about twice as many each time, then all."""
    points = [0]
    step = 16
    while step < n_merges:
        points += [step, *([step * 3 // 2] if step * 3 // 2 < n_merges else [])]
        step *= 2
    return [*points, n_merges] if n_merges else points

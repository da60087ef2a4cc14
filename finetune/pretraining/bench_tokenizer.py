"""Training a tokenizer with the live view on, beside `tokenizers` alone on the same text:
`python -m finetune.pretraining.bench_tokenizer`, and a part of `bathysphere bench pretrain`.

Ours is all that the worker does: counting words, the library's training, the merges learned where
they can be watched, each event packed as it travels, counts, examples and the compression curve.
The library alone gets the text in parts, so that it counts on all cores, and the same pattern. Both
must come to the same merges. Turn by turn, each first as often as second.
"""

import time

import msgspec
from tokenizers import Tokenizer as Library
from tokenizers import models

from engine.figures import Figure, print_table, ratio
from engine.process.pretrain_messages import MergesArrived
from engine.tokens.bench_tokenize import bench_text
from finetune.corpus.stories.write import write_stories
from finetune.model.bpe import TrainedTokenizer, train_tokenizer
from finetune.model.tokenizer_files import pre_tokenizer
from finetune.model.tokenizer_library import bpe_trainer, of_library

GOAL = 1.2
N_PAIRS = 5
N_VOCAB = 2048
_PART = 1 << 16
_MB = 1_000_000


def tokenizer_figures(n_pairs: int = N_PAIRS) -> dict[str, Figure]:
    """Seconds of both and their ratio, on texts of one megabyte and of twelve; when the first merge
    is seen, of twelve."""
    figures: dict[str, Figure] = {}
    for name, texts in bench_texts().items():
        ours, peer, first = measured(texts, n_pairs)
        figures[f"tokenizer: {name}"] = ratio(ours, peer, GOAL, "s", is_limit=True)
        figures[f"tokenizer: {name}, first merge seen"] = ratio(first, peer, None, "s")
    return figures


def bench_texts() -> dict[str, list[str]]:
    """Python's own library, which every machine has, and the story world."""
    code = _parts(bench_text(12 * _MB))
    stories, n_left = [], 12 * _MB
    for story in write_stories(1 << 20, 0):
        stories.append(story.text)
        n_left -= len(story.text)
        if n_left <= 0:
            break
    return {
        "1 MB of code": code[: _MB // _PART],
        "12 MB of code": code,
        "12 MB of stories": stories,
    }


def measured(texts: list[str], n_pairs: int) -> tuple[list[float], list[float], list[float]]:
    """Seconds of ours, of the library alone, and until the first merge is seen."""
    ours: list[float] = []
    peer: list[float] = []
    first: list[float] = []
    for pair in range(n_pairs):
        if pair % 2:
            library = alone(texts, peer)
            found = watched(texts, ours, first)
        else:
            found = watched(texts, ours, first)
            library = alone(texts, peer)
        truth = of_library(library)
        assert found.merges == truth.merges, "both must learn the same"
        assert found.pieces() == truth.pieces()
    return ours, peer, first


def watched(texts: list[str], seconds: list[float], first: list[float]) -> TrainedTokenizer:
    """A training whose events are packed as for the window."""
    start = time.perf_counter()
    seen = 0.0
    found: TrainedTokenizer | None = None
    pack = msgspec.msgpack.Encoder().encode
    steps = train_tokenizer(lambda: texts, "bpe", N_VOCAB)
    while found is None:
        try:
            told = next(steps)
        except StopIteration as end:
            found = end.value
            break
        pack(told)
        if isinstance(told, MergesArrived) and not seen:
            seen = time.perf_counter() - start
    seconds.append(time.perf_counter() - start)
    first.append(seen)
    assert found is not None
    return found


def alone(texts: list[str], seconds: list[float]) -> Library:
    """The library by itself."""
    start = time.perf_counter()
    library = Library(models.BPE())
    library.pre_tokenizer = pre_tokenizer()
    library.train_from_iterator(texts, bpe_trainer(N_VOCAB))
    seconds.append(time.perf_counter() - start)
    return library


def _parts(text: str) -> list[str]:
    return [text[start : start + _PART] for start in range(0, len(text), _PART)]


if __name__ == "__main__":
    print_table(tokenizer_figures())

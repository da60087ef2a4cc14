"""Training a tokenizer: byte pairs merged by their frequency, by the `tokenizers` library; or
characters; or bytes.

Sennrich et al., "Neural Machine Translation of Rare Words with Subword Units" (2016), over bytes
as GPT-2 has it.
"""

import json
from collections import Counter
from collections.abc import Callable, Generator, Iterable

from tokenizers import Tokenizer as Library
from tokenizers import models, pre_tokenizers, trainers

from engine.process.messages import Progress
from engine.process.pretrain_messages import MergesArrived
from engine.tokens.listed import spelled_bytes
from finetune.model.chat_marks import MARKS
from finetune.model.tokenizer_chars import bytes_tokenizer, characters_tokenizer
from finetune.model.tokenizer_files import N_MARKS
from finetune.model.tokenizer_trained import TrainedTokenizer, open_trained
from finetune.pretraining.config import TokenizerKind

__all__ = ["TrainedTokenizer", "open_trained", "train_tokenizer"]

# Gives the documents of a corpus anew each time it is called.
Texts = Callable[[], Iterable[str]]
Told = MergesArrived | Progress


def train_tokenizer(
    texts: Texts, kind: TokenizerKind, n_vocab: int
) -> Generator[Told, None, TrainedTokenizer]:
    """Train a tokenizer; what is told on the way has job 0.

    Args:
        n_vocab: of bpe: how many tokens there may be, marks and 256 bytes among them.
    """
    yield Progress(job=0, fraction=0.0, what="reading")
    if kind == "bytes":
        return bytes_tokenizer()
    if kind == "chars":
        counts: Counter[str] = Counter()
        for text in texts():
            counts.update(text)
        return characters_tokenizer(counts)
    return _trained(texts, n_vocab)


def _trained(texts: Texts, n_vocab: int) -> TrainedTokenizer:
    library = Library(models.BPE())
    library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=max(n_vocab, N_MARKS + 256),
        special_tokens=list(MARKS),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    library.train_from_iterator(iter(texts()), trainer)
    return of_library(library)


def of_library(library: Library) -> TrainedTokenizer:
    """What the library has learned."""
    model = json.loads(library.to_str())["model"]
    written = sorted(model["vocab"].items(), key=lambda one: int(one[1]))
    pieces = [mark.encode() for mark in MARKS]
    pieces += [spelled_bytes(text) for text, _ in written[N_MARKS:]]
    merges = [(spelled_bytes(left), spelled_bytes(right)) for left, right in model["merges"]]
    return TrainedTokenizer("bpe", pieces, merges)

"""The `tokenizers` library at work in a thread of its own; it counts and merges without Python's
lock, and tells nothing until it is done."""

import json
import threading
from collections.abc import Iterable, Iterator

from tokenizers import Tokenizer as Library
from tokenizers import models, pre_tokenizers, trainers

from engine.tokens.listed import spelled_bytes
from finetune.model.chat_marks import MARKS
from finetune.model.tokenizer_files import N_MARKS
from finetune.model.tokenizer_trained import TrainedTokenizer
from finetune.model.tokenizer_words import Words

_ROW = 1 << 16
_BLANK = " "  # no letter that stands for a byte


class LibraryRun:
    """A training.

    Args:
        texts: pulled from the library's threads.
        pre_tokenizer: what cuts them into words.
        n_vocab: how many tokens there may be.
    """

    def __init__(
        self, texts: Iterable[str], pre_tokenizer: pre_tokenizers.PreTokenizer, n_vocab: int
    ) -> None:
        self._library = Library(models.BPE())
        self._library.pre_tokenizer = pre_tokenizer
        self._trainer = bpe_trainer(n_vocab)
        self._texts = texts
        self._error: BaseException | None = None
        self._is_stopped = False
        self.n_characters = 0
        self._thread = threading.Thread(target=self._run, name="tokenizers", daemon=True)
        self._thread.start()

    @property
    def is_done(self) -> bool:
        return not self._thread.is_alive()

    def wait(self, seconds: float) -> bool:
        """Whether it is done, after at most so long."""
        self._thread.join(seconds)
        return self.is_done

    def stop(self) -> None:
        """Give it no more text: it ends by itself soon after."""
        self._is_stopped = True

    def trained(self) -> TrainedTokenizer:
        """What it learned, once it is done. Raises what went wrong: AppError where the texts
        could not be read."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return of_library(self._library)

    def words(self) -> Words:
        """The words that it counted."""
        found: Words = json.loads(self._trainer.__getstate__())["BpeTrainer"]["words"]
        return found

    def _run(self) -> None:
        try:
            self._library.train_from_iterator(self._until_stopped(), self._trainer)
        except BaseException as error:  # handed to whoever asks for the result
            self._error = error

    def _until_stopped(self) -> Iterator[str]:
        for text in self._texts:
            if self._is_stopped:
                return
            self.n_characters += len(text)
            yield text


def of_library(library: Library) -> TrainedTokenizer:
    """What the library has learned."""
    model = json.loads(library.to_str())["model"]
    written = [text for text, _ in sorted(model["vocab"].items(), key=lambda one: int(one[1]))]
    pieces = [*map(str.encode, written[:N_MARKS]), *map(spelled_bytes, written[N_MARKS:])]
    merges = [(spelled_bytes(left), spelled_bytes(right)) for left, right in model["merges"]]
    return TrainedTokenizer("bpe", pieces, merges)


def bpe_trainer(n_vocab: int) -> trainers.BpeTrainer:
    """The library's trainer of byte-level BPE: marks and all bytes first."""
    return trainers.BpeTrainer(
        vocab_size=n_vocab,
        special_tokens=list(MARKS),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )


def run_of_words(words: Words, n_vocab: int) -> LibraryRun:
    """A training on words that are counted already. The library counts for itself and takes no
    counts, so it is given each word as often as it stands (words of one letter have no pairs);
    cutting such rows at blanks takes it half of what cutting the text would."""
    return LibraryRun(_as_often(words), pre_tokenizers.CharDelimiterSplit(_BLANK), n_vocab)


def _as_often(words: Words) -> Iterator[str]:
    row: list[str] = []
    n_letters = 0
    for word, count in words.items():
        if len(word) < 2:
            continue
        at_once = max(1, _ROW // (len(word) + 1))
        while count > 0:
            n = min(count, at_once)
            row.append((word + _BLANK) * n)
            n_letters += len(row[-1])
            count -= n
            if n_letters > _ROW:
                yield "".join(row)
                row, n_letters = [], 0
    yield "".join(row)

"""Tokenizers that are trained here: the same ids in all engines, nothing dropped, files whole."""

from collections.abc import Generator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from engine.tokens.opened import open_tokenizer
from finetune.model.bpe import TrainedTokenizer, open_trained, train_tokenizer
from finetune.pretraining.config import TokenizerKind

T = TypeVar("T")
TEXT = "The sea lay still, and the lamp said “good night” to it. Ünder the sea, 12 lamps 🙂!\r\n"
KINDS: tuple[TokenizerKind, ...] = ("bpe", "chars", "bytes")


def ended(steps: Generator[Any, None, T]) -> T:
    """What a generator returns."""
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            found: T = stop.value
            return found


def trained(kind: TokenizerKind, n_vocab: int = 400) -> TrainedTokenizer:
    return ended(train_tokenizer(lambda: [TEXT * 20], kind, n_vocab))


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_gives_the_same_ids_in_both_engines(kind: TokenizerKind, tmp_path: Path) -> None:
    tokenizer = trained(kind)
    tokenizer.save(tmp_path / "one")
    again = open_trained(tmp_path / "one")
    llama = open_tokenizer(str(tmp_path / "one" / "vocab.gguf"))
    for text in (TEXT, "", "<|end|> <|user|>", "日本 \x00\x07 naïve\r\n\n  x", "🙃" * 3):
        (ids,) = again.encode([text])
        assert ids.tolist() == llama.encode(text).tolist()
        assert again.decode(ids) == text
        assert again.end_id not in ids
    assert again.pieces() == tokenizer.pieces()
    assert llama.info.n_tokens == tokenizer.n_vocab

"""Tokenizers in words: what each kind is, how large a vocabulary may be, a merge. Qt-free but for
the words.
"""

from __future__ import annotations

from engine.process.pretrain_messages import CorpusInfo, Merge, RaisedTokenizer
from finetune.pretraining.config import TokenizerKind
from gui.pretrain.text_words import bytes_text
from gui.pretrain.words import tr

LEAST_VOCAB, MOST_VOCAB = 257, 65_536
# Bytes of text for each token, below which its last merges are seen a handful of times.
BYTES_PER_ENTRY = 100


def kind_names() -> dict[TokenizerKind, str]:
    return {"bpe": tr("Byte pairs"), "chars": tr("Characters"), "bytes": tr("Bytes")}


def kind_words(kind: TokenizerKind) -> str:
    """What it does, in two sentences."""
    words = {
        "bpe": tr(
            "Begins with the 256 bytes and merges the pair that stands side by side most often, "
            "again and again, until the vocabulary is full. Frequent words become one token, so "
            "the model sees more text at once."
        ),
        "chars": tr(
            "Each character of the text is a token, and the 256 bytes stand in for any other. "
            "Small and plain: the classic for a first model, but a word takes many steps."
        ),
        "bytes": tr(
            "256 tokens, one for each byte: nothing to train, nothing unknown, and the longest "
            "way to write a word."
        ),
    }
    return words[kind]


def vocab_warning(corpus: CorpusInfo | None, kind: TokenizerKind, n_vocab: int) -> str:
    """Whether a vocabulary is larger than its text feeds, in a sentence; "" where it is not."""
    if corpus is None or kind != "bpe" or corpus.n_bytes >= BYTES_PER_ENTRY * n_vocab:
        return ""
    enough = max(LEAST_VOCAB, corpus.n_bytes // BYTES_PER_ENTRY)
    words = tr(
        "{size} of text have few examples for so many tokens; about {n} will do. Rare tokens are "
        "never learned well."
    )
    return words.format(size=bytes_text(corpus.n_bytes), n=f"{enough:,}")


def tokenizer_facts(info: RaisedTokenizer) -> str:
    """A tokenizer in a line."""
    parts = [kind_names()[info.kind], tr("{n} tokens").format(n=f"{info.n_vocab:,}")]
    if info.bytes_per_token:
        parts.append(rate_words(info.bytes_per_token))
    return " · ".join(parts)


def rate_words(bytes_per_token: float) -> str:
    return tr("{n} bytes a token").format(n=f"{bytes_per_token:.2f}")


def merge_text(merge: Merge) -> str:
    """As a chip says it, without the count: "·look + ed → ·looked"."""
    return f"{merge.left} + {merge.right} → {merge.piece}"


def merge_tip(merge: Merge) -> str:
    """A merge in a sentence."""
    words = tr("The pair stood in the text {n} times when it was merged").format(
        n=f"{merge.count:,}"
    )
    if not merge.example:
        return words
    return tr("{words}, as in “{example}”").format(words=words, example=merge.example)


def default_name(corpus: CorpusInfo | None, kind: TokenizerKind, n_vocab: int) -> str:
    """What a new tokenizer is called."""
    text = corpus.name if corpus is not None else ""
    what = f"{n_vocab:,}" if kind == "bpe" else kind_names()[kind].lower()
    return f"{text} {what}".strip()

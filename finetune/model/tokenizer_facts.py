"""What is known of a tokenizer after its training, as it is kept in meta.json: how it shortens
texts, its first merges, its longest tokens, and what a person should know.
"""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from engine.process.pretrain_messages import CurvePoint, Merge
from engine.tokens.listed import spelled_bytes
from finetune.model.tokenizer_files import N_MARKS
from finetune.model.tokenizer_shown import shown
from finetune.model.tokenizer_trained import TrainedTokenizer
from finetune.model.tokenizer_uses import Uses, curve_points, uses_of
from finetune.model.tokenizer_words import WordCounts, parts_of

_MEASURED_BYTES = 2 << 20
_SHOWN_MERGES = 200
_SHOWN_LONGEST = 24
_LITTLE_BYTES = 100_000


def about(
    tokenizer: TrainedTokenizer,
    uses: Uses | None,
    n_wanted: int,
    texts: Callable[[], Iterable[str]],
    held_out: Callable[[], Iterable[str]] | None,
) -> dict[str, Any]:
    """The facts, as plain values.

    Args:
        uses: of bpe, the merges' counts in the text.
        n_wanted: the vocabulary that was asked for.
        texts: what it was trained on. held_out: what is measured on instead, of which the first
            two megabytes are.
    """
    curve = []
    if uses is not None:
        curve = _curve(tokenizer, _uses_in(tokenizer, held_out) if held_out else uses)
    measured = curve[-1].bytes_per_token if curve else _measured(tokenizer, held_out or texts)
    return {
        "n_vocab": tokenizer.n_vocab,
        "n_merges": len(tokenizer.merges),
        "bytes_per_token": measured,
        "curve": msgspec.to_builtins(curve),
        "merges": msgspec.to_builtins(_first_merges(tokenizer, uses)) if uses else [],
        "longest": _longest(tokenizer) if tokenizer.kind == "bpe" else [],
        "warnings": _warnings(tokenizer, uses, n_wanted),
    }


def _uses_in(tokenizer: TrainedTokenizer, texts: Callable[[], Iterable[str]]) -> Uses:
    counts = WordCounts()
    for text in _beginning(texts):
        counts.add(text)
    return uses_of(counts.words(), tokenizer.all_pieces, tokenizer.merges)


def _curve(tokenizer: TrainedTokenizer, uses: Uses) -> list[CurvePoint]:
    """Bytes per token with the first merges only, more each time: a vocabulary that is cut off is
    the one that a shorter training would have given."""
    if not uses.n_letters:
        return []
    n_plain = N_MARKS + 256
    return [
        CurvePoint(min(n_plain + n, tokenizer.n_vocab), round(uses.bytes_per_token(n), 4))
        for n in curve_points(len(tokenizer.merges))
    ]


def _measured(tokenizer: TrainedTokenizer, held_out: Callable[[], Iterable[str]]) -> float:
    texts = [text.encode("utf-8", "ignore").decode() for text in _beginning(held_out)]
    n_tokens = sum(map(len, tokenizer.encode(texts)))
    return round(sum(len(text.encode()) for text in texts) / n_tokens, 4) if n_tokens else 0.0


def _beginning(texts: Callable[[], Iterable[str]]) -> Iterable[str]:
    left = _MEASURED_BYTES
    for text in texts():
        for part in parts_of(text):
            yield part
            left -= len(part)
            if left <= 0:
                return


def _first_merges(tokenizer: TrainedTokenizer, uses: Uses) -> list[Merge]:
    return [
        Merge(
            shown(left),
            shown(right),
            shown(left + right),
            int(uses.counts[at]),
            shown(spelled_bytes(uses.examples[at]))[:60],
        )
        for at, (left, right) in enumerate(tokenizer.merges[:_SHOWN_MERGES])
    ]


def _longest(tokenizer: TrainedTokenizer) -> list[str]:
    """The longest tokens that are words or more: runs of one sign say nothing."""
    pieces = [one for one in tokenizer.all_pieces[N_MARKS:] if len(set(one.strip())) > 2]
    return [shown(one) for one in sorted(pieces, key=lambda one: (-len(one), one))[:_SHOWN_LONGEST]]


def _warnings(tokenizer: TrainedTokenizer, uses: Uses | None, n_wanted: int) -> list[str]:
    found: list[str] = list(tokenizer.meta.get("warnings", []))
    if uses is None:
        return found
    if tokenizer.n_vocab < n_wanted:
        found.append(
            f"The text has no more pairs to merge: the vocabulary has {tokenizer.n_vocab:,} tokens "
            f"instead of {n_wanted:,}. Bring more text, or ask for a smaller vocabulary."
        )
    elif len(uses.counts) and uses.counts[-1] < 10:
        found.append(
            f"The last tokens stand only {int(uses.counts[-1])} times in the text, too seldom for "
            "a model to learn them. Bring more text, or ask for a smaller vocabulary."
        )
    if uses.n_letters < _LITTLE_BYTES:
        found.append(
            f"The tokenizer has seen only {uses.n_letters / 1e3:,.1f} kB of text: its tokens fit "
            "that text and little else. Bring more text, or choose characters."
        )
    return found

"""How much text it takes: what cannot be used at all, and what a person should know beforehand."""

from __future__ import annotations

from engine.errors import AppError
from finetune.corpus.document import size_words

FEWEST_BYTES = 1000
# Below: known by heart before a model can write. Below the second: a style, yet few ideas.
_LITTLE_BYTES, _SOME_BYTES = 100_000, 1_000_000


def require_text(n_bytes: int, detail: str = "") -> None:
    """Raises AppError where there is no text, or next to none."""
    if not n_bytes:
        raise AppError(
            "There is no text to learn from.",
            "Choose a text, Markdown, HTML, JSONL or Parquet file.",
            detail,
        )
    if n_bytes < FEWEST_BYTES:
        raise AppError(
            f"{size_words(n_bytes)} are too little text to learn from.",
            "Choose more: from some 100 kB on a model begins to write.",
            detail,
        )


def warnings_of(n_bytes: int) -> list[str]:
    """What a person should know of a corpus of that size."""
    if n_bytes < _LITTLE_BYTES:
        return [
            f"This is very little text ({size_words(n_bytes)}): a model will know it by heart "
            "before it learns to write. Add more, or try the stories."
        ]
    if n_bytes < _SOME_BYTES:
        return [
            f"This is little text ({size_words(n_bytes)}): a model can take on its style, but will "
            "often say it word for word. From 1 MB on it goes better."
        ]
    return []

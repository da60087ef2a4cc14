"""Texts that need no network: stories by our own grammar, and the Python language reference that
every interpreter carries."""

from __future__ import annotations

from collections.abc import Iterator

from finetune.corpus.document import Document
from finetune.corpus.text_file import cut_texts

MOST_STORIES = 20_000_000


def read_stories(n: int, seed: int) -> Iterator[Document]:
    """Stories of a seed's world, the first n."""
    from finetune.corpus.stories.write import write_stories

    for number, story in enumerate(write_stories(n, seed), 1):
        yield Document(story.text, f"story {number}", "made")


def read_python(max_bytes: int) -> Iterator[Document]:
    """The language reference by its topics, as help() shows them: some 80 texts, half a megabyte in
    all."""
    from pydoc_data.topics import topics

    for name in sorted(topics):
        for part, text in cut_texts([topics[name].strip() + "\n"], max_bytes):
            yield Document(text, f"Python: {name}", "made", part)

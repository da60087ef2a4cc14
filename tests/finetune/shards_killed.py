"""A process of its own that writes token shards slowly, so that it can be killed meanwhile.
Run: python -m tests.finetune.shards_killed FOLDER
"""

import sys
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from finetune.corpus.token_shards import TokenShards, write_shards


def killed_texts() -> Iterator[str]:
    return (f"text number {number} of many, one after the other" for number in range(20_000))


def write_killed(
    folder: Path, texts: Iterable[str], encode: Callable[[list[str]], Sequence[Any]]
) -> Generator[float | None, None, TokenShards]:
    return write_shards(folder, texts, encode, 300, "uint16", fingerprint="k", shard_tokens=60_000)


def slowly(texts: list[str]) -> list[Any]:
    time.sleep(0.1)
    return [np.frombuffer(text.encode(), np.uint8) for text in texts]


if __name__ == "__main__":
    for _ in write_killed(Path(sys.argv[1]), killed_texts(), slowly):
        pass

"""A process of its own that reads much text and says how much memory that took at most, in bytes
above what it had before. Run: python -m tests.finetune.corpus_memory open|make TEXT FOLDER
"""

import gc
import sys
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from engine.process.pretrain_messages import Cleaning, CorpusSource
from finetune.corpus.corpus import open_corpus
from finetune.corpus.making import make_corpus
from finetune.corpus.token_shards import write_shards


def by_bytes(texts: list[str]) -> list[Any]:
    return [np.frombuffer(text.encode(), np.uint8) for text in texts]


def main(what: str, path: Path, folder: Path) -> None:
    process = psutil.Process()
    gc.collect()
    before = most = process.memory_info().rss

    def look() -> None:
        nonlocal most
        memory = process.memory_info()
        # Pages of mapped files are the system's to take back.
        most = max(most, memory.rss - getattr(memory, "shared", 0))

    before -= getattr(process.memory_info(), "shared", 0)
    most = before
    if what == "open":
        corpus = open_corpus(path)
        for _ in write_shards(folder, corpus.train(), by_bytes, None, "uint16"):
            look()
    else:
        sources = [CorpusSource("path", str(path))]
        for number, _ in enumerate(make_corpus(folder, sources, Cleaning(), 0.05, "Much")):
            if number % 8 == 0:
                look()
    look()
    print(most - before)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))

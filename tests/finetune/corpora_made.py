"""Makers of small texts and corpora for tests."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.process.messages import Progress
from engine.process.pretrain_messages import (
    Cleaning,
    CleaningCount,
    CleaningTold,
    CorpusInfo,
    CorpusSource,
)
from finetune.corpus.making import make_corpus

_SAID = """
lantern harbor copper willow thunder marble velvet anchor meadow quartz ember saddle compass orchard
glacier ribbon falcon cinder pebble tunnel mirror barrel feather candle bridge hammer window garden
silver winter summer autumn spring river mountain forest ocean desert island castle village kitchen
market station railway engine painter sailor farmer doctor teacher the of and to in a is that it was
for on are as with his they be at this have from or had by
"""
WORDS = _SAID.split()


def prose(seed: int, n_words: int = 120) -> str:
    """Sentences of words at random: like no other of another seed."""
    chance = random.Random(seed)
    sentences = []
    while n_words > 0:
        words = [chance.choice(WORDS) for _ in range(min(n_words, chance.randint(5, 14)))]
        sentences.append(" ".join(words).capitalize() + ".")
        n_words -= len(words)
    return " ".join(sentences)


def path_source(path: Path, **fields: Any) -> CorpusSource:
    return CorpusSource("path", str(path), **fields)


def make(
    corpora: Path,
    sources: Sequence[CorpusSource] | Path,
    validation: float = 0.05,
    name: str = "Mine",
    **cleaning: Any,
) -> CorpusInfo:
    """A corpus, at once."""
    info, _ = make_telling(corpora, sources, validation, name, **cleaning)
    return info


def make_telling(
    corpora: Path,
    sources: Sequence[CorpusSource] | Path,
    validation: float = 0.05,
    name: str = "Mine",
    **cleaning: Any,
) -> tuple[CorpusInfo, list[CleaningTold | Progress]]:
    """A corpus, and what was told meanwhile."""
    chosen = [path_source(sources)] if isinstance(sources, Path) else sources
    steps = make_corpus(corpora, chosen, Cleaning(**cleaning), validation, name)
    told: list[CleaningTold | Progress] = []
    try:
        while True:
            event = next(steps)
            if event is not None:
                told.append(event)
    except StopIteration as stop:
        info: CorpusInfo = stop.value
        return info, told


def count_of(info: CorpusInfo, step: str) -> CleaningCount:
    return next(one for one in info.cleaning if one.step == step)

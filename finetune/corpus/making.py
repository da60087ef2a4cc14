"""A corpus is made: texts are read, cleaned, compared and kept, in a folder that is there whole
afterwards or not at all. Read make_corpus first.

    for event in make_corpus(paths.corpora, sources, Cleaning(), 0.05, "Letters"): ...

Everything streams: of 10 GB of text a few pieces are in memory at a time. On disk it needs the
room of the kept texts and 64 MB more.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from engine.errors import AppError
from engine.process.messages import Progress
from engine.process.pretrain_messages import Cleaning, CleaningTold, CorpusInfo, CorpusSource
from finetune.corpus.cleaning import STEPS, Cleaner
from finetune.corpus.document import Document
from finetune.corpus.enough import require_text, warnings_of
from finetune.corpus.hub_place import folder_of
from finetune.corpus.kept_writer import KeptWriter
from finetune.corpus.language import languages
from finetune.corpus.looking import source_words
from finetune.corpus.made_files import DROPPED, INFO
from finetune.corpus.seen import Seen
from finetune.corpus.sources import Gauge, is_single, read
from finetune.corpus.split import Split
from finetune.corpus.tally import Tally
from finetune.corpus.waiting import Waiting
from finetune.data.duplicates import Near, near_of
from finetune.data.unfit import excerpt_of
from finetune.data.user_folders import moved, part_name
from finetune.run.folder import slug

TURN_S, _TOLD_S = 0.03, 0.25
# Of the whole time, where reading ends, and where comparing does.
_READ, _COMPARED = 0.7, 0.9
# Of texts that share a band of hashes with thousands, so many are looked at.
_MOST_MET = 200
_MIN_PIECE, _MAX_PIECE = 1 << 10, 16 << 20
Steps = Generator[CleaningTold | Progress | None, None, CorpusInfo]


def make_corpus(
    corpora: Path,
    sources: Sequence[CorpusSource],
    cleaning: Cleaning,
    validation: float,
    name: str,
    cache: Path | None = None,
) -> Steps:
    """A new corpus among those of the user folder.

    Args:
        validation: the share that is held out.
        cache: where files of the hub are fetched to; None: beside the corpora.

    Yields:
        CleaningTold with the counts so far, Progress, or None: nothing to say.

    Returns:
        What it is; its path is where it lies.

    Raises:
        AppError: a source cannot be read, too little text is left, or the disk is full. Nothing is
            left behind then.
    """
    if not sources:
        raise AppError("No text was chosen.", "Choose a file, a folder, a dataset or the stories.")
    if not 0.001 <= validation <= 0.5:
        raise AppError("What is held out is from 0.1 % to 50 % of the text.", "Choose another.")
    cleaning = _checked(cleaning)
    cache = cache or corpora / ".hub"
    local = yield from _fetched(sources, cache)
    part = corpora / part_name(slug(name) or "corpus")
    try:
        part.mkdir(parents=True)
        made = _Making(part, local, cleaning, validation)
        info = yield from made.work(name, sources)
        (part / INFO).write_bytes(msgspec.json.format(msgspec.json.encode(info)))
        folder = moved(part, corpora, slug(name) or "corpus")
    except OSError as error:
        raise AppError(
            "The corpus could not be written.", "Is the disk full? Make room.", str(error)
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    for source in sources:
        if source.kind == "hub":
            shutil.rmtree(folder_of(source, cache), ignore_errors=True)
    return msgspec.structs.replace(info, id=folder.name, path=str(folder))


def _fetched(
    sources: Sequence[CorpusSource], cache: Path
) -> Generator[Any, None, list[CorpusSource]]:
    """The sources as they can be read from the disk."""
    local = []
    for source in sources:
        if source.kind == "hub":
            from finetune.corpus.hub_texts import fetched_source

            source = yield from fetched_source(source, cache)
        local.append(source)
    return local


def _checked(cleaning: Cleaning) -> Cleaning:
    """Raises AppError: it names a language that is not known, and would drop all of it."""
    unknown = sorted(set(cleaning.languages) - set(languages()))
    if unknown:
        raise AppError(
            f"The language “{unknown[0]}” is not known.",
            f"Known are {', '.join(languages())}; name none to keep all.",
        )
    most = min(_MAX_PIECE, max(_MIN_PIECE, cleaning.max_bytes))
    return msgspec.structs.replace(cleaning, max_bytes=most)


@dataclass
class _Making:
    """What is known while it is made."""

    folder: Path
    sources: list[CorpusSource]
    cleaning: Cleaning
    share: float
    turn_s: float = field(default_factory=time.monotonic)
    told_s: float = 0.0
    n_documents: int = 0
    n_bytes: int = 0

    def work(self, name: str, named: Sequence[CorpusSource]) -> Steps:
        beside = self.folder / "beside"
        beside.mkdir()
        is_single_text = len(self.sources) == 1 and is_single(self.sources[0])
        steps = tuple(
            step for step in STEPS if step in (*self.cleaning.steps, "decode", "normalise")
        )
        with (self.folder / DROPPED).open("wb") as examples:
            self.tally = Tally(steps, examples)
            self.waiting = Waiting(beside)
            try:
                yield from self._read(beside, is_single_text)
                require_text(self.waiting.n_bytes, self._why_nothing())
                is_left = np.ones(self.waiting.n, np.bool_)
                if "near" in steps and not is_single_text:
                    yield from self._compare(beside, is_left)
                kept = yield from self._keep(is_left, is_single_text)
            finally:
                self.waiting.close()
        shutil.rmtree(beside)
        require_text(kept.survey.text_bytes, self._why_nothing())
        yield self._told()
        return self._info(name, named, kept)

    def _read(self, beside: Path, is_single_text: bool) -> Iterator[Any]:
        with Seen(beside / "seen.db") as seen:
            cleaner = Cleaner(self.cleaning, self.tally, seen, is_single_text)
            for number, source in enumerate(self.sources):
                gauge = Gauge()
                for one in read(source, self.cleaning.max_bytes, gauge):
                    text = cleaner.cleaned(one)
                    if text is not None:
                        self._wait(text, "near" in cleaner.steps_of(text))
                    share = (number + gauge.fraction) / len(self.sources)
                    yield from self._turn(_READ * share, "reading")
        self.waiting.close()

    def _wait(self, text: Document, is_compared: bool) -> None:
        self.waiting.add(text, is_compared)
        self.n_documents, self.n_bytes = self.n_documents + 1, self.waiting.n_bytes
        if is_compared:
            self.tally.arrived("near")

    def _compare(self, beside: Path, is_left: npt.NDArray[np.bool_]) -> Iterator[Any]:
        """Near duplicates are taken out of `is_left`."""

        def on_disk(name: str, shape: tuple[int, ...], dtype: str) -> npt.NDArray[Any]:
            return np.memmap(beside / f"{name}.bin", dtype, "w+", shape=shape)

        waiting = self.waiting
        share = min(1.0, max(0.5, self.cleaning.near_similarity))
        if not waiting.n:
            return
        for one in near_of(waiting.keys, waiting.n_grams, waiting.texts, share, on_disk, _MOST_MET):
            if isinstance(one, Near):
                is_left[one.number] = False
                line, other = waiting.lines(np.array([one.number, one.of]))
                words = f"{one.similarity:.0%} the same as “{excerpt_of(other.text[:80])}”"
                self.tally.dropped("near", line.text, line.source, f"{words} ({other.source}).")
                self.n_documents -= 1
            else:
                yield from self._turn(_READ + (_COMPARED - _READ) * one, "comparing")

    def _keep(
        self, is_left: npt.NDArray[np.bool_], is_single_text: bool
    ) -> Generator[Any, None, KeptWriter]:
        hashes = self.waiting.hashes[is_left]
        is_one = is_single_text or len(hashes) == 1
        low, high = (int(hashes.min()), int(hashes.max())) if len(hashes) else (0, 0)
        split = Split(self.share, is_one, 0, low, high)
        if is_one:
            n_characters = sum(map(len, self.waiting.texts(np.flatnonzero(is_left))))
            split = Split(self.share, True, n_characters, low, high)
        with KeptWriter(self.folder, split) as kept:
            for number, line in enumerate(self.waiting.all_lines()):
                if is_left[number]:
                    kept.add(line)
                done = number / max(1, self.waiting.n)
                yield from self._turn(_COMPARED + (1 - _COMPARED) * done, "writing")
        return kept

    def _turn(self, fraction: float, what: str) -> Iterator[Any]:
        """Something to say, now and then."""
        now = time.monotonic()
        if now >= self.turn_s:
            self.turn_s = now + TURN_S
            yield Progress(job=0, fraction=fraction, what=what)
            if now >= self.told_s:
                self.told_s = now + _TOLD_S
                yield self._told()

    def _told(self) -> CleaningTold:
        return CleaningTold(
            job=0, counts=self.tally.counts(), n_documents=self.n_documents, n_bytes=self.n_bytes
        )

    def _why_nothing(self) -> str:
        return "\n".join(
            f"{one.step}: {one.n_dropped} of {one.n_in} left out"
            for one in self.tally.counts()
            if one.n_dropped
        )

    def _info(self, name: str, named: Sequence[CorpusSource], kept: KeptWriter) -> CorpusInfo:
        survey, stories = kept.survey, [one for one in self.sources if one.kind == "stories"]
        return CorpusInfo(
            id="",
            name=name.strip() or source_words(named[0]),
            path="",
            n_documents=1 if kept.is_one_text else survey.n_documents,
            n_bytes=survey.n_bytes,
            n_held_out=min(1, kept.n_held) if kept.is_one_text else kept.n_held,
            held_out_bytes=kept.held_bytes,
            n_characters=survey.n_characters,
            n_different_characters=len(survey.characters),
            sources=[source_words(one) for one in named],
            cleaning=self.tally.counts(),
            warnings=warnings_of(survey.n_bytes),
            stories_seed=stories[0].seed if stories else -1,
            n_stories=sum(one.n_stories for one in stories),
            added_s=time.time(),
            validation=self.share,
            is_one_text=kept.is_one_text,
        )

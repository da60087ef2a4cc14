"""A corpus as whoever learns from it reads it: documents for training and documents held out,
streamed; a corpus of the user folder, or any file or folder of texts.

    corpus = open_corpus(path)
    for text in corpus.train(): ...

What was cleaned is in a corpus' folder (make.py); a plain file or folder is decoded and normalised
as it is read, nothing else.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from functools import cached_property
from pathlib import Path

import msgspec

from engine.errors import AppError
from engine.process.pretrain_messages import CorpusInfo
from finetune.corpus import made_files
from finetune.corpus.document import Document, size_of
from finetune.corpus.enough import require_text
from finetune.corpus.files import files_of, is_one_text
from finetune.corpus.fingerprint import fingerprint_of
from finetune.corpus.marks import without_marks
from finetune.corpus.normalise import normalised
from finetune.corpus.sources import read_path
from finetune.corpus.split import Survey, split_of

SHARE = 0.05


def open_corpus(path: Path, validation: float | str | None = None) -> Corpus:
    """A corpus' folder, a file of texts, or a folder of such files.

    Args:
        validation: the share that is held out, or a file that is; None: as the corpus was made.

    Raises:
        AppError: there is nothing, or no text in it.
    """
    if made_files.is_corpus(path):
        return Corpus(path, validation, made_files.read_info(path))
    if not path.exists():
        raise AppError(f"“{path.name}” is not there.", "Choose the text again.")
    return Corpus(path, validation)


class Corpus:
    """path: its folder or file; is_one_text: train() and held_out() are the pieces of one text,
    which follow each other without end tokens; otherwise each is a text of its own."""

    def __init__(
        self, path: Path, validation: float | str | None, info: CorpusInfo | None = None
    ) -> None:
        self.path = path
        self._made = info
        self._aside = Path(validation) if isinstance(validation, str) else None
        share = info.validation if info is not None else SHARE
        self.share = validation if isinstance(validation, float | int) else share
        self.is_one_text = info.is_one_text if info is not None else is_one_text(path)
        self._state = self._files_state()

    def train(self) -> Iterator[str]:
        """Documents to learn from. Raises AppError: unreadable, or it changes meanwhile."""
        yield from self._side(False)

    def held_out(self) -> Iterator[str]:
        """Documents that are only measured with. Raises AppError as train()."""
        if self._aside is not None:
            yield from Corpus(self._aside, 0.0)._texts()
        else:
            yield from self._side(True)

    def fingerprint(self) -> str:
        """Changes when the texts or their split do. Raises AppError: it is not there any more."""
        try:
            found = fingerprint_of(self.path, self._files())
            aside = ""
            if self._aside is not None:
                aside = fingerprint_of(self._aside, files_of(self._aside))
        except OSError as error:
            raise AppError(
                f"“{self.path.name}” is not there any more.", "Choose the text again.", str(error)
            ) from error
        return f"{found}-{aside or self.share}"

    @property
    def info(self) -> CorpusInfo:
        """What it is. Of a plain file or folder all is read for it, the first time."""
        if self._made is not None and self._is_as_made:
            return self._made
        for _ in self.surveying():
            pass
        return self._told

    def surveying(self) -> Generator[int, None, None]:
        """Read all once, where that is needed to know its split: yields how many bytes were read.
        Raises AppError: there is no text."""
        if "_survey" in self.__dict__ or self._is_as_made:
            return
        survey = Survey()
        for number, text in enumerate(self._texts()):
            survey.add(text)
            if number % 64 == 0:
                yield survey.n_bytes
        require_text(survey.text_bytes)
        self.__dict__["_survey"] = survey

    @cached_property
    def _survey(self) -> Survey:
        for _ in self.surveying():
            pass
        found: Survey = self.__dict__["_survey"]
        return found

    @property
    def _is_as_made(self) -> bool:
        """Whether the split is the one that its files have."""
        made = self._made
        return made is not None and self._aside is None and self.share == made.validation

    @cached_property
    def _told(self) -> CorpusInfo:
        survey = self._survey
        n_held = held_bytes = 0
        for text in self.held_out():
            n_held, held_bytes = n_held + 1, held_bytes + size_of(text)
        made = self._made or CorpusInfo("", self.path.stem, str(self.path), 0, 0)
        return msgspec.structs.replace(
            made,
            n_documents=1 if self.is_one_text else survey.n_documents,
            n_bytes=survey.n_bytes,
            n_held_out=min(n_held, 1) if self.is_one_text else n_held,
            held_out_bytes=held_bytes,
            n_characters=survey.n_characters,
            n_different_characters=len(survey.characters),
            sources=made.sources or [self.path.name],
            validation=float(self.share),
            is_one_text=self.is_one_text,
        )

    def _side(self, is_held: bool) -> Iterator[str]:
        if self._is_as_made:
            yield from self._checked(made_files.read_texts(self.path, is_held))
            return
        if self._aside is not None:
            yield from self._texts()
            return
        split = split_of(self._survey, self.share, self.is_one_text)
        for side, text in split.sides(self._texts()):
            if side == is_held:
                yield text

    def _texts(self) -> Iterator[str]:
        if self._made is not None:
            yield from self._checked(made_files.read_texts(self.path, False))
            yield from self._checked(made_files.read_texts(self.path, True))
            return
        yield from self._checked(self._plain())

    def _plain(self) -> Iterator[str]:
        for one in read_path(self.path):
            if isinstance(one, Document):
                text = normalised(without_marks(one))
                text = text if self.is_one_text else text.strip()
                if text:
                    yield text

    def _files(self) -> list[Path]:
        return made_files.files_of(self.path) if self._made is not None else files_of(self.path)

    def _files_state(self) -> list[tuple[str, int, int]]:
        states = [(str(one), one.stat()) for one in self._files()]
        return [(name, state.st_size, state.st_mtime_ns) for name, state in states]

    def _checked(self, texts: Iterator[str]) -> Iterator[str]:
        """The texts, if their files are the same at the end as when the corpus was opened."""
        yield from texts
        try:
            is_same = self._files_state() == self._state
        except OSError:
            is_same = False
        if not is_same:
            raise AppError(
                f"“{self.path.name}” changed while it was read.",
                "Start again: it is then read anew as it is now.",
            )

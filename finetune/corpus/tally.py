"""What cleaning does, counted as it happens, with examples of what each step dropped and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import msgspec

from engine.process.pretrain_messages import (
    CleaningCount,
    CleaningStep,
    CorpusDocument,
    DroppedText,
)
from finetune.corpus.document import size_of
from finetune.data.unfit import excerpt_of

# Told with the counts, and kept in dropped.jsonl; of each step.
_N_TOLD, _N_KEPT = 10, 300
LETTERS_SHOWN = 4000


class Dropped(msgspec.Struct, frozen=True):
    """A line of dropped.jsonl: a text (its beginning) that a step dropped or changed, and why."""

    step: CleaningStep
    text: str
    source: str
    reason: str
    n_bytes: int = 0

    def document(self) -> CorpusDocument:
        return CorpusDocument(self.text, self.n_bytes, self.source, self.reason)


@dataclass
class _Step:
    n_in: int = 0
    n_dropped: int = 0
    bytes_dropped: int = 0
    n_changed: int = 0
    n_kept: int = 0
    examples: list[DroppedText] = field(default_factory=list)


class Tally:
    """Counts of the steps that are taken, in their order; examples go into a file."""

    def __init__(self, steps: tuple[CleaningStep, ...], examples: IO[bytes]) -> None:
        self._steps = {step: _Step() for step in steps}
        self._file = examples

    def arrived(self, step: CleaningStep) -> None:
        """A text comes to a step."""
        self._steps[step].n_in += 1

    def changed(self, step: CleaningStep, text: str, source: str, reason: str) -> None:
        self._steps[step].n_changed += 1
        self._example(step, text, source, reason, size_of(text))

    def dropped(
        self, step: CleaningStep, text: str, source: str, reason: str, n_bytes: int = -1
    ) -> None:
        """A text stays out. n_bytes: -1 for the text's own."""
        one = self._steps[step]
        n_bytes = size_of(text) if n_bytes < 0 else n_bytes
        one.n_dropped += 1
        one.bytes_dropped += n_bytes
        self._example(step, text, source, reason, n_bytes)

    def counts(self) -> list[CleaningCount]:
        return [
            CleaningCount(
                step, one.n_in, one.n_dropped, one.bytes_dropped, one.n_changed, [*one.examples]
            )
            for step, one in self._steps.items()
        ]

    def _example(
        self, step: CleaningStep, text: str, source: str, reason: str, n_bytes: int
    ) -> None:
        one = self._steps[step]
        if len(one.examples) < _N_TOLD:
            one.examples.append(DroppedText(excerpt_of(text), source, reason))
        if one.n_kept < _N_KEPT:
            one.n_kept += 1
            shown = text[:LETTERS_SHOWN].encode("utf-8", "replace").decode()
            line = msgspec.json.encode(Dropped(step, shown, source, reason, n_bytes))
            self._file.write(line + b"\n")


def read_dropped(path: Path, step: str) -> list[Dropped]:
    """A step's examples; none where the file has none."""
    found: list[Dropped] = []
    if path.is_file():
        with path.open("rb") as file:
            lines = (msgspec.json.decode(line, type=Dropped) for line in file)
            found = [one for one in lines if one.step == step]
    return found

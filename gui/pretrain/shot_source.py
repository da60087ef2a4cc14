"""Questions of a model's story world, ready to be laid out as a prompt: a held-out one, and as many
answered ones of its kind before it as a person wants. Qt-free but for its signals.
"""

from __future__ import annotations

from functools import partial

from msgspec import Struct
from PySide6.QtCore import QObject, Signal, Slot

from engine.process.pretrain_messages import ListStoryShots, StoryShot, StoryShots
from gui.pretrain.parts import PretrainParts
from gui.pretrain.raised_look import RaisedLook

STOP = ["”", "\n"]  # where an answer in a story ends


class ShotPrompt(Struct, frozen=True):
    """A prompt, and the answer that would be right."""

    text: str
    answer: str
    kind: str


class ShotSource(QObject):
    """Attributes: shots (None: not a story world, or not known yet)."""

    changed = Signal()

    def __init__(
        self, parts: PretrainParts, look: RaisedLook, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._parts, self._look = parts, look
        self.shots: StoryShots | None = None
        self._corpus = ""
        look.corpus_changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Ask for what is not known."""
        corpus = self._look.corpus
        path = corpus.path if corpus is not None and self._look.is_story_world else ""
        if path == self._corpus:
            return
        self._corpus, self.shots = path, None
        self.changed.emit()
        if path:
            self._parts.worker.ask(
                lambda job: ListStoryShots(job=job, corpus=path), partial(self._on_shots, path)
            )

    def _on_shots(self, path: str, shots: StoryShots) -> None:
        if path == self._corpus:
            self.shots = shots
            self.changed.emit()

    def prompt(self, number: int, n_shots: int) -> ShotPrompt | None:
        """The number-th held-out question behind n_shots examples; None while none is known."""
        if self.shots is None or not self.shots.asked:
            return None
        asked = self.shots.asked[number % len(self.shots.asked)]
        like_it = [one for one in self.shots.shots if one.kind == asked.kind]
        shown = sorted(like_it, key=_length)[:n_shots]
        return ShotPrompt(
            "".join(one.whole for one in shown) + asked.asked, asked.answer, asked.kind
        )


def _length(shot: StoryShot) -> int:
    """Shorter ones first: more of them fit."""
    return len(shot.whole)

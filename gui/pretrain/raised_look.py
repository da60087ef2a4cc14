"""The raised model that is looked at: its run, its checkpoints, the one that is chosen, its text.
What the bench page and the assistant page both ask; shows nothing.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from engine.process.pretrain_messages import CorpusInfo, CorpusList, ListCorpora
from finetune.pretraining.config import PretrainConfig
from finetune.run.folder import RunFolder
from finetune.run.state import RunSummary
from gui.pretrain.parts import PretrainParts
from gui.run_record import Checkpoint, RunRecord

GGUF = "model.gguf"  # in a checkpoint's folder


class RaisedLook(QObject):
    """Attributes: corpus (the run's text; None: not one of the user folder's, or not known yet)."""

    run_changed = Signal()  # another run is looked at, or none
    changed = Signal()  # its figures or its checkpoints are others now
    checkpoint_changed = Signal()  # another checkpoint is looked at
    corpus_changed = Signal()

    def __init__(self, parts: PretrainParts, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self.corpus: CorpusInfo | None = None
        self._path = self._checkpoint = self._asked = ""
        runs = parts.context.runs
        runs.start()
        runs.run_changed.connect(self._on_run_changed)
        parts.state.run_chosen.connect(self._on_run_chosen)
        parts.state.checkpoint_chosen.connect(self._tell_checkpoint)
        self._on_run_chosen()

    # ---- the run ----

    @property
    def run(self) -> RunFolder | None:
        return self._parts.state.run

    @property
    def summary(self) -> RunSummary | None:
        """None while it is not read."""
        return self._parts.context.runs.summary(self._path) if self._path else None

    @property
    def record(self) -> RunRecord:
        return self._parts.context.runs.record(self._path)

    @property
    def config(self) -> PretrainConfig | None:
        """None while it is not read, or cannot be."""
        return self.record.raising if self._path else None

    @property
    def name(self) -> str:
        run = self.summary
        return run.name if run is not None else Path(self._path).name

    @property
    def is_story_world(self) -> bool:
        return self.corpus is not None and self.corpus.stories_seed >= 0

    # ---- checkpoints ----

    @property
    def checkpoints(self) -> list[Checkpoint]:
        """Newest first."""
        return list(reversed(self.record.checkpoints)) if self._path else []

    @property
    def best(self) -> str:
        """The checkpoint with the lowest validation loss, which is the product's; "" for none."""
        best = self.record.best_step
        return next((one.folder for one in self.checkpoints if one.step == best), "")

    @property
    def checkpoint(self) -> str:
        """The folder's name of the chosen one: by itself the best, else the newest; "" for none."""
        names = [one.folder for one in self.checkpoints]
        chosen = self._parts.state.checkpoint
        if chosen in names:
            return chosen
        return self.best or (names[0] if names else "")

    @property
    def step(self) -> int:
        """Of the chosen checkpoint; -1 for none."""
        name = self.checkpoint
        return next((one.step for one in self.checkpoints if one.folder == name), -1)

    @property
    def gguf(self) -> str:
        """The chosen checkpoint's file; "" for none."""
        run, name = self.run, self.checkpoint
        return str(run.checkpoints / name / GGUF) if run is not None and name else ""

    def choose(self, name: str) -> None:
        """Look at a checkpoint."""
        self._parts.state.choose_checkpoint(name)

    # ---- slots ----

    @Slot()
    def _on_run_chosen(self) -> None:
        run = self.run
        path = str(run.path) if run is not None else ""
        if path == self._path:
            return
        self._path, self._checkpoint, self._asked = path, "", ""
        self._set_corpus(None)
        self.run_changed.emit()
        self._follow()

    @Slot(str)
    def _on_run_changed(self, path: str) -> None:
        if path == self._path:
            self._follow()

    def _follow(self) -> None:
        config = self.config
        if config is not None and config.corpus.path != self._asked:
            self._asked = config.corpus.path  # once: a run tells something at every step
            self._parts.worker.ask(
                lambda job: ListCorpora(job=job),
                partial(self._on_corpora, self._path, self._asked),
            )
        self.changed.emit()
        self._tell_checkpoint()

    @Slot()
    def _tell_checkpoint(self) -> None:
        if self.checkpoint != self._checkpoint:
            self._checkpoint = self.checkpoint
            self.checkpoint_changed.emit()

    def _on_corpora(self, path: str, where: str, found: CorpusList) -> None:
        if path == self._path:
            same = (one for one in found.corpora if Path(one.path) == Path(where))
            self._set_corpus(next(same, None))

    def _set_corpus(self, corpus: CorpusInfo | None) -> None:
        if corpus != self.corpus:
            self.corpus = corpus
            self.corpus_changed.emit()

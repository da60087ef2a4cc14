"""What the room is about at the moment: the model that is being planned (the draft), and the run
that is looked at. Pages hear of changes here and know nothing of one another.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.process.pretrain_messages import CorpusInfo, PretrainCalibration, RaisedTokenizer
from finetune.pretraining.config import PretrainConfig
from finetune.run.folder import RunFolder
from finetune.run_toml import changed


class PretrainState(QObject):
    """The draft is always there: a run that is started leaves it as it was, for the next one.

    Attributes: draft (its configuration), corpus (None: none chosen, or not known yet), tokenizer
    (None: one is trained with the run), calibration (None: not measured, or the plan changed
    since), run (the run looked at; None: the draft), checkpoint (name of the checkpoint looked at,
    "" for the newest).
    """

    draft_changed = Signal()
    corpus_changed = Signal()
    tokenizer_changed = Signal()
    calibration_changed = Signal()
    run_chosen = Signal()
    checkpoint_chosen = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.draft = PretrainConfig()
        self.corpus: CorpusInfo | None = None
        self.tokenizer: RaisedTokenizer | None = None
        self.calibration: PretrainCalibration | None = None
        self.run: RunFolder | None = None
        self.checkpoint = ""

    @property
    def config(self) -> PretrainConfig:
        """What is looked at: the chosen run's, else the draft."""
        return self.run.pretrain_config() if self.run is not None else self.draft

    def change(self, **fields: Any) -> None:
        """Change the draft; names as "table__field"."""
        self.set_draft(changed(self.draft, **fields))

    def set_draft(self, draft: PretrainConfig) -> None:
        if draft == self.draft:
            return
        before, self.draft = self.draft, draft
        if pace_of(before) != pace_of(draft):
            self.set_calibration(None)
        self.draft_changed.emit()

    def set_corpus(self, corpus: CorpusInfo | None) -> None:
        if corpus != self.corpus:
            self.corpus = corpus
            self.corpus_changed.emit()

    def set_tokenizer(self, tokenizer: RaisedTokenizer | None) -> None:
        if tokenizer != self.tokenizer:
            self.tokenizer = tokenizer
            self.tokenizer_changed.emit()

    def set_calibration(self, calibration: PretrainCalibration | None) -> None:
        if calibration is not self.calibration:
            self.calibration = calibration
            self.calibration_changed.emit()

    def choose_run(self, run: RunFolder | None) -> None:
        """Look at a run, or at the draft."""
        if run != self.run:
            self.run, self.checkpoint = run, ""
            self.run_chosen.emit()

    def choose_checkpoint(self, name: str) -> None:
        if name != self.checkpoint:
            self.checkpoint = name
            self.checkpoint_chosen.emit()


def pace_of(config: PretrainConfig) -> tuple[object, ...]:
    """All that a step's time and memory depend on; how many steps there are is not of it."""
    train = config.train
    return config.model, config.tokenizer, train.batch, train.accumulate, train.precision

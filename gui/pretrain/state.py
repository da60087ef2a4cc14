"""What the room is about at the moment: the model that is being planned (the draft), and the run
that is looked at. Pages hear of changes here and know nothing of one another.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from engine.process.pretrain_messages import CorpusInfo, PretrainCalibration, RaisedTokenizer
from finetune.pretraining.config import PretrainConfig
from gui.staged.state import StagedState


class PretrainState(StagedState[PretrainConfig]):
    """Attributes: corpus (None: none chosen, or not known yet), tokenizer (None: one is trained
    with the run), calibration (None: not measured, or the plan changed since).
    """

    corpus_changed = Signal()
    tokenizer_changed = Signal()
    calibration_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(PretrainConfig(), parent)
        self.corpus: CorpusInfo | None = None
        self.tokenizer: RaisedTokenizer | None = None
        self.calibration: PretrainCalibration | None = None

    @property
    def config(self) -> PretrainConfig:
        """What is looked at: the chosen run's, else the draft."""
        return self.run.pretrain_config() if self.run is not None else self.draft

    def forget(self, before: PretrainConfig, after: PretrainConfig) -> None:
        if pace_of(before) != pace_of(after):
            self.set_calibration(None)

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


def pace_of(config: PretrainConfig) -> tuple[object, ...]:
    """All that a step's time and memory depend on; how many steps there are is not of it."""
    train = config.train
    return config.model, config.tokenizer, train.batch, train.accumulate, train.precision

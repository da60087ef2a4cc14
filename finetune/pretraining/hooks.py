"""What the training loop of pretraining asks of its surroundings: samples, and what else goes into
a checkpoint. The loop itself (finetune/pretrain.py) knows no tokenizer and no file format but its
own.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from finetune.model.gpt import GPT


class Hooks(Protocol):
    """stages.py has the real one; a bench has one that does nothing."""

    def at_evaluation(self, step: int, model: GPT) -> None:
        """Weights are those of after `step` (0: noise). Must not change them, nor torch's random
        state; rank 0 only."""

    def also_write(self, checkpoint: Path, model: GPT) -> None:
        """Add files to a checkpoint that is being written, before its manifest."""


class NoHooks:
    """Does nothing."""

    def at_evaluation(self, step: int, model: GPT) -> None:
        return

    def also_write(self, checkpoint: Path, model: GPT) -> None:
        return

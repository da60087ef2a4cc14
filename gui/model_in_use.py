"""Which model the engine holds, for the rooms that do not load it. The chat room tells; no room
asks another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from engine.process.messages import ModelInfo


class ModelInUse(QObject):
    """`value` is the loaded model, None while there is none (or another is on its way)."""

    changed = Signal()  # value is another now

    def __init__(self) -> None:
        super().__init__()
        self.value: ModelInfo | None = None

    def set(self, model: ModelInfo | None) -> None:
        """The engine holds this model now."""
        if model != self.value:
            self.value = model
            self.changed.emit()

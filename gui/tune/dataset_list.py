"""Datasets of the user folder in a list."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from engine.process.tune_messages import DatasetInfo
from gui.staged.kept_list import INFO_ROLE, KeptList
from gui.theme import Theme
from gui.tune.row_words import dataset_facts
from gui.tune.words import tr

__all__ = ["INFO_ROLE", "DatasetListView"]


class DatasetListView(KeptList):
    """Opened, renamed and deleted by who owns it."""

    infos: list[DatasetInfo]

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        tip = tr("Enter goes on with one, F2 renames it, Delete puts it into the trash")
        super().__init__(theme, tr("Your datasets"), tip, dataset_facts, parent)

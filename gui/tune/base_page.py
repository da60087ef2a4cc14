"""The first page: which model is taught."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.process.tune_messages import BaseList, ListBases
from gui.tune.noted_list import Line, NotedList
from gui.tune.parts import TunePage, TuneParts
from gui.tune.words import tr


class BasePage(TunePage):
    """The models of the library, those that cannot be taught greyed with their reason."""

    def __init__(self, parts: TuneParts, parent: QWidget | None = None) -> None:
        super().__init__(parts, parent)
        self.bases = NotedList(parts.context.theme, tr("Models that can be taught"), self)
        column = QVBoxLayout(self)
        column.addWidget(self.bases)
        column.addStretch(1)
        self.bases.chosen.connect(lambda path: parts.state.change(base__path=path))

    def on_shown(self) -> None:
        folders = [str(self.parts.context.paths.models)]
        self.parts.worker.ask(lambda job: ListBases(job=job, folders=folders), self._on_listed)

    def _on_listed(self, found: BaseList) -> None:
        self.bases.set_lines(
            [
                Line(one.path, one.name, one.quantisation, one.reason, is_there=not one.reason)
                for one in found.items
            ]
        )
        self.bases.choose(self.parts.state.draft.base.path)

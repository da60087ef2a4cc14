"""Undo and redo of what was changed in the plan of a run, step by step. Qt only for the signal."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Generic

from PySide6.QtCore import QObject, Slot

from finetune.run_toml import C, RunFile
from gui.staged.state import StagedState
from gui.staged.words import tr

MOST_STEPS = 200


class DraftHistory(QObject, Generic[C]):
    """Follows a state's draft. What is put back is told as a change like any other.

    Args:
        field_name: what "table.field" is called for people.
    """

    def __init__(
        self,
        state: StagedState[C],
        field_name: Callable[[str], str],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._state, self._field_name = state, field_name
        self._before: list[C] = []
        self._after: list[C] = []
        self._now = state.draft
        self._is_moving = False
        state.draft_changed.connect(self._on_changed)

    def undo(self) -> bool:
        """Put the plan back to before the last change; False where there was none."""
        return self._move(self._before, self._after)

    def redo(self) -> bool:
        """Change it again; False where nothing was undone."""
        return self._move(self._after, self._before)

    def words(self) -> tuple[str, str]:
        """What undo and redo would take back and do again, "" each for nothing."""
        return self._words(self._before), self._words(self._after)

    def _words(self, steps: list[C]) -> str:
        return change_words(steps[-1], self._now, self._field_name) if steps else ""

    def _move(self, steps: list[C], back: list[C]) -> bool:
        if not steps:
            return False
        back.append(self._now)
        self._now = steps.pop()
        self._is_moving = True
        try:
            self._state.set_draft(self._now)
        finally:
            self._is_moving = False
        return True

    @Slot()
    def _on_changed(self) -> None:
        if self._is_moving or self._state.draft == self._now:
            return
        self._before.append(self._now)
        del self._before[:-MOST_STEPS]
        self._after.clear()
        self._now = self._state.draft


def changed_fields(before: RunFile, after: RunFile) -> list[str]:
    """Names of the fields that differ, as "table.field"."""
    return [
        f"{table.name}.{field.name}"
        for table in dataclasses.fields(before)
        for field in dataclasses.fields(getattr(before, table.name))
        if getattr(getattr(before, table.name), field.name)
        != getattr(getattr(after, table.name), field.name)
    ]


def change_words(before: RunFile, after: RunFile, field_name: Callable[[str], str]) -> str:
    """A change in a few words, as the Undo line says it."""
    fields = changed_fields(before, after)
    if len(fields) == 1:
        return tr("changing “{field}”").format(field=field_name(fields[0]))
    return tr("changing the plan")

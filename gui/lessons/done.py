"""Which lessons were looked at: marks in the settings, and their way back. Qt-free."""

from __future__ import annotations

from collections.abc import Iterable

from gui.settings_store import SettingsStore


class DoneMarks:
    """`settings.changed` tells when they are others."""

    def __init__(self, settings: SettingsStore) -> None:
        self._settings = settings

    def all(self) -> list[str]:
        return list(self._settings.value.lessons_done)

    def has(self, lesson_id: str) -> bool:
        return lesson_id in self._settings.value.lessons_done

    def mark(self, lesson_id: str) -> None:
        if not self.has(lesson_id):
            self.put([*self.all(), lesson_id])

    def put(self, lesson_ids: Iterable[str]) -> None:
        """These and no others."""
        self._settings.change(lessons_done=list(lesson_ids))

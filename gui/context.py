"""What every room is given, and what a room is. Types only; nothing here starts or shows
anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from engine.paths import Paths
    from gui.notices import Notices
    from gui.process import EngineProcess
    from gui.settings_store import SettingsStore
    from gui.theme import Theme


@dataclass
class AppContext:
    """The services of the window, made once in app.py and handed down; there is no global of
    any of them."""

    paths: Paths
    settings: SettingsStore
    theme: Theme
    engine: EngineProcess
    notices: Notices


class Room(QWidget):
    """One room of the window, made as `SomeRoom(context, parent)`.

    Its actions() (Qt's own: addAction) fill the room's menu and carry its shortcuts.
    """

    room_name: str  # visible, so translated
    icon_name: str  # a file of resources/icons without ".svg"

    def save_state(self) -> None:
        """Write what should be there again next time (splitters, the open chat) into the
        settings."""

"""What every room is given, and what a room is. Types only; nothing here starts or shows
anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from engine.paths import Paths
    from gui.chat.chat_settings import ChatSettings
    from gui.commands import Command
    from gui.connections import Connections
    from gui.lessons.host import LessonHost
    from gui.model_in_use import ModelInUse
    from gui.notices import Notices
    from gui.process import EngineProcess
    from gui.runs_watch import RunsWatch
    from gui.settings_store import SettingsStore
    from gui.theme import Theme


class RoomEntry(Struct, frozen=True):
    """A room as the rail shows it before anybody was there. name: visible, so translated; icon: a
    file of resources/icons without ".svg"; make: the room itself; at_start: others need it (it
    loads the model), so it is made behind the window's first sight, whichever room that shows."""

    name: str
    icon: str
    make: Callable[[AppContext, QWidget | None], Room]
    at_start: bool = False


@dataclass
class AppContext:
    """The services of the window, made once in app.py and handed down; there is no global of
    any of them."""

    paths: Paths
    settings: SettingsStore
    theme: Theme
    engine: EngineProcess
    notices: Notices
    # The window's rooms: key -> go there. Filled in by the window, so that a room can lead to one.
    rooms: dict[str, Callable[[], object]] = field(default_factory=dict)
    # What a room opens for another one, by name: "chat.message" (chat id, message id or ""),
    # "chat.adapter" (model, adapter or "", strength), "chat.against_base" (),
    # "chat.notebook" (model, text), "chat.against" (model), "tune.run" (folder),
    # "pretrain.run" (folder), "tune.identity" (), "tune.rated" (), "tune.file" (path),
    # "tune.plan" (RunConfig, page),
    # "tokens.text" (text, gui.tokens.from_chat.Origin), "tokens.chat" (ChatPrompt),
    # "tokens.tokenizer" (path); "stages" (), all lessons, is the window's. Filled in by the room
    # that opens it, so those of a room that nobody looked at are there after rooms[key]().
    openers: dict[str, Callable[..., object]] = field(default_factory=dict)
    # Rooms that lessons are held in: key -> what they offer. Filled in by each such room.
    lessons: dict[str, LessonHost] = field(default_factory=dict)
    # The settings of the chat that is open; told by the room that has chats.
    chat_settings: Callable[[], ChatSettings] | None = None
    # All connections pass through it; made here, so that no window can be without it.
    connections: Connections = field(init=False)
    # The model that the engine holds; told by the room that loads it.
    model: ModelInUse = field(init=False)

    def __post_init__(self) -> None:
        from gui.connections import Connections
        from gui.model_in_use import ModelInUse

        self.connections = Connections(self.paths, self.settings, self.engine)
        self.model = ModelInUse()

    @cached_property
    def runs(self) -> RunsWatch:
        """All training runs. Made when it is first asked for, behind the window's first sight; it
        reads from its start() on."""
        from gui.runs_watch import RunsWatch

        return RunsWatch(self.paths.runs, self.engine)

    def close_runs(self) -> None:
        """Look at runs no more; they go on."""
        if "runs" in self.__dict__:
            self.runs.close()


class Room(QWidget):
    """One room of the window, made as `SomeRoom(context, parent)` when it is first looked at.

    Its actions() (Qt's own: addAction) fill the room's menu and carry its shortcuts.
    """

    def commands(self) -> list[Command]:
        """What the palette finds here besides the room's actions: chats, runs, models by name."""
        return []

    def undo(self) -> bool:
        """Take back what was done last in this room; False where there is nothing."""
        return False

    def redo(self) -> bool:
        """Do again what was undone last; False where there is nothing."""
        return False

    def undo_words(self) -> tuple[str, str]:
        """What undo and redo would take back and do again, "" each for nothing."""
        return "", ""

    def save_state(self) -> None:
        """Write what should be there again next time (splitters, the open chat) into the
        settings."""

"""What a page of the room is given, and what it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec import Struct
from PySide6.QtWidgets import QWidget

from gui.staged.page import AddAction, Shortcut, StagedPage

if TYPE_CHECKING:
    from gui.context import AppContext
    from gui.pretrain.state import PretrainState
    from gui.side_worker import SideWorker
    from gui.staged.starting import Launch

__all__ = ["AddAction", "PretrainPage", "PretrainParts", "Shortcut"]


class PretrainParts(Struct, frozen=True):
    """The room's parts. worker: corpora and tokenizers; heavy: a second worker for requests that
    load torch or a model, ended when it has been idle for a while; add_action(text, do, shortcut):
    a line in the room's menu and the palette; show_page(key): go to another page; start(): the
    draft becomes a run and begins; launch_run: starts a run's process, for tests (None: really)."""

    context: AppContext
    worker: SideWorker
    heavy: SideWorker
    state: PretrainState
    add_action: AddAction
    show_page: Callable[[str], object]
    start: Callable[[], object]
    launch_run: Launch | None = None


class PretrainPage(StagedPage):
    """One page of the room, made as `SomePage(parts, parent)` when it is first looked at."""

    def __init__(self, parts: PretrainParts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.parts = parts

"""A page of a staged room, before anybody looked at it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct
from PySide6.QtWidgets import QWidget

from gui.staged.page import StagedPage


class PageEntry(Struct, frozen=True):
    """number: its step, and its key with Alt; make(parts, parent): the page, of the room's own
    parts; is_of_run: it shows a run, not the plan of a new one."""

    key: str
    number: int
    name: str
    make: Callable[[Any, QWidget], StagedPage]
    is_of_run: bool = False

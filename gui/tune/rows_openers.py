"""What the data page opens for other rooms, and its lines in the room's menu; there from the moment
the room is, the page itself is made when it is first needed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtGui import QKeySequence

from gui.tune.parts import TuneParts
from gui.tune.words import tr

if TYPE_CHECKING:
    from gui.tune.data_page import DataPage

# Names in AppContext.openers.
OPEN_IDENTITY = "tune.identity"  # (): the form of who a model is
OPEN_RATED = "tune.rated"  # (): rated replies as rows
OPEN_FILE = "tune.file"  # (path): look at a file of rows


def fill_openers(parts: TuneParts, data_page: Callable[[], DataPage]) -> None:
    """data_page: the page, made where nobody looked at it yet."""
    openers, show = parts.context.openers, parts.show_page

    def identity() -> None:
        show("data")
        data_page().open_source("identity")

    def rated() -> None:
        show("data")
        page = data_page()
        page.show_view("chats")
        page.chats_form.begin("rated")

    def file(path: str) -> None:
        show("data")
        data_page().open_file(path)

    def ask_file() -> None:
        show("data")
        data_page().ask_file()

    def new_row() -> None:
        show("data")
        data_page().new_row()

    def find() -> None:
        show("data")
        data_page().find_rows()

    openers[OPEN_IDENTITY], openers[OPEN_RATED], openers[OPEN_FILE] = identity, rated, file
    parts.add_action(tr("Open a file of rows…"), ask_file, QKeySequence.StandardKey.Open)
    parts.add_action(tr("Write a row"), new_row, "Ctrl+Shift+R")
    parts.add_action(tr("Search rows"), find, QKeySequence.StandardKey.Find)
    parts.add_action(tr("Teach it who it is…"), identity, None)
    parts.add_action(tr("Learn from rated replies…"), rated, None)

"""A short menu of tokenizers: what is built in, the one in use, and a file."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from gui.tokens.parts import TokensParts
from gui.tokens.state import STARTER
from gui.tokens.words import tr

BUILT_IN = ("o200k_base", "cl100k_base")


def source_name(source: str) -> str:
    """What a tokenizer is called before its file was read."""
    names = {
        STARTER: tr("The starter model"),
        "o200k_base": tr("o200k (GPT-4o)"),
        "cl100k_base": tr("cl100k (GPT-4)"),
    }
    return names.get(source) or source.replace("\\", "/").rsplit("/", 1)[-1]


def choose_tokenizer(
    parts: TokensParts, parent: QWidget, on_chosen: Callable[[str], object]
) -> QMenu:
    """Show the menu below a button; on_chosen gets the source."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    sources = [STARTER, *BUILT_IN]
    if parts.state.source and parts.state.source not in sources:
        sources.insert(0, parts.state.source)
    for source in sources:
        line = menu.addAction(source_name(source))
        line.triggered.connect(lambda _=False, source=source: on_chosen(source))
    menu.addSeparator()
    menu.addAction(tr("Open a file…")).triggered.connect(lambda: _open_file(parent, on_chosen))
    menu.popup(parent.mapToGlobal(QPoint(0, parent.height())))
    return menu


def _open_file(parent: QWidget, on_chosen: Callable[[str], object]) -> None:
    """Not modal: the window stays alive meanwhile."""
    dialog = QFileDialog(parent, tr("Open a tokenizer"))
    dialog.setNameFilter(tr("Tokenizers (*.gguf tokenizer.json *.json)"))
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(on_chosen)
    dialog.open()

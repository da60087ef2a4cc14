"""Files that the chat room writes where a person says: asked for without blocking, written whole or
not at all. Tells nothing; knows no chats.
"""

import re
from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from engine.errors import AppError
from gui.chat.words import tr

_NOT_IN_NAMES = re.compile(r'[\x00-\x1f<>:"/\\|?*]+')


def file_dialog(window: QWidget, title: str) -> QFileDialog:
    """A dialog that goes when it was answered; to be shown with `open`."""
    dialog = QFileDialog(window, title)
    dialog.finished.connect(dialog.deleteLater)
    return dialog


def ask_save(window: QWidget, name: str, suffix: str, save: Callable[[str], object]) -> None:
    """Ask where to write.

    Args:
        name: what the file is called unless another name is typed.
        save: gets the path, once it is chosen.
    """
    dialog = file_dialog(window, tr("Export"))
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(suffix)
    dialog.selectFile(name)
    dialog.fileSelected.connect(save)
    dialog.open()


def file_name(title: str) -> str:
    """A chat's title as a file's name on any system."""
    name = " ".join(_NOT_IN_NAMES.sub(" ", title).split()).strip(". ")
    return name[:80] or "chat"


def write_whole(path: Path, text: str) -> None:
    """Write a file, whole or not at all.

    Raises:
        AppError: the disk refuses.
    """
    temporary = path.with_name(path.name + ".part")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise AppError(
            f"{path.name} could not be written.", "Choose another folder.", str(error)
        ) from error

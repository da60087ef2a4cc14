"""Folders of chats: made, named, filled, taken away, each as a step that can be undone.

A part of ChatOrder (chat_order.py), which has the store do what is asked here.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QUndoCommand, QUndoStack

from gui.chat.chat_list import ChatList
from gui.chat.words import tr

if TYPE_CHECKING:
    from engine.chats.records import Folder
    from engine.chats.store import ChatStore

Work = Callable[["ChatStore"], object]
# Has the store do something, lists anew, and then calls back.
Keep = Callable[[Work, Callable[[object], None] | None], None]
FOLDER_STEPS = 2  # the id of steps that may become one; 1 is a chat's (undo.py)


class FolderStep(QUndoCommand):
    """A change of the folders: what the store does forth and back.

    Args:
        then: called when the change was made the first time.
        new_id: of a folder that this makes; it is named in the same step.
    """

    def __init__(
        self,
        text: str,
        keep: Keep,
        forth: Work,
        back: Work,
        then: Callable[[], None] | None = None,
        *,
        new_id: str = "",
        names_id: str = "",
    ) -> None:
        super().__init__(text)
        self._keep, self._forth, self._back, self._then = keep, forth, back, then
        self.new_id, self.names_id = new_id, names_id

    def redo(self) -> None:
        then, self._then = self._then, None
        self._keep(self._forth, (lambda _: then()) if then is not None else None)

    def undo(self) -> None:
        self._keep(self._back, None)

    def id(self) -> int:
        return FOLDER_STEPS

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Making a folder and giving it its first name is one thing to a person."""
        if not isinstance(other, FolderStep) or not self.new_id or other.names_id != self.new_id:
            return False
        make, name = self._forth, other._forth

        def forth(store: ChatStore) -> None:
            make(store)
            name(store)

        self._forth, self.new_id = forth, ""
        return True


class ChatFolders(QObject):
    """What can be done with folders."""

    def __init__(
        self, chats: ChatList, stack: QUndoStack, keep: Keep, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._chats, self._stack, self._keep = chats, stack, keep
        chats.model.folder_rename_requested.connect(self.rename)

    def new(self, chat_id: str = "") -> None:
        """A folder, whose name is then typed in the list.

        Args:
            chat_id: a chat that moves into it.
        """
        folder_id, old_id = uuid.uuid4().hex, self._chats.model.folder_of(chat_id)
        name = _free_name(tr("New folder"), {one.name for one in self._chats.model.folders})

        def forth(store: ChatStore) -> None:
            store.create_folder(name, folder_id=folder_id)
            if chat_id:
                store.move_chat(chat_id, folder_id)

        def back(store: ChatStore) -> None:
            if chat_id:
                store.move_chat(chat_id, old_id or None)
            store.delete_folder(folder_id)

        edit = partial(self._name_new, folder_id)
        self._push(tr("making the folder"), forth, back, edit, new_id=folder_id)

    def _name_new(self, folder_id: str) -> None:
        """Asked behind the listing, so that the folder's row is there."""

        def edit(folders: object) -> None:
            self._chats.set_folders(folders)  # type: ignore[arg-type]  # what list_folders gives
            self._chats.edit_folder(folder_id)

        if self._chats.scope == "chats":
            self._keep(_list_folders, edit)

    @Slot(str, str)
    def rename(self, folder_id: str, name: str) -> None:
        old = self._name(folder_id)
        self._push(
            tr("renaming the folder"),
            lambda store: store.rename_folder(folder_id, name),
            lambda store: store.rename_folder(folder_id, old),
            names_id=folder_id,
        )

    def delete(self, folder_id: str) -> None:
        """Take a folder away; its chats stay. Undo makes it again, with its chats."""
        name = self._name(folder_id)
        within: list[str] = []

        def forth(store: ChatStore) -> None:
            within[:] = store.delete_folder(folder_id)

        def back(store: ChatStore) -> None:
            store.create_folder(name, folder_id=folder_id)
            for chat_id in within:
                store.move_chat(chat_id, folder_id)

        self._push(tr("deleting the folder"), forth, back)

    def _push(
        self,
        text: str,
        forth: Work,
        back: Work,
        then: Callable[[], None] | None = None,
        *,
        new_id: str = "",
        names_id: str = "",
    ) -> None:
        step = FolderStep(text, self._keep, forth, back, then, new_id=new_id, names_id=names_id)
        self._stack.push(step)

    def _name(self, folder_id: str) -> str:
        folders = self._chats.model.folders
        return next((one.name for one in folders if one.id == folder_id), "")


def _list_folders(store: ChatStore) -> list[Folder]:
    return store.list_folders()


def _free_name(name: str, taken: set[str]) -> str:
    """The name, with a number where it is taken."""
    number, free = 2, name
    while free in taken:
        free, number = f"{name} {number}", number + 1
    return free

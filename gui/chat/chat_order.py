"""Order among the chats: the list's menus, folders, the archive, the trash, and the search.

A feature of the room: fills the list's menus and asks the store. What is done with one chat and can
be undone is the session's; how the list looks is chat_list.py's.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QTimer, Slot
from PySide6.QtGui import QAction, QKeySequence, QUndoCommand
from PySide6.QtWidgets import QMenu

from gui.chat import chat_file
from gui.chat.chat_list import Scope
from gui.chat.features import ChatParts, Feature
from gui.chat.words import tr
from gui.icons import icon

if TYPE_CHECKING:
    from engine.chats.records import Folder, Hit
    from engine.chats.store import ChatStore

Work = Callable[["ChatStore"], object]
ASKING_MS = 4000
MOST_HITS = 60


class FolderStep(QUndoCommand):
    """A change of the folders that can be undone: what the store does forth and back."""

    def __init__(self, text: str, order: ChatOrder, forth: Work, back: Work) -> None:
        super().__init__(text)
        self._order, self._forth, self._back = order, forth, back

    def redo(self) -> None:
        self._order.keep(self._forth)

    def undo(self) -> None:
        self._order.keep(self._back)


class ChatOrder(Feature):
    """What the list of chats can do."""

    def __init__(self, parts: ChatParts) -> None:
        super().__init__(parts)
        self._query = ""
        self._asked = ""  # the query that the store is at work on
        self._asking = QTimer(self, interval=ASKING_MS, singleShot=True)
        self._asking.timeout.connect(self._forget_asking)
        self._connect()
        self._add_actions()
        parts.list.model.set_closed(parts.context.settings.value.closed_folders)

    def save_state(self) -> None:
        self._asking.stop()
        closed = sorted(self.parts.list.model.closed)
        self.parts.context.settings.change(closed_folders=closed)

    def _connect(self) -> None:
        chats = self.parts.list
        self.parts.session.chats_listed.connect(self._on_chats_listed)
        chats.query_changed.connect(self._on_query_changed)
        chats.hit_chosen.connect(self._on_hit_chosen)
        chats.scope_requested.connect(self.show_scope)
        chats.chat_menu_requested.connect(self._fill_chat_menu)
        chats.folder_menu_requested.connect(self._fill_folder_menu)
        chats.new_menu_requested.connect(self._fill_new_menu)
        chats.empty_trash_requested.connect(self._empty_trash)
        chats.model.move_requested.connect(self.move)
        chats.model.pin_requested.connect(self._on_pin_requested)
        chats.model.folder_rename_requested.connect(self._rename_folder)

    def _add_actions(self) -> None:
        add = self.parts.add_action
        add(tr("New &folder"), self.new_folder, None)
        add(tr("&Pin or unpin the chat"), self._toggle_pin, None)
        add(tr("&Archive the chat"), self._archive_open, None)
        add(tr("D&uplicate the chat"), self._duplicate_open, None)
        add(tr("Show archived chats"), partial(self.show_scope, "archived"), None)
        add(tr("Show deleted chats"), partial(self.show_scope, "trash"), None)

    # ---- asking the store ----

    def keep(self, work: Work, then: Callable[[object], None] | None = None) -> None:
        """Have the store do something to the list, and list anew."""

        def done(result: object) -> None:
            self.parts.session.list_chats()
            if then is not None:
                then(result)

        self.parts.store.call(work, done)

    @Slot(list)
    def _on_chats_listed(self, _chats: object) -> None:
        if self.parts.list.scope == "chats":
            self.parts.store.call(lambda store: store.list_folders(), self._show_folders)
        else:
            self._list_scope()

    def _show_folders(self, folders: list[Folder]) -> None:
        self.parts.list.set_folders(folders)

    # ---- scopes ----

    @Slot(str)
    def show_scope(self, scope: str) -> None:
        """List the chats in use, the archived or the deleted ones."""
        self.parts.list.set_scope(cast(Scope, scope))
        self.parts.list.set_folders([])
        self.parts.session.list_chats()

    def _list_scope(self) -> None:
        scope = self.parts.list.scope

        def show(entries: list[chat_file.ChatEntry]) -> None:
            if self.parts.list.scope == scope:
                self.parts.list.set_chats(entries)

        self.parts.store.call(
            lambda store: chat_file.list_chats(
                store, archived=scope == "archived", deleted=scope == "trash"
            ),
            show,
        )

    # ---- one chat ----

    @Slot(str)
    def _on_pin_requested(self, chat_id: str) -> None:
        self.parts.session.set_pinned(chat_id, True)

    def archive(self, chat_id: str) -> None:
        """Put a chat aside."""
        if chat_id == self.parts.session.chat_id:
            self.parts.session.new_chat()
        self.parts.session.set_archived(chat_id, True)

    @Slot(str, str)
    def move(self, chat_id: str, folder_id: str) -> None:
        """Put a chat into a folder ("" for none)."""
        if self.parts.list.model.folder_of(chat_id) != folder_id:
            self.parts.session.move_chat(chat_id, folder_id or None)

    def duplicate(self, chat_id: str) -> None:
        """A copy of a chat, which is opened."""
        self.keep(
            lambda store: store.duplicate_chat(chat_id),
            lambda new_id: self.parts.session.open(str(new_id)),
        )

    def purge(self, chat_id: str) -> None:
        """Remove a deleted chat for good."""
        self.keep(lambda store: store.purge_chat(chat_id))

    @Slot()
    def _empty_trash(self) -> None:
        """Asks once more in the same button's place: this cannot be undone."""
        button = self.parts.list.empty_button
        if button.property("asked"):
            self._forget_asking()
            self.keep(_purge_deleted)
            return
        button.setProperty("asked", True)
        button.setText(tr("Remove them for good?"))
        self._asking.start()

    @Slot()
    def _forget_asking(self) -> None:
        self._asking.stop()
        button = self.parts.list.empty_button
        button.setProperty("asked", False)
        button.setText(tr("Empty the trash"))

    def _toggle_pin(self) -> None:
        chat = self._entry(self.parts.session.chat_id)
        if chat is not None:
            self.parts.session.set_pinned(chat.id, not chat.pinned)

    def _archive_open(self) -> None:
        if self.parts.session.chat_id:
            self.archive(self.parts.session.chat_id)

    def _duplicate_open(self) -> None:
        if self.parts.session.chat_id:
            self.duplicate(self.parts.session.chat_id)

    def _entry(self, chat_id: str) -> chat_file.ChatEntry | None:
        chats = cast(list[chat_file.ChatEntry], self.parts.list.model.chats)
        return next((chat for chat in chats if chat.id == chat_id), None)

    # ---- folders ----

    def new_folder(self, chat_id: str = "") -> None:
        """A folder, whose name is then typed in the list.

        Args:
            chat_id: a chat that moves into it.
        """

        def make(store: ChatStore) -> str:
            names = {folder.name for folder in store.list_folders()}
            folder_id = store.create_folder(_free_name(tr("New folder"), names))
            if chat_id:
                store.move_chat(chat_id, folder_id)
            return folder_id

        def edit(folder_id: object) -> None:
            # Asked behind the listing, so that the folder's row is there.
            self.parts.store.call(
                lambda store: store.list_folders(),
                lambda folders: self._edit_new(folders, str(folder_id)),
            )

        self.keep(make, edit)

    def _edit_new(self, folders: list[Folder], folder_id: str) -> None:
        self.parts.list.set_folders(folders)
        self.parts.list.edit_folder(folder_id)

    def _folder_name(self, folder_id: str) -> str:
        folders = self.parts.list.model.folders
        return next((one.name for one in folders if one.id == folder_id), "")

    @Slot(str, str)
    def _rename_folder(self, folder_id: str, name: str) -> None:
        old = self._folder_name(folder_id)
        self._step(
            tr("renaming the folder"),
            lambda store: store.rename_folder(folder_id, name),
            lambda store: store.rename_folder(folder_id, old),
        )

    def delete_folder(self, folder_id: str) -> None:
        """Take a folder away; its chats stay. Undo makes it again, with its chats."""
        name, now = self._folder_name(folder_id), {"id": folder_id}
        within: list[str] = []

        def forth(store: ChatStore) -> None:
            within[:] = store.delete_folder(now["id"])

        def back(store: ChatStore) -> None:
            now["id"] = store.create_folder(name)
            for chat_id in within:
                store.move_chat(chat_id, now["id"])

        self._step(tr("deleting the folder"), forth, back)

    def _step(self, text: str, forth: Work, back: Work) -> None:
        self.parts.session.undo_stack.push(FolderStep(text, self, forth, back))

    # ---- search ----

    @Slot(str)
    def _on_query_changed(self, query: str) -> None:
        self._query = query
        if not self._asked:
            self._search()

    def _search(self) -> None:
        """Ask for what is in the field; what was typed meanwhile is asked when the answer is here,
        so that no letter waits for more than one search."""
        query = self._asked = self._query
        if not query:
            return

        def show(hits: list[Hit]) -> None:
            self._asked = ""
            if query != self._query:
                self._search()
            else:
                self.parts.list.set_hits(hits)

        self.parts.store.call(lambda store: store.search(query, MOST_HITS), show)

    @Slot(str, str)
    def _on_hit_chosen(self, chat_id: str, message_id: str) -> None:
        if message_id:
            self.parts.session.show_message(chat_id, message_id)
        else:
            self.parts.session.open(chat_id)

    # ---- menus ----

    @Slot(str, object)
    def _fill_chat_menu(self, chat_id: str, menu: QMenu) -> None:
        scope, session = self.parts.list.scope, self.parts.session
        if scope == "trash":
            self._line(menu, tr("Restore"), "undo", partial(self._restore, chat_id))
            self._line(menu, tr("Delete for good"), "trash", partial(self.purge, chat_id))
            return
        chat = self._entry(chat_id)
        is_pinned = chat is not None and chat.pinned
        rename = self._line(menu, tr("Rename"), "edit", self.parts.list.rename_current)
        rename.setShortcut(QKeySequence("F2"))
        pin = partial(session.set_pinned, chat_id, not is_pinned)
        self._line(menu, tr("Unpin") if is_pinned else tr("Pin"), "pin", pin)
        self._add_folders(menu, chat_id)
        self._line(menu, tr("Duplicate"), "copy", partial(self.duplicate, chat_id))
        if scope == "archived":
            back = partial(session.set_archived, chat_id, False)
            self._line(menu, tr("Take out of the archive"), "folder", back)
        else:
            self._line(menu, tr("Archive"), "folder", partial(self.archive, chat_id))
        menu.addSeparator()
        delete = self._line(menu, tr("Delete"), "trash", partial(session.delete, chat_id))
        delete.setShortcut(QKeySequence(QKeySequence.StandardKey.Delete))

    def _add_folders(self, menu: QMenu, chat_id: str) -> None:
        inner = menu.addMenu(icon("folder", self._colour), tr("Move to"))
        folder_id = self.parts.list.model.folder_of(chat_id)
        for folder in self.parts.list.model.folders:
            name = folder.name.replace("&", "&&")
            line = self._line(inner, name, "folder", partial(self.move, chat_id, folder.id))
            line.setCheckable(True)
            line.setChecked(folder.id == folder_id)
        if folder_id:
            self._line(inner, tr("No folder"), "close", partial(self.move, chat_id, ""))
        inner.addSeparator()
        self._line(inner, tr("New folder…"), "plus", partial(self.new_folder, chat_id))

    @Slot(str, object)
    def _fill_folder_menu(self, folder_id: str, menu: QMenu) -> None:
        edit = partial(self.parts.list.edit_folder, folder_id)
        self._line(menu, tr("Rename"), "edit", edit)
        delete = partial(self.delete_folder, folder_id)
        self._line(menu, tr("Delete the folder, keep its chats"), "trash", delete)

    @Slot(object)
    def _fill_new_menu(self, menu: QMenu) -> None:
        """The room's actions that begin something, then the folder."""
        begun = [one for one in self.parts.room.actions() if one.property("begins")]
        menu.addActions(begun)
        self._line(menu, tr("New folder"), "folder", self.new_folder)

    def _restore(self, chat_id: str) -> None:
        self.show_scope("chats")
        self.parts.session.restore(chat_id)

    @property
    def _colour(self) -> str:
        return self.parts.context.theme.palette.text_dim

    def _line(self, menu: QMenu, text: str, picture: str, do: Callable[[], object]) -> QAction:
        line = menu.addAction(icon(picture, self._colour), text)
        line.triggered.connect(lambda: do())
        return line


def _purge_deleted(store: ChatStore) -> None:
    for row in store.list_chats(deleted=True):
        store.purge_chat(row.id)


def _free_name(name: str, taken: set[str]) -> str:
    """The name, with a number where it is taken."""
    number, free = 2, name
    while free in taken:
        free, number = f"{name} {number}", number + 1
    return free

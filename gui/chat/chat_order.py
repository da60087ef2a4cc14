"""Order among the chats: the list's menus, which chats are listed, pins, copies, archive, trash.

A feature of the room: fills the list's menus and asks the store. What is done with one chat and can
be undone is the session's; how the list looks is chat_list.py's.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QPoint, Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

from gui.chat import chat_file
from gui.chat.chat_folders import ChatFolders, Work
from gui.chat.chat_list_foot import Scope
from gui.chat.chat_search import ChatSearch
from gui.chat.features import ChatParts, Feature
from gui.chat.words import tr
from gui.icons import icon

if TYPE_CHECKING:
    from engine.chats.records import Folder
    from engine.chats.store import ChatStore


class ChatOrder(Feature):
    """What the list of chats can do."""

    def __init__(self, parts: ChatParts) -> None:
        super().__init__(parts)
        self.folders = ChatFolders(parts.list, parts.session.undo_stack, self.keep, self)
        self.search = ChatSearch(parts.list, parts.store, parts.session, self)
        self._connect()
        self._add_actions()
        parts.list.model.set_closed(parts.context.settings.value.closed_folders)

    def save_state(self) -> None:
        self.parts.list.foot.forget_asking()
        closed = sorted(self.parts.list.model.closed)
        self.parts.context.settings.change(closed_folders=closed)

    def _connect(self) -> None:
        chats = self.parts.list
        self.parts.session.chats_listed.connect(self._on_chats_listed)
        chats.scope_requested.connect(self.show_scope)
        chats.chat_menu_requested.connect(self._fill_chat_menu)
        chats.folder_menu_requested.connect(self._fill_folder_menu)
        chats.new_menu_requested.connect(self._fill_new_menu)
        chats.restore_requested.connect(self._restore)
        chats.purge_requested.connect(self._ask_purge)
        chats.empty_trash_requested.connect(self._empty_trash)
        chats.model.move_requested.connect(self._on_dropped)
        chats.model.pin_requested.connect(self._on_pin_requested)

    def _add_actions(self) -> None:
        add = self.parts.add_action
        add(tr("New &folder"), self.folders.new, None)
        add(tr("&Pin or unpin the chat"), self._toggle_pin, None)
        add(tr("&Archive the chat"), self._archive_open, None)
        add(tr("D&uplicate the chat"), self._duplicate_open, None)
        add(tr("Show archived chats"), partial(self.open_scope, "archived"), None)
        add(tr("Show deleted chats"), partial(self.open_scope, "trash"), None)

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

    def open_scope(self, scope: str) -> None:
        """The same by menu: bring the list into view, and give it the keys."""
        self.parts.room.panes.bring_list()
        self.show_scope(scope)
        self.parts.list.focus_list()

    @Slot(str)
    def show_scope(self, scope: str) -> None:
        """List the chats in use, the archived or the deleted ones, or rated replies."""
        self.parts.list.set_scope(cast(Scope, scope))
        self.parts.list.set_folders([])
        self.parts.session.list_chats()

    def _list_scope(self) -> None:
        scope = self.parts.list.scope
        if scope == "rated":
            return

        def show(entries: list[chat_file.ChatEntry]) -> None:
            self.parts.session.remember(entries)
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
        chat = self.parts.session.entry(chat_id)
        if chat is not None and not chat.pinned:
            self.parts.session.set_pinned(chat_id, True)

    @Slot(str, str)
    def _on_dropped(self, chat_id: str, folder_id: str) -> None:
        """Dragged into a folder or under a day: a pinned chat is pinned no more."""
        chat, stack = self.parts.session.entry(chat_id), self.parts.session.undo_stack
        if chat is None or not chat.pinned:
            self.move(chat_id, folder_id)
            return
        stack.beginMacro(tr("moving the chat"))
        self.parts.session.set_pinned(chat_id, False)
        self.move(chat_id, folder_id)
        stack.endMacro()

    def archive(self, chat_id: str) -> None:
        """Put a chat aside."""
        if chat_id == self.parts.session.chat_id:
            self.parts.session.new_chat()
        self.parts.session.set_archived(chat_id, True)

    def move(self, chat_id: str, folder_id: str) -> None:
        """Put a chat into a folder ("" for none)."""
        chat = self.parts.session.entry(chat_id)
        if chat is not None and (chat.folder_id or "") != folder_id:
            self.parts.session.move_chat(chat_id, folder_id or None)

    def _toggle_pin(self) -> None:
        chat = self._open_chat()
        if chat is not None:
            self.parts.session.set_pinned(chat.id, not chat.pinned)

    def _archive_open(self) -> None:
        chat = self._open_chat()
        if chat is not None and not chat.archived:
            self.archive(chat.id)

    def _duplicate_open(self) -> None:
        chat = self._open_chat()
        if chat is not None:
            self.parts.session.duplicate(chat.id)

    def _open_chat(self) -> chat_file.ChatEntry | None:
        """The open chat, where it stands in a list: not a new one, and not a temporary one."""
        return self.parts.session.entry(self.parts.session.chat_id)

    # ---- the trash ----

    @Slot(str)
    def _restore(self, chat_id: str) -> None:
        self.show_scope("chats")
        self.parts.session.restore(chat_id)

    def purge(self, chat_id: str) -> None:
        """Remove a deleted chat for good."""

        def work(store: ChatStore) -> list[str]:
            store.purge_chat(chat_id)
            return [chat_id]

        self.keep(work, self._forget)

    @Slot(str)
    def _ask_purge(self, chat_id: str) -> None:
        """Asked by key: the same question as in the menu, at the chat's row."""
        view = self.parts.list.view
        menu = QMenu(view)
        menu.aboutToHide.connect(menu.deleteLater)
        self._add_purge(menu, chat_id)
        self._line(menu, tr("Keep it"), "close", lambda: None)
        row = view.visualRect(self.parts.list.model.index_of(chat_id))
        menu.popup(view.viewport().mapToGlobal(row.bottomLeft() + QPoint(8, 0)))
        menu.setActiveAction(menu.actions()[1])

    def _add_purge(self, menu: QMenu, chat_id: str) -> None:
        chat = self.parts.session.entry(chat_id)
        title = (chat.title if chat is not None else "") or tr("New chat")
        words = tr("Remove “{title}” for good").format(title=title.replace("&", "&&"))
        self._line(menu, words, "trash", partial(self.purge, chat_id))

    @Slot()
    def _empty_trash(self) -> None:
        self.keep(_purge_deleted, self._forget)

    def _forget(self, chat_ids: object) -> None:
        self.parts.session.forget(cast(list[str], chat_ids))
        self.parts.context.notices.forget_undone()

    # ---- menus ----

    @Slot(str, object)
    def _fill_chat_menu(self, chat_id: str, menu: QMenu) -> None:
        scope, session = self.parts.list.scope, self.parts.session
        if scope == "trash":
            self._line(menu, tr("Restore"), "undo", partial(self._restore, chat_id))
            # Asks by a second menu: this cannot be undone.
            inner = menu.addMenu(icon("trash", self._colour), tr("Delete for good"))
            self._add_purge(inner, chat_id)
            return
        chat = session.entry(chat_id)
        is_pinned = chat is not None and chat.pinned
        rename = self._line(menu, tr("Rename"), "edit", self.parts.list.rename_current)
        rename.setShortcut(QKeySequence("F2"))
        pin = partial(session.set_pinned, chat_id, not is_pinned)
        self._line(menu, tr("Unpin") if is_pinned else tr("Pin"), "pin", pin)
        self._add_folders(menu, chat_id)
        self._line(menu, tr("Duplicate"), "copy", partial(session.duplicate, chat_id))
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
        chat = self.parts.session.entry(chat_id)
        folder_id = (chat.folder_id or "") if chat is not None else ""
        for folder in self.parts.list.model.folders:
            name = folder.name.replace("&", "&&")
            line = self._line(inner, name, "folder", partial(self.move, chat_id, folder.id))
            line.setCheckable(True)
            line.setChecked(folder.id == folder_id)
        if folder_id:
            self._line(inner, tr("No folder"), "close", partial(self.move, chat_id, ""))
        inner.addSeparator()
        self._line(inner, tr("New folder…"), "plus", partial(self.folders.new, chat_id))

    @Slot(str, object)
    def _fill_folder_menu(self, folder_id: str, menu: QMenu) -> None:
        edit = partial(self.parts.list.edit_folder, folder_id)
        self._line(menu, tr("Rename"), "edit", edit)
        delete = partial(self.folders.delete, folder_id)
        self._line(menu, tr("Delete the folder, keep its chats"), "trash", delete)

    @Slot(object)
    def _fill_new_menu(self, menu: QMenu) -> None:
        """The room's actions that begin something, then the folder."""
        begun = [one for one in self.parts.room.actions() if one.property("begins")]
        menu.addActions(begun)
        self._line(menu, tr("New folder"), "folder", self.folders.new)

    @property
    def _colour(self) -> str:
        return self.parts.context.theme.palette.text_dim

    def _line(self, menu: QMenu, text: str, picture: str, do: Callable[[], object]) -> QAction:
        line = menu.addAction(icon(picture, self._colour), text)
        line.triggered.connect(lambda: do())
        return line


def _purge_deleted(store: ChatStore) -> list[str]:
    """Empty the trash; the ids of the chats that were in it."""
    ids = [row.id for row in store.list_chats(deleted=True)]
    for chat_id in ids:
        store.purge_chat(chat_id)
    return ids

"""Chats to files and from files: export as Markdown and JSON, import of this app's files and of
ChatGPT's, Open WebUI's, LM Studio's and ShareGPT's.

A feature of the room: dialogs and words. Files are read and written on the store's thread; what
they say is engine/chats/exchange.py's.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFileDialog, QMenu

from engine.errors import AppError
from gui.chat.features import ChatParts, Feature
from gui.chat.saving import ask_save, file_dialog, file_name, write_whole
from gui.chat.words import count, tr
from gui.icons import icon

if TYPE_CHECKING:
    from engine.chats.store import ChatStore
    from gui.chat.store_thread import StoreThread

MARKDOWN, JSON = "md", "json"


class Imported(Struct, frozen=True):
    """What came of an import."""

    ids: list[str]
    problems: list[str]


class Trade(Feature):
    """Menu lines, dialogs, and what is told afterwards."""

    def __init__(self, parts: ChatParts) -> None:
        super().__init__(parts)
        add = parts.add_action
        add(tr("&Import chats…"), self.ask_import, None).setProperty("begins", True)
        add(tr("Export the chat as Markdown…"), partial(self.ask_export, MARKDOWN), "Ctrl+Shift+E")
        add(tr("Export the chat as JSON…"), partial(self.ask_export, JSON), None)
        add(tr("Export all chats as JSON…"), self.ask_export_all, None)
        parts.list.import_requested.connect(self.ask_import)
        parts.list.files_dropped.connect(self.import_files)
        parts.list.chat_menu_requested.connect(self._fill_menu)

    # ---- asking where ----

    @Slot()
    def ask_import(self) -> None:
        dialog = file_dialog(self.parts.room.window(), tr("Import chats"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilters(
            [tr("Chats (*.json *.jsonl *.md *.markdown *.txt *.zip)"), tr("All files (*)")]
        )
        dialog.filesSelected.connect(self.import_files)
        dialog.open()

    def ask_export(self, form: str, chat_id: str = "") -> None:
        chat_id = chat_id or self.parts.session.chat_id
        if not chat_id:
            self._tell_nothing(tr("This chat has no message yet."))
            return
        chat = self.parts.session.entry(chat_id)
        name = file_name((chat.title if chat is not None else "") or tr("chat"))
        save = partial(self._export_as, [chat_id], form)
        ask_save(self.parts.room.window(), f"{name}.{form}", form, save)

    def ask_export_all(self) -> None:
        save = partial(self._export_as, None, JSON)
        ask_save(self.parts.room.window(), f"{tr('chats')}.json", JSON, save)

    def _export_as(self, chat_ids: list[str] | None, form: str, path: str) -> None:
        self.export(chat_ids, form, path)

    # ---- doing it ----

    @Slot(list)
    def import_files(self, paths: Sequence[str]) -> None:
        """Take over the chats of some files; each file that is refused is told by itself."""

        def work(store: ChatStore) -> Imported:
            from engine.chats.exchange import import_chats, read_all, read_file

            ids: list[str] = []
            problems: list[str] = []
            for path in map(Path, paths):
                try:
                    reading = read_all(read_file(path), path.name)
                    ids += import_chats(store, reading.chats)
                    problems += [f"{path.name}: {one}" for one in reading.problems]
                except AppError as error:
                    problems.append(f"{path.name}: {error.message} {error.hint}".strip())
            return Imported(ids, problems)

        self.parts.store.call(work, self._tell_imported)

    def export(self, chat_ids: list[str] | None, form: str, path: str) -> None:
        """Write chats into a file.

        Args:
            chat_ids: which; None for all that are not deleted.
        """

        def work(store: ChatStore) -> int:
            from engine.chats.exchange import to_json, to_markdown

            ids = chat_ids if chat_ids is not None else _all_ids(store)
            chats = [store.open_chat(chat_id) for chat_id in ids]
            if form == MARKDOWN:
                text = "\n\n".join(to_markdown(chat) for chat in chats)
            else:
                turns = [turn_id for chat in chats for turn_id in chat.messages]
                tokens = {turn_id: kept for turn_id in turns if (kept := store.tokens(turn_id))}
                folders = {folder.id: folder.name for folder in store.list_folders()}
                text = to_json(chats, tokens, folders)
            write_whole(Path(path), text)
            return len(chats)

        self._store_of(chat_ids).call(work, partial(self._tell_exported, path))

    def _store_of(self, chat_ids: list[str] | None) -> StoreThread:
        """A temporary chat that a person wants in a file is not where the others are."""
        session = self.parts.session
        return session.store if chat_ids == [session.chat_id] else self.parts.store

    # ---- telling ----

    def _tell_imported(self, imported: Imported) -> None:
        notices, session = self.parts.context.notices, self.parts.session
        session.list_chats()
        if imported.problems:
            n = len(imported.ids)
            words = count(n, tr("{n} chat imported"), tr("{n} chats imported"))
            detail = "\n".join(imported.problems)
            notices.show_failure(
                tr("{words}; not everything could be taken over.").format(words=words),
                imported.problems[0] if len(imported.problems) == 1 else tr("Details say what."),
                detail if len(imported.problems) > 1 else "",
            )
        if imported.ids:
            session.open(imported.ids[0])
            if not imported.problems:
                n = len(imported.ids)
                words = count(n, tr("{n} chat imported"), tr("{n} chats imported"))
                notices.offer_undo(words, partial(self._undo_import, imported.ids))

    def _undo_import(self, ids: list[str]) -> None:
        for chat_id in ids:
            self.parts.session.delete(chat_id)

    def _tell_exported(self, path: str, n: int) -> None:
        words = count(n, tr("{n} chat written to"), tr("{n} chats written to"))
        self._tell_written(words, path)

    def _tell_written(self, words: str, path: str) -> None:
        self.parts.context.notices.tell(f"{words} {Path(path).name}")

    def _tell_nothing(self, text: str) -> None:
        self.parts.context.notices.show_failure(text, tr("Write something first."))

    @Slot(str, object)
    def _fill_menu(self, chat_id: str, menu: QMenu) -> None:
        if self.parts.list.scope == "trash":
            return
        picture = icon("upload", self.parts.context.theme.palette.text_dim)
        inner = QMenu(tr("Export"), menu)
        inner.setIcon(picture)
        for form, text in ((MARKDOWN, tr("As Markdown…")), (JSON, tr("As JSON…"))):
            inner.addAction(text).triggered.connect(partial(self._on_chosen, form, chat_id))
        last = menu.actions()[-1]  # Delete stays the last line
        menu.insertMenu(last, inner)

    def _on_chosen(self, form: str, chat_id: str, _checked: bool = False) -> None:
        self.ask_export(form, chat_id)


def _all_ids(store: ChatStore) -> list[str]:
    rows = store.list_chats() + store.list_chats(archived=True)
    return [row.id for row in rows]

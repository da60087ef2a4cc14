"""Chats to files and from files: export as Markdown and JSON, rated replies as JSON Lines for
fine-tuning, import of this app's files and of ChatGPT's, Open WebUI's, LM Studio's and ShareGPT's.

A feature of the room: dialogs and words. Files are read and written on the store's thread; what
they say is engine/chats/exchange.py's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFileDialog, QMenu

from engine.errors import AppError
from gui.chat.features import ChatParts, Feature
from gui.chat.words import count, tr
from gui.icons import icon

if TYPE_CHECKING:
    from engine.chats.store import ChatStore

MARKDOWN, JSON, JSONL = "md", "json", "jsonl"
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f<>:"/\\|?*]+')


@dataclass(frozen=True)
class Imported:
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
        add(tr("Export rated replies for fine-tuning…"), self.ask_export_rated, None)
        parts.list.files_dropped.connect(self.import_files)
        parts.list.chat_menu_requested.connect(self._fill_menu)

    # ---- asking where ----

    @Slot()
    def ask_import(self) -> None:
        dialog = self._dialog(tr("Import chats"))
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
        title = next((one.title for one in self.parts.list.model.chats if one.id == chat_id), "")
        name = file_name(title or tr("chat")) + f".{form}"
        self._ask_save(name, form, partial(self.export, [chat_id], form))

    def ask_export_all(self) -> None:
        self._ask_save(f"{tr('chats')}.json", JSON, partial(self.export, None, JSON))

    def ask_export_rated(self) -> None:
        self._ask_save(f"{tr('rated-replies')}.jsonl", JSONL, self.export_rated)

    def _ask_save(self, name: str, form: str, save: Callable[[str], None]) -> None:
        dialog = self._dialog(tr("Export"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(form)
        dialog.selectFile(name)
        dialog.fileSelected.connect(save)
        dialog.open()

    def _dialog(self, title: str) -> QFileDialog:
        dialog = QFileDialog(self.parts.room.window(), title)
        dialog.finished.connect(dialog.deleteLater)
        return dialog

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

        self.parts.store.call(work, partial(self._tell_exported, path))

    def export_rated(self, path: str) -> None:
        """Write what a person rated well or corrected as rows of messages, one a line."""

        def work(store: ChatStore) -> int:
            rows = [one for one in store.rated() if one.rating > 0 or one.is_corrected]
            lines = [
                json.dumps(
                    {
                        "messages": [
                            *({"role": m.role, "content": m.content} for m in one.messages),
                            {"role": "assistant", "content": one.answer},
                        ],
                        "rating": one.rating,
                        "tags": list(one.tags),
                        "model": one.model_name,
                    },
                    ensure_ascii=False,
                )
                for one in rows
            ]
            if not lines:
                raise AppError(
                    "No reply is rated or corrected yet.",
                    "Mark replies as good, or correct them, by a reply's menu.",
                )
            write_whole(Path(path), "\n".join(lines) + "\n")
            return len(lines)

        self.parts.store.call(work, partial(self._tell_rows, path))

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

    def _tell_rows(self, path: str, n: int) -> None:
        words = count(n, tr("{n} row written to"), tr("{n} rows written to"))
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

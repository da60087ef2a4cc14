"""Rated replies: a view in the list of chats that is at once a dataset to teach a model with.

A feature of the room: keeps the view and its count in step with the store, takes ratings back, and
writes the rows. What rows are is engine/chats/rated.py's; they are read from the chats each time.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QMenu

from engine.chats.records import EVERY, Chosen, Message, RatedEntry
from engine.errors import AppError
from gui.chat.features import ChatParts, Feature
from gui.chat.saving import ask_save, write_whole
from gui.chat.words import count, tr
from gui.icons import icon

if TYPE_CHECKING:
    from engine.chats.store import ChatStore


# Of the Fine-tune room: its key, and what it opens (gui/tune/rows_openers.py).
TUNE, OPEN_RATED = "tune", "tune.rated"


class RatedReplies(Feature):
    """Between the view and the store."""

    def __init__(self, parts: ChatParts) -> None:
        super().__init__(parts)
        add = parts.add_action
        add(tr("Show rated replies"), self.show_view, None)
        add(tr("Export rated replies for fine-tuning…"), self.ask_export, None)
        view = parts.list.rated
        # Every step in a chat lists the chats anew.
        parts.session.chats_listed.connect(self.refresh)
        view.unrate_requested.connect(self.unrate)
        view.menu_requested.connect(self._fill_menu)
        view.export_requested.connect(self._ask_export_shown)
        view.teach_requested.connect(self._teach)
        view.set_can_teach(TUNE in parts.context.rooms)

    @Slot()
    def refresh(self) -> None:
        """Read what is rated now."""
        self.parts.store.call(lambda store: store.list_rated(), self.parts.list.set_rated)

    def show_view(self) -> None:
        """Show them in the list, which is brought into view, and give it the keys."""
        self.parts.room.panes.bring_list()
        self.parts.list.scope_requested.emit("rated")
        self.parts.list.focus_list()

    @Slot()
    def _teach(self) -> None:
        """Go to the Fine-tune room, with these as its data."""
        self.parts.context.rooms[TUNE]()
        self.parts.context.openers[OPEN_RATED]()

    # ---- taking back ----

    @Slot(object)
    def unrate(self, entry: RatedEntry) -> None:
        """Take rating and correction away, as one step that can be undone."""
        self._judge(tr("taking the reply out of the rated ones"), entry, 0, "")

    def _judge(
        self, text: str, entry: RatedEntry, rating: int | None, correction: str | None
    ) -> None:
        """Give a reply another rating or correction; None leaves the one it has."""
        reply_id, before = entry.message_id, dict[str, Message]()

        def forth(store: ChatStore) -> None:
            message = before[reply_id] = store.open_chat(entry.chat_id).messages[reply_id]
            store.set_rating(reply_id, message.rating if rating is None else rating)
            store.set_correction(reply_id, message.correction if correction is None else correction)

        def back(store: ChatStore) -> None:
            store.set_rating(reply_id, before[reply_id].rating)
            store.set_correction(reply_id, before[reply_id].correction)

        show = partial(self._show_marks, entry)
        self.parts.session.do_with_chat(text, entry.chat_id, forth, back, show)

    def _show_marks(self, entry: RatedEntry) -> None:
        """The reply stands in the open chat: show what the store has of it now."""
        session, reply_id = self.parts.session, entry.message_id

        def show(message: Message | None) -> None:
            if message is not None and reply_id in session.conversation:
                marks = {"rating": message.rating, "correction": message.correction}
                session.conversation.change(reply_id, **marks)
                session.turn_changed.emit(reply_id)

        self.parts.store.call(
            lambda store: store.open_chat(entry.chat_id).messages.get(reply_id), show
        )

    @Slot(object, object)
    def _fill_menu(self, entry: RatedEntry, menu: QMenu) -> None:
        colour = self.parts.context.theme.palette.text_dim
        view = self.parts.list.rated
        go = menu.addAction(icon("chat", colour), tr("Go to the reply"))
        go.triggered.connect(partial(view.reply_chosen.emit, entry.chat_id, entry.message_id))
        menu.addSeparator()
        lines = [
            (entry.rating <= 0, "thumb-up", tr("Rate it good"), tr("rating the reply"), 1, None),
            (entry.rating >= 0, "thumb-down", tr("Rate it bad"), tr("rating the reply"), -1, None),
            (
                entry.is_corrected,
                "edit",
                tr("Take the correction away"),
                tr("correcting the reply"),
                None,
                "",
            ),
            (
                True,
                "close",
                tr("Take it out of the rated replies"),
                tr("taking the reply out of the rated ones"),
                0,
                "",
            ),
        ]
        for applies, picture, words, step, rating, correction in lines:
            if applies:
                line = menu.addAction(icon(picture, colour), words)
                do = partial(self._judge, step, entry, rating, correction)
                line.triggered.connect(lambda _checked=False, do=do: do())

    # ---- export ----

    def ask_export(self, chosen: Chosen = EVERY) -> None:
        """Ask where the rows are to be written."""
        window = self.parts.room.window()
        save = partial(self._export_chosen, chosen)
        ask_save(window, f"{tr('rated-replies')}.jsonl", "jsonl", save)

    @Slot()
    def _ask_export_shown(self) -> None:
        self.ask_export(self.parts.list.rated.model.chosen)

    def _export_chosen(self, chosen: Chosen, path: str) -> None:
        self.export(path, chosen)

    def export(self, path: str, chosen: Chosen = EVERY) -> None:
        """Write the rated replies as conversations to learn from, one a line."""

        def work(store: ChatStore) -> int:
            from engine.chats.rated import rows_to_learn_from, to_jsonl

            rows = rows_to_learn_from(store, chosen)
            if not rows:
                raise AppError(
                    "No reply is rated or corrected yet.",
                    "Mark replies as good, or correct them, by a reply's menu.",
                )
            write_whole(Path(path), to_jsonl(rows))
            return len(rows)

        self.parts.store.call(work, partial(self._tell_written, path))

    def _tell_written(self, path: str, n: int) -> None:
        words = count(n, tr("{n} row written to"), tr("{n} rows written to"))
        self.parts.context.notices.tell(f"{words} {Path(path).name}")

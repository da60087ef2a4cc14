"""Files in a chat: attached by button, drop or paste, counted, chosen from, kept with the draft,
sent with the message.

The pieces meet here: what is attached (attach_desk.py), the bar and the chooser that show it, the
reader and the counter that work for it.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFileDialog

from engine.errors import AppError
from gui.chat.attach_desk import AttachDesk
from gui.chat.attach_drop import DropArea
from gui.chat.attach_words import sum_text
from gui.chat.features import ChatParts, Feature
from gui.chat.words import tr
from gui.icons import icon
from gui.widgets.shy_button import ShyButton
from gui.widgets.transcript import MessageAction

if TYPE_CHECKING:
    from gui.chat.attach_bar import AttachBar
    from gui.chat.attach_chooser import AttachChooser
    from gui.chat.attach_reader import AttachReader
    from gui.chat.attach_view import AttachedView

SHOW = "show_attached"
SHORTCUT = "Ctrl+Shift+A"
MOST_FILES = 50


class AttachFeature(Feature):
    """Attach files to a message. What shows and reads files is made when it is first needed."""

    def __init__(self, parts: ChatParts) -> None:
        super().__init__(parts)
        self.desk = AttachDesk(parts, self)
        self.drop = DropArea(parts.context.theme, parts.room, parts.work)
        self.button = ShyButton(tr("Attach"), _button_tip())
        self._locked: list[tuple[str, object]] = []
        parts.work.composer.add_tool(self.button)
        parts.add_action(tr("&Attach files…"), self.choose_files, SHORTCUT)
        parts.work.transcript.add_message_action(
            MessageAction(
                SHOW, tr("Show what was attached"), "attach", lambda view: self._has_any(view.id)
            )
        )
        self._connect()
        self._on_theme_changed()

    def save_state(self) -> None:
        if "reader" in self.__dict__:
            self.reader.stop()
        if "chooser" in self.__dict__:
            self.chooser.close_panel()

    # ---- the parts, made late ----

    @cached_property
    def reader(self) -> AttachReader:
        from gui.chat.attach_reader import AttachReader

        reader = AttachReader(self)
        reader.document_read.connect(self.desk.take_document)
        reader.busy_changed.connect(self._on_reading)
        reader.refused.connect(self._on_refused)
        reader.password_needed.connect(self._on_password_needed)
        return reader

    @cached_property
    def bar(self) -> AttachBar:
        from gui.chat.attach_bar import AttachBar

        bar = AttachBar(self.parts.context.theme)
        bar.open_requested.connect(self._on_open_requested)
        bar.remove_requested.connect(self.desk.remove)
        bar.choose_requested.connect(self._on_too_long)
        bar.password.password_given.connect(self._on_password_given)
        bar.password.given_up.connect(self._next_locked)
        self.parts.work.composer.add_above(bar)
        return bar

    @cached_property
    def chooser(self) -> AttachChooser:
        from gui.chat.attach_chooser import AttachChooser

        chooser = AttachChooser(self.parts.context.theme)
        chooser.chosen.connect(self.desk.choose)
        chooser.closed.connect(self.parts.desk.focus_composer)
        self.parts.work.add_strip(chooser)
        return chooser

    @cached_property
    def view(self) -> AttachedView:
        from gui.chat.attach_view import AttachedView

        view = AttachedView(self.parts.context.theme)
        view.closed.connect(self._close_view)
        self.parts.work.add_view(view)
        return view

    # ---- what a person does ----

    @Slot()
    def choose_files(self) -> None:
        """The system's file dialog, for any number of files."""
        dialog = QFileDialog(self.parts.room, tr("Attach files"))
        dialog.setNameFilters(_file_filters())
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(self.attach)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    @Slot(list)
    def attach(self, paths: list[str]) -> None:
        """Read files and attach them to the message being written."""
        if len(paths) > MOST_FILES:
            self.parts.context.notices.show_error(_too_many(len(paths)))
            return
        for path in paths:
            self.reader.read(path, self.desk.place())
        if paths:
            self.parts.desk.focus_composer()

    # ---- wiring ----

    def _connect(self) -> None:
        parts, edit = self.parts, self.parts.work.composer.edit
        self.button.clicked.connect(self.choose_files)
        self.drop.files_dropped.connect(self.attach)
        edit.files_offered.connect(self.attach)
        edit.picture_offered.connect(self._on_picture_offered)
        parts.work.composer.gate = self.desk.may_send
        parts.work.transcript.action_requested.connect(self._on_message_action)
        parts.session.chat_opened.connect(self._on_chat_opened)
        parts.context.theme.changed.connect(self._on_theme_changed)
        self.desk.changed.connect(self._show)
        self.desk.too_long.connect(self._on_too_long)

    @Slot()
    def _show(self) -> None:
        """The bar and the chooser say what is attached now."""
        draft = self.desk.draft
        if not draft.items and "bar" not in self.__dict__:
            return
        space = self.desk.space()
        self.bar.show_items(draft.items, is_counting=space.n_ctx > 0)
        text = sum_text(space, is_counted=draft.is_counted) if draft.items else ""
        can_choose = any(item.document.is_divided for item in draft.items)
        self.bar.show_sum(text, fits=space.fits, can_choose=can_choose)
        if "chooser" in self.__dict__:
            shown = draft.find(self.chooser.document_id)
            if shown is not None:
                self.chooser.show_attachment(shown, space)
            else:
                self.chooser.close_panel()

    # ---- slots ----

    @Slot(str)
    def _on_open_requested(self, document_id: str) -> None:
        item = self.desk.draft.find(document_id)
        if item is None:
            return
        if item.document.is_divided:
            self.chooser.open(item, self.desk.space())
        else:
            self._show_texts([item.as_sent()])

    @Slot()
    def _on_too_long(self) -> None:
        """Open the document that takes most: there is most to choose from."""
        divided = [item for item in self.desk.draft.items if item.document.is_divided]
        if divided:
            largest = max(divided, key=lambda item: item.n_chosen_tokens)
            self.chooser.open(largest, self.desk.space())

    @Slot()
    def _on_reading(self) -> None:
        self.bar.show_reading(self.reader.n_waiting)

    @Slot(object, object)
    def _on_refused(self, error: AppError, _place: object) -> None:
        self.parts.context.notices.show_error(error)

    @Slot()
    def _on_picture_offered(self) -> None:
        self.parts.context.notices.show_error(
            AppError(
                tr("A picture cannot be attached."), tr("This model reads text: paste its words.")
            )
        )

    @Slot(str, object, object)
    def _on_password_needed(self, path: str, error: AppError, place: object) -> None:
        self._locked.append((path, place))
        if len(self._locked) == 1 or error.message.startswith(tr("That password")):
            self.bar.ask_password(error.message)

    @Slot(str)
    def _on_password_given(self, password: str) -> None:
        path, place = self._locked.pop(0)
        self.bar.end_password()
        self.reader.read(path, place, password)
        self._ask_locked()

    @Slot()
    def _next_locked(self) -> None:
        self._locked = self._locked[1:]
        self.bar.end_password()
        self._ask_locked()

    def _ask_locked(self) -> None:
        if self._locked:
            name = self._locked[0][0].replace("\\", "/").rpartition("/")[2]
            self.bar.ask_password(tr("“{name}” is locked with a password.").format(name=name))
        else:
            self.parts.desk.focus_composer()

    @Slot()
    def _on_chat_opened(self) -> None:
        if "chooser" in self.__dict__:
            self.chooser.close_panel()
        if self._locked:
            self._locked.clear()
            self.bar.end_password()
        self._close_view()

    @Slot()
    def _on_theme_changed(self) -> None:
        self.button.setIcon(icon("attach", self.parts.context.theme.palette.text_dim))

    # ---- what was sent ----

    def _has_any(self, message_id: str) -> bool:
        conversation = self.parts.session.conversation
        turn = conversation.turn(message_id) if message_id in conversation else None
        return turn is not None and bool(turn.details.get("attachments"))

    @Slot(str, str)
    def _on_message_action(self, key: str, message_id: str) -> None:
        if key == SHOW and self._has_any(message_id):
            turn = self.parts.session.conversation.turn(message_id)
            self._show_texts(turn.details["attachments"])

    def _show_texts(self, attachments: list[dict[str, object]]) -> None:
        self.view.open(attachments)
        self.parts.work.show_view(self.view)
        self.view.page.setFocus()

    @Slot()
    def _close_view(self) -> None:
        work = self.parts.work
        if "view" in self.__dict__ and work.pages.currentWidget() is self.view:
            work.show_chat()
            self.parts.desk.focus_composer()


def _button_tip() -> str:
    return tr(
        "Attach text, Markdown, PDF, code or CSV files to the message ({key}). "
        "Files can be dropped on the chat and pasted, too."
    ).format(key=SHORTCUT)


def _file_filters() -> list[str]:
    return [
        tr("Documents (*.pdf *.txt *.md *.csv *.tsv *.json *.py *.html *.xml)"),
        tr("All files (*)"),
    ]


def _too_many(n_files: int) -> AppError:
    message = tr("{n} files are more than can be attached at once ({most}).")
    return AppError(
        message.format(n=f"{n_files:,}", most=MOST_FILES), tr("Choose the ones that matter most.")
    )

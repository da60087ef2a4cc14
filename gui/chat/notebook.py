"""Notebooks: one text that a person and the model write together, kept as chats are.

The text is the one message of a chat of kind "notebook"; it is on the disk a third of a second
after it changed, also while the model writes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer, Slot

from engine.chats.records import title_from
from gui.chat import notebook_file
from gui.chat.chat_settings import NO_LIMIT, ChatSettings
from gui.chat.context_count import ContextCounts
from gui.chat.features import ChatParts, Feature
from gui.chat.notebook_file import KIND
from gui.chat.notebook_place import NotebookPlace
from gui.chat.notebook_words import place_text
from gui.chat.words import tr
from gui.tune.to_chat import OPEN_NOTEBOOK

if TYPE_CHECKING:
    from gui.chat.few_shot import FewShot
    from gui.chat.notebook_offer import NotebookOffer
    from gui.chat.notebook_run import NotebookRun
    from gui.chat.notebook_view import NotebookView

SAVE_MS = 300
SHORTCUT = "Ctrl+Alt+N"
# A continuation without an end would run until the context is full.
FIRST_LENGTH = 128
FEW_SHOT, MONO = "few_shot", "monospaced"


class NotebookFeature(Feature):
    """Opens notebooks, keeps them, and has them continued."""

    def __init__(self, parts: ChatParts) -> None:
        super().__init__(parts)
        self.view: NotebookView | None = None
        self.run: NotebookRun | None = None
        self.place = NotebookPlace(parts.context.engine, self._text, self._before, self)
        self.offer: NotebookOffer | None = None
        self._chat_id = self._message_id = self._saved = ""
        self._takes_focus = False
        self._saving = QTimer(self, interval=SAVE_MS, singleShot=True)
        self._saving.timeout.connect(self.save)
        action = parts.add_action(tr("New note&book"), self.new_notebook, SHORTCUT)
        if action is not None:
            action.setProperty("begins", True)
        parts.context.openers[OPEN_NOTEBOOK] = self.open_with
        self._connect()

    def _connect(self) -> None:
        parts = self.parts
        self.place.counted.connect(self._on_counted)
        parts.session.chat_opened.connect(self._on_chat_opened)
        parts.session.branch_changed.connect(self._show_offer)
        parts.chooser.model_changed.connect(self._on_model_changed)
        parts.details.settings_changed.connect(self._on_settings_changed)

    def save_state(self) -> None:
        if self.run is not None:
            self.run.leave()
        self.save()
        self.place.stop()

    @property
    def is_open(self) -> bool:
        """A notebook is on show."""
        return bool(self._chat_id)

    # ---- which notebook ----

    @Slot()
    def new_notebook(self) -> None:
        """A new, empty notebook, with the settings of the chat before."""
        self._create("")

    def open_with(self, model: str, text: str = "") -> None:
        """A new notebook with this model, loaded where another is; text: how it begins."""
        loader = self.parts.loader
        if loader.wanted_path != model or loader.model is None:
            loader.load(model)
        # Another model's adapters would not fit.
        self._create(text, self.parts.session.settings.with_value("adapters", []))

    def _create(self, text: str, settings: ChatSettings | None = None) -> None:
        settings = (settings or self.parts.session.settings).with_value("system_prompt", "")
        if settings.max_tokens == NO_LIMIT:
            settings = settings.with_value("max_tokens", FIRST_LENGTH)
        self._takes_focus = True
        self.parts.store.call(
            lambda store: notebook_file.create(store, settings, text), self._on_created
        )

    def _on_created(self, chat_id: str) -> None:
        self.parts.session.open(chat_id)
        self.parts.session.list_chats()

    @Slot()
    def _on_chat_opened(self) -> None:
        session, work = self.parts.session, self.parts.work
        if session.chat_id and session.chat_id == self._chat_id:
            return
        self._leave()
        turns = session.conversation.path()
        if session.kind == KIND and turns:
            self._open(session.chat_id, turns[0].id, turns[0].content)
        elif self.view is not None and work.pages.currentWidget() is self.view:
            work.show_chat()
        self._show_offer()

    def _open(self, chat_id: str, message_id: str, text: str) -> None:
        from gui.chat.few_shot import from_json

        view, unsent = self._made_view(), self.parts.session.unsent
        self._chat_id, self._message_id, self._saved = chat_id, message_id, text
        view.edit.set_text(text)
        view.edit.set_certainty(self.parts.session.settings.certainty)
        view.panel.set_few_shot(from_json(unsent.get(FEW_SHOT, {})))
        view.set_mono(bool(unsent.get(MONO, False)))
        view.show_panel(False)
        view.set_status("")
        view.set_writing(False)
        self.parts.work.show_view(view)
        self.place.refresh()
        if self._takes_focus:
            self._takes_focus = False
            view.edit.setFocus()

    def _leave(self) -> None:
        """Another chat is opened: what is being written ends, and all of it is kept."""
        chat_id = self._chat_id
        if not chat_id or self.run is None:
            return
        self.run.leave()
        self.save()
        self.place.stop()
        is_blank = not self._saved.strip()
        self._chat_id = self._message_id = ""
        if is_blank:
            self.parts.store.call(
                lambda store: notebook_file.drop_if_blank(store, chat_id), self._on_dropped
            )

    def _on_dropped(self, was_blank: bool) -> None:
        if was_blank:
            self.parts.session.list_chats()

    def _made_view(self) -> NotebookView:
        if self.view is None:
            from gui.chat.notebook_view import NotebookView

            view = self.view = NotebookView(self.parts.context.theme)
            self.parts.work.add_view(view)
            view.font_changed.connect(self._on_font_changed)
            view.panel.changed.connect(self._on_few_shot_changed)
            view.panel.insert_requested.connect(self._on_insert)
            view.edit.edited.connect(self._on_edited)
            view.edit.cursorPositionChanged.connect(self.place.tell)
            self.run = self._made_run(view)
        return self.view

    def _made_run(self, view: NotebookView) -> NotebookRun:
        from gui.chat.notebook_run import NotebookRun

        run = NotebookRun(self.parts, view, self.place, self)
        run.text_grew.connect(self._save_soon)
        run.ended.connect(self._on_ended)
        return run

    # ---- the text ----

    def _text(self) -> str:
        return self.view.edit.text() if self.view is not None else ""

    def _before(self) -> str:
        return self.view.edit.text_before_cursor() if self.view is not None else ""

    @Slot()
    def save(self) -> None:
        """Keep the text now, if it changed."""
        self._saving.stop()
        chat_id, message_id, text = self._chat_id, self._message_id, self._text()
        if not chat_id or text == self._saved:
            return
        self._saved = text
        conversation = self.parts.session.conversation
        if message_id in conversation:
            conversation.change(message_id, content=text)
        self.parts.store.call(
            lambda store: notebook_file.save(store, chat_id, message_id, text),
            lambda _: self._name(chat_id, title_from(text)),
        )

    def _name(self, chat_id: str, title: str) -> None:
        """The first words are the title, until a person gives one."""
        session = self.parts.session
        if session.chat_id == chat_id and session.title_is_auto and title != session.title:
            session.title = title
            session.title_changed.emit(title)
            session.list_chats()

    @Slot()
    def _on_edited(self) -> None:
        self._save_soon()
        self.place.refresh()
        if self.view is not None:
            self.view.again_button.setEnabled(self.view.edit.can_redo_last())

    @Slot()
    def _on_ended(self) -> None:
        self.save()
        self.place.refresh()

    @Slot()
    def _save_soon(self) -> None:
        if not self._saving.isActive():
            self._saving.start()

    # ---- slots ----

    @Slot(int, int)
    def _on_counted(self, n_before: int, n_all: int) -> None:
        model = self.parts.loader.model
        if self.view is None or not self._chat_id:
            return
        n_ctx = model.n_ctx if model is not None else 0
        self.view.set_place(place_text(n_before, n_all, n_ctx))
        self.parts.details.meter.set_counts(ContextCounts(history=n_before, n_ctx=n_ctx))

    @Slot(object)
    def _on_model_changed(self, _model: Any) -> None:
        if self.is_open:
            self.place.refresh()
        self._show_offer()

    @Slot(object)
    def _on_settings_changed(self, settings: ChatSettings) -> None:
        if self.view is not None and self.is_open:
            self.view.edit.set_certainty(settings.certainty)

    @Slot()
    def _show_offer(self) -> None:
        session = self.parts.session
        is_new_chat = session.conversation.is_empty and session.kind != KIND
        is_fitting = session.is_base and is_new_chat
        if is_fitting and self.offer is None:
            self.offer = self._made_offer()
        if self.offer is not None:
            self.offer.offer(is_fitting)

    def _made_offer(self) -> NotebookOffer:
        from gui.chat.notebook_offer import NotebookOffer

        offer = NotebookOffer()
        offer.accepted.connect(self.new_notebook)
        self.parts.work.add_strip(offer)
        return offer

    @Slot(bool)
    def _on_font_changed(self, is_mono: bool) -> None:
        if self.is_open:
            self.parts.session.set_unsent(MONO, True if is_mono else None)

    @Slot(object)
    def _on_few_shot_changed(self, few: FewShot) -> None:
        from gui.chat.few_shot import FewShot, as_json

        if self.is_open:
            self.parts.session.set_unsent(FEW_SHOT, None if few == FewShot() else as_json(few))

    @Slot(str, bool)
    def _on_insert(self, text: str, stops: bool) -> None:
        """Put the prompt at the cursor, and what ends its answer into the settings."""
        from gui.chat.few_shot import stop_string

        view, details = self.view, self.parts.details
        if view is None or self.run is None or self.run.is_busy:
            return
        view.edit.insertPlainText(text)
        stop = stop_string(view.panel.few_shot)
        if stops and stop not in details.settings.stop:
            details.change("stop", [*details.settings.stop, stop])
        view.edit.setFocus()

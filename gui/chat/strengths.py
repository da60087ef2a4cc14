"""Compare strengths: the last answer of the open chat again at four strengths of an adapter.

What is asked goes through the engine alone: nothing of it is kept, and the chat stays as it is.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot

from engine.process.messages import Generate
from gui.chat.adapter_row import with_strength
from gui.chat.chat_settings import MAX_SEED
from gui.chat.conversation import Beginning, Turn, first_words
from gui.chat.features import ChatParts, Feature
from gui.chat.strength_run import Question, StrengthRun
from gui.chat.words import tr

if TYPE_CHECKING:
    from gui.chat.strength_view import StrengthView

MAX_QUESTION_LETTERS = 160


class Strengths(Feature):
    """The view and what is asked for it; made when it is first opened."""

    def __init__(self, parts: ChatParts) -> None:
        super().__init__(parts)
        self.run = StrengthRun(parts.context.engine, self)
        self.view: StrengthView | None = None
        self._reply_id = ""
        parts.add_action(tr("&Compare adapter strengths"), self.open, None)
        parts.session.chat_opened.connect(self.close)

    def save_state(self) -> None:
        self.run.stop()

    @Slot()
    def open(self) -> None:
        """Show the comparison and ask at each strength; or say what is missing for it."""
        missing = self._missing()
        if missing:
            message, hint = missing
            self.parts.context.notices.show_failure(message, hint)
            return
        view = self._made_view()
        view.set_adapters([one.path for one in self.parts.details.settings.adapters])
        reply = self.parts.session.conversation.last_reply()
        assert reply is not None
        self._reply_id = reply.id
        view.question.setText(self._question_words(reply))
        self.parts.work.show_view(view)
        seed = reply.details.get("seed")
        self._begin(seed if isinstance(seed, int) else random.randrange(MAX_SEED))
        view.close_button.setFocus()

    @Slot()
    def close(self) -> None:
        """Back to the chat."""
        self.run.stop()
        view = self.view
        if view is not None and self.parts.work.pages.currentWidget() is view:
            self.parts.work.show_chat()
            self.parts.desk.focus_composer()

    def _missing(self) -> tuple[str, str] | None:
        parts = self.parts
        if not parts.details.settings.adapters:
            return tr("This chat has no adapter."), tr("Add one in the details at the right.")
        if parts.loader.model is None:
            return tr("No model is loaded."), tr("Choose a model first.")
        if parts.session.is_busy:
            return tr("A reply is being written."), tr("Stop it first, or wait for its end.")
        if parts.session.conversation.last_reply() is None:
            return tr("There is no answer to compare yet."), tr("Ask something first.")
        return None

    def _made_view(self) -> StrengthView:
        from gui.chat.strength_view import StrengthView  # a view that few open

        if self.view is None:
            view = self.view = StrengthView(self.parts.context.theme)
            self.parts.work.add_view(view)
            view.run_asked.connect(self._on_run_asked)
            view.stop_asked.connect(self.run.stop)
            view.close_asked.connect(self.close)
            view.strength_changed.connect(self._on_strength_changed)
            view.use_asked.connect(self._on_use_asked)
            self.run.changed.connect(self._on_answer_changed)
        return self.view

    def _question_words(self, reply: Turn) -> str:
        parent = self.parts.session.conversation.path_to(reply.parent_id)
        words = first_words(parent[-1].content, MAX_QUESTION_LETTERS) if parent else ""
        return tr("Again, with one seed: “{question}”").format(question=words)

    def _begin(self, seed: int) -> None:
        view = self.view
        if view is not None and self._reply_id in self.parts.session.conversation:
            question = Question(self._request, view.path, seed, view.length.value())
            self.run.begin(question, view.strengths)

    def _request(self, job: int) -> Generate:
        """What the reply itself was asked with, by the settings of now."""
        session, model = self.parts.session, self.parts.loader.model
        return session.conversation.request_for(
            self._reply_id,
            job,
            session.settings,
            is_base=model is not None and model.template == "none",
            beginning=Beginning(),
            is_private=True,
        )

    # ---- slots ----

    @Slot(int)
    def _on_answer_changed(self, place: int) -> None:
        if self.view is not None:
            self.view.show_answers(self.run.answers, place)
            self.view.set_running(self.run.is_running)

    @Slot()
    def _on_run_asked(self) -> None:
        self._begin(random.randrange(MAX_SEED))

    @Slot(int, float)
    def _on_strength_changed(self, place: int, strength: float) -> None:
        self.run.ask_again(place, strength)

    @Slot(float)
    def _on_use_asked(self, strength: float) -> None:
        details, view = self.parts.details, self.view
        assert view is not None
        settings = details.settings
        off = {path: one for path, one in settings.adapters_off.items() if path != view.path}
        adapters = with_strength(settings.adapters, view.path, strength)
        details.replace(settings.with_value("adapters", adapters).with_value("adapters_off", off))
        self.close()

"""Adapters in the chat room: added, switched, weighted and taken out; whether they fit the model.

An adapter that was added is tried at once with one token, so that a refusal stands beside it before
a message is sent. The rows: adapter_panel.py. Four strengths side by side: strengths.py.
"""

from pathlib import PurePath

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFileDialog

from engine.process.messages import (
    Adapter,
    AnyEvent,
    Done,
    Failed,
    Generate,
    ListModels,
    ModelInfo,
    ModelList,
    Sampling,
)
from gui.chat.adapter_panel import AdapterPanel
from gui.chat.adapter_row import AS_TRAINED, AdapterRow, with_strength
from gui.chat.chat_settings import MAX_ENTRIES, ChatSettings
from gui.chat.features import ChatParts, Feature
from gui.chat.strengths import Strengths
from gui.chat.words import tr

TRIAL = "a"


class Adapters(Feature):
    """The section "Adapters" and what it does."""

    def __init__(self, parts: ChatParts) -> None:
        super().__init__(parts)
        self.panel = AdapterPanel(parts.context.theme)
        self.strengths = Strengths(parts)
        self._trials: dict[str, int] = {}  # path -> the job that tries it
        parts.details.add_section(tr("Adapters"), self.panel)
        parts.add_action(tr("Add an &adapter…"), self.choose_file, None)
        self._connect()
        self._show(parts.details.settings)

    def _connect(self) -> None:
        parts, panel = self.parts, self.panel
        panel.add_asked.connect(self.add)
        panel.file_asked.connect(self.choose_file)
        panel.listing_asked.connect(self._ask_listing)
        panel.compare_asked.connect(self.strengths.open)
        parts.details.settings_shown.connect(self._show)
        parts.chooser.model_changed.connect(self._on_model_changed)
        parts.session.chat_opened.connect(self._forget_problems)
        parts.replies.failed.connect(self._on_reply_failed)

    @Slot(object)
    def _show(self, settings: ChatSettings) -> None:
        for row in self.panel.show_settings(settings):
            row.strength_changed.connect(self.set_strength)
            row.switched.connect(self.switch)
            row.remove_asked.connect(self.remove)

    def save_state(self) -> None:
        self.strengths.save_state()

    # ---- what a person does ----

    @Slot()
    def choose_file(self) -> None:
        """The system's file dialog."""
        dialog = QFileDialog(self.parts.room, tr("Add an adapter"))
        dialog.setDirectory(str(self.parts.context.paths.models))
        dialog.setNameFilters([tr("Adapters (*.gguf)"), tr("All files (*)")])
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.add)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    @Slot(str)
    def add(self, path: str) -> None:
        """Add an adapter at the strength it was trained with, and try it."""
        self.parts.work.header.details_button.setChecked(True)  # where its row appears
        adapters = self.parts.details.settings.adapters
        if any(one.path == path for one in adapters) or len(adapters) >= MAX_ENTRIES:
            return
        self.parts.details.change("adapters", [*adapters, Adapter(path, AS_TRAINED)])
        self._try(path)

    @Slot(str, float)
    def set_strength(self, path: str, scale: float) -> None:
        details = self.parts.details
        details.change("adapters", with_strength(details.settings.adapters, path, scale))

    @Slot(str, bool)
    def switch(self, path: str, is_on: bool) -> None:
        """Off is strength 0; the strength before is kept beside it."""
        details = self.parts.details
        settings = details.settings
        off = dict(settings.adapters_off)
        if is_on:
            scale = off.pop(path, AS_TRAINED)
        else:
            before = (one.scale for one in settings.adapters if one.path == path)
            scale, off[path] = 0.0, next(before, AS_TRAINED)
        settings = settings.with_value("adapters", with_strength(settings.adapters, path, scale))
        details.replace(settings.with_value("adapters_off", off))

    @Slot(str)
    def remove(self, path: str) -> None:
        """Take an adapter out of the chat; its file stays."""
        details = self.parts.details
        kept = [one for one in details.settings.adapters if one.path != path]
        off = {key: one for key, one in details.settings.adapters_off.items() if key != path}
        settings = details.settings.with_value("adapters", kept)
        details.replace(settings.with_value("adapters_off", off))
        self.panel.add.setFocus()

    # ---- the library ----

    @Slot()
    def _ask_listing(self) -> None:
        context = self.parts.context
        folders = [str(context.paths.models), *context.settings.value.models_folders]
        if not context.engine.is_ready:
            self.panel.show_listing([], tr("The engine is starting; try again in a moment"))
            return
        context.engine.submit(lambda job: ListModels(job=job, folders=folders), self._on_listing)

    def _on_listing(self, event: AnyEvent) -> None:
        if isinstance(event, Done) and isinstance(event.result, ModelList):
            found = [one for one in event.result.models if one.kind == "adapter"]
            self.panel.show_listing(found)
        elif isinstance(event, Failed):
            self.panel.show_listing([], event.message)

    # ---- does it fit? ----

    def _try(self, path: str) -> None:
        """Draw one token with the adapter alone; the engine says what is against it."""
        engine = self.parts.context.engine
        if self.parts.loader.model is None:
            return  # tried when there is a model

        def make_request(job: int) -> Generate:
            return Generate(
                job=job,
                prompt=TRIAL,
                max_tokens=1,
                sampling=Sampling(temperature=0.0),
                adapters=[Adapter(path, AS_TRAINED)],
                logprobs=False,
                private=True,
            )

        def hear(event: AnyEvent) -> None:
            if self._trials.get(path) == event.job and isinstance(event, Done | Failed):
                del self._trials[path]
                self._show_problem(path, _words(event) if isinstance(event, Failed) else "")

        self._trials[path] = engine.submit(make_request, hear)

    @Slot(object)
    def _on_model_changed(self, model: ModelInfo | None) -> None:
        self._forget_problems()
        if model is not None:
            for path in self.panel.rows:
                self._try(path)

    @Slot()
    def _forget_problems(self) -> None:
        self._trials.clear()
        for row in self.panel.rows.values():
            row.show_problem("")

    @Slot(object)
    def _on_reply_failed(self, failure: Failed) -> None:
        for path in self.panel.rows:
            if "adapter" in failure.message and PurePath(path).name in failure.message:
                self._show_problem(path, _words(failure))

    def _show_problem(self, path: str, words: str) -> None:
        row: AdapterRow | None = self.panel.rows.get(path)
        if row is not None:
            row.show_problem(words)


def _words(failure: Failed) -> str:
    return f"{failure.message} {failure.hint}".strip()

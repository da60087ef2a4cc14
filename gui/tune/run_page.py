"""The fifth page: a run as it goes, with its answers and checkpoints, each of which can be chatted
with.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from engine.errors import AppError
from finetune.run.folder import RunFolder
from finetune.run.state import RunSummary
from gui.run_record import RunRecord
from gui.staged.loss_card import tuning_loss
from gui.staged.run_actions import Resume
from gui.staged.run_notes import RunNotes
from gui.staged.run_view import RunView, RunViewFacts
from gui.tune.field_words import field_names
from gui.tune.parts import TuneParts
from gui.tune.run_details import RunDetails
from gui.tune.time_machine import TimeMachine
from gui.tune.to_chat import chat_with, chat_with_whole
from gui.tune.words import tr


class RunPage(RunView):
    """Args:
    resume: starts a run's process again; for tests.
    """

    def __init__(
        self, parts: TuneParts, parent: QWidget | None = None, resume: Resume | None = None
    ) -> None:
        facts = RunViewFacts("tune", "sft", field_names(), tuning_loss())
        super().__init__(parts.context, parts.state, parts.add_action, facts, parent, resume)
        self.parts = parts
        self.pane = RunDetails(parts.context.theme, self.run_actions)
        self.machine = TimeMachine(parts.context.theme)
        self.machine.step_chosen.connect(self._on_step_chosen)
        self.machine.chat_asked.connect(lambda _step: self.chat(is_beside_base=False))
        self.pane.chat_asked.connect(lambda beside: self.chat(is_beside_base=beside))
        self.pane.result_asked.connect(lambda: self.parts.show_page("result"))
        self.begin([self.machine])

    @property
    def notes(self) -> RunNotes:
        return self.pane.notes

    def details(self) -> QWidget | None:
        return self.pane

    # ---- showing ----

    def parts_of(self, run: RunSummary, record: RunRecord) -> list[Callable[[], object]]:
        return [partial(self._show_moments, record)]

    def _show_moments(self, record: RunRecord) -> None:
        self.machine.set_record(record)
        self._show_details(record)

    def on_other_run(self, record: RunRecord | None) -> None:
        if record is not None:
            self.machine.set_record(record, is_other=True)

    def _show_details(self, record: RunRecord) -> None:
        found = self.machine.checkpoint()
        self.pane.set_record(record, found.step if found is not None else None)
        self.parts.state.choose_checkpoint(found.folder if found is not None else "")
        self.show_notes(record, record.config.out.notes if record.config is not None else "")

    @Slot(int)
    def _on_step_chosen(self, _step: int) -> None:
        self._show_details(self.record())

    # ---- asking ----

    def chat(self, *, is_beside_base: bool) -> None:
        """Chat with the checkpoint looked at."""
        record, found = self.record(), self.machine.checkpoint()
        if found is None or record.config is None:
            return
        is_full = record.config.train.method == "full"
        name = "model.gguf" if is_full else "adapter.gguf"
        made = RunFolder(Path(self._path)).checkpoints / found.folder / name
        if not made.is_file():
            self.parts.context.notices.show_failure(
                tr("This checkpoint has no model that can be chatted with.")
                if is_full
                else tr("This checkpoint has no adapter that can be chatted with."),
                tr("Older checkpoints are removed as better ones come; choose another step."),
            )
            return
        base = record.result.base if record.result is not None else record.config.base.path
        context = self.parts.context
        try:
            if is_full:
                chat_with_whole(context, base, str(made), is_beside_base=is_beside_base)
            else:
                chat_with(context, base, str(made), is_beside_base=is_beside_base)
        except AppError as error:
            self.parts.context.notices.show_error(error)

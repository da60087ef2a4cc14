"""The fourth page: a model as it is raised, live or years later. Bits per byte fall, one token's
probabilities shift, samples become language; every checkpoint can be opened while it goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from finetune.run.folder import RunFolder
from finetune.run.state import RunSummary
from gui.pretrain.checkpoint_lines import AGAINST, CHAT
from gui.pretrain.field_words import field_names
from gui.pretrain.merges_line import MergesLine
from gui.pretrain.next_token_card import NextTokenCard
from gui.pretrain.parts import PretrainParts
from gui.pretrain.raising_details import RaisingDetails
from gui.pretrain.raising_words import PhaseClock, bits_loss, raising_words
from gui.pretrain.samples_card import SamplesCard
from gui.pretrain.side_by_side import SideBySide
from gui.pretrain.words import tr
from gui.run_record import Checkpoint, RunRecord
from gui.staged.run_actions import Resume
from gui.staged.run_notes import RunNotes
from gui.staged.run_view import RunView, RunViewFacts
from gui.tokens.from_chat import OPEN_TEXT, OPEN_TOKENIZER, Origin
from gui.tune.to_chat import compare_models, write_with

GGUF = "model.gguf"  # of each checkpoint


class RaisingPage(RunView):
    """Args:
    resume: starts a run's process again; for tests.
    """

    def __init__(
        self, parts: PretrainParts, parent: QWidget | None = None, resume: Resume | None = None
    ) -> None:
        facts = RunViewFacts("pretrain", "pretrain", field_names(), bits_loss())
        super().__init__(parts.context, parts.state, parts.add_action, facts, parent, resume)
        self.parts = parts
        theme = parts.context.theme
        self._clock = PhaseClock()
        self.token, self.samples = NextTokenCard(theme), SamplesCard(theme)
        self.moments = self.token.moments
        self.merges = MergesLine(theme)
        self.pane = RaisingDetails(theme, self.run_actions)
        self.moments.chosen.connect(self._on_moment)
        self.samples.step_asked.connect(self.moments.choose)
        self.pane.checkpoints.step_asked.connect(self.moments.choose)
        self.pane.checkpoints.asked.connect(self.open_checkpoint)
        self.pane.next_asked.connect(lambda key: parts.show_page(key))
        parts.add_action(tr("&Write with the checkpoint looked at"), self.open_looked_at, None)
        self.pane.show_next(_pages())
        self.begin([SideBySide(theme, self.token, self.samples), self.merges])

    @property
    def notes(self) -> RunNotes:
        return self.pane.notes

    def details(self) -> QWidget | None:
        return self.pane

    def header_words(self) -> str:
        run = self.summary()
        return raising_words(run, self.record()) if run is not None else ""

    # ---- showing ----

    def parts_of(self, run: RunSummary, record: RunRecord) -> list[Callable[[], object]]:
        return [
            partial(self.token.set_record, record),
            lambda: self.samples.set_record(record, self.moments.step),
            partial(self.merges.set_record, record),
            partial(self._show_details, record),
        ]

    def on_other_run(self, record: RunRecord | None) -> None:
        self._clock = PhaseClock()
        if record is not None:
            self.token.set_record(record, is_other=True)

    def waiting_words(self, run: RunSummary, record: RunRecord) -> str:
        words = super().waiting_words(run, record)
        left = self._clock.words(record.phase)
        return f"{words} · {left}" if words and left else words

    def _show_details(self, record: RunRecord) -> None:
        found = self.moments.checkpoint()
        self.pane.set_record(record, found)
        self.parts.state.choose_checkpoint(found.folder if found is not None else "")
        self.show_notes(record, record.raising.out.notes if record.raising is not None else "")

    @Slot(int)
    def _on_moment(self, step: int) -> None:
        self.samples.look_at(step)
        found = self.moments.checkpoint()
        self.pane.look_at(self.record(), found)
        self.parts.state.choose_checkpoint(found.folder if found is not None else "")

    # ---- opening ----

    def open_looked_at(self) -> None:
        """A notebook with the checkpoint of the moment looked at."""
        found = self.moments.checkpoint()
        if not self.isVisible() or found is None:
            self.parts.context.notices.tell(tr("There is no checkpoint yet"))
        else:
            self.open_checkpoint(CHAT, found)

    @Slot(str, object)
    def open_checkpoint(self, where: str, checkpoint: Checkpoint) -> None:
        """In the Chat room, in Tokens, or beside another; the run goes on meanwhile."""
        model = self._file_of(checkpoint)
        if not model.is_file():
            self.parts.context.notices.show_failure(
                tr("This checkpoint has no model file that can be opened."),
                tr("Choose another step; it may have been moved or deleted."),
                str(model),
            )
        elif where == CHAT:
            write_with(self.parts.context, str(model), self._beginning())
        elif where == AGAINST:
            other = self._file_of(self._other_than(checkpoint))
            compare_models(self.parts.context, str(model), str(other))
        else:
            self._open_tokens(model, checkpoint)

    def _file_of(self, checkpoint: Checkpoint) -> Path:
        return RunFolder(Path(self._path)).checkpoints / checkpoint.folder / GGUF

    def _other_than(self, checkpoint: Checkpoint) -> Checkpoint:
        """What it is compared with: the newest; the newest itself with the one before."""
        saved = self.record().checkpoints
        return saved[-1] if saved[-1] != checkpoint or len(saved) < 2 else saved[-2]

    def _beginning(self) -> str:
        """What the model is to go on with: the beginning whose samples are looked at."""
        return str(self.samples.prompt.currentData() or "")

    def _open_tokens(self, model: Path, checkpoint: Checkpoint) -> None:
        context, run = self.parts.context, self.summary()
        prompt = self._beginning()
        said = self.record().answer(checkpoint.step, prompt) or ""
        name = run.name if run is not None else ""
        title = tr("step {step} of {name}").format(step=f"{checkpoint.step:,}", name=name)
        context.rooms["tokens"]()
        context.openers[OPEN_TOKENIZER](str(model))
        if text := f"{prompt}{said}":
            context.openers[OPEN_TEXT](text, Origin("", title, room="pretrain"))


def _pages() -> set[str]:
    """Which pages the room has."""
    from gui.pretrain.page_table import page_entries

    return {one.key for one in page_entries()}

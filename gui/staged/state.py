"""What a staged room is about at the moment: what is being planned (the draft), and the run that is
looked at. Pages hear of changes here and know nothing of one another.
"""

from __future__ import annotations

from typing import Any, Generic

from PySide6.QtCore import QObject, Signal

from finetune.run.folder import RunFolder
from finetune.run_toml import C, changed


class StagedState(QObject, Generic[C]):
    """The draft is always there: a run that is started leaves it as it was, for the next one.

    Attributes: draft (its configuration), run (the run looked at; None: the draft), checkpoint
    (name of the checkpoint looked at, "" for the newest).
    """

    draft_changed = Signal()
    run_chosen = Signal()
    checkpoint_chosen = Signal()

    def __init__(self, draft: C, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.draft: C = draft
        self.run: RunFolder | None = None
        self.checkpoint = ""

    def change(self, **fields: Any) -> None:
        """Change the draft; names as "table__field"."""
        self.set_draft(changed(self.draft, **fields))

    def set_draft(self, draft: C) -> None:
        if draft == self.draft:
            return
        before, self.draft = self.draft, draft
        self.forget(before, draft)
        self.draft_changed.emit()

    def forget(self, before: C, after: C) -> None:
        """Let go of what was known of the draft before and does not hold for the one after."""

    def choose_run(self, run: RunFolder | None) -> None:
        """Look at a run, or at the draft."""
        if run != self.run:
            self.run, self.checkpoint = run, ""
            self.run_chosen.emit()

    def choose_checkpoint(self, name: str) -> None:
        if name != self.checkpoint:
            self.checkpoint = name
            self.checkpoint_chosen.emit()

"""A checkpoint as files for others: one GGUF of any type, tokenizer inside, or a folder in the
Hugging Face layout; held against torch before it is said to be done.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from engine.process.pretrain_messages import Exported, ExportRaised
from engine.process.tune_messages import Parity
from finetune.run.folder import slug
from gui.pretrain.raised_look import RaisedLook
from gui.pretrain.raising_words import parity_facts
from gui.pretrain.words import tr
from gui.side_worker import SideWorker
from gui.staged.cards import Card, Facts
from gui.theme import Theme
from gui.tune.product_jobs import ProductJobs
from gui.widgets.calm_combo import CalmComboBox
from gui.widgets.flow import FlowLayout
from gui.widgets.kinds import button, label

KINDS = ("F32", "F16", "Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q4_0")
SAFETENSORS = "safetensors"
MOST_OF_A_NAME = 1_000


class ExportCard(Card):
    """Writes the chosen checkpoint. models: the folder that new models go to."""

    write_asked = Signal(str)  # a file that was made: in Chat's raw mode

    def __init__(
        self,
        theme: Theme,
        look: RaisedLook,
        heavy: SideWorker,
        models: Path,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(theme, tr("Files for other programs"), parent)
        self._look, self._models = look, models
        self._told: list[Parity] = []  # of what was written just now
        self.words = label(
            tr(
                "Every checkpoint is a GGUF already. Here one is written of another type, beside "
                "your models, or as safetensors with config and tokenizer, for transformers. It "
                "has no chat template: a base is offered raw text."
            ),
            "dim",
            wrap=True,
        )
        self.kind = CalmComboBox(self)
        self.kind.setAccessibleName(tr("Type of the weights"))
        self.kind.setToolTip(tr("How many bits a weight has: fewer are smaller and less exact"))
        self.kind.add_choices([(one, one) for one in KINDS])
        self.gguf = button(
            tr("Write GGUF"), "", tr("One file with weights and tokenizer, beside your models")
        )
        self.folder = button(
            tr("Hugging Face folder…"), "", tr("safetensors, config.json and tokenizer.json")
        )
        self.jobs = ProductJobs(theme, heavy)
        self.jobs.chat.setText(tr("Write with this file"))
        self.jobs.chat.setToolTip(tr("Load it in Chat’s raw mode"))
        self.parity_words = label(
            tr("Parity: torch, transformers and llama.cpp on the same held-out tokens"), "dim"
        )
        self.parity_words.setWordWrap(True)
        self.parity = Facts(theme)
        row = FlowLayout()
        row.setSpacing(theme.px(10))
        for part in (self.kind, self.gguf, self.folder):
            row.addWidget(part)
        self.column.addWidget(self.words)
        self.column.addLayout(row)
        for below in (self.jobs, self.parity_words, self.parity):
            self.column.addWidget(below)
        self._connect()
        self.show_parity()

    def _connect(self) -> None:
        self.gguf.clicked.connect(self._on_gguf)
        self.folder.clicked.connect(self._on_folder)
        self.jobs.made.connect(self._on_made)
        self.jobs.chat_asked.connect(self.write_asked)
        self.jobs.running_changed.connect(self._on_running)
        self._look.run_changed.connect(self._on_other)
        self._look.checkpoint_changed.connect(self._on_other)
        self._look.changed.connect(self.show_parity)

    # ---- what a person asks ----

    @Slot()
    def _on_gguf(self) -> None:
        kind = str(self.kind.currentData())
        stem = slug(f"{self._look.name}-{self._look.checkpoint}")
        self.export(str(_free(self._models, f"{stem}-{kind}")), kind)

    @Slot()
    def _on_folder(self) -> None:
        dialog = QFileDialog(self, tr("An empty folder for the files"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(lambda path: self.export(path, SAFETENSORS))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def export(self, target: str, kind: str) -> None:
        """Write the chosen checkpoint there."""
        run, name = self._look.run, self._look.checkpoint
        if run is None or not name:
            return
        path = str(run.path)
        self.jobs.run(
            tr("Writing {kind}").format(kind=kind),
            lambda job: ExportRaised(job=job, run=path, target=target, kind=kind, checkpoint=name),
        )

    # ---- what came of it ----

    @Slot(object)
    def _on_made(self, made: Exported) -> None:
        self._told = list(made.parity)
        self.show_parity()

    @Slot(bool)
    def _on_running(self, is_running: bool) -> None:
        for part in (self.kind, self.gguf, self.folder):
            part.setEnabled(not is_running)

    @Slot()
    def _on_other(self) -> None:
        """What was written was of another checkpoint."""
        self._told = []
        self.jobs.clear()
        self.show_parity()

    @Slot()
    def show_parity(self) -> None:
        """Of what was written just now, else what the run measured at its end."""
        told: Sequence[Parity] = self._told
        if not told and self._look.checkpoint and self._look.checkpoint == self._look.best:
            told = self._look.record.parity
        self.parity_words.setVisible(bool(told))
        self.parity.setVisible(bool(told))
        self.parity.set_facts(parity_facts(told))


def _free(folder: Path, stem: str) -> Path:
    """A file that is not there yet."""
    names = (stem, *(f"{stem}-{n}" for n in range(2, MOST_OF_A_NAME)))
    return next(path for name in names if not (path := folder / f"{name}.gguf").exists())

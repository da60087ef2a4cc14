"""What a person asks to be made of a run, as requests: merged, exported, brought in, handed over.
Between the cards that ask and the jobs that run.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Slot

from engine.process.tune_messages import ExportPeft, HandOver, ImportPeft, MergeRun
from finetune.run.folder import RunFolder, slug
from gui.tune.hand_over_card import HandOverCard
from gui.tune.merge_card import MergeCard
from gui.tune.product_jobs import ProductJobs
from gui.tune.words import tr

MOST_OF_A_NAME = 1_000


class ProductFiles(QObject):
    """Args:
    models: the folder that new models go to.

    Attributes: imported (the adapter that was brought in last).
    """

    def __init__(
        self,
        models: Path,
        jobs: ProductJobs,
        merge: MergeCard,
        hand_over: HandOverCard,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._models, self._jobs = models, jobs
        self._merge, self._hand_over = merge, hand_over
        self._run, self._name, self._base = "", "", ""
        self._strength: Callable[[], float] = lambda: 1.0
        self.imported = ""
        merge.merge_asked.connect(self._on_merge)
        hand_over.export_asked.connect(self._on_export)
        hand_over.import_asked.connect(self._on_import)
        hand_over.hand_over_asked.connect(self._on_hand_over)
        hand_over.upload_asked.connect(self._on_upload)
        jobs.running_changed.connect(self._on_running)

    def set_run(self, run: str, name: str, base: str, strength: Callable[[], float]) -> None:
        """What is to be made something of: a run's folder, its name, its base's file."""
        self._run, self._base, self._strength = run, base, strength
        self._name = slug(name) or Path(run).name

    def _free_path(self, stem: str) -> str:
        """A file among the models that is not there yet."""
        names = [f"{stem}.gguf", *(f"{stem}-{n}.gguf" for n in range(2, MOST_OF_A_NAME))]
        return str(
            next(self._models / name for name in names if not (self._models / name).exists())
        )

    # ---- slots ----

    @Slot(str, str)
    def _on_merge(self, kind: str, source: str) -> None:
        out = self._free_path(f"{self._name}-{kind or 'merged'}")
        run, scale = self._run, self._strength()
        self._jobs.run(
            tr("Merging"),
            lambda job: MergeRun(
                job=job, run=run, out=out, scale=scale, quantisation=kind, source=source
            ),
        )

    @Slot(str)
    def _on_export(self, folder: str) -> None:
        out, run = str(Path(folder) / f"{self._name}-peft"), self._run
        self._jobs.run(tr("Exporting"), lambda job: ExportPeft(job=job, run=run, out=out))

    @Slot(str)
    def _on_import(self, folder: str) -> None:
        base, out = self._base, self._free_path(f"{slug(Path(folder).name) or 'peft'}-adapter")
        self.imported = out
        self._jobs.run(
            tr("Reading the adapter"),
            lambda job: ImportPeft(job=job, folder=folder, base=base, out=out),
        )

    @Slot(str)
    def _on_hand_over(self, to: str) -> None:
        run, words = self._run, tr("Handing over")
        out = str(RunFolder(Path(run)).product / "ollama")
        if to == "ollama":
            self._jobs.run(words, lambda job: HandOver(job=job, run=run, to="ollama", out=out))
        else:
            self._jobs.run(words, lambda job: HandOver(job=job, run=run, to="lm_studio"))

    @Slot(str, bool)
    def _on_upload(self, repository: str, is_private: bool) -> None:
        run = self._run
        self._jobs.run(
            tr("Uploading"),
            lambda job: HandOver(
                job=job, run=run, to="hub", repository=repository, is_private=is_private
            ),
        )

    @Slot(bool)
    def _on_running(self, is_running: bool) -> None:
        """One thing at a time."""
        hand_over = self._hand_over
        buttons = (hand_over.export, hand_over.bring, hand_over.ollama, hand_over.lm_studio)
        for one in (self._merge.merge, *buttons, hand_over.hub):
            one.setEnabled(not is_running)

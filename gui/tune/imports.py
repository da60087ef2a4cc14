"""Files and datasets of the hub on their way to being rows: one at a time, shown by a strip, with
the form that asked waiting for its end.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from engine.process.messages import Failed
from engine.process.tune_messages import DatasetInfo, ImportFile, ImportHub
from gui.staged.job_strip import JobStrip
from gui.tune.rows_desk import RowsDesk
from gui.tune.source_form import SourceForm
from gui.tune.words import tr


class Imports(QObject):
    """What fails is said in the form, which is as it was."""

    taken = Signal(object)  # DatasetInfo, in use by then

    def __init__(self, desk: RowsDesk, strip: JobStrip, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk, self._strip = desk, strip

    def take_file(
        self,
        form: SourceForm,
        path: str,
        row_format: str,
        mapping: dict[str, str],
        name: str,
        dataset: str,
    ) -> None:
        """A whole file. dataset: id of the one that gets its rows, "" for a new one."""
        called = name or Path(path).stem
        job = self._desk.ask(
            lambda job: ImportFile(
                job=job,
                path=path,
                name=called,
                format=row_format,
                mapping=mapping,
                dataset=dataset,
            ),
            partial(self._on_taken, form),
            partial(self._on_failed, form),
            self._strip.hear,
        )
        self._begin(job, tr("Taking “{name}”").format(name=Path(path).name), form)

    def take_hub(
        self, form: SourceForm, repository: str, file: str, name: str, n_rows: int
    ) -> None:
        """A dataset of the hub. n_rows 0: all of it."""
        job = self._desk.ask(
            lambda job: ImportHub(
                job=job, repository=repository, file=file, name=name, n_rows_max=n_rows
            ),
            partial(self._on_taken, form),
            partial(self._on_failed, form),
            self._strip.hear,
        )
        self._begin(job, tr("Fetching {name}").format(name=repository), form)

    def _begin(self, job: int, words: str, form: SourceForm) -> None:
        form.say_problem("")
        form.end_button.setEnabled(False)

        def stop() -> None:
            self._desk.parts.worker.cancel(job)
            form.end_button.setEnabled(True)

        self._strip.begin(words, stop)

    def _on_taken(self, form: SourceForm, info: DatasetInfo) -> None:
        self._strip.end()
        form.end_button.setEnabled(True)
        self._desk.use(info)
        self.taken.emit(info)

    def _on_failed(self, form: SourceForm, failed: Failed) -> None:
        self._strip.end()
        form.end_button.setEnabled(True)
        form.say_failed(failed)

"""Work on a run's product by the heavy worker: one thing at a time, with progress, Stop, and what
came of it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.process.messages import AnyRequest, Failed
from engine.process.pretrain_messages import Exported
from engine.process.tune_messages import Converted
from gui.side_worker import SideWorker
from gui.staged.job_strip import JobStrip
from gui.theme import Theme
from gui.tune.words import tr
from gui.widgets.kinds import button, label, set_kind
from gui.widgets.plain_tip import plain_tip

Make = Callable[[int], AnyRequest]
Made = Converted | Exported


class ProductJobs(QWidget):
    """Hidden until there is something to say."""

    made = Signal(object)  # Made
    chat_asked = Signal(str)  # a model's file
    running_changed = Signal(bool)

    def __init__(self, theme: Theme, heavy: SideWorker, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._heavy = theme, heavy
        self._job, self._path = 0, ""
        self._then: Callable[[Made], object] | None = None
        self.strip = JobStrip(theme, self)
        self.words = label("", "", wrap=True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.chat = button(tr("Chat with this model"), "", tr("Load the file in the Chat room"))
        self.folder = button(tr("Open its folder"), "link", tr("In the system’s file manager"))
        row = QHBoxLayout()
        for one in (self.chat, self.folder):
            row.addWidget(one)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.strip)
        column.addWidget(self.words)
        column.addLayout(row)
        self.chat.clicked.connect(lambda: self.chat_asked.emit(self._path))
        self.folder.clicked.connect(self._on_folder)
        self.clear()

    @property
    def is_running(self) -> bool:
        return self._job != 0

    def clear(self) -> None:
        """Another run is looked at: what came of work on the one before is not told any more."""
        self.stop()
        self._show("", "", "")

    def run(self, what: str, make: Make, then: Callable[[Made], object] | None = None) -> None:
        """Begin, unless something is under way.

        Args:
            what: what it is called while it runs.
            then: hears the result too.
        """
        if self.is_running:
            return
        self._then = then
        self._show("", "", "")
        self.show()
        self._job = -1  # before the asking: what fails at once is heard within it
        job = self._heavy.ask(make, self._on_made, self._on_failed, self.strip.hear)
        if self._job == -1:
            self._job = job or -1
            self.strip.begin(what, self.stop)
            self.running_changed.emit(True)

    @Slot()
    def stop(self) -> None:
        """End what runs; nothing of it is left."""
        job, self._job = self._job, 0
        if job > 0:
            self._heavy.cancel(job)
        self.strip.end()
        self.running_changed.emit(False)

    def _on_made(self, result: Made) -> None:
        self._end()
        words = result.words or tr("Written: {path}").format(path=result.path)
        self._show(f"✓ {words}", "good", result.path)
        self.made.emit(result)
        if self._then is not None:
            self._then(result)

    def _on_failed(self, failed: Failed) -> None:
        self._end()
        self._show(f"✗ {failed.message} {failed.hint}".strip(), "bad", "")

    def _end(self) -> None:
        self._job = 0
        self.strip.end()
        self.running_changed.emit(False)

    def _show(self, words: str, kind: str, path: str) -> None:
        self._path = path
        set_kind(self.words, kind)
        self.words.setText(words)
        self.words.setVisible(bool(words))
        self.chat.setVisible(path.endswith(".gguf"))
        self.folder.setVisible(bool(path))
        self.folder.setToolTip(plain_tip(path))
        self.setVisible(bool(words))

    @Slot()
    def _on_folder(self) -> None:
        path = Path(self._path)
        folder = path if path.suffix == "" else path.parent
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

"""A Hugging Face folder as a base: looked at, made a GGUF once, and how near that is to what it was
made from. A card that is there only while there is a folder.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from engine.process.messages import Failed
from engine.process.tune_messages import (
    BaseInfo,
    Converted,
    ConvertFolder,
    DescribeBase,
    Parity,
)
from finetune.export.converted import converted_names, free_name
from gui.staged.job_strip import JobStrip
from gui.tune.base_words import base_line
from gui.tune.parts import TuneParts
from gui.tune.words import tr
from gui.widgets.announce import announce
from gui.widgets.flow import FlowLayout
from gui.widgets.flow_pane import FlowPane
from gui.widgets.kinds import button, label, set_kind


class FolderBase(QFrame):
    """Asks the room's workers; tells of the file that was made."""

    made = Signal(str)  # path of the GGUF

    def __init__(self, parts: TuneParts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self.folder, self._job = "", 0
        self.setProperty("kind", "card")
        self.name = label("", "heading", wrap=True)
        self.words = label("", "dim", wrap=True)
        self.convert_button = button(
            tr("Make it a GGUF"),
            "primary",
            tr(
                "Written once beside your models; then it is chatted with and taught like any other"
            ),
        )
        self.use_button = button("", "primary", tr("It was made from a folder of this name before"))
        self.close_button = button(tr("Not this one"), "quiet", tr("Leave the folder as it is"))
        self.strip = JobStrip(parts.context.theme, self)
        self._lay_out()
        self.convert_button.clicked.connect(self.convert)
        self.use_button.clicked.connect(lambda: self.made.emit(str(self._before)))
        self.close_button.clicked.connect(self.leave)
        self.hide()

    def _lay_out(self) -> None:
        buttons = FlowPane()
        flow = FlowLayout(buttons)
        flow.setSpacing(8)
        for one in (self.use_button, self.convert_button, self.close_button):
            flow.addWidget(one)
        column = QVBoxLayout(self)
        for part in (self.name, self.words, self.strip, buttons):
            column.addWidget(part)

    @property
    def target(self) -> Path:
        """The file that it becomes: none that is there already."""
        return free_name(self._parts.context.paths.models, Path(self.folder))

    @property
    def _before(self) -> Path:
        """What one of that name made before is called."""
        return next(converted_names(self._parts.context.paths.models, Path(self.folder)))

    def look_at(self, folder: str) -> None:
        """Show what a folder is."""
        self.folder = folder
        self.name.setText(Path(folder).name)
        self._say(tr("Looking at it…"))
        self._offer(can_convert=False)
        self.show()
        self._parts.worker.ask(
            lambda job: DescribeBase(job=job, path=folder),
            lambda info: self._on_described(folder, info),
            lambda failed: self._on_failed(folder, failed),
        )

    @Slot()
    def convert(self) -> None:
        """Make it a GGUF."""
        folder, out = self.folder, str(self.target)
        self._offer(can_convert=False)
        self._job = self._parts.heavy.ask(
            lambda job: ConvertFolder(job=job, folder=folder, out=out),
            lambda result: self._on_converted(folder, result),
            lambda failed: self._on_failed(folder, failed),
            self.strip.hear,
        )
        self.strip.begin(tr("Making it a GGUF"), self._stop)

    @Slot()
    def leave(self) -> None:
        """The folder is wanted no more."""
        if self.strip.is_running:
            self._stop()
        self.folder = ""
        self.hide()

    def _stop(self) -> None:
        # A cancelled job is heard of no more.
        self._parts.heavy.cancel(self._job)
        self.strip.end()
        self._say(tr("Stopped; nothing was written."))
        self._offer(can_convert=True)

    def _on_described(self, folder: str, info: BaseInfo) -> None:
        if folder != self.folder:
            return
        lines = [base_line(info), "" if info.reason else info.note]
        self._say("\n".join(filter(None, lines)), "bad" if info.reason else "dim")
        self._offer(can_convert=not info.reason)

    def _on_converted(self, folder: str, result: Converted) -> None:
        self.strip.end()
        if folder == self.folder:
            parity = "\n".join(parity_words(one) for one in result.parity)
            made = tr("“{name}” was made.").format(name=Path(result.path).name)
            self._say("\n".join(filter(None, (made, parity, result.words))))
        self.made.emit(result.path)

    def _on_failed(self, folder: str, failed: Failed) -> None:
        self.strip.end()
        if folder == self.folder:
            self._say(f"{failed.message} {failed.hint}".strip(), "bad")
            self._offer(can_convert=False)

    def _say(self, words: str, kind: str = "dim") -> None:
        self.words.setText(words)
        set_kind(self.words, kind)
        announce(self, words)

    def _offer(self, *, can_convert: bool) -> None:
        self.convert_button.setVisible(can_convert)
        before = self._before
        self.use_button.setText(tr("Use “{name}”").format(name=before.name))
        self.use_button.setVisible(can_convert and before.exists())


def parity_words(parity: Parity) -> str:
    """How near llama.cpp's reading of a file is to torch's reading of what it was made from."""
    words = tr("torch and llama.cpp agree on {top1} of the likeliest tokens, mean KL {kl}").format(
        top1=f"{parity.top1 * 100:.1f} %", kl=f"{parity.mean_kl:.4f}"
    )
    return f"{words}; {parity.cause}" if parity.cause else f"{words}."

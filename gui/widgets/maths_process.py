"""The process beside the window that draws formulas: started when it is asked, asked by line,
answering by line and in order."""

import json
import sys
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal, Slot

import gui

END_MS = 1_000
# Answers that are heard in one go: each becomes a picture, and the window has other things to do.
AT_ONCE = 8


class MathsProcess(QObject):
    """One child at a time. Nothing here waits, but `stop` for a process that was just killed."""

    answered = Signal(dict)  # the oldest question's answer
    died = Signal()  # while a question was open; it knows none of them any more

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None
        self._n_open = 0

    def ask(self, question: dict[str, Any]) -> None:
        """One more question; the answer comes behind those of the questions before it."""
        if self._process is None:
            self._process = self._started()
        self._n_open += 1
        self._process.write(json.dumps(question).encode() + b"\n")

    def stop(self) -> None:
        """End it at once. Open questions are forgotten."""
        process, self._process = self._process, None
        self._n_open = 0
        if process is None:
            return
        process.blockSignals(True)
        process.kill()
        process.waitForFinished(END_MS)
        process.deleteLater()

    def _started(self) -> QProcess:
        process = QProcess(self)
        environment = QProcessEnvironment.systemEnvironment()
        environment.insert("PYTHONUTF8", "1")
        process.setProcessEnvironment(environment)
        # `-m` looks into the working folder first: ours, not wherever the user happens to stand.
        process.setWorkingDirectory(str(Path(gui.__path__[0]).parent))
        # Its complaints about a formula are no one's: the formula shows its source.
        process.setStandardErrorFile(QProcess.nullDevice())
        process.readyReadStandardOutput.connect(self._on_output)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        process.start(sys.executable, ["-m", "gui.widgets.maths_child"])
        return process

    @Slot()
    def _on_output(self) -> None:
        self._hear(AT_ONCE)
        if self._process is not None and self._process.canReadLine():
            QTimer.singleShot(0, self, self._on_output)

    def _hear(self, n_lines: int) -> None:
        """Take so many answers, if they are there."""
        while n_lines and self._process is not None and self._process.canReadLine():
            n_lines -= 1
            self._n_open -= 1
            self.answered.emit(json.loads(bytes(self._process.readLine().data())))

    @Slot()
    def _on_finished(self) -> None:
        self._hear(self._n_open)
        self._lose()

    @Slot(QProcess.ProcessError)
    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._lose()

    def _lose(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.deleteLater()
        was_open, self._n_open = self._n_open > 0, 0
        if was_open:
            self.died.emit()

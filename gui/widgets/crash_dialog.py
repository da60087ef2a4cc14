"""The dialog for a bug: says so, keeps what an engineer needs, offers to copy it. Not modal:
the window goes on."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from gui.widgets.kinds import button, label

MAX_REPORTS = 20


class CrashDialog(QDialog):
    """All bugs since it was opened, one report under the other."""

    def __init__(self, mono: QFont, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("A bug in Bathysphere"))
        self._n_reports = 0
        self.report = QPlainTextEdit()
        self.report.setReadOnly(True)
        self.report.setFont(mono)
        self.report.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.report.setTabChangesFocus(True)
        self.report.setAccessibleName(self.tr("Report"))
        self.copy_button = button(self.tr("Copy report"), "primary")
        self.copy_button.clicked.connect(self.copy)
        self.close_button = button(self.tr("Close"))
        self.close_button.clicked.connect(self.close)
        self._lay_out()
        self.resize(720, 440)

    def add_report(self, report: str) -> None:
        """Append a report; after twenty more are only counted by the log."""
        self._n_reports += 1
        if self._n_reports <= MAX_REPORTS:
            self.report.appendPlainText(report.rstrip() + "\n")

    def copy(self) -> None:
        """The reports, to the clipboard."""
        QGuiApplication.clipboard().setText(self.report.toPlainText())

    def _lay_out(self) -> None:
        words = label(
            self.tr(
                "Something happened that should not have. What you wrote is on disk, and you can "
                "go on; if the window behaves oddly, close it and open it again. The report below "
                "says what an engineer needs to mend it. It has not been sent anywhere."
            ),
            "dim",
            wrap=True,
        )
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        buttons.addWidget(self.copy_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        column.addWidget(label(self.tr("This is a bug"), "title"))
        column.addWidget(words)
        column.addWidget(self.report, 1)
        column.addLayout(buttons)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

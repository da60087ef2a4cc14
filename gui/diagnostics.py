"""The diagnostics page: versions, engine build and devices, folders, connections, the end of the
log; all of it copied by one button.

The engine's part comes from its worker (Diagnose); this process never looks at its libraries.
"""

import platform

from PySide6.QtCore import Qt, qVersion
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from engine.process.messages import AnyEvent, Diagnose, Diagnosis, Done, Failed
from gui.build_info import read_build_info
from gui.connections_popup import when_text
from gui.context import AppContext
from gui.version import app_version
from gui.widgets.form import FormPage
from gui.widgets.kinds import button, label

N_LOG_BYTES = 16 * 1024
N_CONNECTIONS = 50


class DiagnosticsPage(FormPage):
    """Asks anew whenever it is shown."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context.theme, "", parent)
        self.title.setText(self.tr("Diagnostics"))
        self._context = context
        self._parts: dict[str, dict[str, str]] = {}
        self._grids: dict[str, QGridLayout] = {}
        self.copy_button = button(self.tr("Copy all"), "primary")
        self.refresh_button = button(self.tr("Refresh"))
        self.restart_button = button(
            self.tr("Start the engine"), "", self.tr("After it failed several times in a row")
        )
        self.log = QPlainTextEdit()
        self._build()
        self._connect()

    def text(self) -> str:
        """Everything on the page, as plain text."""
        lines = [self.tr("Bathysphere diagnostics")]
        for name, entries in self._parts.items():
            lines += ["", name, *(f"  {key}: {value}" for key, value in entries.items())]
        return "\n".join([*lines, "", self.tr("Log"), self.log.toPlainText()])

    def refresh(self) -> None:
        """Look at everything again; the engine's part arrives a moment later."""
        self._show(self.tr("App"), self._app_entries())
        self._show(self.tr("Folders"), self._folder_entries())
        self._show(self.tr("Connections"), self._connection_entries())
        self.log.setPlainText(self._log_tail())
        self.log.verticalScrollBar().setValue(self.log.verticalScrollBar().maximum())
        self.restart_button.setVisible(not self._context.engine.is_running)
        self._show(self.tr("Engine"), {self.tr("State"): self.tr("asking…")})
        self._context.engine.submit(lambda job: Diagnose(job=job), self._on_answer)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    # ---- what is shown ----

    def _app_entries(self) -> dict[str, str]:
        build = read_build_info()
        return {
            self.tr("Bathysphere"): app_version(),
            self.tr("System"): platform.platform(),
            self.tr("Processor"): platform.processor() or platform.machine(),
            self.tr("Python"): platform.python_version(),
            self.tr("Qt"): f"{qVersion()} ({QGuiApplication.platformName()})",
            self.tr("Installed build"): build.backend or self.tr("unknown"),
            self.tr("Graphics cards seen"): ", ".join(build.gpus_seen) or self.tr("none"),
        }

    def _folder_entries(self) -> dict[str, str]:
        paths = self._context.paths
        return {
            self.tr("Your folder"): str(paths.home),
            self.tr("Chats"): str(paths.chats),
            self.tr("Models"): str(paths.models),
            self.tr("Logs"): str(paths.logs),
        }

    def _connection_entries(self) -> dict[str, str]:
        connections = self._context.connections
        state = self.tr("offline: none is opened") if connections.is_offline else self.tr("online")
        entries = {self.tr("State"): state, self.tr("Since the start"): self.tr("none")}
        lines = [
            " · ".join(one for one in (when_text(entry), entry.host, entry.why) if one)
            for entry in connections.entries[-N_CONNECTIONS:]
        ]
        if lines:
            entries[self.tr("Since the start")] = "\n".join(lines)
        return entries

    def _log_tail(self) -> str:
        paths = (self._context.paths.logs / "window.log", self._context.engine.log.path)
        parts = []
        for path in paths:
            try:
                tail = path.read_bytes()[-N_LOG_BYTES:].decode("utf-8", "replace")
            except FileNotFoundError:
                continue
            except OSError as error:
                tail = str(error)
            if tail.strip():
                parts.append(f"== {path.name}\n{tail.strip()}")
        return "\n\n".join(parts) or self.tr("The log is empty.")

    def _on_answer(self, event: AnyEvent) -> None:
        name, state = self.tr("Engine"), self.tr("State")
        if isinstance(event, Done) and isinstance(event.result, Diagnosis):
            running = self.tr("running, process %d") % self._context.engine.pid
            self._show(name, {state: running, **event.result.entries})
        elif isinstance(event, Failed):
            self._show(name, {state: f"{event.message} {event.hint}".strip()})

    def _show(self, name: str, entries: dict[str, str]) -> None:
        self._parts[name] = entries
        grid = self._grids[name]
        while (item := grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for row, (key, value) in enumerate(entries.items()):
            shown = label(value, wrap=True)
            shown.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            shown.setAccessibleName(f"{key}: {value}")
            grid.addWidget(label(key, "dim"), row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(shown, row, 1, Qt.AlignmentFlag.AlignTop)

    # ---- building ----

    def _build(self) -> None:
        px = self.theme.px
        buttons = QHBoxLayout()
        for one in (self.copy_button, self.refresh_button, self.restart_button):
            buttons.addWidget(one)
        buttons.addStretch(1)
        self.column.addSpacing(px(6))
        self.column.addLayout(buttons)
        names = (self.tr("App"), self.tr("Engine"), self.tr("Folders"), self.tr("Connections"))
        for name in names:
            grid = self._grids[name] = _grid(self.add_section(name), px(24), px(8))
            grid.setColumnMinimumWidth(0, px(150))
        rows = self.add_section(self.tr("Log"))
        self.log.setReadOnly(True)
        self.log.setTabChangesFocus(True)
        self.log.setAccessibleName(self.tr("Log"))
        self.log.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        rows.addWidget(self.log)
        self.column.addStretch(1)
        self._dress_log()

    def _connect(self) -> None:
        self.copy_button.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.text()))
        self.refresh_button.clicked.connect(self.refresh)
        self.restart_button.clicked.connect(self._context.engine.restart)
        self.restart_button.clicked.connect(self.restart_button.hide)
        self._context.engine.became_ready.connect(self._on_engine_ready)
        self.theme.changed.connect(self._dress_log)

    def _on_engine_ready(self) -> None:
        if self.isVisible():
            self.refresh()

    def _dress_log(self) -> None:
        self.log.setFont(self.theme.font("mono"))
        self.log.setFixedHeight(self.theme.px(260))


def _grid(rows: QVBoxLayout, column_gap_px: int, row_gap_px: int) -> QGridLayout:
    grid = QGridLayout()
    grid.setContentsMargins(0, row_gap_px, 0, row_gap_px)
    grid.setHorizontalSpacing(column_gap_px)
    grid.setVerticalSpacing(row_gap_px)
    grid.setColumnStretch(1, 1)
    rows.addLayout(grid)
    return grid

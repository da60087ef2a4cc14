"""The result for other programs: PEFT files out and in, Ollama, LM Studio, the hub."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QCheckBox, QFileDialog, QHBoxLayout, QLineEdit, QWidget

from gui.connections import Connections
from gui.staged.cards import Card
from gui.theme import Theme
from gui.tune.words import tr
from gui.widgets.flow import FlowLayout
from gui.widgets.kinds import button, label


class HandOverCard(Card):
    """Tells what is wanted, and where."""

    export_asked = Signal(str)  # a folder: the adapter as PEFT files
    import_asked = Signal(str)  # a folder of PEFT files
    hand_over_asked = Signal(str)  # "ollama" or "lm_studio"
    upload_asked = Signal(str, bool)  # repository, is it private

    def __init__(
        self, theme: Theme, connections: Connections, parent: QWidget | None = None
    ) -> None:
        super().__init__(theme, tr("For other programs"), parent)
        self._connections = connections
        self.export = button(
            tr("Export PEFT…"), "", tr("The adapter as safetensors with its config, for Python")
        )
        self.bring = button(
            tr("Bring a PEFT adapter in…"), "", tr("A folder of PEFT files becomes a GGUF adapter")
        )
        self.ollama = button(tr("Ollama"), "", tr("A Modelfile with the model and its template"))
        self.lm_studio = button(tr("LM Studio"), "", tr("Into its folder of models"))
        self.hub = button(tr("Hub…"), "", tr("Upload to a repository of yours on the hub"))
        self.hub.setCheckable(True)
        self.repository = QLineEdit()
        self.private = QCheckBox(tr("Private"))
        self.upload = button(tr("Upload"), "primary", tr("Opens a connection to the hub"))
        self.words = label("", "faint", wrap=True)
        self._form = QWidget(self)
        self._set_up()
        self._show_hub()

    def _set_up(self) -> None:
        row = FlowLayout()
        row.setSpacing(self.theme.px(8))
        for one in (self.export, self.bring, self.ollama, self.lm_studio, self.hub):
            row.addWidget(one)
        form = QHBoxLayout(self._form)
        form.setContentsMargins(0, 0, 0, 0)
        for part in (self.repository, self.private, self.upload):
            form.addWidget(part)
        self.repository.setPlaceholderText(tr("you/name"))
        self.repository.setAccessibleName(tr("Repository"))
        self.repository.setToolTip(tr("Your name on the hub, a slash, the model’s name"))
        self.private.setChecked(True)
        self.private.setToolTip(tr("Only you can see it"))
        self.column.addLayout(row)
        self.column.addWidget(self._form)
        self.column.addWidget(self.words)
        self.export.clicked.connect(
            lambda: self._choose(tr("Where the PEFT files go"), self.export_asked.emit)
        )
        self.bring.clicked.connect(
            lambda: self._choose(tr("A folder of PEFT files"), self.import_asked.emit)
        )
        self.ollama.clicked.connect(lambda: self.hand_over_asked.emit("ollama"))
        self.lm_studio.clicked.connect(lambda: self.hand_over_asked.emit("lm_studio"))
        self.hub.toggled.connect(self._show_hub)
        self.upload.clicked.connect(self._on_upload)
        self.repository.returnPressed.connect(self._on_upload)
        self._connections.changed.connect(self._show_hub)

    def set_full(self, is_full: bool) -> None:
        """Whether every weight was taught: PEFT and the hub take adapters."""
        for one in (self.export, self.bring, self.hub):
            one.setVisible(not is_full)
        self.hub.setChecked(self.hub.isChecked() and not is_full)

    def _choose(self, title: str, tell: object) -> None:
        dialog = QFileDialog(self, title)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(tell)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    @Slot()
    def _show_hub(self) -> None:
        is_open, is_offline = self.hub.isChecked(), self._connections.is_offline
        self._form.setVisible(is_open)
        self.upload.setEnabled(not is_offline)
        words = tr("Bathysphere is offline: switch “Offline” in the status bar to upload.")
        self.words.setText(words if is_offline else "")
        self.words.setVisible(is_open and is_offline)

    @Slot()
    def _on_upload(self) -> None:
        name = self.repository.text().strip()
        if self._connections.is_offline:
            return
        if name.count("/") != 1 or not all(name.split("/")):
            self.words.setText(tr("Name it as you/name."))
            self.words.show()
            return
        self.words.hide()
        self.upload_asked.emit(name, self.private.isChecked())

"""The page of settings. What is changed here holds at once and is saved; nothing waits for an
OK."""

import os
from pathlib import Path
from typing import cast

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QCheckBox, QWidget

from gui.context import AppContext
from gui.hub_token_section import HubTokenSection
from gui.theme import Mode
from gui.widgets.calm_combo import CalmComboBox
from gui.widgets.choice import Choice
from gui.widgets.folder_list import FolderList
from gui.widgets.form import FormPage
from gui.widgets.kinds import button, frame, label

FONT_SIZES_PX = (11, 12, 13, 14, 15, 16, 18, 20, 22, 24, 28)
CONTEXT_LENGTHS = (1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072)


class SettingsPage(FormPage):
    """Appearance, folders, engine, connections and messages, the hub's token."""

    def __init__(self, context: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(context.theme, "", parent)
        self.title.setText(self.tr("Settings"))
        self._context = context
        self._settings = context.settings
        self.theme_choice = Choice(
            [
                ("system", self.tr("System")),
                ("light", self.tr("Light")),
                ("dark", self.tr("Dark")),
            ]
        )
        self.font_size, self.threads, self.n_ctx = CalmComboBox(), CalmComboBox(), CalmComboBox()
        self.open_button = button(self.tr("Open"), "", self.tr("Show it in the file manager"))
        self.folders = FolderList(context.theme)
        self.offline, self.notify = QCheckBox(), QCheckBox()
        self.hub_token = HubTokenSection(context)
        for box in (self.offline, self.notify):
            box.setProperty("kind", "bare")  # its words stand at the left
        self._build()
        self.column.addStretch(1)
        self._show_settings()
        self._connect()

    def _build(self) -> None:
        self._build_appearance()
        self._build_folders()
        self._build_engine()
        self._build_quiet()
        self.add_section(self.tr("Hugging Face")).addWidget(self.hub_token)

    def _build_appearance(self) -> None:
        rows = self.add_section(self.tr("Appearance"))
        words = self.tr("System follows the light or dark of your desktop.")
        self.add_row(rows, self.tr("Theme"), words, self.theme_choice)
        sizes = [(self.tr("%d px") % size_px, size_px) for size_px in FONT_SIZES_PX]
        self.font_size.add_choices([(self.tr("System"), 0), *sizes])
        words = self.tr("Everything in the window grows with it.")
        self.add_row(rows, self.tr("Text size"), words, self.font_size)

    def _build_folders(self) -> None:
        rows = self.add_section(self.tr("Folders"))
        home = str(self._context.paths.home)
        self.add_row(rows, self.tr("Your folder"), home, self.open_button)
        self.open_button.setAccessibleName(self.tr("Open your folder"))
        rows.addWidget(frame("rule"))
        rows.addSpacing(self.theme.px(10))
        rows.addWidget(label(self.tr("Folders with models")))
        rows.addWidget(
            label(self.tr("Searched for GGUF files, beside your own."), "faint", wrap=True)
        )
        rows.addSpacing(self.theme.px(6))
        rows.addWidget(self.folders)

    def _build_engine(self) -> None:
        rows = self.add_section(self.tr("Engine"))
        words = self.tr(
            "How many processor threads compute. Automatic tries a few when a model is loaded "
            "and keeps the fastest. Holds from the next load on."
        )
        counts = [(str(n), n) for n in range(1, (os.cpu_count() or 1) + 1)]
        self.threads.add_choices([(self.tr("Automatic"), 0), *counts])
        self.add_row(rows, self.tr("Threads"), words, self.threads)
        words = self.tr(
            "How many tokens of a chat the model sees at once; more takes more memory. Automatic "
            "takes what the model was trained with, at most 8,192. Holds from the next load on."
        )
        lengths = [(f"{n:,}", n) for n in CONTEXT_LENGTHS]
        self.n_ctx.add_choices([(self.tr("Automatic"), 0), *lengths])
        self.add_row(rows, self.tr("Context length"), words, self.n_ctx)

    def _build_quiet(self) -> None:
        rows = self.add_section(self.tr("Connections and messages"))
        words = self.tr(
            "Opens no connection at all. Online, only what you ask for connects, and each "
            "connection is listed in the status bar."
        )
        self.offline.setToolTip(words)
        self.add_row(rows, self.tr("Offline"), words, self.offline)
        words = self.tr(
            "When a long reply, a load or another long job ends and the window is not in front."
        )
        self.notify.setToolTip(words)
        self.add_row(rows, self.tr("Tell me when long work ends"), words, self.notify)

    def _show_settings(self) -> None:
        value = self._settings.value
        self.theme_choice.set_value(value.theme)
        self.font_size.choose(value.font_px)
        self.folders.set_folders(list(value.models_folders))
        self.threads.choose(value.threads)
        self.n_ctx.choose(value.n_ctx)
        self.offline.setChecked(value.offline)
        self.notify.setChecked(value.notify)

    def _connect(self) -> None:
        self._settings.changed.connect(self._show_settings)  # the View menu changes them too
        self.theme_choice.changed.connect(self._on_theme_chosen)
        self.font_size.activated.connect(self._on_font_size_chosen)
        self.folders.changed.connect(self._on_folders_changed)
        self.threads.activated.connect(
            lambda: self._settings.change(threads=self.threads.currentData())
        )
        self.n_ctx.activated.connect(lambda: self._settings.change(n_ctx=self.n_ctx.currentData()))
        self.offline.clicked.connect(lambda is_on: self._settings.change(offline=is_on))
        self.notify.clicked.connect(lambda is_on: self._settings.change(notify=is_on))
        self.open_button.clicked.connect(self._on_open_clicked)

    def _on_theme_chosen(self, mode: str) -> None:
        self._settings.change(theme=mode)
        self._context.theme.set_mode(cast(Mode, mode))

    def _on_font_size_chosen(self) -> None:
        size_px = int(self.font_size.currentData())
        self._settings.change(font_px=size_px)
        self._context.theme.set_font_px(size_px)

    def _on_folders_changed(self, folders: list[str]) -> None:
        self._settings.change(models_folders=[str(Path(one)) for one in folders])

    def _on_open_clicked(self) -> None:
        home = self._context.paths.home
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(home))):
            self._context.notices.show_failure(
                self.tr("The folder could not be opened."),
                self.tr("No file manager answered; the folder is %s") % home,
            )

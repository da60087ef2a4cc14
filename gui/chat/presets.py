"""Presets in the chat room: which there are, using them on the open chat, keeping and sharing them;
what the maker of the loaded model recommends.

Files are read and written on the store's thread, one after another. What a preset is: preset.py.
"""

from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace
from PySide6.QtCore import QTimer, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog

from engine.process.messages import ModelInfo
from gui.chat import preset_folder
from gui.chat.chat_settings import ChatSettings
from gui.chat.features import ChatParts, Feature
from gui.chat.preset import OUTPUT, Preset, preset_from
from gui.chat.preset_button import PresetButton
from gui.chat.preset_folder import Listing
from gui.chat.preset_form import PresetForm
from gui.chat.recommended import Recommendation, read_recommendations, recommended_for
from gui.chat.words import tr


class Presets(Feature):
    """The button on top of the details pane, and what it does."""

    def __init__(self, parts: ChatParts) -> None:
        super().__init__(parts)
        self.folder = parts.context.paths.presets
        self.button = PresetButton()
        self.form = PresetForm(self._name_problem)
        self._recommendations: list[Recommendation] = []
        self._begun_with = parts.session.settings
        parts.details.add_head(self.button)
        parts.details.column.insertWidget(1, self.form)
        parts.add_action(tr("&Presets…"), self.show_menu, None)
        self._connect()
        QTimer.singleShot(0, self, self._begin)  # the window paints first

    def _connect(self) -> None:
        parts = self.parts
        self.button.use_asked.connect(self.use)
        self.button.wish_made.connect(self._on_wish)
        self.button.default_asked.connect(self._on_default_asked)
        self.form.save_asked.connect(self._on_save_asked)
        self.form.rename_asked.connect(self._on_rename_asked)
        self.form.closed.connect(self.button.setFocus)
        parts.details.settings_shown.connect(self.button.show_settings)
        parts.chooser.model_changed.connect(self._on_model_changed)
        parts.session.chat_opened.connect(self._on_chat_opened)

    @Slot()
    def _begin(self) -> None:
        self._list(self._begin_chat)
        self.parts.store.call(lambda _: read_recommendations(), self._on_recommendations_read)

    @Slot()
    def show_menu(self) -> None:
        """Open the menu, also where the details were put away."""
        self.parts.work.header.details_button.setChecked(True)
        self.parts.details.ensureWidgetVisible(self.button)
        self.button.drop.popup(self.button.mapToGlobal(self.button.rect().bottomLeft()))

    # ---- using ----

    @Slot(object)
    def use(self, preset: Preset) -> None:
        """Set the open chat as a preset says."""
        details = self.parts.details
        details.flush()
        details.replace(preset.used_on(details.settings))

    @Slot()
    def _on_chat_opened(self) -> None:
        self._begun_with = self.parts.session.settings
        self._begin_chat()

    def _begin_chat(self) -> None:
        """A chat that nothing was written into yet begins with the model's own preset."""
        session, details = self.parts.session, self.parts.details
        is_new = not session.chat_id and session.conversation.is_empty
        was_touched = self._begun_with != session.settings
        preset = self.button.listing.find(self._default_name())
        if not is_new or was_touched or preset is None:
            return
        settings = preset.used_on(session.settings)
        self._begun_with = session.settings = settings  # it is in the store from its first word on
        details.set_settings(settings)

    @Slot(object)
    def _on_model_changed(self, model: ModelInfo | None) -> None:
        self._show_model(model)
        if model is not None:
            self._begin_chat()

    def _show_model(self, model: ModelInfo | None) -> None:
        found = recommended_for(model, self._recommendations) if model is not None else None
        values, source = (found.values, found.source) if found is not None else ({}, "")
        self.parts.details.set_recommended(values, source)
        self.button.set_model(model.name if model is not None else "", self._default_name())

    def _on_recommendations_read(self, table: list[Recommendation]) -> None:
        self._recommendations = table
        self._show_model(self.parts.loader.model)

    # ---- the default of a model ----

    def _model_key(self) -> str:
        model = self.parts.loader.model
        return (model.fingerprint or model.name) if model is not None else ""

    def _default_name(self) -> str:
        return self.parts.context.settings.value.model_presets.get(self._model_key(), "")

    @Slot(bool)
    def _on_default_asked(self, is_wanted: bool) -> None:
        preset = self.button.preset
        self._set_default(preset.name if is_wanted and preset is not None else "")

    def _set_default(self, name: str) -> None:
        settings = self.parts.context.settings
        defaults = dict(settings.value.model_presets)
        defaults.pop(self._model_key(), None)
        if name:
            defaults[self._model_key()] = name
        settings.change(model_presets=defaults)
        self._show_model(self.parts.loader.model)

    # ---- keeping ----

    def _list(self, then: Callable[[], None] | None = None) -> None:
        def show(listing: Listing) -> None:
            self.button.set_listing(listing)
            if then is not None:
                then()

        self.parts.store.call(lambda _: preset_folder.list_presets(self.folder), show)

    def _name_problem(self, name: str) -> str:
        if self.button.listing.find(name) is not None:
            return tr("There is a preset of this name. Choose another, or update that one.")
        return ""

    @Slot(str)
    def _on_wish(self, key: str) -> None:
        wishes: dict[str, Callable[[], None]] = {
            "save": self._ask_save,
            "update": self.update_in_use,
            "rename": self._ask_rename,
            "delete": self.delete_in_use,
            "import": self._ask_import,
            "export": self._ask_export,
            "folder": self._show_folder,
        }
        wishes[key]()

    def _ask_save(self) -> None:
        self.parts.details.flush()
        settings, plain = self.parts.details.settings, ChatSettings()
        self.form.ask_save(
            has_prompt=bool(settings.system_prompt.strip()),
            has_output=any(getattr(settings, name) != getattr(plain, name) for name in OUTPUT),
        )
        self.parts.details.ensureWidgetVisible(self.form)

    @Slot(str, bool, bool, bool)
    def _on_save_asked(
        self, name: str, has_sampling: bool, has_prompt: bool, has_output: bool
    ) -> None:
        preset = preset_from(
            self.parts.details.settings,
            name,
            has_sampling=has_sampling,
            has_prompt=has_prompt,
            has_output=has_output,
        )
        self._save(preset, lambda: self.parts.details.change("preset", name))

    def update_in_use(self) -> None:
        """Keep what is set now in the preset in use, in the parts it has."""
        old = self.button.preset
        if old is None or not old.is_own:
            return
        self.parts.details.flush()
        fresh = preset_from(
            self.parts.details.settings,
            old.name,
            has_sampling=old.sampling is not None,
            has_prompt=old.system_prompt is not None,
            has_output=old.output is not None,
            about=old.about,
            file_name=old.file_name,
        )
        self._save(fresh)
        words = tr("Preset “{name}” updated").format(name=old.name)
        self.parts.context.notices.offer_undo(words, lambda: self._save(old))

    def _save(self, preset: Preset, then: Callable[[], None] | None = None) -> None:
        self.parts.store.call(
            lambda _: preset_folder.save_preset(self.folder, preset), lambda _: self._list(then)
        )

    def _ask_rename(self) -> None:
        if self.button.preset is not None:
            self.form.ask_rename(self.button.preset.name)

    @Slot(str)
    def _on_rename_asked(self, name: str) -> None:
        old = self.button.preset
        if old is None or name == old.name:
            return
        defaults = self.parts.context.settings.value.model_presets
        renamed = {key: name if one == old.name else one for key, one in defaults.items()}
        self.parts.context.settings.change(model_presets=renamed)
        self._save(replace(old, name=name), lambda: self.parts.details.change("preset", name))

    def delete_in_use(self) -> None:
        """Take the preset in use out of the folder; the chat's settings stay."""
        preset = self.button.preset
        if preset is None or not preset.is_own:
            return
        self.parts.store.call(
            lambda _: preset_folder.remove_preset(self.folder, preset), lambda _: self._list()
        )
        words = tr("Preset “{name}” deleted").format(name=preset.name)
        self.parts.context.notices.offer_undo(words, lambda: self._save(preset))

    # ---- sharing ----

    def _ask_import(self) -> None:
        dialog = QFileDialog(self.parts.room, tr("Import a preset"))
        dialog.setNameFilter(tr("Presets (*.toml)"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.import_file)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def import_file(self, path: str) -> None:
        """Add a preset from anywhere, under a free name, and use it on the open chat."""
        names = [preset.name for preset in self.button.listing.presets]

        def bring(_store: object) -> Preset:
            preset = preset_folder.read_preset(Path(path))
            name = preset_folder.free_preset_name(preset.name, names)
            return preset_folder.save_preset(self.folder, replace(preset, name=name))

        self.parts.store.call(bring, lambda preset: self._list(lambda: self.use(preset)))

    def _ask_export(self) -> None:
        preset = self.button.preset
        if preset is None:
            return
        dialog = QFileDialog(self.parts.room, tr("Export the preset"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter(tr("Presets (*.toml)"))
        dialog.setDefaultSuffix("toml")
        dialog.selectFile(f"{preset.file_name.removesuffix('.toml') or preset.name}.toml")
        dialog.fileSelected.connect(lambda path: self.export_to(path, preset))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def export_to(self, path: str, preset: Preset) -> None:
        """Write a preset where a person said."""
        self.parts.store.call(lambda _: preset_folder.export_preset(Path(path), preset))

    def _show_folder(self) -> None:
        self.parts.store.call(
            lambda _: preset_folder.make_folder(self.folder), self._on_folder_made
        )

    def _on_folder_made(self, _: None) -> None:
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.folder))):
            self.parts.context.notices.show_failure(
                tr("The folder could not be opened."),
                tr("No file manager answered; the folder is {path}").format(path=self.folder),
            )

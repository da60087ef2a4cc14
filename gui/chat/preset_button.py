"""The button at the top of the details pane that names the preset in use, and its menu.

Shows what it is told and emits wishes; presets.py carries them out.
"""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QPushButton, QSizePolicy, QWidget

from gui.chat.chat_settings import ChatSettings
from gui.chat.preset import Preset
from gui.chat.preset_folder import Listing
from gui.chat.words import tr
from gui.widgets.plain_tip import plain_tip

MAX_LETTERS = 24


class PresetButton(QPushButton):
    """Presets to choose from, and what can be done with the one in use."""

    use_asked = Signal(object)  # Preset
    wish_made = Signal(str)  # save, update, rename, delete, import, export, folder
    default_asked = Signal(bool)  # new chats with this model begin with the preset in use, or not

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.listing = Listing()
        self._settings = ChatSettings()
        self._model_name, self._default = "", ""
        self.setProperty("kind", "chip")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setToolTip(
            tr("A preset is a name for a system prompt and settings; it is a file you can share.")
        )
        self.drop = QMenu(self)
        self.drop.setToolTipsVisible(True)
        self.drop.aboutToShow.connect(self.fill)
        self.setMenu(self.drop)
        self.show_settings(self._settings)

    @property
    def preset(self) -> Preset | None:
        """The preset that was used last on this chat, where there still is one of this name."""
        return self.listing.find(self._settings.preset) if self._settings.preset else None

    @property
    def is_changed(self) -> bool:
        """Something of the preset was set otherwise since."""
        return self.preset is not None and not self.preset.is_in_use(self._settings)

    def set_listing(self, listing: Listing) -> None:
        self.listing = listing
        self.show_settings(self._settings)

    def set_model(self, name: str, default: str) -> None:
        """The model's name ("" without one), and the preset that its new chats begin with."""
        self._model_name, self._default = name, default

    def show_settings(self, settings: ChatSettings) -> None:
        self._settings = settings
        words = self._words()
        self.setText(_cut(words))
        self.setAccessibleName(tr("Preset: {name}").format(name=words))

    def _words(self) -> str:
        if self.preset is None:
            return tr("Presets")
        form = tr("{name}, changed") if self.is_changed else "{name}"
        return form.format(name=self.preset.name)

    # ---- the menu ----

    @Slot()
    def fill(self) -> None:
        """Make the menu anew."""
        self.drop.clear()
        for preset in self.listing.presets:
            self._add_preset(preset)
        self.drop.addSeparator()
        self._add("save", tr("Save as a preset…"), tr("Keep what is set now under a name"))
        self._add_own()
        self._add_default()
        self.drop.addSeparator()
        self._add("import", tr("Import a file…"), tr("Add a preset that somebody gave you"))
        if self.preset is not None:
            name = _menu_text(self.preset.name)
            self._add("export", tr("Export “{name}”…").format(name=name), tr("Write it to share"))
        self._add("folder", tr("Show the folder"), tr("The folder that holds your presets"))
        self._add_problems()

    def _add_preset(self, preset: Preset) -> None:
        action = self.drop.addAction(_menu_text(preset.name))
        action.setToolTip(plain_tip(preset.about) or tr("A preset of your own"))
        action.setCheckable(True)
        action.setChecked(self.preset is preset)
        action.triggered.connect(lambda: self.use_asked.emit(preset))

    def _add(self, key: str, text: str, tip: str) -> QAction:
        action = self.drop.addAction(text)
        action.setToolTip(tip)
        action.triggered.connect(lambda: self.wish_made.emit(key))
        return action

    def _add_own(self) -> None:
        preset = self.preset
        if preset is None or not preset.is_own:
            return
        name = _menu_text(preset.name)
        update = self._add(
            "update", tr("Update “{name}”").format(name=name), tr("Keep what is set now in it")
        )
        update.setEnabled(self.is_changed)
        self._add("rename", tr("Rename “{name}”…").format(name=name), tr("Call it otherwise"))
        self._add("delete", tr("Delete “{name}”").format(name=name), tr("This can be undone"))

    def _add_default(self) -> None:
        """The preset in use as the beginning of new chats; or the one there is, to stop that."""
        name = self.preset.name if self.preset is not None else self._default
        if not self._model_name or not name:
            return
        text = tr("New chats with {model} begin with “{name}”")
        action = self.drop.addAction(
            text.format(model=_menu_text(self._model_name), name=_menu_text(name))
        )
        action.setToolTip(tr("Holds for this model alone"))
        action.setCheckable(True)
        action.setChecked(name == self._default)
        action.triggered.connect(self.default_asked)

    def _add_problems(self) -> None:
        problems = self.listing.problems
        if not problems:
            return
        self.drop.addSeparator()
        sub = self.drop.addMenu(tr("Files that could not be read"))
        for words in problems.values():
            sub.addAction(_menu_text(words)).setEnabled(False)


def _menu_text(text: str) -> str:
    """A menu would take & for the mark of a key."""
    return text.replace("&", "&&")


def _cut(text: str) -> str:
    cut = text if len(text) <= MAX_LETTERS else text[: MAX_LETTERS - 1].rstrip() + "…"
    return _menu_text(cut)

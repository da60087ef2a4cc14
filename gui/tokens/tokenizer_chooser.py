"""Which tokenizer the room uses: the button in the header, its popup, the file dialog. Until a
person chooses one it is that of the model that is loaded in the Chat room.
"""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from engine.errors import AppError
from engine.models.starter import starter_path
from engine.process.messages import Failed, ListModels, ModelInfo, ModelList
from engine.process.token_messages import TokenizerInfo
from gui.tokens.library import model_folders
from gui.tokens.parts import TokensParts
from gui.tokens.state import STARTER
from gui.tokens.tokenizer_menu import BUILT_IN, source_name
from gui.tokens.words import tr
from gui.widgets.picker import Picker, PickerEntry
from gui.widgets.plain_tip import plain_tip
from gui.widgets.shrinking_button import ShrinkingButton

FOLLOW = "follow"  # the loaded model's own
MOST_RECENT = 8
LONGEST_NAME = 24
LEAST_BUTTON_PX = 70


class TokenizerChooser(QObject):
    """Decides what is opened first, and remembers what was chosen."""

    def __init__(self, parts: TokensParts, parent: QWidget) -> None:
        super().__init__(parent)
        self._parts, self._room = parts, parent
        self._context, self._state = parts.context, parts.state
        self._wanted = ""  # what a person chose and is not open yet
        self._listing = ModelList(models=[])
        self.button = ShrinkingButton(self._context.theme, LEAST_BUTTON_PX)
        self.button.setProperty("kind", "chip")
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.picker = Picker(self._context.theme, parent)
        self.picker.set_names(
            tr("Find a tokenizer"),
            tr("Tokenizers on this machine"),
            tr("Open a GGUF or tokenizer.json…"),
            tr("Use the tokenizer of any file on this machine"),
        )
        self._connect()
        self._show()

    def _connect(self) -> None:
        self.button.clicked.connect(self.choose)
        self.picker.chosen.connect(self.use)
        self.picker.other_requested.connect(self.ask_for_file)
        self._context.model.changed.connect(self._on_model_changed)
        self._state.tokenizer_changed.connect(self._on_opened)
        self._state.opening_failed.connect(self._on_failed)
        self._state.opening_changed.connect(self._show)

    # ---- what is wanted ----

    @property
    def follows(self) -> bool:
        """Nobody chose a tokenizer: it is the loaded model's."""
        return not self._context.settings.value.tokens_source and not self._wanted

    def begin(self) -> None:
        """Open what was used last, or the loaded model's."""
        if not self._state.source and not self._state.opening:
            self._state.open(self._context.settings.value.tokens_source or self._models_own())

    @Slot()
    def choose(self) -> None:
        """Show the popup; the models are looked for anew each time."""
        current = FOLLOW if self.follows else self._state.source
        self._fill()
        self.picker.show_at(self.button, current)
        folders = model_folders(self._context)
        self._parts.worker.ask(
            lambda job: ListModels(job=job, folders=folders), self._on_listed, self._on_unlisted
        )

    @Slot(str)
    def use(self, key: str) -> None:
        """Use a tokenizer from when it is open; FOLLOW: the loaded model's from now on."""
        if key == FOLLOW:
            self._wanted = ""
            self._context.settings.change(tokens_source="")
            self._state.open(self._models_own())
        else:
            self._wanted = key
            self._state.open(key)

    @Slot()
    def ask_for_file(self) -> None:
        """Not modal: the window stays alive meanwhile."""
        dialog = QFileDialog(self._room, tr("Open a tokenizer"))
        dialog.setDirectory(str(self._context.paths.models))
        dialog.setNameFilters([tr("Tokenizers (*.gguf *.json)"), tr("All files (*)")])
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.use)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _models_own(self) -> str:
        model = self._context.model.value
        return STARTER if model is None or is_starter(model.path) else model.path

    # ---- slots ----

    @Slot()
    def _on_model_changed(self) -> None:
        # A model that is on its way leaves the tokenizer in use.
        if self.follows and self._context.model.value is not None and self._room.isVisible():
            self.follow_now()

    def follow_now(self) -> None:
        """The room is looked at: take up the model that was loaded meanwhile."""
        if self.follows and self._state.info is not None:
            wanted = self._models_own()
            if self._context.model.value is not None and wanted != self._state.source:
                self._state.open(wanted)

    @Slot()
    def _on_opened(self) -> None:
        source, wanted = self._state.source, self._wanted
        self._wanted = ""
        if wanted and wanted == source:
            self._remember(source)
        self._show()

    def _remember(self, source: str) -> None:
        settings = self._context.settings
        recent = settings.value.tokens_recent
        if source not in (STARTER, *BUILT_IN):
            recent = [source, *(one for one in recent if one != source)][:MOST_RECENT]
        settings.change(tokens_source=source, tokens_recent=recent)

    @Slot(object)
    def _on_failed(self, _failed: Failed) -> None:
        self._wanted = ""
        if self._state.info is None and not self._has_fallen_back:
            # What was used last is gone: the room is not left without any.
            self._has_fallen_back = True
            self._context.settings.change(tokens_source="")
            self._state.open(STARTER)
        self._show()

    _has_fallen_back = False

    def _on_listed(self, listing: ModelList) -> None:
        self._listing = listing
        self._fill()

    def _on_unlisted(self, failed: Failed) -> None:
        self.picker.set_state(failed.message)

    # ---- showing ----

    def _fill(self) -> None:
        models = [one for one in self._listing.models if one.kind == "model"]
        listed = [entry_of_model(one) for one in models if not is_starter(one.path)]
        known = {one.key for one in listed}
        recent = [
            entry_of_file(path)
            for path in self._context.settings.value.tokens_recent
            if path not in known
        ]
        broken = [
            PickerEntry("", Path(path).name, why, f"{path}\n{why}", is_there=False)
            for path, why in self._listing.unreadable.items()
        ]
        self.picker.set_entries(
            [self._follow(), *built_in_entries(), *listed, *recent, *broken], ""
        )

    def _follow(self) -> PickerEntry:
        model = self._context.model.value
        facts = model.name if model else tr("none is loaded now: the starter’s")
        tip = tr("Always the tokenizer of the model that is loaded in Chat")
        return PickerEntry(FOLLOW, tr("The loaded model’s own"), facts, tip)

    @Slot()
    def _show(self) -> None:
        info, opening = self._state.info, self._state.opening
        if opening:
            words = tr("Opening {name}…").format(name=_cut(source_name(opening)))
        else:
            words = label_of(info) if info else tr("Choose a tokenizer")
        self.button.setText(words.replace("&", "&&"))
        self.button.setAccessibleName(tr("Tokenizer: {name}").format(name=words))
        self.button.setToolTip(plain_tip(tip_of(info)))


def label_of(info: TokenizerInfo) -> str:
    """As on the button: “SmolLM2 · BPE · 49,152”."""
    return f"{_cut(info.name)} · {info.kind} · {info.n_tokens:,}"


def tip_of(info: TokenizerInfo | None) -> str:
    """What the button opens, and what is known of the tokenizer in use."""
    lines = [tr("The tokenizer in use; click to choose another (Ctrl+T)")]
    if info is not None:
        n_tokens = tr("{n} tokens").format(n=f"{info.n_tokens:,}")
        lines.append(f"{info.name} · {info.kind} · {n_tokens}")
        if info.pre_tokenizer:
            lines.append(tr("Cuts words by: {name}").format(name=info.pre_tokenizer))
        if info.path:
            lines.append(info.path)
    return "\n".join(lines)


def is_starter(path: str) -> bool:
    try:
        return os.path.realpath(path) == os.path.realpath(starter_path())
    except AppError:
        return False  # without a starter nothing is it; using it says why


def _cut(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[:LONGEST_NAME] + "…"


def built_in_entries() -> list[PickerEntry]:
    facts = {
        STARTER: tr("comes with Bathysphere"),
        "o200k_base": tr("built in · BPE over bytes"),
        "cl100k_base": tr("built in · BPE over bytes"),
    }
    return [PickerEntry(key, source_name(key), facts[key], facts[key]) for key in facts]


def entry_of_model(model: ModelInfo) -> PickerEntry:
    return PickerEntry(model.path, model.name, Path(model.path).name, model.path)


def entry_of_file(path: str) -> PickerEntry:
    return PickerEntry(path, source_name(path), tr("used before"), path)

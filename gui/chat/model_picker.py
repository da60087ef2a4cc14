"""The popup that lists the models on this machine: type to filter, Enter or a click chooses, a
button opens any file.

Knows what a worker told of the files; opens and loads nothing itself.
"""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.process.messages import ModelInfo, ModelList
from gui.chat.words import model_facts, tr
from gui.theme import Theme
from gui.widgets.picker import KEY_ROLE as PATH_ROLE
from gui.widgets.picker import TALLEST_PX, Picker, PickerEntry

__all__ = ["PATH_ROLE", "TALLEST_PX", "ModelPicker"]


class ModelPicker(Picker):
    """A popup under the model button."""

    model_chosen = Signal(str)  # path
    file_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self.set_names(
            tr("Find a model"),
            tr("Models on this machine"),
            tr("Open a GGUF file…"),
            tr("Use a model file (GGUF) from anywhere on this machine"),
        )
        self.chosen.connect(self.model_chosen)
        self.other_requested.connect(self.file_requested)

    def show_below(self, button: QWidget, current: str) -> None:
        """Open under a button, with the loaded model marked; the list arrives when the worker has
        it.
        """
        self.show_at(button, current, tr("Looking for models…"))

    def set_models(self, listing: ModelList) -> None:
        """Fill the list: models first, then the files that cannot be read, with their reason."""
        models = [_model_entry(one) for one in listing.models if one.kind == "model"]
        others = [unreadable_entry(path, why) for path, why in listing.unreadable.items()]
        self.set_entries([*models, *others], tr("No model files in these folders."))


def _model_entry(model: ModelInfo) -> PickerEntry:
    return PickerEntry(model.path, model.name, model_facts(model), model.path)


def unreadable_entry(path: str, reason: str) -> PickerEntry:
    """A file that cannot be used, with its reason."""
    return PickerEntry("", Path(path).name, reason, f"{path}\n{reason}", is_there=False)

"""Choose any tokenizer from a popup under a button: what is built in, the machine's models, files
used before, or a file from anywhere. What is done with it is the asker's.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from engine.process.messages import Failed, ListModels, ModelList
from gui.tokens.library import model_folders
from gui.tokens.parts import TokensParts
from gui.tokens.tokenizer_chooser import (
    built_in_entries,
    entry_of_file,
    entry_of_model,
    is_starter,
)
from gui.tokens.words import tr
from gui.widgets.picker import Picker, PickerEntry


def choose_tokenizer(
    parts: TokensParts, asker: QWidget, current: str, on_chosen: Callable[[str], object]
) -> Picker:
    """Show the popup under a button; on_chosen gets the source.

    Args:
        current: the source that is marked, "" for none.
    """
    picker = Picker(parts.context.theme, asker)
    picker.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    picker.set_names(
        tr("Find a tokenizer"),
        tr("Tokenizers on this machine"),
        tr("Open a GGUF or tokenizer.json…"),
        tr("Use the tokenizer of any file on this machine"),
    )
    picker.set_entries(_entries(parts, ModelList(models=[])), "")
    picker.chosen.connect(on_chosen)
    picker.chosen.connect(picker.deleteLater)
    picker.other_requested.connect(picker.deleteLater)
    picker.other_requested.connect(lambda: _ask_for_file(parts, asker, on_chosen))
    picker.show_at(asker, current)
    _list_models(parts, picker)
    return picker


def _list_models(parts: TokensParts, picker: Picker) -> None:
    """The models come in a moment; who has chosen by then does not hear of them."""
    left: list[bool] = []
    picker.destroyed.connect(lambda: left.append(True))

    def show(listing: ModelList) -> None:
        if not left:
            picker.set_entries(_entries(parts, listing), "")

    def say(failed: Failed) -> None:
        if not left:
            picker.set_state(failed.message)

    folders = model_folders(parts.context)
    parts.worker.ask(lambda job: ListModels(job=job, folders=folders), show, say)


def _entries(parts: TokensParts, listing: ModelList) -> list[PickerEntry]:
    models = [one for one in listing.models if one.kind == "model" and not is_starter(one.path)]
    listed = [entry_of_model(one) for one in models]
    known = {one.key for one in listed}
    recent = [one for one in parts.context.settings.value.tokens_recent if one not in known]
    return [*built_in_entries(), *listed, *map(entry_of_file, recent)]


def _ask_for_file(
    parts: TokensParts, asker: QWidget, on_chosen: Callable[[str], object]
) -> QFileDialog:
    """Not modal: the window stays alive meanwhile."""
    dialog = QFileDialog(asker, tr("Open a tokenizer"))
    dialog.setDirectory(str(parts.context.paths.models))
    dialog.setNameFilters([tr("Tokenizers (*.gguf *.json)"), tr("All files (*)")])
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.fileSelected.connect(on_chosen)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    return dialog

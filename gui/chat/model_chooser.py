"""Between the model loader and what shows it: the model button, its popup, the progress, the file
dialog.

Decides which model is wanted at the start: the last one used, the starter otherwise.
"""

from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QFileDialog

from engine.errors import AppError
from engine.models.starter import starter_path
from engine.process.messages import Failed, Load, ModelInfo, ModelList
from gui.chat.header import Header
from gui.chat.model_loader import ModelLoader
from gui.chat.model_picker import ModelPicker
from gui.chat.words import model_facts, model_label, tr
from gui.context import AppContext
from gui.widgets.plain_tip import plain_tip


class ModelChooser(QObject):
    """Shows which model is loaded and lets a person choose another."""

    model_changed = Signal(object)  # ModelInfo, or None while nothing is loaded

    def __init__(
        self,
        context: AppContext,
        loader: ModelLoader,
        header: Header,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._context = context
        self._loader = loader
        self._header = header
        self.picker = ModelPicker(context.theme, header)
        self._connect()
        self._show_model(None)

    def _connect(self) -> None:
        loader = self._loader
        loader.load_began.connect(self._on_load_began)
        loader.load_progressed.connect(self._on_load_progressed)
        loader.model_loaded.connect(self._on_model_loaded)
        loader.model_lost.connect(self._on_model_lost)
        loader.load_failed.connect(self._on_load_failed)
        loader.load_cancelled.connect(self._on_model_lost)
        loader.listing_arrived.connect(self._on_listing_arrived)
        loader.listing_failed.connect(self._on_listing_failed)
        self._header.model_button_clicked.connect(self.choose)
        self._header.load_cancel_requested.connect(loader.cancel)
        self.picker.model_chosen.connect(loader.load)
        self.picker.file_requested.connect(self.open_file)

    # ---- what a person asks ----

    @Slot()
    def load_first(self) -> None:
        """Load the model used last where it still is, the starter otherwise."""
        last = self._context.settings.value.last_model
        try:
            path = last if last and Path(last).is_file() else str(starter_path())
        except AppError as error:
            self._context.notices.show_error(error)
            return
        self._loader.load(path)

    @Slot()
    def choose(self) -> None:
        """Open the popup; the list is asked for anew each time."""
        self.picker.show_below(self._header.model_button, self._loader.wanted_path)
        self._loader.list_models(self.folders())

    @Slot()
    def open_file(self) -> None:
        """Any GGUF file on this machine."""
        dialog = QFileDialog(self._header.window(), tr("Open a model"))
        dialog.setDirectory(str(self._context.paths.models))
        dialog.setNameFilters([tr("Models (*.gguf)"), tr("All files (*)")])
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self._loader.load)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def folders(self) -> list[str]:
        folders = [str(self._context.paths.models), *self._context.settings.value.models_folders]
        try:
            folders.insert(0, str(starter_path().parent))
        except AppError:
            return folders  # without a starter the list is just shorter; loading it says why
        return folders

    # ---- slots ----

    @Slot(str)
    def _on_load_began(self, path: str) -> None:
        name = Path(path).name
        self._header.set_model(tr("Loading {name}").format(name=name), plain_tip(path))
        self._header.set_loading(-1.0)

    @Slot(float, str)
    def _on_load_progressed(self, fraction: float, _what: str) -> None:
        self._header.set_loading(fraction)

    @Slot(object)
    def _on_model_loaded(self, model: ModelInfo) -> None:
        self._header.set_loading(None)
        self._context.settings.change(last_model=model.path)
        self._show_model(model)

    @Slot()
    def _on_model_lost(self) -> None:
        self._header.set_loading(None)
        self._show_model(None)

    @Slot(object)
    def _on_load_failed(self, failure: Failed) -> None:
        self._on_model_lost()
        self._context.notices.show_event(failure)

    @Slot(object)
    def _on_listing_arrived(self, listing: ModelList) -> None:
        self.picker.set_models(listing)

    @Slot(object)
    def _on_listing_failed(self, failure: Failed) -> None:
        self.picker.set_state(failure.message)

    def _show_model(self, model: ModelInfo | None) -> None:
        if model is None:
            self._header.set_model(tr("Choose a model"), tr("The models on this machine"))
        else:
            tip = f"{model.name}\n{model_facts(model)}\n{model.path}"
            self._header.set_model(model_label(model), plain_tip(tip))
        self.model_changed.emit(model)


def load_request(context: AppContext, job: int, path: str) -> Load:
    """A load with what the settings say of threads and context length."""
    settings = context.settings.value
    n_ctx = settings.model_lengths.get(path, settings.n_ctx)
    return Load(job=job, path=path, n_ctx=n_ctx, n_threads=settings.threads)

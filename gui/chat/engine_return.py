"""Says in the banner of an engine that died that it is back, and whether with the model.

The banner itself is the window's; starting the engine again is gui/process.py's, loading the model
again the loader's.
"""

from PySide6.QtCore import QObject, Slot

from gui.chat.model_loader import Engine, ModelLoader
from gui.chat.words import tr
from gui.notices import Notices


class EngineReturn(QObject):
    """Waits for the engine after each of its deaths."""

    def __init__(
        self, engine: Engine, loader: ModelLoader, notices: Notices, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._engine = engine
        self._loader = loader
        self._notices = notices
        self._message = ""
        engine.died.connect(self._on_died)
        engine.became_ready.connect(self._on_came_back)
        loader.model_loaded.connect(self._on_came_back)
        loader.load_failed.connect(self._on_came_back)
        loader.load_cancelled.connect(self._on_came_back)

    @Slot(str, str, str)
    def _on_died(self, message: str, _hint: str, _detail: str) -> None:
        self._message = message

    @Slot()
    def _on_came_back(self) -> None:
        # A load that fails because the worker died again is no return.
        if not self._message or not self._engine.is_ready or self._loader.is_loading:
            return
        message, self._message = self._message, ""
        self._notices.change_hint(message, self._words())

    def _words(self) -> str:
        if self._loader.model is None:
            return tr("It was started again and is running; no model is loaded.")
        words = tr("It was started again and is running, with {name} loaded.")
        return words.format(name=self._loader.model.name)

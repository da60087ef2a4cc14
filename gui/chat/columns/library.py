"""What columns can be set to: the models of the library and the presets, asked for when the columns
are opened; and from the models' sizes, which of them can answer at once.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal, Slot

from engine.process.messages import ModelInfo, ModelList
from gui.chat import preset_folder
from gui.chat.columns.column_state import Column
from gui.chat.columns.column_view import ColumnView
from gui.chat.columns.plan import Plan, make_plan, plan_text, short_plan_text
from gui.chat.columns.sides import Sides
from gui.chat.features import ChatParts
from gui.chat.words import file_label, tr


class ColumnLibrary(QObject):
    """Models by path, presets, and plans."""

    models_changed = Signal()  # other files, or the room's model is another
    presets_changed = Signal()

    def __init__(self, parts: ChatParts, sides: Sides, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._parts, self._sides = parts, sides
        self._models: dict[str, ModelInfo] = {}
        self._is_wanted = False
        self.presets = preset_folder.Listing()
        parts.loader.listing_arrived.connect(self._on_listing)
        parts.chooser.model_changed.connect(self._on_model_changed)

    def ask(self) -> None:
        """Read anew what there is."""
        folder = self._parts.context.paths.presets
        self._is_wanted = True
        self._parts.loader.list_models(self._parts.chooser.folders())
        self._parts.store.call(
            lambda _store: preset_folder.list_presets(folder), self._on_presets_listed
        )

    # ---- models ----

    @property
    def room_name(self) -> str:
        """The model that this chat is answered by; "" without one."""
        model = self._parts.loader.model
        return model.name if model is not None else ""

    def model_name(self, column: Column) -> str:
        """What heads a column's replies."""
        path = column.own.model_path
        if not path:
            return self.room_name
        return self._models[path].name if path in self._models else file_label(path)

    def show_models(self, view: ColumnView) -> None:
        """Offer the room's model in a column, and the others."""
        model, name = self._parts.loader.model, self.room_name
        room = tr("{name} (this chat's)").format(name=name) if name else tr("This chat's")
        others = [
            one
            for path, one in self._models.items()
            if one.kind == "model" and (model is None or path != model.path)
        ]
        view.set_models(room, others)

    # ---- plans ----

    def plan(self, columns: Sequence[Column]) -> Plan:
        """Who would answer when."""
        free_bytes = self._sides.free_bytes() + self._sides.held_bytes
        n_ctx = self._parts.context.settings.value.n_ctx
        return make_plan(columns, self._models, free_bytes, n_ctx)

    def plan_texts(self, columns: Sequence[Column]) -> tuple[str, str]:
        """The same in a sentence, and in a few words."""
        names = {path: model.name for path, model in self._models.items()}
        names[""] = self.room_name
        plan = self.plan(columns)
        return plan_text(plan, columns, names), short_plan_text(plan, columns)

    # ---- slots ----

    @Slot(object)
    def _on_model_changed(self, model: ModelInfo | None) -> None:
        if self._is_wanted and not self._models and model is not None:
            # It was asked for before there was a worker to answer.
            self._parts.loader.list_models(self._parts.chooser.folders())
        self.models_changed.emit()

    @Slot(object)
    def _on_listing(self, listing: ModelList) -> None:
        self._models = {model.path: model for model in listing.models}
        self.models_changed.emit()

    def _on_presets_listed(self, listing: preset_folder.Listing) -> None:
        self.presets = listing
        self.presets_changed.emit()


def free_bytes() -> int:
    """Memory that can be taken now."""
    import psutil

    return int(psutil.virtual_memory().available)

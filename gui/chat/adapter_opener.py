"""Opens a chat with a model and an adapter, for who comes from another room."""

from __future__ import annotations

from engine.process.messages import Adapter
from gui.chat.features import ChatParts, Feature
from gui.tune.to_chat import OPEN_ADAPTER


class AdapterOpener(Feature):
    """An opener of the window's."""

    def __init__(self, parts: ChatParts) -> None:
        super().__init__(parts)
        parts.context.openers[OPEN_ADAPTER] = self.open

    def open(self, model: str, adapter: str = "", strength: float = 1.0) -> None:
        """A new chat with this model, loaded where another is, and this adapter alone; "" for
        none."""
        parts = self.parts
        parts.session.new_chat()
        adapters = [Adapter(adapter, strength)] if adapter else []
        settings = parts.details.settings.with_value("adapters", adapters)
        parts.details.replace(settings.with_value("adapters_off", {}))
        if adapter:
            parts.work.header.details_button.setChecked(True)  # where its strength is set
        if parts.loader.wanted_path != model or parts.loader.model is None:
            parts.loader.load(model)
        parts.desk.focus_composer()

"""What ties the details pane to the rest of the room: which parts of it are open, the context
length of the loaded model, the seed of the last reply, and what the engine refused.
"""

from PySide6.QtCore import Slot

from engine.process.messages import Failed, ModelInfo
from gui.chat.chat_settings import MAX_SEED
from gui.chat.features import ChatParts, Feature
from gui.chat.words import tr

# What a refusal is about, by a word in it; a schema becomes a grammar, so it stands first.
REFUSED = (("JSON schema", "json_schema"), ("grammar", "grammar"))


class DetailsMemory(Feature):
    """No widgets of its own."""

    def __init__(self, parts: ChatParts) -> None:
        super().__init__(parts)
        self._tried: tuple[str, int] | None = None  # a model's path, and its length before
        value = parts.context.settings.value
        parts.details.set_view(value.open_details, value.explains_details)
        parts.details.set_last_seed(self._last_seed)
        parts.details.view_changed.connect(self._on_view_changed)
        parts.details.context_length.length_asked.connect(self._on_length_asked)
        parts.chooser.model_changed.connect(self._on_model_changed)
        parts.loader.load_failed.connect(self._on_load_failed)
        parts.replies.failed.connect(self._on_reply_failed)

    def _last_seed(self) -> int | None:
        reply = self.parts.session.conversation.last_reply()
        seed = reply.details.get("seed") if reply is not None else None
        return min(seed, MAX_SEED) if isinstance(seed, int) else None

    @Slot(object, bool)
    def _on_view_changed(self, opened: list[str], is_explained: bool) -> None:
        self.parts.context.settings.change(open_details=opened, explains_details=is_explained)

    # ---- context length ----

    @Slot(object)
    def _on_model_changed(self, model: ModelInfo | None) -> None:
        if model is not None:
            self._tried = None
        self.parts.details.context_length.set_model(model)

    @Slot(int)
    def _on_length_asked(self, n_ctx: int) -> None:
        loader = self.parts.loader
        if loader.model is None:
            return
        if self.parts.session.is_busy:
            self.parts.details.context_length.cost.setText(
                tr("A reply is being written. Stop it first, or wait for its end.")
            )
            return
        path = loader.model.path
        self._tried = (path, loader.model.n_ctx)
        self._keep_length(path, n_ctx)
        loader.load(path)

    @Slot(object)
    def _on_load_failed(self, _failure: Failed) -> None:
        """A length that cannot be had must not cost the model: go back to the one before."""
        if self._tried is not None:
            (path, before), self._tried = self._tried, None
            self._keep_length(path, before)
            self.parts.loader.load(path)

    def _keep_length(self, path: str, n_ctx: int) -> None:
        settings = self.parts.context.settings
        settings.change(model_lengths={**settings.value.model_lengths, path: n_ctx})

    # ---- refusals ----

    @Slot(object)
    def _on_reply_failed(self, failure: Failed) -> None:
        for word, name in REFUSED:
            if word in failure.message and getattr(self.parts.details.settings, name):
                hint = f" {failure.hint}" if failure.hint else ""
                self.parts.details.show_refusal(name, failure.message + hint)
                return

"""Where the machine's model files lie. No widgets."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gui.context import AppContext


def model_folders(context: AppContext) -> list[str]:
    """The user's folders of models; the starter's own is asked for by its name instead."""
    return [str(context.paths.models), *context.settings.value.models_folders]

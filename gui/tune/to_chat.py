"""From a run to the Chat room: a base with an adapter at a strength, alone or beside the base; a
notebook with a base model; two models side by side.

Light: the chat room imports the names of its openers from here.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.models.starter import starter_path

if TYPE_CHECKING:
    from gui.context import AppContext

# In AppContext.openers once the Chat room is there: (base, adapter or "", strength), and ().
OPEN_ADAPTER = "chat.adapter"
OPEN_AGAINST_BASE = "chat.against_base"
# (model, text): a new notebook; (model): that one in a second column, the room's in the first.
OPEN_NOTEBOOK = "chat.notebook"
OPEN_AGAINST = "chat.against"
STARTER = "starter"


def chat_with(
    context: AppContext,
    base: str,
    adapter: str = "",
    strength: float = 1.0,
    *,
    is_beside_base: bool = False,
) -> None:
    """A new chat with a model, and an adapter where one is given.

    Args:
        is_beside_base: two columns, the base at the left, the adapter at the right.

    Raises:
        AppError: the base is the starter, and that is not installed.
    """
    path = str(starter_path()) if base == STARTER else str(Path(base))
    context.rooms["chat"]()
    context.openers[OPEN_ADAPTER](path, adapter, strength)
    if is_beside_base:
        context.openers[OPEN_AGAINST_BASE]()


def chat_with_whole(
    context: AppContext, base: str, model: str, *, is_beside_base: bool = False
) -> None:
    """A new chat with a model of which every weight was taught: no adapter, a file of its own.

    Raises:
        AppError: the base is the starter, and that is not installed.
    """
    if is_beside_base:
        compare_models(context, str(starter_path()) if base == STARTER else base, model)
    else:
        chat_with(context, model)


def write_with(context: AppContext, model: str, text: str = "") -> None:
    """A new notebook that begins with a text: what a base model goes on with."""
    context.rooms["chat"]()
    context.openers[OPEN_NOTEBOOK](model, text)


def compare_models(context: AppContext, first: str, second: str) -> None:
    """A new chat with two columns, a model each."""
    context.rooms["chat"]()
    context.openers[OPEN_ADAPTER](first, "", 1.0)
    context.openers[OPEN_AGAINST](second)

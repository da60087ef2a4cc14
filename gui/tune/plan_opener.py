"""A plan that another room made: it becomes the draft, to be looked at before it starts."""

from __future__ import annotations

from finetune.config import RunConfig
from gui.tune.parts import TuneParts

OPEN_PLAN = "tune.plan"  # (RunConfig, page): in AppContext.openers


def fill_plan_opener(parts: TuneParts) -> None:
    """There from the moment the room is. The draft that was there comes back by undo."""

    def plan(config: RunConfig, page: str = "how") -> None:
        parts.state.choose_run(None)
        parts.state.set_draft(config)
        parts.show_page(page)

    parts.context.openers[OPEN_PLAN] = plan

"""What keeps a draft from being started, and what its run is called."""

from __future__ import annotations

from pathlib import Path

from finetune.config import RunConfig, changed
from gui.tune.field_words import field_name
from gui.tune.state import TuneState
from gui.tune.words import tr


def obstacles(state: TuneState) -> list[str]:
    """All that keeps a draft from being started, a sentence each."""
    reasons = []
    for name, words in state.draft.problems().items():
        if name != "out.dir":  # made with the run
            reasons.append(f"{field_name(name)}: {words}")
    if state.base is not None and state.base.reason:
        reasons.append(tr("Base: {reason}").format(reason=state.base.reason))
    if state.dataset is not None and state.dataset.n_rows == 0:
        reasons.append(tr("Data: “{name}” has no rows.").format(name=state.dataset.name))
    return reasons


def named(state: TuneState) -> RunConfig:
    """The draft with a name: its own, else its data's."""
    if state.draft.out.name:
        return state.draft
    data = state.dataset.name if state.dataset is not None else Path(state.draft.data.path).stem
    return changed(state.draft, out__name=data or tr("run"))

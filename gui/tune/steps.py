"""How far the plan of a run is, step by step: what is done, what it says in a word, and what a step
still needs. Makes lines for a list; shows none.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from finetune.run.state import RunSummary
from gui.staged.noted_list import Line
from gui.staged.page_entry import PageEntry
from gui.staged.run_words import run_note
from gui.tune.plans import plan_name
from gui.tune.state import TuneState
from gui.tune.words import tr

DONE, WARNED = "check", "warning"


def step_lines(
    entries: Sequence[PageEntry], state: TuneState, run: RunSummary | None
) -> list[Line]:
    """The list of steps.

    Args:
        run: how the run looked at stands; None for the draft.
    """
    return [_line(entry, state, run) for entry in entries]


def _line(entry: PageEntry, state: TuneState, run: RunSummary | None) -> Line:
    missing = missing_for(entry.key, state, run)
    is_done, note = _run_status(entry, run) if run is not None else _status(entry.key, state)
    tip = f"{missing or _tip(entry.key)} (Alt+{entry.number})"
    return Line(
        key=entry.key,
        name=f"{entry.number} {entry.name}",
        note=note,
        tip=tip,
        icon=DONE if is_done else WARNED if entry.key == "learned" and note else "",
        is_there=not missing,
    )


def missing_for(key: str, state: TuneState, run: RunSummary | None) -> str:
    """What has to be there before a step can be looked at; "" where all is."""
    has_base, has_data = bool(state.draft.base.path), bool(state.draft.data.path)
    if key in ("learned", "how"):
        if not has_base and not has_data:
            return tr("Choose a base and data first")
        if not has_base:
            return tr("Choose a base first")
        if not has_data and key == "learned":
            return tr("Choose data first")
    if key == "run" and state.run is None:
        return tr("Start a run, or choose one above")
    if key == "result":
        if state.run is None:
            return tr("Choose a run above")
        if run is not None and not has_result(run):
            return tr("There is a result when the run has ended")
    return ""


def has_result(run: RunSummary) -> bool:
    """Whether there is something to look at, be it an early checkpoint."""
    return bool(run.product) or (not run.is_live and bool(run.checkpoint))


def _status(key: str, state: TuneState) -> tuple[bool, str]:
    """Whether a step of the draft is done, and a word on it."""
    if key == "base":
        base = state.base
        return bool(base is not None and not base.reason), _base_note(state)
    if key == "data":
        return state.dataset is not None, _rows(state.dataset.n_rows) if state.dataset else ""
    if key == "learned" and state.checked is not None:
        n = len(state.checked.warnings)
        return not n, str(n) if n else ""
    if key == "how":
        return _has_plan(state), plan_name(state) or plan_note(state)
    return False, ""


def _run_status(entry: PageEntry, run: RunSummary) -> tuple[bool, str]:
    """The same of a run: what comes before it is done."""
    if not entry.is_of_run:
        return True, Path(run.base).stem if entry.key == "base" else ""
    if entry.key == "run":
        return not run.is_live and run.state != "new", run_note(run)
    return bool(run.product), ""


def _base_note(state: TuneState) -> str:
    if state.base is not None and state.base.reason:
        return tr("cannot be taught")
    return ""


def _rows(n: int) -> str:
    return tr("1 row") if n == 1 else tr("{n} rows").format(n=f"{n:,}")


def _has_plan(state: TuneState) -> bool:
    train = state.draft.train
    return (train.steps > 0) != (train.epochs > 0)


def plan_note(state: TuneState) -> str:
    """How long the draft's plan is, in a word."""
    train = state.draft.train
    if not _has_plan(state):
        return ""
    if train.steps:
        return tr("1 step") if train.steps == 1 else tr("{n} steps").format(n=f"{train.steps:,}")
    return tr("{n} epochs").format(n=f"{train.epochs:g}")


def _tip(key: str) -> str:
    tips = {
        "base": tr("The model that is taught"),
        "data": tr("The conversations or texts it is taught from"),
        "learned": tr("Every row as the tokens that will be learned, and what to know of the rows"),
        "how": tr("How long and how strongly it is taught"),
        "run": tr("The run as it goes: loss, answers, time left"),
        "result": tr("What came of the run, and what can be done with it"),
    }
    return tips.get(key, "")

"""How far the plan of a model is, stage by stage: what is done, what it says in a word, and what a
stage still needs. Makes lines for a list; shows none.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from finetune.run.events import RaisedFacts
from finetune.run.state import RunSummary
from gui.chat.words import size_text
from gui.pretrain.state import PretrainState
from gui.pretrain.words import tr
from gui.staged.noted_list import Line
from gui.staged.page_entry import PageEntry
from gui.staged.run_words import run_note

DONE = "check"


def step_lines(
    entries: Sequence[PageEntry],
    state: PretrainState,
    run: RunSummary | None,
    raised: RaisedFacts | None = None,
) -> list[Line]:
    """The list of stages.

    Args:
        run: how the run looked at stands; None for the draft.
        raised: what that run said of its text and tokenizer; None: nothing yet.
    """
    return [_line(entry, state, run, raised) for entry in entries]


def missing_for(key: str, state: PretrainState, run: RunSummary | None) -> str:
    """What has to be there before a stage can be looked at; "" where all is."""
    if key == "run" and state.run is None:
        return tr("Start a model, or choose one above")
    if key in ("bench", "assistant"):
        if state.run is None:
            return tr("Choose a model above")
        if run is not None and not has_model(run):
            return tr("There is a model when its first checkpoint is saved")
    return ""


def has_model(run: RunSummary) -> bool:
    """Whether there is something that can be asked, be it an early checkpoint."""
    return bool(run.product or run.checkpoint)


def raised_note(run: RunSummary) -> str:
    """A model in the list: its progress, what went wrong, or how well it foretells its text."""
    if run.is_live or run.state in ("new", "failed", "died"):
        return run_note(run)
    bits = bits_per_byte(run)
    return run_note(run) if math.isnan(bits) else tr("{bits} bits/byte").format(bits=f"{bits:.2f}")


def bits_per_byte(run: RunSummary) -> float:
    """Of the held-out text, at its best; nan where that is not known."""
    if not run.bytes_per_token:
        return math.nan
    return run.best_loss / (math.log(2) * run.bytes_per_token)


def _line(
    entry: PageEntry, state: PretrainState, run: RunSummary | None, raised: RaisedFacts | None
) -> Line:
    missing = missing_for(entry.key, state, run)
    if run is not None:
        is_done, note = _run_status(entry, run, raised)
    else:
        is_done, note = _status(entry.key, state)
    return Line(
        key=entry.key,
        name=entry.name,
        note=note,
        tip=f"{missing or _tip(entry.key)} (Alt+{entry.number})",
        icon=DONE if is_done else "",
        is_there=not missing,
    )


def _status(key: str, state: PretrainState) -> tuple[bool, str]:
    """Whether a stage of the draft is done, and a word on it."""
    if key == "text" and state.draft.corpus.path:
        return True, size_text(state.corpus.n_bytes) if state.corpus is not None else ""
    if key == "tokenizer":
        return _tokenizer_status(state)
    if key == "model":
        return False, tr("depth {n}").format(n=state.draft.model.depth)
    return False, ""


def _tokenizer_status(state: PretrainState) -> tuple[bool, str]:
    if state.tokenizer is not None:
        return True, f"{state.tokenizer.n_vocab:,}"
    if state.draft.tokenizer.path:
        return True, ""
    return False, tr("with the run")


def _run_status(entry: PageEntry, run: RunSummary, raised: RaisedFacts | None) -> tuple[bool, str]:
    """The same of a run: what comes before it is done."""
    if not entry.is_of_run:
        return True, _raised_note(entry.key, raised) if raised is not None else ""
    if entry.key == "run":
        return not run.is_live and run.state != "new", run_note(run)
    return False, ""


def _raised_note(key: str, raised: RaisedFacts) -> str:
    """What a run's plan came to."""
    n_tokens = raised.n_train_tokens + raised.n_validation_tokens
    notes = {
        "text": size_text(round(n_tokens * raised.bytes_per_token)),
        "tokenizer": f"{raised.n_vocab:,}",
    }
    return notes.get(key, "")


def _tip(key: str) -> str:
    tips = {
        "text": tr("The raw text that the model is raised on"),
        "tokenizer": tr("How text is cut into the pieces that the model reads and writes"),
        "model": tr("How large the model becomes, and how long that takes"),
        "run": tr("The training as it goes: loss, samples, time left"),
        "bench": tr("What the model learned, and what it only recites"),
        "assistant": tr("From a model that goes on with texts to one that answers"),
    }
    return tips.get(key, "")

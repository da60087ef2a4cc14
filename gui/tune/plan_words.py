"""A plan in words: its facts for the details pane, and what should be read before it is started.
Qt-free but for the words.
"""

from __future__ import annotations

from collections.abc import Sequence

from finetune.plan import memory_needed
from finetune.run.state import RunSummary
from gui.staged.facts import Fact
from gui.staged.fit import fit_of, fit_words
from gui.staged.progress_words import duration_text, gb_text, rate_text, speed_text
from gui.staged.start_notes import Note, row_notes
from gui.tune.starting import obstacles
from gui.tune.state import TuneState
from gui.tune.steps import plan_note
from gui.tune.words import tr


def plan_facts(state: TuneState) -> list[Fact]:
    """The draft at a glance."""
    train, lora, known = state.draft.train, state.draft.lora, state.calibration
    adapter = tr("rank {rank}, {targets}").format(
        rank=lora.rank, targets=lora.targets.replace("-", " ")
    )
    facts = [
        Fact(tr("Base"), state.base.name if state.base is not None else ""),
        Fact(tr("Data"), state.dataset.name if state.dataset is not None else ""),
        Fact(
            tr("Adapter"),
            adapter if train.method == "lora" else tr("none: every weight"),
            tr("Small matrices beside the weights; the rank is their inner width"),
        ),
        Fact(tr("Length"), plan_note(state), tr("How many times the weights are changed")),
        Fact(tr("Learning rate"), rate_text(train.learning_rate), tr("The size of a step")),
    ]
    if known is not None:
        facts += [
            Fact(tr("Speed"), speed_text(known.tokens_per_s), tr("Measured on this machine")),
            Fact(tr("Memory"), _memory(known.peak_bytes, known.free_bytes)),
        ]
        if train.steps:
            seconds = known.load_s + train.steps * known.s_per_step
            facts.append(Fact(tr("Training"), tr("about {t}").format(t=duration_text(seconds))))
    return [fact for fact in facts if fact.value]


def _memory(peak_bytes: int, free_bytes: int) -> str:
    return tr("{peak} of {free}").format(peak=gb_text(peak_bytes), free=gb_text(free_bytes))


def before_start(state: TuneState, runs: Sequence[RunSummary]) -> list[Note]:
    """What keeps the draft from being started, what it was warned of, what else there is to
    know."""
    notes = [Note("bad", words) for words in obstacles(state)]
    notes += row_notes(state.checked.warnings if state.checked is not None else [])
    notes += _memory_notes(state)
    if live := [run for run in runs if run.is_live]:
        notes.append(
            Note("dim", tr("It will wait until “{name}” is done.").format(name=live[-1].name))
        )
    return notes


def _memory_notes(state: TuneState) -> list[Note]:
    """Measured, where it was; else the estimate."""
    known, base = state.calibration, state.base
    if known is not None:
        need, free = known.peak_bytes, known.free_bytes
    elif base is not None:
        is_full = state.draft.train.method == "full"
        need, free = base.full_bytes if is_full else base.lora_bytes, base.free_bytes
        if state.draft.base.in_4_bits:
            need = memory_needed(state.draft, base)
    else:
        return []
    fit = fit_of(need, free)
    if fit in ("fits", ""):
        return []
    words = tr("Memory: about {need} of {free} free, {fit}.").format(
        need=gb_text(need), free=gb_text(free), fit=fit_words(fit)
    )
    remedy = tr("Close other programs, or take a smaller batch or shorter rows.")
    return [Note("warn", words, remedy)]

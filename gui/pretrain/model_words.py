"""The plan of a model in words: its facts for the details pane, and what should be read before it
is started. Qt-free but for the words.
"""

from __future__ import annotations

from collections.abc import Sequence

from finetune.corpus.enough import warnings_of
from finetune.run.state import RunSummary
from gui.chat.words import size_text
from gui.pretrain.model_plan import Machine, Planned, fitting_batch
from gui.pretrain.raising_words import flop_text
from gui.pretrain.starting import obstacles
from gui.pretrain.state import PretrainState
from gui.pretrain.words import tr
from gui.staged.facts import Fact
from gui.staged.fit import fit_kind, fit_of, fit_words
from gui.staged.progress_words import count_text, duration_text, gb_text, speed_text
from gui.staged.start_notes import Note

MOST_EPOCHS = 4.0  # how often a text may be read with little loss (Muennighoff et al. 2023)
DAY_S = 86_400.0
MANY_DAYS, MANY_YEARS = 10, 2


def time_words(planned: Planned | None) -> str:
    """How long it takes here; whether that was measured or reckoned."""
    if planned is None or not planned.plan.seconds:
        return tr("not measured")
    words = long_text(planned.plan.seconds)
    return words if planned.is_measured else tr("about {time}").format(time=words)


def long_text(seconds: float) -> str:
    """A time, also of those that nobody waits for: in days, in years."""
    days = seconds / DAY_S
    if days < MANY_DAYS:
        return duration_text(seconds)
    if days < MANY_YEARS * 365:
        return tr("{n} days").format(n=f"{days:,.0f}")
    return tr("{n} years").format(n=f"{days / 365:,.1f}")


def dial_note(planned: Planned | None) -> str:
    """Behind the dial: how large, how long."""
    if planned is None:
        return ""
    parameters = tr("{n} parameters").format(n=count_text(planned.plan.n_parameters))
    return f"{parameters} · {time_words(planned)}" if planned.plan.seconds else parameters


def budget_words(planned: Planned | None) -> str:
    """What a budget comes to."""
    if planned is None:
        return ""
    if not planned.is_length_known:
        return tr("How many tokens that is shows when a few steps were measured.")
    found = planned.plan
    parts = [
        tr("{n} tokens").format(n=count_text(found.n_tokens)),
        tr("{n} steps").format(n=f"{found.n_steps:,}"),
    ]
    if found.epochs:
        times = f"{found.epochs:.1f}" if found.epochs < MOST_EPOCHS else f"{found.epochs:,.0f}"
        parts.append(tr("the text read {n} times").format(n=times))
    if found.seconds:
        parts.append(time_words(planned))
    return " · ".join(parts)


def plan_facts(planned: Planned | None, machine: Machine) -> list[Fact]:
    """The plan at a glance."""
    if planned is None:
        return []
    found = planned.plan
    fit = fit_of(planned.memory_bytes, machine.free_bytes)
    free = tr("{need} of {free} free").format(
        need=gb_text(planned.memory_bytes), free=gb_text(machine.free_bytes)
    )
    facts = [
        Fact(
            tr("layers · width · heads"),
            f"{found.layers} · {found.width} · {found.heads}",
            tr("Blocks one after the other, numbers for each token, places looked at at once"),
        ),
        Fact(tr("parameters"), count_text(found.n_parameters), tr("Numbers that are learned")),
        *_length_facts(planned),
        Fact(
            tr("memory"),
            free if machine.free_bytes else gb_text(planned.memory_bytes),
            tr("Weights, gradients, the optimizer’s averages, and what a batch keeps meanwhile"),
            fit_kind(fit) if fit else "",
        ),
        Fact(tr("disk"), size_text(planned.disk_bytes), tr("Checkpoints and the text as tokens")),
        Fact(
            tr("time on this machine"),
            time_words(planned),
            tr("Measured with a few steps, or reckoned from another plan’s that was measured"),
        ),
    ]
    if found.tokens_per_s:
        facts.append(Fact(tr("speed"), speed_text(found.tokens_per_s), tr("Tokens a second")))
    return facts


def _length_facts(planned: Planned) -> list[Fact]:
    found = planned.plan
    if not planned.is_length_known:
        return []
    return [
        Fact(
            tr("tokens per parameter"),
            f"{found.tokens_per_parameter:.1f}",
            tr(
                "About 20 spend a given amount of computing best (Hoffmann et al. 2022); small "
                "models of the dial take fewer, so that they are quick"
            ),
        ),
        Fact(tr("tokens"), count_text(found.n_tokens), tr("What is learned from, repeats counted")),
        Fact(
            tr("compute"),
            flop_text(found.flops),
            tr("Multiplications and additions of the whole training"),
        ),
    ]


def before_start(
    state: PretrainState, planned: Planned | None, machine: Machine, runs: Sequence[RunSummary]
) -> list[Note]:
    """What keeps the draft from being started, what to be warned of, what else there is to
    know."""
    notes = [Note("bad", words) for words in obstacles(state)]
    if planned is not None:
        notes += [*_head_notes(planned), *_room_notes(planned, machine)]
        notes += [*_text_notes(state, planned, machine), *_time_notes(planned)]
    is_own = state.corpus is None or state.corpus.stories_seed < 0
    if is_own and state.draft.corpus.path:
        notes.append(
            Note(
                "dim",
                tr(
                    "It will be a writer in the style of its text: it goes on with what you begin, "
                    "in a notebook. To answer questions it is taught afterwards."
                ),
            )
        )
    if live := [run for run in runs if run.is_live]:
        words = tr("It will wait until “{name}” is done.").format(name=live[-1].name)
        notes.append(Note("dim", words))
    return notes


def _head_notes(planned: Planned) -> list[Note]:
    heads, kv_heads = planned.plan.heads, planned.plan.kv_heads
    if kv_heads and heads % kv_heads == 0:
        return []
    words = tr("Heads of keys and values: {kv} do not divide {heads} heads.")
    return [Note("bad", words.format(kv=kv_heads, heads=heads))]


def _room_notes(planned: Planned, machine: Machine) -> list[Note]:
    """Memory and disk."""
    notes = []
    fit = fit_of(planned.memory_bytes, machine.free_bytes)
    if fit not in ("fits", ""):
        words = tr("Memory: about {need} of {free} free, {fit}.").format(
            need=gb_text(planned.memory_bytes),
            free=gb_text(machine.free_bytes),
            fit=fit_words(fit),
        )
        smaller = fitting_batch(planned.plan, machine.free_bytes)
        remedy = tr("Turn the dial down: even a batch of one needs more.")
        if smaller is not None and smaller[0] < planned.plan.batch:
            remedy = tr("A batch of {batch}, summed {n} times, fits and learns the same.").format(
                batch=smaller[0], n=smaller[1]
            )
        elif smaller is not None:
            remedy = tr("Close other programs, or take a smaller batch.")
        notes.append(Note("warn", words, remedy))
    if machine.disk_bytes and planned.disk_bytes > machine.disk_bytes:
        words = tr("Disk: about {need} are needed and {free} are free.").format(
            need=size_text(planned.disk_bytes), free=size_text(machine.disk_bytes)
        )
        notes.append(Note("warn", words, tr("Make room, or evaluate less often.")))
    return notes


def _text_notes(state: PretrainState, planned: Planned, machine: Machine) -> list[Note]:
    known = state.corpus.warnings if state.corpus is not None else []
    if state.corpus is None and machine.text_bytes:
        known = warnings_of(machine.text_bytes)
    notes = [Note("warn", words) for words in known]
    epochs = planned.plan.epochs if planned.is_length_known else 0.0
    if epochs > MOST_EPOCHS:
        words = tr(
            "The text is too small for this budget: it is read about {n} times, and beyond four "
            "times a model rather learns it by heart."
        ).format(n=f"{epochs:,.0f}")
        notes.append(Note("warn", words, tr("Take more text, less time, or a smaller dial.")))
    return notes


def _time_notes(planned: Planned) -> list[Note]:
    seconds = planned.plan.seconds
    if seconds < DAY_S:
        return []
    words = tr("This takes {time} on this machine, day and night.").format(time=time_words(planned))
    return [Note("warn", words, tr("It can be paused, and goes on after a restart."))]

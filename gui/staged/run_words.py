"""Runs in words: the short note behind a name in a list, the longer line of a tooltip. Qt-free but
for the words.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable

from finetune.run.state import RunSummary
from gui.staged.noted_list import Line
from gui.staged.words import tr

DAY_S = 86_400.0


def run_lines(runs: Iterable[RunSummary], now_s: float | None = None) -> list[Line]:
    """The list of runs."""
    return [run_line(run, run_note(run, now_s)) for run in runs]


def run_line(run: RunSummary, note: str) -> Line:
    """A run in the list, with a note of the room's own."""
    tones = {"failed": "bad", "died": "bad"}
    tone = "accent" if run.is_live else tones.get(run.state, "text_faint")
    return Line(run.path, run.name, note, run_tip(run), tone=tone)


def run_note(run: RunSummary, now_s: float | None = None) -> str:
    """Its progress while it lives, then its day, or what went wrong."""
    words = {
        "new": tr("not started"),
        "queued": tr("queued"),
        "starting": tr("starting"),
        "failed": tr("failed"),
        "died": tr("interrupted"),
    }
    if run.state in words:
        return words[run.state]
    if run.is_live:
        share = f"{run.fraction * 100:.0f} %"
        return tr("paused · {share}").format(share=share) if run.state == "paused" else share
    return day_words(run.ended_s or run.started_s, time.time() if now_s is None else now_s)


def day_words(at_s: float, now_s: float) -> str:
    """When it was: today's time, the day of the last week, or the date."""
    if not at_s:
        return ""
    then, now = time.localtime(at_s), time.localtime(now_s)
    if then[:3] == now[:3]:
        return time.strftime("%H:%M", then)
    if 0 <= now_s - at_s < 6 * DAY_S:
        week = (tr("Mon"), tr("Tue"), tr("Wed"), tr("Thu"), tr("Fri"), tr("Sat"), tr("Sun"))
        return week[then.tm_wday]
    return time.strftime("%Y-%m-%d", then)


def run_tip(run: RunSummary) -> str:
    """A run in two lines."""
    facts = [state_words(run)]
    if run.n_steps:
        steps = tr("step {step} of {n}").format(step=f"{run.step:,}", n=f"{run.n_steps:,}")
        facts.append(steps)
    if not math.isnan(run.best_loss):
        facts.append(tr("best validation loss {loss}").format(loss=f"{run.best_loss:.3f}"))
    return f"{run.name}\n{' · '.join(facts)}" + (f"\n{run.message}" if run.message else "")


def state_words(run: RunSummary) -> str:
    """What it is at."""
    words = {
        "new": tr("not started yet"),
        "queued": tr("waits for another run"),
        "starting": tr("is starting"),
        "running": tr("is running"),
        "paused": tr("is paused"),
        "finished": tr("finished"),
        "stopped": tr("stopped by you"),
        "failed": tr("failed"),
        "died": tr("was interrupted; it can go on"),
    }
    return words[run.state]

"""A run's progress in words: durations, sizes, what it does before its first loss, the header's
line. Qt-free but for the words.
"""

from __future__ import annotations

import math

from finetune.run.state import RunSummary
from gui.staged.words import tr

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400


def duration_text(seconds: float) -> str:
    """ "2 min 10 s": the two largest units."""
    whole = max(0, round(seconds))
    if whole < MINUTE_S:
        return tr("{s} s").format(s=whole)
    if whole < HOUR_S:
        return tr("{min} min {s} s").format(min=whole // MINUTE_S, s=whole % MINUTE_S)
    if whole < DAY_S:
        minutes = whole % HOUR_S // MINUTE_S
        return tr("{h} h {min} min").format(h=whole // HOUR_S, min=minutes)
    hours = whole % DAY_S // HOUR_S
    return tr("{d} d {h} h").format(d=whole // DAY_S, h=hours)


def left_text(seconds: float) -> str:
    """How long something will still take."""
    if seconds < 60:
        return tr("{n} s left").format(n=max(1, round(seconds)))
    if seconds < 5_400:
        return tr("{n} min left").format(n=round(seconds / 60))
    return tr("{n} h left").format(n=round(seconds / 3600))


def loss_text(loss: float) -> str:
    """A loss with the digits that say something; a dash where there is none."""
    if math.isnan(loss):
        return "–"
    if math.isinf(loss):
        return "∞"
    return f"{loss:.3f}" if abs(loss) < 0.1 else f"{loss:.2f}"


def gb_text(n_bytes: float) -> str:
    return tr("{n} GB").format(n=f"{n_bytes / 1e9:.1f}")


def count_text(n: float) -> str:
    """A number of weights or tokens: "4.9 M"."""
    for size, unit in ((1e9, " B"), (1e6, " M"), (1e3, " k")):
        if n >= size:
            return f"{n / size:.3g}{unit}"
    return f"{n:,.0f}"


def speed_text(tokens_per_s: float) -> str:
    return tr("{n} tok/s").format(n=f"{tokens_per_s:,.0f}")


def rate_text(rate: float) -> str:
    """A learning rate: "2e-4"."""
    if not rate or not math.isfinite(rate):
        return "0"
    power = math.floor(math.log10(abs(rate)))
    return f"{rate / 10.0**power:.2g}e{power}"


def percent_text(share: float, digits: int = 0) -> str:
    return f"{share * 100:.{digits}f} %"


def header_words(run: RunSummary) -> str:
    """What stands behind the run's name: step, time left, speed; or what it does instead."""
    if not run.is_live or not run.step:
        return doing_words(run)
    parts = [tr("step {step} of {n}").format(step=f"{run.step:,}", n=f"{run.n_steps:,}")]
    if run.state == "paused":
        return " · ".join([*parts, doing_words(run)])
    if run.phase not in (None, "training"):
        return " · ".join([*parts, doing_words(run)])
    if run.time_left_s >= 0:
        parts.append(tr("{time} left").format(time=duration_text(run.time_left_s)))
    return " · ".join([*parts, speed_text(run.tokens_per_s)])


def status_words(run: RunSummary) -> str:
    """The status bar's: "night-porter 64 % · 2 min 10 s"."""
    if run.state == "paused":
        return tr("{name} {share} · paused").format(name=run.name, share=percent_text(run.fraction))
    if not run.step or run.phase not in (None, "training"):
        return f"{run.name} · {doing_words(run)}"
    words = f"{run.name} {percent_text(run.fraction)}"
    return f"{words} · {duration_text(run.time_left_s)}" if run.time_left_s >= 0 else words


def doing_words(run: RunSummary) -> str:
    """What a run does, in a few words."""
    if run.state == "paused":
        return pause_words(run.why)
    if run.state in ("new", "finished", "stopped", "failed", "died"):
        return _over_words(run)
    words = {
        "queued": tr("waiting for another run to end"),
        "converting": tr("making the folder a GGUF"),
        "preparing": tr("preparing the rows"),
        "tokenizer": tr("training the tokenizer"),
        "loading": tr("loading the model"),
        "answering": tr("writing the base’s own answers"),
        "training": tr("training"),
        "evaluating": tr("measuring on what is held out"),
        "exporting": tr("writing what was learned"),
        "checking": tr("checking what came of it"),
    }
    if run.kind == "pretrain":
        words |= {
            "preparing": tr("preparing the text"),
            "evaluating": tr("measuring on the held-out text"),
            "exporting": tr("writing the model"),
        }
    found = words[run.phase] if run.phase is not None else tr("starting")
    if run.phase_fraction >= 0:
        found = f"{found} {percent_text(run.phase_fraction)}"
    return f"{found} ({run.words})" if run.words else found


def pause_words(why: str) -> str:
    words = {
        "asked": tr("paused by you"),
        "reply": tr("waits while a reply is written"),
        "memory": tr("waits until there is more free memory"),
    }
    return words.get(why, tr("paused"))


def _over_words(run: RunSummary) -> str:
    if run.state == "new":
        return tr("not started")
    steps = tr("{step} of {n} steps").format(step=f"{run.step:,}", n=f"{run.n_steps:,}")
    if run.state == "failed":
        return tr("failed after {steps}").format(steps=steps)
    if run.state == "died":
        return tr("interrupted after {steps}").format(steps=steps)
    if run.state == "stopped":
        return tr("stopped after {steps}").format(steps=steps)
    how = {
        "early": tr("ended early after {steps}: validation was getting no better"),
        "time": tr("ended after {steps}: its time was up"),
    }
    return how.get(run.how or "", tr("finished, {steps}")).format(steps=steps)

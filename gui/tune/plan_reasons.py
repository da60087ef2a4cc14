"""Why a plan is as it is, in the window's words: a sentence for each reason. Qt-free but for the
words; finetune/plan_words.py has the command line's.
"""

from __future__ import annotations

from finetune.plan import Reason, ReasonKind
from gui.tune.words import tr


def reason_texts() -> dict[ReasonKind, str]:
    """Sentences with places for their figures."""
    return {
        "cut": tr(
            "Your longest row has {longest} tokens, of which {read} are read: the time is short."
        ),
        "whole": tr("Your longest row has {longest} tokens: none is cut."),
        "step_tokens": tr("A step learns from about {tokens} tokens."),
        "seen": tr("{steps} steps see your rows {times} times."),
        "time": tr("The time is enough for {steps} steps, which see your rows {times} times."),
        "one_step": tr("The time is enough for one step, which sees your rows {times} times."),
        "measured": tr("Measured here: {speed} tokens/s."),
        "guessed": tr("Guessed from the model’s size: {speed} tokens/s; measure to know."),
        "own_answers": tr(
            "The base’s own answers to unrelated questions are mixed in, so that it keeps the rest."
        ),
        "patience": tr("It ends early once the validation loss was no better {times} times."),
        "halved": tr("Batches were halved and summed by twos: the same step in less memory."),
        "one_by_one": tr("Rows are computed one by one and summed: the same step in less memory."),
        "checkpointing": tr(
            "Activations are computed anew instead of kept: slower, in less memory."
        ),
        "shorter": tr("Rows are cut shorter, so that they fit into memory."),
        "no_memory": tr("Even so it needs more memory than is free now: close other programs."),
    }


def reason_words(reason: Reason) -> str:
    """A reason as a sentence."""
    return reason_texts()[reason.kind].format(**reason.shown())

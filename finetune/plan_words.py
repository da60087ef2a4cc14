"""The reasons of a plan in English, as the command line says them. The window has words of its own
(gui/tune/plan_reasons.py), in its language.
"""

from __future__ import annotations

from finetune.plan import Reason, ReasonKind

ENGLISH: dict[ReasonKind, str] = {
    "cut": "Your longest row has {longest} tokens, of which {read} are read: the time is short.",
    "whole": "Your longest row has {longest} tokens: none is cut.",
    "step_tokens": "A step learns from about {tokens} tokens.",
    "seen": "{steps} steps see your rows {times} times.",
    "time": "The time is enough for {steps} steps, which see your rows {times} times.",
    "one_step": "The time is enough for one step, which sees your rows {times} times.",
    "measured": "Measured here: {speed} tokens/s.",
    "guessed": "Guessed from the model's size: {speed} tokens/s; measure to know.",
    "own_answers": (
        "The base's own answers to unrelated questions are mixed in, so that it keeps the rest."
    ),
    "patience": "It ends early once the validation loss was no better {times} times.",
    "halved": "Batches were halved and summed by twos: the same step in less memory.",
    "one_by_one": "Rows are computed one by one and summed: the same step in less memory.",
    "checkpointing": "Activations are computed anew instead of kept: slower, in less memory.",
    "shorter": "Rows are cut shorter, so that they fit into memory.",
    "no_memory": "Even so it needs more memory than is free now: close other programs.",
}


def in_english(reason: Reason) -> str:
    """A reason as a sentence."""
    return ENGLISH[reason.kind].format(**reason.shown())

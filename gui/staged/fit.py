"""Whether what a training needs fits into what is free. Qt-free but for the words."""

from __future__ import annotations

from typing import Literal

from gui.staged.words import tr

Fit = Literal["fits", "tight", "no", ""]
TIGHT = 0.85  # of the free memory: above it other programs feel it


def fit_of(need_bytes: int, free_bytes: int) -> Fit:
    """Whether a need fits into what is free; "" where either is not known."""
    if need_bytes <= 0 or free_bytes <= 0:
        return ""
    share = need_bytes / free_bytes
    return "fits" if share <= TIGHT else "tight" if share <= 1 else "no"


def fit_words(fit: Fit) -> str:
    """The verdict in words."""
    words = {
        "fits": tr("fits"),
        "tight": tr("tight"),
        "no": tr("does not fit"),
        "": tr("not known"),
    }
    return words[fit]


def fit_kind(fit: Fit) -> str:
    """The kind of label that says it."""
    return {"fits": "good", "tight": "warn", "no": "bad", "": "dim"}[fit]

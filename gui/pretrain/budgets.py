"""How long a model may take: a few choices of minutes, or the tokens that the dial says. Qt-free
but for the words.
"""

from __future__ import annotations

from finetune.pretraining.config import PretrainConfig
from gui.pretrain.words import tr

DIAL = "dial"
MINUTES = {"3": 3.0, "10": 10.0, "60": 60.0}


def budget_names() -> list[tuple[str, str]]:
    """Keys and what they are called."""
    return [
        ("3", tr("3 minutes")),
        ("10", tr("10 minutes")),
        ("60", tr("An hour")),
        (DIAL, tr("The dial’s tokens")),
    ]


def budget_tips() -> dict[str, str]:
    return {
        "3": tr("Enough to see gibberish become words"),
        "10": tr("Enough for simple sentences with a small dial"),
        "60": tr("Enough for a small model that writes in the style of its text"),
        DIAL: tr("As many tokens as suit a model of this size, however long that takes"),
    }


def budget_of(config: PretrainConfig) -> str:
    """The choice that a plan has, "" for one of a person's own."""
    train = config.train
    if train.minutes:
        return next((key for key, minutes in MINUTES.items() if minutes == train.minutes), "")
    return "" if train.tokens or train.steps else DIAL


def fields_of(key: str) -> dict[str, float]:
    """What a choice changes, as keyword arguments of the state's change."""
    return {"train__minutes": MINUTES.get(key, 0.0), "train__tokens": 0, "train__steps": 0}

"""Plans that follow from a run: the same on other data, further from here, with a remedy against
forgetting. Qt-free.
"""

from __future__ import annotations

import re

from finetune.config import RunConfig, changed
from finetune.measure.results import Remedy

LEAST_OWN_ANSWERS = 1.0
MOST_OWN_ANSWERS = 20.0


def again(config: RunConfig) -> RunConfig:
    """The same plan as a draft, under the next name."""
    return changed(config, out__dir="", out__notes="", out__name=next_name(config.out.name))


def on_other_data(config: RunConfig) -> RunConfig:
    """The same settings; the data is to be chosen."""
    return changed(again(config), data__path="", data__format="")


def further(config: RunConfig, base: str) -> RunConfig:
    """The same again, from a base that has learned this already."""
    return changed(again(config), base__path=base)


def remedied(config: RunConfig, remedy: Remedy) -> RunConfig:
    """A plan that forgets less."""
    draft = again(config)
    if remedy == "own_answers":
        share = max(LEAST_OWN_ANSWERS, 2.0 * draft.data.own_answers)
        return changed(draft, data__own_answers=min(MOST_OWN_ANSWERS, share))
    if remedy == "fewer_steps":
        train = draft.train
        if train.steps:
            return changed(draft, train__steps=max(1, train.steps // 2))
        return changed(draft, train__epochs=train.epochs / 2)
    return draft


def next_name(name: str) -> str:
    """ "no-hedging" -> "no-hedging-2" -> "no-hedging-3"."""
    found = re.fullmatch(r"(.*?)-(?:v)?(\d+)", name)
    if found is None:
        return f"{name}-2" if name else ""
    return f"{name[: found.start(2)]}{int(found[2]) + 1}"

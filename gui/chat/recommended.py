"""What the makers of models recommend for sampling, found by a model's name. Qt-free.

The table is resources/recommended.toml. Base models have none: they are not sampled as a chat.
"""

import re
from importlib import resources
from pathlib import PurePath
from typing import Any

from msgspec import Struct

from engine.process.messages import ModelInfo
from gui.chat.chat_settings import ChatSettings, with_checked


class Recommendation(Struct, frozen=True):
    """pattern: found in a model's name and file name; values: settings by name."""

    pattern: re.Pattern[str]
    source: str
    values: dict[str, Any]


def read_recommendations() -> list[Recommendation]:
    """The table; it is ours, so what is wrong in it is a bug."""
    import tomllib  # not before the window painted

    text = resources.files("resources").joinpath("recommended.toml").read_text("utf-8")
    return [_recommendation(entry) for entry in tomllib.loads(text)["model"]]


def recommended_for(model: ModelInfo, table: list[Recommendation]) -> Recommendation | None:
    """The first entry that fits; None for a base model and where nothing is known."""
    if model.template == "none":
        return None
    name = f"{model.name} {PurePath(model.path).name}"
    return next((one for one in table if one.pattern.search(name)), None)


def _recommendation(entry: dict[str, Any]) -> Recommendation:
    for name, value in entry["values"].items():
        assert with_checked(ChatSettings(), name, value) is not None, (entry, name)
    return Recommendation(re.compile(entry["match"], re.I), entry["source"], entry["values"])

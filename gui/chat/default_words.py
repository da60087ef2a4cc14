"""A setting's value in words, as on the button that puts it back and in the line of what a maker
recommends. No widgets.
"""

from typing import Any

from gui.chat.chat_settings import RANGES
from gui.chat.setting_words import setting_words, special_number_words
from gui.chat.words import tr


def value_text(name: str, value: Any) -> str:
    """A value as a person reads it."""
    if value is None:
        return tr("random")
    if isinstance(value, float | int) and not isinstance(value, bool):
        bounds = RANGES.get(name)
        words = special_number_words(name).get(int(value))
        decimals = bounds.decimals if bounds is not None else 0
        return words or f"{value:,.{decimals}f}"
    return tr("its default") if value else tr("nothing")


def values_text(values: dict[str, Any]) -> str:
    """Some settings in one line: temperature 0.60 · top-p 0.95."""
    return " · ".join(
        f"{setting_words(name)[0]} {value_text(name, value)}" for name, value in values.items()
    )

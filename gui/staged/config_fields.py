"""What a form of fields has to know of a run's configuration: what each field is called, what it
means, which values it may have. Fine-tune's and Pretrain's rooms each have one of these.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from finetune.run_toml import RunFile
from gui.staged.words import tr


def no_choices(_name: str) -> Mapping[Any, str]:
    """No field is one of a few."""
    return {}


def no_reason(_draft: Any, _name: str) -> str:
    """Every field has an effect."""
    return ""


def nothing_along(_name: str, _value: Any) -> dict[str, Any]:
    """Nothing else changes with a field."""
    return {}


class ConfigFields(Struct, frozen=True):
    """Names are "table.field".

    start: a configuration that nobody changed; names: what all fields are called; help_of: what one
    means; choices_of: the values of one that is one of a few, with what they are called; long:
    texts of several lines; shares_or_files: those that may name a file instead of a number;
    dialled: those whose 0 follows from other fields, dialled_words: what 0 means there; why_off:
    why one has no effect in a draft ("" when it has); along: what else changes with one, as keyword
    arguments of StagedState.change.
    """

    start: RunFile
    names: Mapping[str, str]
    help_of: Callable[[str], str]
    choices_of: Callable[[str], Mapping[Any, str]] = no_choices
    long: frozenset[str] = frozenset()
    shares_or_files: frozenset[str] = frozenset()
    dialled: frozenset[str] = frozenset()
    why_off: Callable[[Any, str], str] = no_reason
    along: Callable[[str, Any], dict[str, Any]] = nothing_along
    dialled_words: str = ""

    def default_of(self, name: str) -> Any:
        """What a field is where nobody said otherwise."""
        table, _, one = name.partition(".")
        kind = type(getattr(self.start, table))
        return next(field.default for field in dataclasses.fields(kind) if field.name == one)

    def shown_value(self, name: str, value: Any) -> str:
        """A value in words."""
        choices = self.choices_of(name)
        if choices and value in choices:
            return choices[value]
        if name in self.dialled and not value:
            return self.dialled_words
        return shown(value)


def shown(value: Any) -> str:
    """A value that is none of a few, in words."""
    if isinstance(value, bool):
        return tr("on") if value else tr("off")
    if isinstance(value, tuple):
        return " · ".join(value)
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) or tr("nothing")

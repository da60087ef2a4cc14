"""What a column is: a model, what is set otherwise than in the chat, and the branch of the chat it
goes on with; as it is kept with the chat. Qt-free.
"""

from typing import Any

import msgspec
from msgspec import Struct, field

from gui.chat.chat_settings import ChatSettings, with_checked
from gui.chat.preset import OUTPUT, SAMPLING

MOST_COLUMNS = 4
# What a column may have of its own.
OWN_NAMES = (*SAMPLING, *OUTPUT, "system_prompt", "preset")


class ColumnSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a column has of its own. model_path "": the room's model; values: settings by their name
    in ChatSettings, where they are not as the chat's; has_adapters: the chat's adapters are on,
    which belong to the room's model.
    """

    model_path: str = ""
    values: dict[str, Any] = {}
    has_adapters: bool = True

    def over(self, settings: ChatSettings) -> ChatSettings:
        """The chat's settings with the column's in their place."""
        for name, value in self.values.items():
            settings = settings.with_value(name, value)
        if not self.has_adapters or self.model_path:
            settings = settings.with_value("adapters", [])
        return settings

    def with_value(self, name: str, value: Any, chat: ChatSettings) -> "ColumnSettings":
        """A copy with one setting changed; one that is as the chat's is not the column's own."""
        values = {key: old for key, old in self.values.items() if key != name}
        if value != getattr(chat, name):
            values[name] = value
        return msgspec.structs.replace(self, values=values)

    def with_all(self, settings: ChatSettings, chat: ChatSettings) -> "ColumnSettings":
        """A copy that makes of the chat's settings these."""
        wanted = {name: getattr(settings, name) for name in OWN_NAMES}
        values = {name: value for name, value in wanted.items() if value != getattr(chat, name)}
        return msgspec.structs.replace(self, values=values)

    def with_model(self, path: str) -> "ColumnSettings":
        return msgspec.structs.replace(self, model_path=path)

    def with_adapters(self, has_adapters: bool) -> "ColumnSettings":
        return msgspec.structs.replace(self, has_adapters=has_adapters)


class Column(Struct):
    """One column. number: its place, from 1; head_id: the leaf of the branch it shows."""

    number: int
    own: ColumnSettings = field(default_factory=ColumnSettings)
    head_id: str | None = None


def to_kept(columns: list[Column]) -> list[dict[str, Any]]:
    """The columns as JSON, for the chat they belong to."""
    return [{**msgspec.to_builtins(one.own), "head": one.head_id} for one in columns]


def from_kept(kept: object) -> list[Column]:
    """What to_kept made, or what another version or another hand did: [] where it is no columns;
    a value that cannot be is left out, alone."""
    if not isinstance(kept, list) or not all(isinstance(one, dict) for one in kept):
        return []
    return [_column(number, one) for number, one in enumerate(kept[:MOST_COLUMNS], start=1)]


def _column(number: int, kept: dict[str, Any]) -> Column:
    path, head_id, values = (kept.get(key) for key in ("model_path", "head", "values"))
    own = ColumnSettings(
        model_path=path if isinstance(path, str) else "",
        values=_checked(values) if isinstance(values, dict) else {},
        has_adapters=kept.get("has_adapters") is not False,
    )
    return Column(number, own, head_id if isinstance(head_id, str) else None)


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    checked = {}
    for name in OWN_NAMES:
        found = with_checked(ChatSettings(), name, values[name]) if name in values else None
        if found is not None:
            checked[name] = getattr(found, name)
    return checked

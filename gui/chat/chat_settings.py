"""What a chat is set to: sampling, reply length, system prompt, overflow policy; as JSON in the
chat's row.

Qt-free. Keys that a newer version wrote are kept; a value out of bounds falls back to its default,
alone.
"""

import json
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from engine.process.messages import Adapter, Overflow, Sampling

NO_LIMIT = -1


class ChatSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One chat's settings. seed None draws one per reply; max_tokens -1 lets the model end its
    turn; certainty: replies are coloured by probability, and their alternatives are kept. logit_bias:
    token text -> bias.
    """

    temperature: float = 0.8
    top_p: float = 0.95
    min_p: float = 0.05
    top_k: int = 40
    typical_p: float = 1.0
    top_n_sigma: float = 0.0
    repeat_penalty: float = 1.0
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    penalty_last_n: int = 64
    dry_multiplier: float = 0.0
    dry_base: float = 1.75
    dry_allowed_length: int = 2
    xtc_probability: float = 0.0
    xtc_threshold: float = 0.1
    mirostat: Literal[0, 1, 2] = 0
    mirostat_tau: float = 5.0
    mirostat_eta: float = 0.1
    stop: list[str] = []
    json_schema: str = ""
    grammar: str = ""
    logit_bias: dict[str, float] = {}
    adapters: list[Adapter] = []
    reasoning_budget: int = NO_LIMIT
    certainty: bool = False
    max_tokens: int = NO_LIMIT
    seed: int | None = None
    system_prompt: str = ""
    overflow: Overflow = "stop"
    unknown: dict[str, Any] = {}

    def sampling(self) -> Sampling:
        shared = set(Sampling.__struct_fields__) & set(self.__struct_fields__) - {"logit_bias"}
        return Sampling(**{name: getattr(self, name) for name in shared})

    def with_value(self, name: str, value: object) -> "ChatSettings":
        """A copy with one field changed."""
        return msgspec.structs.replace(self, **{name: value})


@dataclass(frozen=True)
class Range:
    """The bounds of a number a person can set, its step, and how many decimals are shown."""

    low: float
    high: float
    step: float
    decimals: int = 2


RANGES: dict[str, Range] = {
    "temperature": Range(0.0, 2.0, 0.05),
    "top_p": Range(0.0, 1.0, 0.01),
    "min_p": Range(0.0, 1.0, 0.01),
    "top_k": Range(0, 200, 1, decimals=0),
    "repeat_penalty": Range(1.0, 2.0, 0.01),
}
MAX_REPLY_TOKENS = 131_072
MAX_SEED = 2**31 - 1
_KNOWN = frozenset(ChatSettings.__struct_fields__) - {"unknown"}


def to_json(settings: ChatSettings, extra: dict[str, Any] | None = None) -> str:
    """The settings as the store keeps them; defaults are left out, so that a better default reaches
    old chats.
    """
    known = msgspec.to_builtins(settings)
    unknown = known.pop("unknown", {})
    return json.dumps({**unknown, **known, **(extra or {})}, ensure_ascii=False, sort_keys=True)


def from_json(text: str) -> ChatSettings:
    """Read what to_json wrote, or what another version or another hand did."""
    values = _object(text)
    settings = ChatSettings(unknown={k: v for k, v in values.items() if k not in _KNOWN})
    for name in _KNOWN & values.keys():
        settings = _with_checked(settings, name, values[name])
    return settings


def _object(text: str) -> dict[str, Any]:
    try:
        values = json.loads(text) if text else {}
    except json.JSONDecodeError:
        return {}
    return values if isinstance(values, dict) else {}


def _with_checked(settings: ChatSettings, name: str, value: object) -> ChatSettings:
    candidate = {name: value}
    try:
        checked = msgspec.convert(candidate, ChatSettings)
    except msgspec.ValidationError:
        return settings
    number, bounds = getattr(checked, name), RANGES.get(name)
    if bounds is not None and not bounds.low <= number <= bounds.high:
        return settings
    if name == "max_tokens" and not (number == NO_LIMIT or 1 <= number <= MAX_REPLY_TOKENS):
        return settings
    if name == "seed" and number is not None and not 0 <= number <= MAX_SEED:
        return settings
    return settings.with_value(name, number)

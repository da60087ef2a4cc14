"""What a chat is set to: sampling, reply length, system prompt, overflow policy; as JSON in the
chat's row.

Qt-free. Keys that a newer version wrote are kept; a value out of bounds falls back to its default,
alone.
"""

import json
from typing import Any, Literal

import msgspec
from msgspec import Struct

from engine.process.messages import Adapter, Overflow, Sampling

NO_LIMIT = -1


class ChatSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One chat's settings. seed None draws one per reply; max_tokens -1 lets the model end its
    turn; certainty: replies are coloured by probability, and their alternatives are kept.
    logit_bias: a text, whose every token is meant -> bias. adapters_off: path of an adapter that is
    switched off -> the strength it comes back with. preset: the name of the one used last.
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
    dry_last_n: int = -1
    dry_breakers: tuple[str, ...] = ("\n", ":", '"', "*")
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
    adapters_off: dict[str, float] = {}
    reasoning_budget: int = NO_LIMIT
    certainty: bool = False
    max_tokens: int = NO_LIMIT
    seed: int | None = None
    system_prompt: str = ""
    overflow: Overflow = "stop"
    preset: str = ""
    unknown: dict[str, Any] = {}

    def sampling(self) -> Sampling:
        """As the engine takes it. Biases go as texts: only the engine knows their tokens."""
        shared = set(Sampling.__struct_fields__) & set(self.__struct_fields__)
        values = {name: getattr(self, name) for name in shared - {"logit_bias"}}
        return Sampling(text_bias=self.logit_bias, **values)

    def with_value(self, name: str, value: object) -> "ChatSettings":
        """A copy with one field changed."""
        return msgspec.structs.replace(self, **{name: value})


class Range(Struct, frozen=True):
    """The bounds of a number a person can set, its step, and how many decimals are shown."""

    low: float
    high: float
    step: float
    decimals: int = 2


MAX_REPLY_TOKENS = 131_072
MAX_SEED = 2**31 - 1
MAX_BIAS = 100.0
MAX_SCALE = 2.0
# Told on the wire and drawn: more than a person sets by hand is a damaged file.
MAX_ENTRIES = 64
RANGES: dict[str, Range] = {
    "temperature": Range(0.0, 2.0, 0.05),
    "top_p": Range(0.0, 1.0, 0.01),
    "min_p": Range(0.0, 1.0, 0.01),
    "top_k": Range(0, 200, 1, decimals=0),
    "typical_p": Range(0.0, 1.0, 0.01),
    "top_n_sigma": Range(0.0, 5.0, 0.05),
    "xtc_probability": Range(0.0, 1.0, 0.01),
    "xtc_threshold": Range(0.0, 0.5, 0.01),
    "repeat_penalty": Range(1.0, 2.0, 0.01),
    "frequency_penalty": Range(-2.0, 2.0, 0.05),
    "presence_penalty": Range(-2.0, 2.0, 0.05),
    "penalty_last_n": Range(-1, MAX_REPLY_TOKENS, 16, decimals=0),
    "dry_multiplier": Range(0.0, 4.0, 0.05),
    "dry_base": Range(1.0, 4.0, 0.05),
    "dry_allowed_length": Range(1, 32, 1, decimals=0),
    "dry_last_n": Range(-1, MAX_REPLY_TOKENS, 64, decimals=0),
    "mirostat_tau": Range(0.0, 10.0, 0.1),
    "mirostat_eta": Range(0.01, 1.0, 0.01),
    "max_tokens": Range(NO_LIMIT, MAX_REPLY_TOKENS, 64, decimals=0),
    "reasoning_budget": Range(NO_LIMIT, MAX_REPLY_TOKENS, 64, decimals=0),
    "seed": Range(0, MAX_SEED, 1, decimals=0),
}
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
        settings = with_checked(settings, name, values[name]) or settings
    return settings


def _object(text: str) -> dict[str, Any]:
    try:
        values = json.loads(text) if text else {}
    except json.JSONDecodeError:
        return {}
    return values if isinstance(values, dict) else {}


def with_checked(settings: ChatSettings, name: str, value: object) -> ChatSettings | None:
    """A copy with one field as a file says it; None where the value cannot be."""
    try:
        checked = getattr(msgspec.convert({name: value}, ChatSettings), name)
    except msgspec.ValidationError:
        return None
    return settings.with_value(name, checked) if _is_possible(name, checked) else None


def _is_possible(name: str, value: Any) -> bool:
    bounds = RANGES.get(name)
    if bounds is not None and value is not None:
        return bounds.low <= value <= bounds.high and (name != "max_tokens" or value != 0)
    if name in ("stop", "dry_breakers"):
        return len(value) <= MAX_ENTRIES and all(value)
    if name == "logit_bias":
        in_bounds = all(text and abs(bias) <= MAX_BIAS for text, bias in value.items())
        return in_bounds and len(value) <= MAX_ENTRIES
    if name == "adapters":
        return len(value) <= MAX_ENTRIES and all(0 <= one.scale <= MAX_SCALE for one in value)
    return True

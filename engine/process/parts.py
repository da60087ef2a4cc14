"""What the structs of the wire are made of: their bases, and the parts that several of them share.

Light: safe to import anywhere. messages.py and token_messages.py have the requests and events.
"""

from typing import Literal

import msgspec

Role = Literal["system", "user", "assistant", "tool"]


class Struct(msgspec.Struct, frozen=True, omit_defaults=True):
    """Base of all wire structs: immutable, defaults left off the wire."""


class Array(Struct, frozen=True):
    """A numpy array on the wire: dtype string, shape, raw C-order bytes."""

    dtype: str
    shape: tuple[int, ...]
    data: bytes


# ---- parts of requests ----


class ChatMessage(Struct, frozen=True):
    role: Role
    content: str


class Adapter(Struct, frozen=True):
    """A LoRA adapter file (GGUF) and its strength; 1.0 is as trained, 0 is off."""

    path: str
    scale: float = 1.0


class Sampling(Struct, frozen=True):
    """How the next token is drawn. Stages run in the order of these fields; a stage at its default
    is left out.

    temperature 0 takes the likeliest token. seed None draws one, and Done says which. text_bias: as
    logit_bias, for every token that a text is made of.
    """

    logit_bias: dict[int, float] = {}
    text_bias: dict[str, float] = {}
    repeat_penalty: float = 1.0
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    penalty_last_n: int = 64
    dry_multiplier: float = 0.0
    dry_base: float = 1.75
    dry_allowed_length: int = 2
    dry_last_n: int = -1
    dry_breakers: tuple[str, ...] = ("\n", ":", '"', "*")
    top_n_sigma: float = 0.0
    top_k: int = 40
    typical_p: float = 1.0
    top_p: float = 0.95
    min_p: float = 0.05
    xtc_probability: float = 0.0
    xtc_threshold: float = 0.1
    temperature: float = 0.8
    mirostat: Literal[0, 1, 2] = 0
    mirostat_tau: float = 5.0
    mirostat_eta: float = 0.1
    seed: int | None = None
    grammar: str = ""
    json_schema: str = ""


class Request(Struct, frozen=True, tag=True):
    job: int


class Event(Struct, frozen=True, tag=True):
    job: int


class Result(Struct, frozen=True, tag=True):
    """Base of what a Done carries."""


class Candidate(msgspec.Struct, frozen=True, array_like=True):
    """One alternative: token id, its bytes, its logprob."""

    id: int
    piece: bytes
    logprob: float

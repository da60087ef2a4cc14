"""Requests about datasets and their rows."""

from dataclasses import dataclass, field
from typing import Any

from engine.paths import Paths
from engine.process.jobs import JobGenerator
from engine.process.messages import AnyRequest, AnyResult
from engine.tokens.opened import Tokenizers


@dataclass
class Shared:
    """What the worker's servers share. kept: whatever else is worth keeping open, by name."""

    paths: Paths
    tokenizers: Tokenizers
    kept: dict[str, Any] = field(default_factory=dict)


def answer(request: AnyRequest, shared: Shared) -> AnyResult | None:
    """The answer to a short question, or None. Raises AppError."""
    return None


def job(request: AnyRequest, shared: Shared) -> JobGenerator | None:
    """The generator that does a request's work, None where it is another's."""
    return None

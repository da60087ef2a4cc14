"""What tests of generation share: asking in one line, and a cache that knows nothing."""

from typing import Any

from engine.generation.generate import generate
from engine.generation.loaded import Loaded
from engine.generation.parked import ParkedStates
from engine.process.messages import (
    ChatMessage,
    Generate,
    Generated,
    Sampling,
    Token,
)
from tests.engine.loading import drain

GREEDY = Sampling(temperature=0.0)
STORY = "Once upon a time there was a lighthouse keeper who"


def run(loaded: Loaded, **fields: Any) -> tuple[list[Any], Generated]:
    fields = {"sampling": GREEDY, "max_tokens": 12, **fields}
    return drain(generate(loaded, Generate(job=1, **fields)))


def tokens_of(events: list[Any]) -> list[int]:
    return [event.id for event in events if isinstance(event, Token)]


def user(text: str) -> ChatMessage:
    return ChatMessage("user", text)


def forget(loaded: Loaded) -> None:
    """Nothing is at hand any more: not in the cache, not parked."""
    loaded.context("main").slots.clear()
    loaded.parked = ParkedStates()

"""Questions that have nothing to do with what is taught: the base answers them itself, and its
answers are mixed in against forgetting (measure/own_answers.py). None is among the questions that
forgetting is measured by, or a run would be measured by what it learned."""

from __future__ import annotations

from importlib import resources


def own_questions() -> list[str]:
    """All of them, in an order that mixes kinds, so that the first few are a fair choice."""
    text = resources.files("resources").joinpath("own_questions.txt").read_text("utf-8")
    return [line.strip() for line in text.splitlines() if line.strip()]

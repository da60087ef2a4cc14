"""Texts of the hub that small models were raised from before, to choose from. Light."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

from engine.process.pretrain_messages import CorpusSource


@dataclass(frozen=True)
class Preset:
    """name and words: for people; license: of the texts."""

    name: str
    words: str
    source: CorpusSource
    license: str


@cache
def presets() -> tuple[Preset, ...]:
    """All of them, the smallest first."""
    path = resources.files("resources") / "corpora" / "presets.toml"
    found = tomllib.loads(path.read_text(encoding="utf-8"))["preset"]
    return tuple(Preset(one["name"], one["words"], _source(one), one["license"]) for one in found)


def _source(one: dict[str, str | int]) -> CorpusSource:
    return CorpusSource(
        "hub",
        path=str(one["file"]),
        repository=str(one["repository"]),
        column=str(one["column"]),
        most_bytes=int(one["most_mb"]) * 1_000_000,
    )

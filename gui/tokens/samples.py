"""The texts that tokenizers are compared on, as they lie in resources/samples. Qt-free."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Literal

import msgspec
from msgspec import Struct

Kind = Literal["language", "code", "other"]


class Sample(Struct, frozen=True):
    """One text. Those of kind "language" tell the same story."""

    name: str
    kind: Kind
    text: str


def read_samples() -> list[Sample]:
    """All of them, in their own order.

    Raises:
        OSError, ValueError: the package is damaged.
    """
    folder = resources.files("resources").joinpath("samples")
    index = tomllib.loads(folder.joinpath("index.toml").read_text(encoding="utf-8"))
    return [
        Sample(
            entry["name"],
            msgspec.convert(entry["kind"], Kind),
            folder.joinpath(entry["file"]).read_text(encoding="utf-8"),
        )
        for entry in index["sample"]
    ]

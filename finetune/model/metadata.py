"""What a GGUF says of its model, by the names of one architecture: the figures that a layout needs.

Wraps the checked header of engine.models; reads long arrays that the header only notes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import AppError
from engine.models.gguf_header import ArrayNote, Header, read_bytes
from engine.models.gguf_types import SCALARS


@dataclass(frozen=True)
class Metadata:
    """A header with its architecture; keys are given without the architecture's name."""

    header: Header
    path: Path

    @property
    def architecture(self) -> str:
        return self.header.text("general.architecture")

    def value(self, key: str) -> Any:
        """As the file has it, None where it is absent; a long array whole."""
        found = self.header.metadata.get(f"{self.architecture}.{key}")
        if not isinstance(found, ArrayNote):
            return found
        code, _ = SCALARS[found.element_type]
        data = read_bytes(self.path, found.offset, found.n_bytes)
        return list(struct.unpack(f"<{found.count}{code}", data))

    def whole(self, key: str, default: int | None = None) -> int:
        """A whole number, the same for all layers.

        Raises:
            AppError: it is missing without a default, or differs from layer to layer.
        """
        found = self.value(key)
        if isinstance(found, list):
            if len(set(found)) != 1:
                raise AppError(
                    "This model’s layers differ from one another, which cannot be taught here.",
                    "Choose another base.",
                    f"{self.architecture}.{key} = {found}",
                )
            found = found[0]
        if found is None and default is not None:
            return default
        if not isinstance(found, int) or isinstance(found, bool):
            raise self.missing(key)
        return found

    def real(self, key: str, default: float) -> float:
        """A number, or what holds where the file is silent."""
        found = self.value(key)
        return float(found) if isinstance(found, int | float) else default

    def text(self, key: str) -> str:
        found = self.value(key)
        return found if isinstance(found, str) else ""

    def has(self, tensor: str) -> bool:
        """Whether the file has a tensor of this name."""
        return any(one.name == tensor for one in self.header.tensors)

    def shape(self, tensor: str) -> tuple[int, ...]:
        """A tensor's shape as torch has it, slowest dimension first.

        Raises:
            AppError: there is none of this name.
        """
        for one in self.header.tensors:
            if one.name == tensor:
                return tuple(reversed(one.shape))
        raise self.missing(tensor)

    @staticmethod
    def missing(what: str) -> AppError:
        return AppError(
            "The model’s file lacks something that its kind of model needs.",
            "Download it again, or choose another base.",
            f"{what} is missing",
        )

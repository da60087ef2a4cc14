"""Names and order of a base's layers from its header alone: for what brings weights to a GGUF
without reading it into torch. The same as model/base.py's for a loaded one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import gguf

from engine.errors import AppError
from engine.models.gguf_header import Header, read_header
from finetune.model.layouts import layout_of


class LayerNames(Mapping[str, str]):
    """torch parameter -> tensor of the GGUF, by the maps of the gguf package; parameters that they
    know and the file has."""

    def __init__(self, header: Header) -> None:
        architecture = header.text("general.architecture")
        number = {name: one for one, name in gguf.MODEL_ARCH_NAMES.items()}[architecture]
        n_layers = header.number(f"{architecture}.block_count")
        self._known = gguf.get_tensor_name_map(number, n_layers)
        self._tensors = {one.name for one in header.tensors}

    def __getitem__(self, name: str) -> str:
        found = self._known.get_name(name, try_suffixes=(".weight", ".bias"))
        if found not in self._tensors:
            raise KeyError(name)
        return str(found)

    def __iter__(self) -> Iterator[str]:
        return iter(self._known.mapping)

    def __len__(self) -> int:
        return len(self._known.mapping)


@dataclass(frozen=True)
class HeaderBase:
    """As finetune.model.base.Base, but for the model itself."""

    names: Mapping[str, str]
    permuted: Mapping[str, int]
    header: Header


def header_base(path: Path) -> HeaderBase:
    """Raises AppError where the file is no model, or of a kind that cannot be taught."""
    header = read_header(path)
    if header.text("general.type") not in ("", "model"):
        raise AppError(f"“{path.name}” is no model.", "Choose a model's GGUF file.")
    architecture = header.text("general.architecture")
    layout = layout_of(architecture)
    heads = header.number(f"{architecture}.attention.head_count")
    kv_heads = header.number(f"{architecture}.attention.head_count_kv") or heads
    permuted = {"q_proj": heads, "k_proj": kv_heads} if layout.permutes else {}
    return HeaderBase(LayerNames(header), permuted, header)

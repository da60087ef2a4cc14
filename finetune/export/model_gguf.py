"""A model as a GGUF by our own writer: figures, tokenizer, weights; and the way there from a folder
of safetensors.

`write_model` is for whoever has weights by torch's names; `write_folder` reads them from a folder,
a few rows at a time. Nothing of a folder is run: config and tokenizer are plain data, weights are
safetensors.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal

import gguf
import numpy as np

from engine.errors import AppError
from engine.models.gguf_types import FILE_TYPES
from finetune.export.converted import FINGERPRINT
from finetune.export.gguf_entries import entry
from finetune.export.gguf_stream import (
    Floats,
    Planned,
    Report,
    Written,
    encoded,
    ignore,
    write_gguf,
)
from finetune.export.hf_config import Figures, figures_of
from finetune.export.hf_tokenizer import tokenizer_entries
from finetune.export.provenance import Value, provenance

Kind = Literal["F32", "F16", "BF16"]
# A tensor's shape as torch has it, and rows start to stop of it (all of a vector), float32.
Shapes = Mapping[str, tuple[int, ...]]
Rows = Callable[[str, int, int], Floats]

_FILE_TYPE = {name: number for number, name in FILE_TYPES.items()}
_KINDS: dict[str, Kind] = {"F32": "F32", "F16": "F16", "BF16": "BF16"}
# Computed anew wherever they are needed.
_LEFT_OUT = re.compile(r".*\.(rotary_emb\.inv_freq|masked_bias|attn\.bias)")
_QK = re.compile(r".*\.([qk])_proj\.(?:weight|bias)")


def write_model(
    target: Path,
    figures: Figures,
    tokenizer: list[bytes],
    shapes: Shapes,
    rows: Rows,
    kind: Kind,
    name: str,
    known: Mapping[str, Value],
    report: Report = ignore,
    made: str = "converted",
) -> Written:
    """Write a model.

    Args:
        tokenizer: its metadata, encoded. shapes, rows: weights by torch's names. kind: of matrices;
            vectors are F32. known: where it comes from; made: how, as provenance.py has it.

    Raises:
        AppError: a tensor is unknown to the architecture; no room; the disk refuses.
    """
    names = _names(figures, shapes)
    entries = [
        entry("general.architecture", figures.architecture),
        entry("general.type", "model"),
        entry("general.name", name),
        *figures.entries,
        entry("general.file_type", _FILE_TYPE[kind], is_u32=True),
        entry("general.quantization_version", 2, is_u32=True),
        *tokenizer,
        *(entry(key, value) for key, value in provenance(made, known).items()),
    ]
    planned = [
        Planned(ours, tuple(reversed(shapes[theirs])), kind if len(shapes[theirs]) > 1 else "F32")
        for ours, theirs in names.items()
    ]
    if figures.rope_factors is not None:
        planned.append(Planned("rope_freqs.weight", figures.rope_factors.shape, "F32"))

    def data(one: Planned) -> Iterator[bytes]:
        if one.name == "rope_freqs.weight":
            assert figures.rope_factors is not None
            yield encoded(figures.rope_factors, "F32", one.name)
            return
        yield from _pieces(one, names[one.name], figures, rows)

    return write_gguf(target, entries, planned, data, report)


def write_folder(
    folder: Path, target: Path, kind: Kind | None = None, report: Report = ignore
) -> tuple[Written, Figures]:
    """Write a Hugging Face folder as a GGUF.

    Args:
        kind: None for the type that the folder has.

    Raises:
        AppError: it is of a kind that is not known here, incomplete or damaged.
    """
    from safetensors import SafetensorError, safe_open

    from finetune.model.folder_facts import (
        FOLDER_KINDS,
        folder_config,
        folder_fingerprint,
        safetensors_of,
    )

    config = folder_config(folder)
    figures = figures_of(config, FOLDER_KINDS[config["model_type"]])
    tokenizer = tokenizer_entries(folder, figures.n_vocab)
    with ExitStack() as stack:
        where: dict[str, Any] = {}
        try:
            for path in safetensors_of(folder):
                file = stack.enter_context(safe_open(path, framework="pt"))
                where |= dict.fromkeys(file.keys(), file)
            slices = {
                one: file.get_slice(one)
                for one, file in where.items()
                if not _is_left_out(one, figures)
            }
            found = kind or _kind_of(slices)
            written = write_model(
                target,
                figures,
                tokenizer,
                {one: tuple(part.get_shape()) for one, part in slices.items()},
                lambda one, start, stop: _floats(slices[one], start, stop),
                found,
                folder.name,
                {"source": folder.name, FINGERPRINT: folder_fingerprint(folder), "dtype": found},
                report,
            )
        except (SafetensorError, OSError) as error:
            raise AppError(
                "A file of weights in the folder is damaged.", "Download it again.", str(error)
            ) from error
    return written, figures


def _is_left_out(name: str, figures: Figures) -> bool:
    return bool(_LEFT_OUT.fullmatch(name)) or (figures.is_tied and name == "lm_head.weight")


def _kind_of(slices: Mapping[str, Any]) -> Kind:
    """The type that most matrices have."""
    kinds = [part.get_dtype() for part in slices.values() if len(part.get_shape()) > 1]
    most = max(set(kinds), key=kinds.count) if kinds else "F32"
    if most not in _KINDS:
        raise AppError(
            f"The folder's weights are of a type ({most}) that is not read here.",
            "Choose the model in its original precision.",
        )
    return _KINDS[most]


def _floats(part: Any, start: int, stop: int) -> Floats:
    found: Floats = part[start:stop].float().numpy()
    return found


def _names(figures: Figures, shapes: Shapes) -> dict[str, str]:
    """GGUF's name -> torch's, in torch's order of layers: embedding, blocks, output."""
    number = {name: one for one, name in gguf.MODEL_ARCH_NAMES.items()}[figures.architecture]
    known = gguf.get_tensor_name_map(number, figures.n_layers)
    names: dict[str, str] = {}
    for name in shapes:
        ours = known.get_name(name, try_suffixes=(".weight", ".bias"))
        if ours is None or len(shapes[name]) > 2:
            raise AppError(
                "The folder has weights that its kind of model does not have.",
                "Choose another model.",
                name,
            )
        names[ours] = name
    return dict(sorted(names.items(), key=lambda one: _place(one[0])))


def _place(name: str) -> tuple[int, int, str]:
    block = re.match(r"blk\.(\d+)\.", name)
    if block:
        return (1, int(block[1]), name)
    return (0 if name.startswith("token_embd") else 2, 0, name)


def _pieces(one: Planned, name: str, figures: Figures, rows: Rows) -> Iterator[bytes]:
    if len(one.shape) == 1:
        vector = rows(name, 0, one.shape[0])
        yield encoded(_changed(vector, name, figures), one.kind, one.name)
        return
    # Rows of q and k change places within a head, so these come whole; they are small.
    at_once = one.n_rows if _is_permuted(name, figures) else one.rows_at_once
    for start in range(0, one.n_rows, at_once):
        part = rows(name, start, min(one.n_rows, start + at_once))
        yield encoded(_changed(part, name, figures), one.kind, one.name)


def _is_permuted(name: str, figures: Figures) -> bool:
    return figures.architecture == "llama" and bool(_QK.fullmatch(name))


def _changed(values: Floats, name: str, figures: Figures) -> Floats:
    """What the GGUF's layout has otherwise than torch."""
    from finetune.model.base import to_gguf
    from finetune.model.layouts import layout_of

    heads = {"q_proj": figures.heads, "k_proj": figures.kv_heads}
    layout = layout_of(figures.architecture)
    found = to_gguf(layout, heads if layout.permutes else {}, name, values)
    return np.ascontiguousarray(found, np.float32)

"""A base model in torch, out of the GGUF that people chat with: its own weights, dequantised.

Training against exactly these weights is why an adapter for a quantised file fits it. Reads with
our header reader and gguf.dequantize; transformers gives the modules, of which only the one that is
needed is imported. layouts.py knows the architectures, folder.py reads folders of safetensors.
"""

from __future__ import annotations

import concurrent.futures
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from engine.errors import AppError
from engine.models.gguf_header import Header, TensorInfo, read_header
from finetune.model.four_bits import hold_in_4_bits, require_four_bits
from finetune.model.layouts import Layout, layout_of, refusal
from finetune.model.metadata import Metadata

Floats = npt.NDArray[Any]


@dataclass(frozen=True)
class Base:
    """A model ready to be taught.

    model: transformers' causal language model; names: torch parameter -> tensor of the GGUF (a tied
    output layer has none of its own); permuted: modules whose output rows the GGUF has in llama's
    order -> their number of heads; header: of the GGUF, None for a folder; path: what it was read
    from; layout: what the file does to weights.
    """

    model: Any
    names: dict[str, str]
    permuted: dict[str, int]
    header: Header | None
    path: Path
    layout: Layout = field(repr=False)

    def as_in_gguf(self, name: str, weights: Floats) -> Floats:
        """A torch parameter's values as the GGUF has them: the way back of reading."""
        return to_gguf(self.layout, self.permuted, name, weights)


def load_base(
    path: Path | str,
    *,
    dtype: torch.dtype,
    device: torch.device | str = "cpu",
    in_4_bits: bool = False,
) -> Base:
    """Read a base model.

    Args:
        path: a GGUF file, or a Hugging Face folder of safetensors.
        dtype: what the weights are held in; they are dequantised straight into it.
        in_4_bits: linear layers are held in NF4 instead, and computed with in dtype.

    Raises:
        AppError: it cannot be read, or cannot be taught (with the reason).
    """
    path = Path(path)
    if in_4_bits:
        require_four_bits(device)
    if path.is_dir():
        from finetune.model.folder import load_folder

        return _placed(load_folder(path, dtype=dtype), device, dtype, in_4_bits)
    header = read_header(path)
    metadata = Metadata(header, path)
    if reason := refusal(metadata):
        raise AppError(reason, "Choose another base.", metadata.architecture)
    layout = layout_of(metadata.architecture)
    # Weights are unpacked while transformers is imported: both take some two seconds.
    with concurrent.futures.ThreadPoolExecutor(1, "weights") as aside:
        reading = aside.submit(_weights, header, path, dtype)
        model = empty_model(layout, layout.config(metadata), dtype)
        weights = reading.result()
    names = tensor_names(model, metadata.architecture)
    permuted = permuted_of(layout, model)
    _fill(model, names, weights, lambda name, one: _to_torch(layout, permuted, name, one))
    _scale_rotary(model, metadata, weights)
    base = Base(frozen(model), names, permuted, header, path, layout)
    return _placed(base, device, dtype, in_4_bits)


def _placed(base: Base, device: torch.device | str, dtype: torch.dtype, in_4_bits: bool) -> Base:
    """On its device. Names stay those of the parameters as they were read: what an export looks up,
    however they are packed now."""
    if in_4_bits:
        hold_in_4_bits(base.model, device, dtype)
    base.model.to(device)
    return base


def empty_model(layout: Layout, config: dict[str, Any], dtype: torch.dtype) -> Any:
    """The modules without weights; buffers (rotary frequencies) are real."""
    model_class = layout.model_class()
    from accelerate import init_empty_weights
    from transformers.initialization import no_init_weights

    with no_init_weights(), init_empty_weights(include_buffers=False):
        model = model_class(model_class.config_class(**config, dtype=dtype))
    return model.eval()


def frozen(model: Any) -> Any:
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    return model


# ---- names ----


def tensor_names(model: Any, architecture: str) -> dict[str, str]:
    """torch parameter -> tensor of the GGUF, by the maps of the gguf package. Of tied weights only
    the first has a name."""
    import gguf

    by_name = {name: number for number, name in gguf.MODEL_ARCH_NAMES.items()}
    n_layers = int(model.config.num_hidden_layers)
    known = gguf.get_tensor_name_map(by_name[architecture], n_layers)
    tied = set(getattr(model, "all_tied_weights_keys", None) or ())
    names = {}
    for name, _ in model.named_parameters(remove_duplicate=False):
        if name in tied:
            continue
        stem, _, kind = name.rpartition(".")
        found = known.get_name(stem)
        if found is None:
            raise AppError(
                "This kind of model has a part that is not known here.",
                "Choose another base.",
                name,
            )
        names[name] = f"{found}.{kind}"
    return names


def permuted_of(layout: Layout, model: Any) -> dict[str, int]:
    if not layout.permutes:
        return {}
    config = model.config
    return {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}


# ---- weights ----


def _weights(header: Header, path: Path, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """All tensors, dequantised into dtype, shaped as torch has them."""
    try:
        data = np.memmap(path, np.uint8, "r")
        return {one.name: _tensor(header, one, data, dtype) for one in header.tensors}
    except OSError as error:
        raise AppError(
            "The model’s file cannot be read.", "Check that it is still there.", str(error)
        ) from error


def _tensor(
    header: Header, one: TensorInfo, data: npt.NDArray[np.uint8], dtype: torch.dtype
) -> torch.Tensor:
    import gguf
    from gguf.quants import dequantize

    start = header.data_start + one.offset
    kind = gguf.GGMLQuantizationType[one.type]
    rows = int(np.prod(one.shape[1:], dtype=np.int64)) if len(one.shape) > 1 else 1
    packed = data[start : start + one.n_bytes].reshape(rows, -1)
    try:
        if kind == gguf.GGMLQuantizationType.F32:
            floats = packed.view(np.float32)
        elif kind == gguf.GGMLQuantizationType.F16:
            floats = packed.view(np.float16)
        else:
            floats = dequantize(packed, kind)
    except NotImplementedError as error:
        raise AppError(
            f"The file is quantised as {one.type}, whose values cannot be read here.",
            "Choose another quantisation of this model.",
            str(error),
        ) from error
    # A copy where it is still the file's own memory: weights outlive the map.
    whole = torch.from_numpy(np.array(floats) if floats.base is not None else floats)
    return whole.to(dtype).reshape(tuple(reversed(one.shape)))


def _fill(
    model: Any,
    names: dict[str, str],
    weights: dict[str, torch.Tensor],
    change: Callable[[str, torch.Tensor], torch.Tensor],
) -> None:
    """Put the weights into the modules, without a copy."""
    state = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        if name not in names:
            continue
        if names[name] not in weights:
            raise Metadata.missing(names[name])
        found = change(name, weights[names[name]])
        if found.shape != parameter.shape:
            raise AppError(
                "The model’s file has a tensor of another shape than its figures say.",
                "Download it again, or choose another base.",
                f"{names[name]}: {tuple(found.shape)} instead of {tuple(parameter.shape)}",
            )
        state[name] = found
    model.load_state_dict(state, strict=False, assign=True)
    model.tie_weights()


def _to_torch(
    layout: Layout, permuted: dict[str, int], name: str, weights: torch.Tensor
) -> torch.Tensor:
    if heads := _heads(permuted, name):
        # llama.cpp turns neighbours in a head by one angle, transformers a half against the other.
        rows = weights.shape[0]
        pairs = weights.reshape(heads, rows // heads // 2, 2, *weights.shape[1:])
        return pairs.transpose(1, 2).reshape(weights.shape).contiguous()
    if layout.adds_one and name.endswith("norm.weight"):
        return (weights.float() - 1.0).to(weights.dtype)
    if name.endswith(layout.turned) and layout.turned:
        return weights.T.contiguous()
    return weights


def to_gguf(layout: Layout, permuted: dict[str, int], name: str, weights: Floats) -> Floats:
    """The way back of _to_torch, on a numpy array."""
    if heads := _heads(permuted, name):
        rows = weights.shape[0]
        halves = weights.reshape(heads, 2, rows // heads // 2, *weights.shape[1:])
        return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(weights.shape))
    if layout.adds_one and name.endswith("norm.weight"):
        return weights + np.float32(1.0)
    if name.endswith(layout.turned) and layout.turned:
        return np.ascontiguousarray(weights.T)
    return weights


def _heads(permuted: dict[str, int], name: str) -> int:
    return permuted.get(name.split(".")[-2], 0) if name.count(".") else 0


# ---- rotary frequencies that only the file knows ----


def _scale_rotary(model: Any, metadata: Metadata, weights: dict[str, torch.Tensor]) -> None:
    """Llama 3 and Phi 3 carry factors, by which llama.cpp divides the rotary frequencies."""
    factors = weights.get("rope_freqs.weight")
    if factors is None:
        return
    for rotary in _rotaries(model):
        rotary.inv_freq = rotary.inv_freq / factors.float().to(rotary.inv_freq.device)
        rotary.original_inv_freq = rotary.inv_freq


def _rotaries(model: Any) -> Iterator[Any]:
    return (
        one for one in model.modules() if isinstance(getattr(one, "inv_freq", None), torch.Tensor)
    )


def n_threads() -> int:
    """Threads that torch may use: the cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)

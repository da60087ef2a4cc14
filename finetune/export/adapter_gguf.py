"""A LoRA as a GGUF adapter that llama.cpp lays over its base, and back.

llama.cpp multiplies a pair's product with scale * alpha / rank, with one alpha for the whole file
and the rank of each pair. So alpha here is a pair's own scale times its rank (rsLoRA's
alpha / sqrt(rank) becomes alpha * sqrt(rank)); pairs that need another one have the difference in
their B. Pairs as lora_pairs.py makes them; files written whole or not at all.
"""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import gguf
import numpy as np
from gguf.quants import dequantize

from engine.errors import AppError
from engine.models.gguf_header import read_bytes, read_header
from finetune.export.files import gone, sha256_of, whole
from finetune.export.lora_pairs import BaseLike, Floats, Pair, header_of, pairs_of
from finetune.export.provenance import Value, provenance


def write_adapter(
    base: BaseLike,
    peft_state: Mapping[str, Any],
    lora_config: Any,
    target: Path,
    known: Mapping[str, Value],
    kind: Literal["F32", "F16"] = "F32",
) -> None:
    """Write PEFT's weights as a GGUF adapter for this base.

    Args:
        peft_state: PEFT's names -> tensors, as get_peft_model_state_dict gives them.
        lora_config: a peft.LoraConfig, or the fields of its JSON.
        known: where it comes from (base_sha256, dataset, run, seed, ...).

    Raises:
        AppError: it cannot be expressed as an adapter, does not fit, or the disk refuses.
    """
    pairs = pairs_of(base, peft_state, _fields(lora_config))
    write_pairs(header_of(base).text("general.architecture"), pairs, target, known, kind)


def write_pairs(
    architecture: str,
    pairs: list[Pair],
    target: Path,
    known: Mapping[str, Value],
    kind: Literal["F32", "F16"] = "F32",
) -> None:
    """As write_adapter, from pairs."""
    alpha = common_alpha(pairs)
    with whole(target) as beside:
        writer = gguf.GGUFWriter(beside, architecture)
        try:
            writer.add_type("adapter")
            writer.add_string("adapter.type", "lora")
            writer.add_float32("adapter.lora.alpha", alpha)
            writer.add_name(str(known.get("name") or target.stem))
            for key, value in provenance("adapter", known).items():
                _add(writer, key, value)
            for pair in pairs:
                folded = np.float32(pair.scale * pair.rank / alpha)
                writer.add_tensor(f"{pair.tensor}.lora_a", _stored(pair.a, kind))
                writer.add_tensor(f"{pair.tensor}.lora_b", _stored(folded * pair.b, kind))
            writer.write_header_to_file()
            writer.write_kv_data_to_file()
            writer.write_tensors_to_file()
        finally:
            writer.close()


def common_alpha(pairs: list[Pair]) -> float:
    """The alpha that most pairs need; never 0, which llama.cpp takes for "no alpha"."""
    found = Counter(float(np.float32(pair.scale * pair.rank)) for pair in pairs if pair.scale)
    return found.most_common(1)[0][0] if found else 1.0


def read_adapter(path: Path, scale: float = 1.0) -> dict[str, Pair]:
    """A GGUF adapter's pairs by the tensor they belong to.

    Args:
        scale: the strength it is used at.

    Raises:
        AppError: it is none, or is damaged.
    """
    header = read_header(path)
    if header.text("general.type") != "adapter" or header.text("adapter.type") != "lora":
        raise AppError(f"“{path.name}” is no LoRA adapter.", "Choose an adapter's GGUF file.")
    alpha = header.metadata.get("adapter.lora.alpha")
    alpha = float(alpha) if isinstance(alpha, int | float) else 0.0
    halves: dict[str, dict[str, Floats]] = {}
    for tensor in header.tensors:
        name, _, half = tensor.name.rpartition(".lora_")
        if half not in ("a", "b") or len(tensor.shape) != 2:
            raise AppError(f"“{path.name}” holds more than LoRA's pairs.", "", tensor.name)
        data = read_bytes(path, header.data_start + tensor.offset, tensor.n_bytes)
        halves.setdefault(name, {})[half] = _values(data, tensor.type, tensor.shape)
    return {name: _read_pair(name, both, alpha, scale) for name, both in halves.items()}


def base_sha256(path: Path) -> str:
    """The sha256 of the base that an adapter was trained on; "" where it does not say."""
    return read_header(path).text("bathysphere.base_sha256")


def check_base(adapter: Path, base: Path, sha256: str = "") -> str:
    """Refuse a base that is gone, or another one than the adapter was trained on.

    Args:
        sha256: of the base's file, where it is known already.

    Returns:
        The base's sha256.

    Raises:
        AppError: which of these.
    """
    if not base.is_file():
        raise gone(base)
    trained_on, found = base_sha256(adapter), sha256 or sha256_of(base)
    if trained_on and found != trained_on:
        raise AppError(
            f"“{base.name}” has changed since this adapter was trained on it.",
            "Put the old file back, or train again on the new one.",
            f"sha256 {found}, trained on {trained_on}",
        )
    return found


def _read_pair(name: str, halves: dict[str, Floats], alpha: float, scale: float) -> Pair:
    if len(halves) != 2 or halves["a"].shape[0] != halves["b"].shape[1]:
        raise AppError("The adapter is damaged: half of a layer's pair is missing.", "", name)
    rank = len(halves["a"])
    return Pair(name, halves["a"], halves["b"], scale * (alpha / rank if alpha else 1.0))


def _values(data: bytes, kind: str, shape: tuple[int, ...]) -> Floats:
    raw = np.frombuffer(data, np.uint8)
    if kind in ("F32", "F16"):
        raw = raw.view(np.float32 if kind == "F32" else np.float16)
    found = dequantize(raw, gguf.GGMLQuantizationType[kind])
    values: Floats = found.reshape(tuple(reversed(shape))).astype(np.float32)
    return values


def _stored(values: Floats, kind: str) -> np.ndarray[Any, Any]:
    return np.ascontiguousarray(values, np.float16 if kind == "F16" else np.float32)


def _add(writer: gguf.GGUFWriter, key: str, value: Value) -> None:
    if isinstance(value, bool):
        writer.add_bool(key, value)
    elif isinstance(value, int):
        writer.add_int64(key, value)
    elif isinstance(value, float):
        writer.add_float32(key, value)
    else:
        writer.add_string(key, str(value))


def _fields(config: Any) -> Mapping[str, Any]:
    fields: Mapping[str, Any] = config if isinstance(config, Mapping) else config.to_dict()
    return fields

"""The two matrices of each layer of a LoRA, from PEFT's names and order into a GGUF's.

Hu et al. 2021, "LoRA": a layer's weight W gains scale * B @ A. scale is alpha / rank, or
alpha / sqrt(rank) with rsLoRA (Kalajdzievski 2023). Llama's layout turns neighbouring rows of q and
k by one angle where torch turns one half of a head against the other; so rows of B are put into
that order, as those of W were. What is no such pair (embeddings, biases, DoRA, whole weights) is
refused in words.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from engine.errors import AppError
from engine.models.gguf_header import Header

Floats = npt.NDArray[np.float32]

_PAIR = re.compile(r"(.+)\.lora_([AB])(?:\.[^.]+)?\.weight")
_PATTERN_S = 0.2
_WRAPPERS = ("base_model.model.", "model.language_model.", "language_model.")


class BaseLike(Protocol):
    """What is asked of a base: names: torch parameter -> tensor; permuted: layer -> heads."""

    @property
    def names(self) -> Mapping[str, str]: ...

    @property
    def permuted(self) -> Mapping[str, int]: ...

    @property
    def header(self) -> Header | None: ...


@dataclass(frozen=True)
class Pair:
    """A layer's two matrices: a (rank, n_in), b (n_out, rank), rows in the GGUF's order; the weight
    gains scale * b @ a."""

    tensor: str
    a: Floats
    b: Floats
    scale: float

    @property
    def rank(self) -> int:
        return len(self.a)

    def product(self, start: int, stop: int) -> Floats:
        """Rows start to stop of what the weight gains, shape (stop - start, n_in)."""
        found: Floats = np.float32(self.scale) * (self.b[start:stop] @ self.a)
        return found


def header_of(base: BaseLike) -> Header:
    """The base's GGUF header. Raises AppError where the base is a folder."""
    if base.header is None:
        raise AppError(
            "An adapter in GGUF form needs its base as a GGUF.", "Convert the base's folder first."
        )
    return base.header


def pairs_of(base: BaseLike, state: Mapping[str, Any], config: Mapping[str, Any]) -> list[Pair]:
    """A PEFT state as pairs, in the order of the base's tensors.

    Args:
        state: PEFT's names -> tensors or arrays ("....q_proj.lora_A.weight", with or without the
            adapter's name).
        config: adapter_config.json's fields.

    Raises:
        AppError: it holds more than pairs, or does not fit this base.
    """
    _check_kind(config)
    halves: dict[str, dict[str, Floats]] = {}
    for name, tensor in state.items():
        module, half = _module_and_half(name)
        halves.setdefault(module, {})[half] = _array(tensor)
    if not halves:
        raise AppError("There are no adapter weights in this.", "Choose the adapter's folder.")
    pairs = [_pair(base, module, both, config) for module, both in halves.items()]
    order = {tensor.name: index for index, tensor in enumerate(header_of(base).tensors)}
    return sorted(pairs, key=lambda pair: order[pair.tensor])


def scale_of(config: Mapping[str, Any], module: str, rank: int) -> float:
    """What B @ A of a module is multiplied with."""
    alpha = _by_pattern(config.get("alpha_pattern") or {}, module, config.get("lora_alpha", 8))
    if not math.isfinite(alpha):
        raise AppError("The adapter's alpha is no number.", "Choose another adapter.")
    return alpha / (math.sqrt(rank) if config.get("use_rslora") else rank)


def permute(rows: Floats, n_heads: int) -> Floats:
    """Rows of q or k from torch's order into llama's: shape (n, ...) -> the same."""
    n = len(rows)
    assert n % (2 * n_heads) == 0, (n, n_heads)
    halves = rows.reshape(n_heads, 2, n // n_heads // 2, *rows.shape[1:])
    return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(rows.shape))


def _check_kind(config: Mapping[str, Any]) -> None:
    kind = str(config.get("peft_type", "LORA")).rpartition(".")[2].upper()
    if kind != "LORA":
        raise AppError(
            f"This is a {kind} adapter; only LoRA fits beside a GGUF.", "Merge it first."
        )
    if config.get("use_dora"):
        raise _beyond("DoRA's magnitudes")
    if config.get("modules_to_save"):
        raise _beyond("whole weights (modules_to_save)")
    if config.get("bias", "none") not in ("none", None) or config.get("lora_bias"):
        raise _beyond("biases")


def _beyond(what: str) -> AppError:
    return AppError(
        f"This adapter also changes {what}, which an adapter in GGUF form cannot hold.",
        "Merge it into its base with PEFT, and convert the merged folder.",
    )


def _module_and_half(name: str) -> tuple[str, str]:
    found = _PAIR.fullmatch(name)
    if found:
        return _unwrapped(found[1]), found[2]
    if "lora_embedding" in name or "embed_tokens" in name or "lm_head" in name:
        raise _beyond("embeddings")
    if "magnitude" in name:
        raise _beyond("DoRA's magnitudes")
    raise _beyond("biases" if name.endswith("bias") else f"whole weights ({name[-80:]})")


def _unwrapped(module: str) -> str:
    """The module as the language model alone has it."""
    if module.startswith(_WRAPPERS[0]):
        module = module[len(_WRAPPERS[0]) :]
    for wrapper in _WRAPPERS[1:]:
        if module.startswith(wrapper):
            rest = module[len(wrapper) :]
            return rest if rest.startswith("model.") else f"model.{rest}"
    return module


def _array(tensor: Any) -> Floats:
    if hasattr(tensor, "detach"):
        tensor = tensor.detach().float().cpu().numpy()
    found: Floats = np.asarray(tensor, np.float32)
    if not np.isfinite(found).all():
        raise AppError(
            "The adapter holds values that are no numbers (NaN or infinite).",
            "Go back to an earlier checkpoint; a smaller learning rate avoids this.",
        )
    return found


def _pair(
    base: BaseLike, module: str, halves: dict[str, Floats], config: Mapping[str, Any]
) -> Pair:
    if len(halves) != 2 or any(one.ndim != 2 for one in halves.values()):
        raise AppError("Half of a layer's adapter is missing.", "Choose another file.", module)
    a, b = halves["A"], halves["B"]
    tensor = base.names.get(f"{module}.weight", "")
    shapes = {one.name: one.shape for one in header_of(base).tensors}
    if tensor not in shapes:
        raise _other_base(f"the base has no {module}")
    if shapes[tensor] != (a.shape[1], b.shape[0]) or a.shape[0] != b.shape[1]:
        raise _other_base(f"{module}: {b.shape} x {a.shape} for {shapes[tensor]}")
    if module.rpartition(".")[2] in ("embed_tokens", "lm_head"):
        raise _beyond("embeddings")
    n_heads = base.permuted.get(module.rpartition(".")[2], 0)
    b = permute(b, n_heads) if n_heads else b
    return Pair(tensor, a, b, scale_of(config, module, len(a)))


def _other_base(detail: str) -> AppError:
    return AppError(
        "The adapter was made for another model than this base.",
        "Choose the base it was trained on.",
        detail,
    )


def _by_pattern(patterns: Mapping[str, Any], module: str, default: Any) -> float:
    """PEFT's rule: the first pattern that the module's name, or an end of it, matches."""
    import regex

    for pattern, value in patterns.items():
        try:
            # A pattern is somebody else's: it may ask for ages.
            if regex.fullmatch(rf"(.*\.)?({pattern})", module, timeout=_PATTERN_S):
                return float(value)
        except (regex.error, TimeoutError) as error:
            raise AppError(
                "A name pattern of the adapter's config cannot be used.",
                "Mend adapter_config.json.",
                f"{pattern[:200]}: {error}",
            ) from error
    return float(default)

"""A GGUF adapter laid over a model in torch, as llama.cpp lays it over its own: for comparisons.

Independent of PEFT; nothing here can be trained.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from finetune.export.lora_pairs import BaseLike, Floats, Pair


@contextmanager
def laid_over(base: BaseLike, model: Any, pairs: Mapping[str, Pair]) -> Iterator[None]:
    """The model computes with the adapter while the block runs.

    Args:
        base: whose names and order the pairs have; model: the same in torch.
    """
    by_tensor = {tensor: name for name, tensor in base.names.items()}
    hooks = [
        model.get_submodule(by_tensor[name].removesuffix(".weight")).register_forward_hook(
            _adding(base, by_tensor[name], pair)
        )
        for name, pair in pairs.items()
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _adding(base: BaseLike, name: str, pair: Pair) -> Any:
    heads = base.permuted.get(name.split(".")[-2], 0)
    b = _in_torch_order(pair.b, heads) if heads else pair.b
    down = torch.from_numpy(np.array(pair.a))
    up = torch.from_numpy(np.ascontiguousarray(pair.scale * b, np.float32))

    def hook(_module: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        x = inputs[0].float()
        return output + (x @ down.T.to(x.device) @ up.T.to(x.device)).to(output.dtype)

    return hook


def _in_torch_order(rows: Floats, n_heads: int) -> Floats:
    """The way back of lora_pairs.permute."""
    pairs = rows.reshape(n_heads, len(rows) // n_heads // 2, 2, *rows.shape[1:])
    return pairs.swapaxes(1, 2).reshape(rows.shape)

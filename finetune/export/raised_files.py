"""A model that was raised here as files: a GGUF of its own, tokenizer inside, and a folder in the
Hugging Face layout.

Its weights have transformers' names for Qwen3 (model/gpt.py), so that the writer of folders
(model_gguf.py) is the writer here too, and nothing has to be mapped twice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from engine.errors import AppError
from finetune.export.files import disk_error, sha256_of, whole
from finetune.export.gguf_stream import Report, Written, ignore
from finetune.export.hf_config import figures_of
from finetune.export.model_gguf import Kind, write_model
from finetune.export.provenance import PREFIX, Value, provenance

if TYPE_CHECKING:
    from finetune.model.bpe import TrainedTokenizer
    from finetune.model.gpt import GPTConfig

ARCHITECTURE = "qwen3"
WEIGHTS, CONFIG = "model.safetensors", "config.json"
HEAD = "lm_head.weight"  # the embedding again: tied

Weights = Mapping[str, torch.Tensor]


def hf_config(config: GPTConfig, end_id: int | None) -> dict[str, Any]:
    """config.json of a raised model."""
    return config.as_qwen3() | {"bos_token_id": end_id, "eos_token_id": end_id}


def write_raised(
    target: Path,
    config: GPTConfig,
    tokenizer: TrainedTokenizer,
    weights: Weights,
    name: str,
    known: Mapping[str, Value],
    kind: Kind = "F32",
    report: Report = ignore,
) -> Written:
    """Write a GGUF.

    Args:
        weights: by transformers' names; the head, which is the embedding, may be among them.
        known: where it comes from: corpus, run, step, seed.

    Raises:
        AppError: the disk refuses; no file is left.
    """
    held = {key: one for key, one in weights.items() if key != HEAD}

    def rows(key: str, start: int, stop: int) -> Any:
        return held[key][start:stop].detach().float().cpu().numpy().astype(np.float32)

    return write_model(
        target,
        figures_of(hf_config(config, tokenizer.end_id), ARCHITECTURE),
        tokenizer.gguf_entries(),
        {key: tuple(one.shape) for key, one in held.items()},
        rows,
        kind,
        name,
        known,
        report,
        made="raised",
    )


def write_raised_folder(
    folder: Path,
    config: GPTConfig,
    tokenizer: TrainedTokenizer,
    weights: Weights,
    known: Mapping[str, Value],
) -> Written:
    """Write what transformers' from_pretrained and AutoTokenizer read.

    Raises:
        AppError: the folder is another model's, or the disk refuses.
    """
    from safetensors.torch import save_file

    if folder.exists() and any(folder.iterdir()) and not (folder / CONFIG).is_file():
        raise AppError("This folder holds other files.", "Choose an empty one.", str(folder))
    held = {key: one.detach().cpu().contiguous() for key, one in weights.items() if key != HEAD}
    noted = {
        key.removeprefix(PREFIX): str(value) for key, value in provenance("raised", known).items()
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tokenizer.save_for_transformers(folder)
        with whole(folder / WEIGHTS) as beside:
            save_file(held, beside, metadata={"format": "pt", **noted})
        with whole(folder / CONFIG) as beside:
            text = json.dumps(hf_config(config, tokenizer.end_id), indent=2)
            beside.write_text(text, encoding="utf-8")
    except OSError as error:
        raise disk_error(folder.name, error) from error
    n_bytes = sum(one.stat().st_size for one in folder.iterdir() if one.is_file())
    return Written(folder, n_bytes, sha256_of(folder / WEIGHTS))

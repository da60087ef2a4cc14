"""A Hugging Face folder of safetensors as a base, of the layouts that can become a GGUF.

Its names are torch's already; what each tensor is called in a GGUF comes from the same layouts.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open

from engine.errors import AppError
from finetune.model.base import Base, empty_model, frozen, permuted_of, tensor_names
from finetune.model.layouts import LAYOUTS, Layout

# config.json's model_type -> the architecture of the GGUF that it becomes.
FOLDER_KINDS = {
    "llama": "llama",
    "mistral": "llama",
    "qwen2": "qwen2",
    "qwen3": "qwen3",
    "gemma3_text": "gemma3",
}


def folder_config(folder: Path) -> dict[str, Any]:
    """config.json.

    Raises:
        AppError: it is missing, no JSON, or of a kind that cannot be taught.
    """
    try:
        raw = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        kind = str(raw["model_type"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AppError(
            f"“{folder.name}” is no Hugging Face folder of a model: its config.json says nothing.",
            "Choose the folder that holds config.json and the .safetensors files.",
            str(error),
        ) from error
    if kind not in FOLDER_KINDS:
        known = ", ".join(sorted(FOLDER_KINDS))
        raise AppError(
            f"Folders of the kind “{kind}” cannot be taught here.",
            f"Convert it into a GGUF, or choose a folder of: {known}.",
        )
    if not safetensors_of(folder):
        raise AppError(
            f"“{folder.name}” holds no .safetensors files.",
            "Other formats of weights can run code when they are opened, and are not read.",
        )
    return dict(raw)


def safetensors_of(folder: Path) -> list[Path]:
    """The files of weights."""
    return sorted(folder.glob("*.safetensors"))


def load_folder(folder: Path, *, dtype: torch.dtype, device: torch.device | str = "cpu") -> Base:
    """See load_base."""
    raw = folder_config(folder)
    architecture = FOLDER_KINDS[raw["model_type"]]
    layout = _layout(raw["model_type"], architecture)
    config = layout.model_class().config_class.from_dict(raw).to_dict()
    config.pop("dtype", None)
    model = empty_model(layout, config, dtype)
    missing = set(model.load_state_dict(_state(folder, dtype), strict=False, assign=True)[0])
    model.tie_weights()
    tied = set(getattr(model, "all_tied_weights_keys", None) or ())
    if missing - tied:
        raise AppError(
            f"“{folder.name}” lacks weights that its config.json speaks of.",
            "Download it again.",
            ", ".join(sorted(missing - tied)[:8]),
        )
    model.to(device)
    return Base(
        model=frozen(model),
        names=tensor_names(model, architecture),
        permuted=permuted_of(layout, model),
        header=None,
        path=folder,
        layout=layout,
    )


def _layout(kind: str, architecture: str) -> Layout:
    found = LAYOUTS[architecture]
    if kind != "mistral":
        return found
    classes = ("mistral.modeling_mistral", "MistralForCausalLM")
    return Layout(classes, found.config, permutes=True)


def _state(folder: Path, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    state = {}
    try:
        for path in safetensors_of(folder):
            with safe_open(path, "pt") as file:
                for name in file.keys():  # noqa: SIM118
                    state[name] = file.get_tensor(name).to(dtype)
    except OSError as error:
        raise AppError("The folder cannot be read.", "", str(error)) from error
    except Exception as error:
        # safetensors' own error derives from Exception alone.
        if type(error).__name__ != "SafetensorError":
            raise
        raise AppError(
            "A file of weights in the folder is damaged.", "Download it again.", str(error)
        ) from error
    return state

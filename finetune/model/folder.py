"""A Hugging Face folder of safetensors as a base, of the layouts that can become a GGUF.

Its names are torch's already; what each tensor is called in a GGUF comes from the same layouts.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import safe_open

from engine.errors import AppError
from finetune.model.base import Base, empty_model, frozen, permuted_of, tensor_names
from finetune.model.folder_facts import FOLDER_KINDS, folder_config, safetensors_of
from finetune.model.layouts import LAYOUTS, Layout


def load_folder(folder: Path, *, dtype: torch.dtype) -> Base:
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

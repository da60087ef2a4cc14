"""How a reply was made, in full: what is kept with it so that it can be made again, or so that one
can say what is different now. Plain values; knows no store and no widget.
"""

from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from engine.process.messages import Generate, Generated, ModelInfo
from gui.version import app_version


def asked(request: Generate, model: ModelInfo | None) -> dict[str, Any]:
    """What is known when a reply is asked for."""
    return {
        "model_path": model.path if model else "",
        "model_file": Path(model.path).name if model else "",
        "fingerprint": model.fingerprint if model else "",
        "n_ctx": model.n_ctx if model else 0,
        "n_threads": model.n_threads if model else 0,
        "backend": model.backend if model else "",
        "n_gpu_layers": model.n_gpu_layers if model else 0,
        "kv_type": model.kv_type if model else "",
        "flash_attention": model.flash_attention if model else "",
        "system_prompt": _system_prompt(request),
        "adapters": [[adapter.path, adapter.scale] for adapter in request.adapters],
        "sampling": msgspec.to_builtins(request.sampling, str_keys=True),
        "stop": list(request.stop),
        "max_tokens": request.max_tokens,
        "reasoning_budget": request.reasoning_budget,
        "overflow": request.overflow,
        "prefill": request.prefill,
        "prefill_ids": list(request.prefill_ids),
        "versions": dict(versions()),
    }


def answered(result: Generated, index: int = 0) -> dict[str, Any]:
    """What is known when it has ended."""
    return {
        "n_threads": result.n_threads,
        "slices": list(result.slices),
        "seed": result.replies[index].seed if result.replies else 0,
        "template_hash": result.template_hash,
        "prompt_hash": result.prompt_hash,
        "alone": result.alone,
        "dropped": list(result.dropped),
        "dropped_later": list(result.dropped_later),
        "n_replies": len(result.replies),
        "sha256": result.sha256,
        "adapter_files": [
            [file.path, file.fingerprint, file.sha256] for file in result.adapter_files
        ],
    }


def _system_prompt(request: Generate) -> str:
    """What was in force then: the chat's may be another later."""
    first = request.messages[0] if request.messages else None
    return first.content if first is not None and first.role == "system" else ""


@cache
def versions() -> dict[str, str]:
    """The libraries that a reply depends on."""
    from importlib import metadata  # not needed before the first reply

    try:
        llama = metadata.version("llama-cpp-python")
    except metadata.PackageNotFoundError:
        llama = ""
    return {"bathysphere": app_version(), "llama-cpp-python": llama}

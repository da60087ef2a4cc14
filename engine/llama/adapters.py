"""LoRA adapters (GGUF): loaded once, re-weighted live. The key tells the KV cache what it was
computed under."""

import ctypes
from pathlib import Path
from typing import Any

import llama_cpp.llama_cpp as C

from engine.errors import AppError
from engine.llama import library
from engine.llama.context import Context
from engine.llama.model import Model
from engine.process.messages import Adapter


class Adapters:
    """The adapters loaded for one model, and which of them each context has set."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._handles: dict[str, Any] = {}
        self._set_in: dict[int, str] = {}

    def key(self, adapters: list[Adapter]) -> str:
        """A name for these adapters at these scales; "" for none or all at scale 0.

        Raises:
            AppError: a file is missing.
        """
        return ";".join(
            f"{_identity(adapter.path)}@{adapter.scale!r}" for adapter in adapters if adapter.scale
        )

    def apply(self, context: Context, adapters: list[Adapter], key: str) -> None:
        """Set exactly these adapters on a context, where they are not set already.

        Args:
            key: what `key` gave for them; asked for once per job, since it looks at the files.

        Raises:
            AppError: a file is no adapter, or one for another model.
        """
        if self._set_in.get(id(context), "") == key:
            return
        active = [adapter for adapter in adapters if adapter.scale]
        handles = [self._load(adapter.path) for adapter in active]
        array = (C.llama_adapter_lora_p_ctypes * max(1, len(handles)))(*handles)
        scales = (ctypes.c_float * max(1, len(handles)))(*(adapter.scale for adapter in active))
        status = C.llama_set_adapters_lora(context.handle, array, len(handles), scales)
        if status != 0:
            raise AppError(
                "The adapter could not be applied.", "Load the model again.", f"status {status}"
            )
        self._set_in[id(context)] = key

    def forget(self, context: Context) -> None:
        """A context is about to be closed."""
        self._set_in.pop(id(context), None)

    def close(self) -> None:
        """Free all adapters; before the model, after its contexts."""
        for handle in self._handles.values():
            C.llama_adapter_lora_free(handle)
        self._handles.clear()

    def _load(self, path: str) -> Any:
        identity = _identity(path)
        if identity not in self._handles:
            with library.log_lines() as lines:
                handle = C.llama_adapter_lora_init(self._model.handle, str(path).encode())
            if not handle:
                raise _adapter_error(path, lines)
            self._handles[identity] = handle
        return self._handles[identity]


def _identity(path: str) -> str:
    try:
        status = Path(path).stat()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise AppError(
            f"The adapter {Path(path).name} is not there any more.",
            "Choose it again, or take it out of this chat.",
            str(error),
        ) from error
    return f"{Path(path).absolute()}:{status.st_size}:{status.st_mtime_ns}"


def _adapter_error(path: str, lines: list[str]) -> AppError:
    detail = "\n".join(lines[-20:])
    name = Path(path).name
    text = detail.lower()
    if "shape" in text or "arch" in text or "not found" in text or "does not exist" in text:
        return AppError(
            f"The adapter {name} was made for another model.",
            "Choose the model it was trained on.",
            detail,
        )
    return AppError(
        f"{name} cannot be read as an adapter.", "Choose a LoRA adapter in GGUF form.", detail
    )

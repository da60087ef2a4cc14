"""A GGUF loaded by llama.cpp. Loading blocks: run it in a job (process/service.py does), never
where someone waits."""

import ctypes
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import llama_cpp.llama_cpp as C

from engine.errors import AppError, JobCancelledError
from engine.llama import library
from engine.llama.vocab import Vocab

_REASONS = (
    (
        "unknown model architecture",
        "This model's architecture is newer than, or unknown to, the llama.cpp in this build.",
        "Update Bathysphere, or choose another model.",
    ),
    (
        "unknown pre-tokenizer",
        "This model's pre-tokenizer is unknown to the llama.cpp in this build.",
        "Update Bathysphere, or choose another model.",
    ),
    (
        "key not found in model: tokenizer",
        "This file has no tokenizer inside, so no text can be given to it.",
        "Choose a complete model file.",
    ),
    (
        "unknown tokenizer",
        "This model's tokenizer is unknown to the llama.cpp in this build.",
        "Update Bathysphere, or choose another model.",
    ),
    (
        "cannot find tokenizer",
        "This file has no tokenizer inside, so no text can be given to it.",
        "Choose a complete model file.",
    ),
    (
        "failed to allocate",
        "There is too little memory to load this model.",
        "Close other programs, or choose a smaller model or quantisation.",
    ),
    (
        "missing tensor",
        "This file lacks tensors that its architecture needs.",
        "Fetch the file again, or choose another.",
    ),
)


_OFFLOAD_LINE = re.compile(r"offloaded (\d+)/\d+ layers")


@dataclass(frozen=True)
class LoadOptions:
    """How a model is loaded.

    Args:
        n_gpu_layers: layers on the GPU; -1 for as many as the build and device take.
        device: name of one device to use, as `library.devices` gives it; "" for llama.cpp's choice.
        use_mmap: map the file instead of reading it into memory.
        vocab_only: the vocabulary and metadata alone, no weights.
    """

    n_gpu_layers: int = -1
    device: str = ""
    use_mmap: bool = True
    vocab_only: bool = False


class Model:
    """One model in memory. `close` gives it back; contexts made of it must be closed first."""

    def __init__(
        self, path: Path, options: LoadOptions, on_progress: Callable[[float], bool] | None = None
    ) -> None:
        """Load.

        Args:
            on_progress: called with a fraction 0..1 while weights load; returning False cancels.

        Raises:
            AppError: llama.cpp cannot load it; the sentence says why.
            JobCancelledError: on_progress returned False.
        """
        library.start()
        self.path = path
        self.options = options
        cancelled = False

        def report(fraction: float, _data: object) -> bool:
            nonlocal cancelled
            cancelled = on_progress is not None and not on_progress(fraction)
            return not cancelled

        callback = C.llama_progress_callback(report)
        devices = _device_list(options.device) if options.device else None
        parameters = _parameters(options, callback)
        if devices is not None:
            parameters.devices = ctypes.cast(devices, ctypes.c_void_p)  # type: ignore[assignment]  # the stub names the pointee
        with library.log_lines() as lines:
            self.handle = C.llama_model_load_from_file(str(path).encode(), parameters)
        if cancelled:
            self.close()
            raise JobCancelledError
        if not self.handle:
            raise _load_error(lines)
        self.n_gpu_layers = _offloaded(lines)
        self.vocab = Vocab(C.llama_model_get_vocab(self.handle))
        if self.vocab.n_tokens == 0:
            self.close()
            raise _load_error(["cannot find tokenizer"])

    @property
    def n_ctx_train(self) -> int:
        return int(C.llama_model_n_ctx_train(self.handle))

    @property
    def n_params(self) -> int:
        return int(C.llama_model_n_params(self.handle))

    def close(self) -> None:
        if self.handle:
            C.llama_model_free(self.handle)
            self.handle = None


def _parameters(
    options: LoadOptions, callback: Callable[[float, ctypes.c_void_p], bool]
) -> C.llama_model_params:
    parameters: C.llama_model_params = C.llama_model_default_params()
    parameters.n_gpu_layers = options.n_gpu_layers if options.n_gpu_layers >= 0 else 9999
    parameters.load_mode = C.LLAMA_LOAD_MODE_MMAP if options.use_mmap else C.LLAMA_LOAD_MODE_NONE
    parameters.vocab_only = options.vocab_only
    parameters.progress_callback = callback
    return parameters


def _device_list(name: str) -> "ctypes.Array[ctypes.c_void_p]":
    """A NULL-terminated list of the one device asked for."""
    found = [device for device in library.devices() if device.name == name]
    if not found:
        known = ", ".join(device.name for device in library.devices())
        raise AppError(f"There is no device named {name} here.", f"Choose one of: {known}.")
    return (ctypes.c_void_p * 2)(found[0].handle, None)


def _offloaded(lines: list[str]) -> int:
    """How many layers went to a GPU; a build without one does not speak of it."""
    return next((int(found[1]) for line in lines if (found := _OFFLOAD_LINE.search(line))), 0)


def _load_error(lines: list[str]) -> AppError:
    text = "\n".join(lines)
    detail = "\n".join(lines[-30:])
    for sign, message, hint in _REASONS:
        if sign in text:
            return AppError(message, hint, detail)
    return AppError(
        "llama.cpp could not load this file.",
        "Fetch the file again, or choose another; Details has llama.cpp's own words.",
        detail,
    )

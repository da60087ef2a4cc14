"""llama.cpp as this process sees it: one initialisation, its log, its devices and versions. No
model here.

The log goes to stderr (which is only ever a log) and its last lines are kept, because llama.cpp
says in the log, and nowhere else, why a file cannot be loaded.
"""

import ctypes
import os
import pathlib
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version

import llama_cpp.llama_cpp as C

_LEVEL_DEBUG = 1
_LEVEL_WARN = 3
_LEVEL_CONT = 5
_DEVICE_KINDS = ("CPU", "GPU", "integrated GPU", "accelerator", "other")


class _Log:
    """The last lines of llama.cpp's log; warnings and errors also go to stderr."""

    def __init__(self) -> None:
        self.lines: deque[str] = deque(maxlen=400)
        self.verbose = os.environ.get("BATHYSPHERE_DEBUG") == "1"
        self.is_aborting = False
        self._open_level = 0
        self.callback = C.llama_log_callback(self._on_line)

    def _on_line(self, level: int, text: bytes, _data: object) -> None:
        if level != _LEVEL_CONT:
            self._open_level = level
        line = text.decode("utf-8", "replace").rstrip("\n")
        if self.is_aborting or not line or (self._open_level <= _LEVEL_DEBUG and not self.verbose):
            return
        self.lines.append(line)
        if self.verbose or self._open_level >= _LEVEL_WARN:
            sys.stderr.write(line + "\n")


_log = _Log()
_started = False


def start() -> None:
    """Initialise llama.cpp once in this process; further calls do nothing."""
    global _started
    if _started:
        return
    # Without this ggml starts a debugger on a failed assertion, where one is installed.
    os.environ.setdefault("GGML_NO_BACKTRACE", "1")
    C.llama_log_set(_log.callback, ctypes.c_void_p(0))
    C.llama_backend_init()
    _started = True


@contextmanager
def log_lines() -> Iterator[list[str]]:
    """The lines llama.cpp logs while the block runs, filled when it ends."""
    lines: list[str] = []
    _log.lines.clear()
    try:
        yield lines
    finally:
        lines.extend(_log.lines)


@dataclass(frozen=True)
class Device:
    """A device llama.cpp can compute on. Memory in bytes, as the device reports it (0 where it does
    not)."""

    name: str
    description: str
    kind: str
    free_bytes: int
    total_bytes: int
    handle: int


def _ggml() -> ctypes.CDLL:
    folder = pathlib.Path(C.__file__).parent / "lib"
    names = ("libggml.so", "libggml.dylib", "ggml.dll", "libggml.dll")
    found = [folder / name for name in names if (folder / name).exists()]
    return ctypes.CDLL(str(found[0]))


def _ggml_base() -> ctypes.CDLL:
    folder = pathlib.Path(C.__file__).parent / "lib"
    names = ("libggml-base.so", "libggml-base.dylib", "ggml-base.dll", "libggml-base.dll")
    found = [folder / name for name in names if (folder / name).exists()]
    return ctypes.CDLL(str(found[0]))


def devices() -> list[Device]:
    """Every device of this build, the CPU included."""
    start()
    ggml, base = _ggml(), _ggml_base()
    ggml.ggml_backend_dev_count.restype = ctypes.c_size_t
    ggml.ggml_backend_dev_get.restype = ctypes.c_void_p
    ggml.ggml_backend_dev_get.argtypes = [ctypes.c_size_t]
    for name in ("ggml_backend_dev_name", "ggml_backend_dev_description"):
        getattr(base, name).restype = ctypes.c_char_p
        getattr(base, name).argtypes = [ctypes.c_void_p]
    base.ggml_backend_dev_type.argtypes = [ctypes.c_void_p]
    base.ggml_backend_dev_memory.argtypes = [ctypes.c_void_p] + [
        ctypes.POINTER(ctypes.c_size_t)
    ] * 2
    return [
        _device(base, ggml.ggml_backend_dev_get(i)) for i in range(ggml.ggml_backend_dev_count())
    ]


def _device(base: ctypes.CDLL, handle: int) -> Device:
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    base.ggml_backend_dev_memory(handle, ctypes.byref(free), ctypes.byref(total))
    kind = base.ggml_backend_dev_type(handle)
    return Device(
        name=base.ggml_backend_dev_name(handle).decode(),
        description=base.ggml_backend_dev_description(handle).decode(),
        kind=_DEVICE_KINDS[min(kind, len(_DEVICE_KINDS) - 1)],
        free_bytes=free.value,
        total_bytes=total.value,
        handle=handle,
    )


def gpus() -> list[Device]:
    return [device for device in devices() if "GPU" in device.kind]


def build_flags() -> str:
    """llama.cpp's own line on what it was built with."""
    start()
    return str(C.llama_print_system_info().decode()).strip()


def library_version() -> str:
    return f"llama-cpp-python {version('llama-cpp-python')}"


def expect_abort(on: bool) -> None:
    """While an abort of ours ends a decode, llama.cpp reports a failure that is none."""
    _log.is_aborting = on


def note(line: str) -> None:
    """A line of our own in the engine's log."""
    sys.stderr.write(f"bathysphere: {line}\n")

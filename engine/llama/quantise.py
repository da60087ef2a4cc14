"""llama.cpp's quantiser in a process of its own. Run: python -m engine.llama.quantise IN OUT TYPE

It cannot be interrupted from within, and its failed assertions end a process: so whoever wants a
file quantised starts this and ends it to cancel. It speaks in lines of JSON on stdout:
{"fraction": 0.5}, and at its end {"done": true, "n_others": 0} (tensors that had to become another
type) or {"failed": "what llama.cpp said"}.
"""

import argparse
import ctypes
import json
import os
import re
import sys

import llama_cpp.llama_cpp as C

from engine.llama import library
from engine.models.gguf_types import FILE_TYPES, TENSOR_TYPES

_STEP = re.compile(r"\[\s*(\d+)/\s*(\d+)\]")
_N_LINES_KEPT = 30


class _Told:
    """llama.cpp's log: its steps go to stdout, its last lines are kept."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.n_others = 0
        self.callback = C.llama_log_callback(self._on_text)

    def _on_text(self, _level: int, text: bytes, _data: object) -> None:
        line = text.decode("utf-8", "replace")
        self.lines = [*self.lines[-_N_LINES_KEPT:], line]
        self.n_others += "falling back" in line
        if step := _STEP.search(line):
            tell(fraction=int(step[1]) / max(1, int(step[2])))


def tell(**fields: object) -> None:
    """One line for whoever started this."""
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


def quantise(arguments: argparse.Namespace) -> int:
    """Quantise a file. Returns the process's exit code."""
    library.start()
    told = _Told()
    C.llama_log_set(told.callback, ctypes.c_void_p(0))
    parameters = C.llama_model_quantize_default_params()
    parameters.ftype = {name: number for number, name in FILE_TYPES.items()}[arguments.type]
    parameters.nthread = arguments.threads
    parameters.allow_requantize = arguments.requantise
    numbers = {one.name: number for number, one in TENSOR_TYPES.items()}
    if arguments.embedding:
        parameters.token_embedding_type = numbers[arguments.embedding]
    if arguments.output:
        parameters.output_tensor_type = numbers[arguments.output]
    status = C.llama_model_quantize(
        os.fsencode(arguments.source), os.fsencode(arguments.target), ctypes.byref(parameters)
    )
    if status == 0:
        tell(done=True, n_others=told.n_others)
    else:
        tell(failed="".join(told.lines))
    return int(status != 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Quantise a GGUF.")
    parser.add_argument("source")
    parser.add_argument("target")
    parser.add_argument("type", choices=sorted(FILE_TYPES.values()))
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--requantise", action="store_true")
    parser.add_argument("--embedding", default="", help="type of the token embedding")
    parser.add_argument("--output", default="", help="type of the output layer")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(quantise(_arguments()))

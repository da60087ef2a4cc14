"""A model file in fewer bits: llama.cpp's own quantiser, run as a process that can be ended.

Any type llama.cpp has. What cannot be (types that need an importance matrix, rows of odd width) is
said in words. The file is written whole or not at all.
"""

import json
import queue
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import IO, Any

from engine.errors import AppError
from engine.models.gguf_header import describe, read_header
from engine.models.gguf_types import FILE_TYPES
from finetune.export.files import check_room, sha256_of, whole
from finetune.export.gguf_stream import FLOAT_TYPES, Report, Written, ignore

COMMAND = (sys.executable, "-m", "engine.llama.quantise")
_LOOK_S = 0.05
TYPES = tuple(FILE_TYPES.values())


def quantise(
    source: Path,
    target: Path,
    kind: str,
    report: Report = ignore,
    embedding: str = "",
    output: str = "",
) -> Written:
    """Write a file quantised.

    Args:
        kind: as in TYPES ("Q4_K_M").
        report: takes the fraction done; what it raises ends the work.
        embedding, output: types of these two layers, "" for llama.cpp's choice.

    Raises:
        AppError: it cannot be done (the sentence says why); no file is left.
    """
    if kind not in TYPES:
        raise AppError(f"There is no quantisation “{kind}”.", f"Choose one of: {', '.join(TYPES)}.")
    check_room(target, source.stat().st_size)
    with whole(target) as beside:
        command = [*COMMAND, str(source), str(beside), kind]
        command += ["--requantise"] if is_quantised(source) else []
        command += ["--embedding", embedding] if embedding else []
        command += ["--output", output] if output else []
        end = _run(command, report)
        if not end.get("done"):
            raise _failed(kind, str(end.get("failed", "")))
    words = _others(int(end.get("n_others", 0)), kind)
    return Written(target, target.stat().st_size, sha256_of(target), words)


def is_quantised(path: Path) -> bool:
    """Whether a file's weights were rounded to few bits already."""
    return any(tensor.type not in FLOAT_TYPES for tensor in read_header(path).tensors)


def quantisation_of(path: Path) -> tuple[str, str, str]:
    """A file's type by name, and the types of its token embedding and of its output layer ("" where
    it has none of its own)."""
    header = read_header(path)
    kinds = {tensor.name: tensor.type for tensor in header.tensors}
    name = describe(header, path).quantisation
    return name, kinds.get("token_embd.weight", ""), kinds.get("output.weight", "")


def requantised_words(path: Path) -> str:
    """What a person should know where a quantised base is quantised again; "" where it is not."""
    if not is_quantised(path):
        return ""
    kind = quantisation_of(path)[0]
    return (
        f"The base was quantised already ({kind}); what was merged is rounded a second time. "
        "From the F16 original, where you have it, the result is nearer to what was trained."
    )


def _others(count: int, kind: str) -> str:
    if not count:
        return ""
    return (
        f"{count:,} of its tensors have a width that {kind} cannot hold; llama.cpp gave them the "
        "nearest type that can."
    )


def _run(command: list[str], report: Report) -> dict[str, Any]:
    """The last line that the process said. What `report` raises ends the process."""
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True
        )
        assert process.stdout is not None
        reader = threading.Thread(target=_pass_on, args=(process.stdout, lines), daemon=True)
        reader.start()
        try:
            end = _follow(lines, report)
        except BaseException:
            process.kill()
            raise
        finally:
            process.wait()
            reader.join()
            process.stdout.close()
        log.seek(0)
        last_words = log.read().decode("utf-8", "replace")[-4000:]
    return end or {"failed": f"{last_words}\nexit code {process.returncode}"}


def _pass_on(pipe: IO[str], lines: "queue.SimpleQueue[str | None]") -> None:
    for line in pipe:
        lines.put(line)
    lines.put(None)


def _follow(lines: "queue.SimpleQueue[str | None]", report: Report) -> dict[str, Any]:
    fraction = 0.0
    while True:
        try:
            line = lines.get(timeout=_LOOK_S)
        except queue.Empty:
            report(fraction)
            continue
        if line is None:
            return {}
        found: dict[str, Any] = json.loads(line)
        if "fraction" not in found:
            return found
        fraction = float(found["fraction"])
        report(fraction)


def _failed(kind: str, words: str) -> AppError:
    if "importance matrix" in words or "imatrix" in words:
        return AppError(
            f"{kind} needs an importance matrix, which is not made here.",
            "Choose a type with more bits, such as Q4_K_M.",
            words,
        )
    if "divisible" in words or "incompatible" in words or "not supported" in words:
        return AppError(
            f"This model's layers have a width that {kind} cannot hold.",
            "Choose Q8_0, or another type.",
            words,
        )
    return AppError(
        f"llama.cpp could not quantise this file as {kind}.",
        "Choose another type; Details has llama.cpp's own words.",
        words,
    )

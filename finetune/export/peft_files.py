"""PEFT's own files: an adapter as a folder for other programs, and such a folder as a GGUF adapter.

Weights are read from safetensors alone: adapter_model.bin is a pickle, which may run anything, and
is refused. adapter_config.json is read as plain data, up to a bound; no code comes with it.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.errors import AppError
from engine.models.gguf_header import describe
from finetune.export.adapter_gguf import write_pairs
from finetune.export.files import disk_error, sha256_of, whole
from finetune.export.gguf_stream import Written
from finetune.export.header_base import header_base
from finetune.export.lora_pairs import pairs_of
from finetune.export.provenance import PREFIX, Value, provenance

WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"
PICKLED = "adapter_model.bin"
_MAX_CONFIG_BYTES = 1024**2
_MAX_WEIGHTS_BYTES = 16 * 1024**3


def export_peft(checkpoint: Path, out: Path, base: str, known: Mapping[str, Value]) -> Written:
    """Write a checkpoint's adapter as a folder that PEFT loads.

    Args:
        checkpoint: a folder with the two files.
        base: what the config names as the base.
        known: where it comes from; into the weights' own metadata.

    Raises:
        AppError: there is no adapter in it, or the disk refuses.
    """
    from safetensors.torch import save_file

    config, state = read_peft(checkpoint)
    config |= {"base_model_name_or_path": base, "inference_mode": True}
    noted = {
        key.removeprefix(PREFIX): str(value) for key, value in provenance("adapter", known).items()
    }
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(out.name, error) from error
    with whole(out / WEIGHTS) as beside, _saying_disk(WEIGHTS):
        save_file(state, beside, metadata={"format": "pt", **noted})
    with whole(out / CONFIG) as beside:
        beside.write_text(json.dumps(config, indent=2), encoding="utf-8")
    return Written(out, _size(out), sha256_of(out / WEIGHTS))


def import_peft(folder: Path, base: Path, target: Path) -> Written:
    """Write a PEFT folder's adapter as a GGUF adapter for a base.

    Returns:
        The file; words: where the folder names another base than this.

    Raises:
        AppError: it is no LoRA, does not fit the base, or is not safe to read.
    """
    config, state = read_peft(folder)
    seen = header_base(base)
    pairs = pairs_of(seen, state, config)
    named = str(config.get("base_model_name_or_path") or "")
    known: dict[str, Value] = {
        "name": folder.name,
        "base": base.name,
        "base_sha256": sha256_of(base),
        "peft_base": named[:500],
        "peft_sha256": sha256_of(folder / WEIGHTS),
    }
    write_pairs(seen.header.text("general.architecture"), pairs, target, known)
    words = _other_base(named, describe(seen.header, base).name)
    return Written(target, target.stat().st_size, sha256_of(target), words)


def read_peft(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """An adapter folder's config and its tensors by name.

    Raises:
        AppError: files are missing, too large, damaged, or a pickle.
    """
    weights = folder / WEIGHTS
    if not weights.is_file() and (folder / PICKLED).is_file():
        raise AppError(
            f"This adapter is a pickle ({PICKLED}), which can run any code when it is read.",
            "Load it with PEFT in a place you trust and save it again as safetensors.",
        )
    if not weights.is_file() or not (folder / CONFIG).is_file():
        raise AppError(
            f"“{folder.name}” is no PEFT adapter.",
            f"Choose a folder that holds {CONFIG} and {WEIGHTS}.",
        )
    if weights.stat().st_size > _MAX_WEIGHTS_BYTES:
        raise AppError("The adapter's weights are larger than any adapter's.", "Choose another.")
    return _config(folder / CONFIG), _state(weights)


def _config(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_CONFIG_BYTES + 1)
        if len(data) > _MAX_CONFIG_BYTES:
            raise ValueError("larger than 1 MB")
        found = json.loads(data)
        if not isinstance(found, dict):
            raise TypeError("no object")
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise AppError(f"{CONFIG} cannot be read.", "Get the adapter again.", str(error)) from error
    return found


def _state(path: Path) -> dict[str, Any]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # no mapping
    except (OSError, SafetensorError) as error:
        raise AppError(
            f"{WEIGHTS} is damaged or no safetensors file.", "Get the adapter again.", str(error)
        ) from error


def _other_base(named: str, base: str) -> str:
    """A sentence where the adapter's own words for its base do not name this one."""
    said = _plain(named.rstrip("/").rpartition("/")[2])
    if not said or said in _plain(base) or _plain(base) in said:
        return ""
    return (
        f"The adapter says that it was made for “{named[:200]}”; this base is “{base}”. Its shapes "
        "fit, but only the same weights give what it was trained to give."
    )


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _size(folder: Path) -> int:
    return sum((folder / name).stat().st_size for name in (WEIGHTS, CONFIG))


@contextmanager
def _saying_disk(name: str) -> Iterator[None]:
    """safetensors tells of a full disk with an error of its own."""
    from safetensors import SafetensorError

    try:
        yield
    except SafetensorError as error:
        raise disk_error(name, OSError(str(error))) from error

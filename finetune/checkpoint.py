"""Checkpoints: checkpoints/step-N/, written whole or not at all, and read back to the bit.

A folder holds the trained weights in PEFT's layout (adapter_model.safetensors and
adapter_config.json; model.safetensors where all weights are trained), what going on needs
(optimizer.safetensors, rng.safetensors, state.json) and, written last, manifest.json with every
file's size and sha256. It is made under another name and renamed. Nothing is pickled.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors.torch import load_file, save_file

from engine.errors import AppError
from finetune.shares import shared_as

ADAPTER_FILE = "adapter_model.safetensors"
ADAPTER_CONFIG = "adapter_config.json"
FULL_FILE = "model.safetensors"
OPTIMIZER_FILE = "optimizer.safetensors"
RNG_FILE = "rng.safetensors"
STATE_FILE = "state.json"
MANIFEST = "manifest.json"
# Only going on needs these; they are let go where a later checkpoint is there.
RESUME_FILES = (OPTIMIZER_FILE, RNG_FILE)

Tensors = Mapping[str, torch.Tensor]


@dataclass
class TrainState:
    """Where a run stands after `step` changes of the weights; the place in the data follows from
    it. best_step -1: nothing measured yet; n_worse: evaluations since the best; trained_s: seconds
    of training over all attempts; n_tokens: real tokens seen; done: share of the schedule that is
    over, where time counts for it."""

    step: int = 0
    best_step: int = -1
    best_loss: float = float("inf")
    n_worse: int = 0
    trained_s: float = 0.0
    n_tokens: int = 0
    losses: dict[str, float] = field(default_factory=dict)  # validation loss by step
    done: float = 0.0


class HoldsState(Protocol):
    """An optimizer, or several as one: what it keeps of each parameter."""

    @property
    def state(self) -> MutableMapping[Any, Any]: ...


@dataclass(frozen=True)
class Trained:
    """What is taught, for saving and loading. model: a PEFT model, or a whole one."""

    model: Any
    optimizer: HoldsState
    is_lora: bool

    def parameters(self) -> dict[str, torch.nn.Parameter]:
        """By name, in the optimizer's order."""
        return {name: one for name, one in self.model.named_parameters() if one.requires_grad}

    def weights(self) -> dict[str, torch.Tensor]:
        """As PEFT names them, or transformers for a whole model."""
        if self.is_lora:
            from peft import get_peft_model_state_dict

            return dict(get_peft_model_state_dict(self.model))
        return dict(self.parameters())


# ---- writing ----


def save_checkpoint(
    folder: Path,
    trained: Trained,
    state: TrainState,
    rng: torch.Tensor,
    also_write: Callable[[Path], None] | None = None,
) -> Path:
    """Write folder/step-N.

    Args:
        folder: of all checkpoints; made where it is missing.
        rng: the state of torch's generator after the step.
        also_write: gets the unfinished folder, to add to it before the manifest.

    Returns:
        The checkpoint's folder.

    Raises:
        AppError: the disk refuses; what was there stays as it was.
    """
    target = folder / f"step-{state.step}"
    beside = folder / f".step-{state.step}.{os.getpid()}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_parts(folder)
        beside.mkdir()
        _write_files(beside, trained, state, rng)
        if also_write is not None:
            also_write(beside)
        _write_manifest(beside, state.step)
        if target.exists():
            shutil.rmtree(target)
        os.replace(beside, target)
        _sync_folder(folder)
    except OSError as error:
        raise _disk_refuses(error) from error
    except Exception as error:
        if "No space left" in str(error) or "I/O error" in str(error):
            raise _disk_refuses(error) from error
        raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return target


def _disk_refuses(error: Exception) -> AppError:
    return AppError(
        "A checkpoint could not be written; the last one is whole.",
        "Make room on the disk, then resume the run.",
        str(error),
    )


def _write_files(folder: Path, trained: Trained, state: TrainState, rng: torch.Tensor) -> None:
    weights = {name: _plain(one) for name, one in trained.weights().items()}
    save_file(weights, folder / (ADAPTER_FILE if trained.is_lora else FULL_FILE))
    if trained.is_lora:
        (folder / ADAPTER_CONFIG).write_text(adapter_config(trained.model), encoding="utf-8")
    save_file(optimizer_tensors(trained), folder / OPTIMIZER_FILE)
    save_file(_generators(rng), folder / RNG_FILE)
    (folder / STATE_FILE).write_text(json.dumps(asdict(state), indent=1), encoding="utf-8")


def _plain(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().cpu().contiguous()


def adapter_config(model: Any) -> str:
    """PEFT's adapter_config.json of a PEFT model."""
    raw = model.peft_config["default"].to_dict()
    raw["inference_mode"] = True
    return json.dumps(
        {key: sorted(value) if isinstance(value, set) else value for key, value in raw.items()},
        indent=1,
        default=str,
    )


def optimizer_tensors(trained: Trained) -> dict[str, torch.Tensor]:
    """AdamW's moments as "parameter|moment"."""
    held = trained.optimizer.state
    found = {}
    for name, parameter in trained.parameters().items():
        for key, value in held.get(parameter, {}).items():
            found[f"{name}|{key}"] = _plain(torch.as_tensor(value))
    return found


def _generators(rng: torch.Tensor) -> dict[str, torch.Tensor]:
    found = {"cpu": rng}
    if torch.cuda.is_available():
        found |= {f"cuda:{i}": one for i, one in enumerate(torch.cuda.get_rng_state_all())}
    return found


def _write_manifest(folder: Path, step: int) -> None:
    files = {one.name: _facts(one) for one in sorted(folder.iterdir())}
    path = folder / MANIFEST
    path.write_text(json.dumps({"step": step, "files": files}, indent=1), encoding="utf-8")
    for one in [*folder.iterdir(), folder]:
        _sync(one)


def _facts(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"n_bytes": path.stat().st_size, "sha256": digest}


def _sync(path: Path) -> None:
    if path.is_dir():
        _sync_folder(path)
        return
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    if os.name == "nt":  # folders cannot be opened there
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove_parts(folder: Path) -> None:
    """What a process left that was killed while it wrote."""
    for one in folder.glob(".step-*.part"):
        shutil.rmtree(one, ignore_errors=True)


# ---- reading ----


def step_of(checkpoint: Path) -> int:
    """The step of a checkpoint's folder by its name, -1 where it is none."""
    kind, _, number = checkpoint.name.partition("-")
    return int(number) if kind == "step" and number.isdecimal() else -1


def checkpoints_in(folder: Path) -> list[Path]:
    """All whole checkpoints, first step first. Sizes are held against the manifest, not hashes."""
    try:
        found = [one for one in folder.iterdir() if step_of(one) >= 0 and is_whole(one)]
    except OSError:
        return []
    return sorted(found, key=step_of)


def is_whole(checkpoint: Path, *, to_resume: bool = False, by_hash: bool = False) -> bool:
    """Whether every file of the manifest is there; those that only a resume needs may be gone
    unless it is asked for."""
    try:
        manifest = json.loads((checkpoint / MANIFEST).read_text(encoding="utf-8"))
        for name, facts in manifest["files"].items():
            path = checkpoint / name
            if name in RESUME_FILES and not to_resume and not path.exists():
                continue
            if path.stat().st_size != facts["n_bytes"]:
                return False
            if by_hash and _facts(path) != facts:
                return False
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
    return True


def last_to_resume(folder: Path) -> Path | None:
    """The latest checkpoint from which a run can go on, checked by hash; None: from the start."""
    whole = (
        one
        for one in reversed(checkpoints_in(folder))
        if is_whole(one, to_resume=True, by_hash=True)
    )
    return next(whole, None)


def load_checkpoint(checkpoint: Path, trained: Trained) -> TrainState:
    """Put weights, optimizer and generators back as they were.

    Raises:
        AppError: it does not fit this run.
    """
    try:
        load_weights(checkpoint, trained)
        _load_optimizer(load_file(checkpoint / OPTIMIZER_FILE), trained)
        generators = load_file(checkpoint / RNG_FILE)
        torch.set_rng_state(generators.pop("cpu"))
        for name, one in generators.items():
            torch.cuda.set_rng_state(one, torch.device(name))
        return TrainState(**json.loads((checkpoint / STATE_FILE).read_text(encoding="utf-8")))
    except (OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise AppError(
            f"The checkpoint “{checkpoint.name}” does not fit this run.",
            "Resume from an earlier one: delete its folder; or start a new run.",
            str(error),
        ) from error


def load_weights(checkpoint: Path, trained: Trained) -> None:
    """The trained weights alone, in place: parameters stay the optimizer's."""
    stored = load_file(checkpoint / (ADAPTER_FILE if trained.is_lora else FULL_FILE))
    held = trained.weights()
    if set(stored) != set(held):
        raise ValueError(f"weights of another model: {sorted(set(stored) ^ set(held))[:4]}")
    with torch.no_grad():
        for name, one in held.items():
            one.copy_(shared_as(stored[name], one))


def _load_optimizer(stored: Tensors, trained: Trained) -> None:
    for name, parameter in trained.parameters().items():
        moments = {
            key.partition("|")[2]: value.clone()
            for key, value in stored.items()
            if key.partition("|")[0] == name
        }
        trained.optimizer.state[parameter] = {
            key: value if key == "step" else shared_as(value, parameter)
            for key, value in moments.items()
        }


def let_go(folder: Path, keep: set[Path]) -> None:
    """Remove what only a resume needs from all checkpoints but these: the adapters stay, for the
    time machine."""
    for checkpoint in checkpoints_in(folder):
        if checkpoint not in keep:
            for name in RESUME_FILES:
                (checkpoint / name).unlink(missing_ok=True)

"""A raised model by its run: a checkpoint's weights in torch, its files, where it comes from."""

from __future__ import annotations

from pathlib import Path

from safetensors.torch import load_file

from engine.errors import AppError
from finetune.checkpoint import FULL_FILE, checkpoints_in
from finetune.export.provenance import Value
from finetune.model.bpe import TrainedTokenizer, open_trained
from finetune.model.gpt import GPT, GPTConfig, open_gpt
from finetune.pretraining.config import PretrainConfig
from finetune.pretraining.kept import kept_plan
from finetune.run.folder import RunFolder
from finetune.run.trained import read_trained

GGUF = "model.gguf"
LARGE = 60_000_000  # weights: beyond, checkpoints' GGUF files are F16


def gguf_of(checkpoint: Path) -> Path:
    """A checkpoint's file for llama.cpp."""
    return checkpoint / GGUF


def checkpoint_of(folder: RunFolder, name: str = "") -> Path:
    """A checkpoint by its folder's name; "" for the product's, else the newest.

    Raises:
        AppError: there is none.
    """
    whole = checkpoints_in(folder.checkpoints)
    trained = read_trained(folder)
    wanted = name or (trained.best if trained is not None else "")
    found = [one for one in whole if one.name == wanted] if wanted else whole[-1:]
    if not found:
        raise AppError(
            "This run has no such checkpoint.", "Choose another one, or wait for the first.", name
        )
    return found[0]


def open_raised(folder: RunFolder, checkpoint: Path) -> GPT:
    """A checkpoint's model in torch, fp32.

    Raises:
        AppError: its files are not there or do not fit.
    """
    plan = kept_plan(folder)
    if plan is None:
        raise AppError("This run has not begun.", "Start it first.")
    try:
        return open_gpt(load_file(checkpoint / FULL_FILE), GPTConfig(**plan.gpt_fields()))
    except (OSError, RuntimeError) as error:
        raise AppError(
            f"The checkpoint “{checkpoint.name}” cannot be read.", "Choose another.", str(error)
        ) from error


def tokenizer_in(folder: RunFolder) -> TrainedTokenizer:
    """The run's tokenizer. Raises AppError where there is none."""
    return open_trained(folder.tokenizer)


def provenance_of(folder: RunFolder, config: PretrainConfig, step: int) -> dict[str, Value]:
    """Where a file of the run comes from, for its metadata."""
    return {
        "corpus": Path(config.corpus.path).name,
        "run": folder.path.name,
        "step": step,
        "seed": config.train.seed,
    }

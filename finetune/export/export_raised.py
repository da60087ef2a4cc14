"""A raised model handed out: a GGUF of any type, or a folder in the Hugging Face layout, held
against torch before it is said to be done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from engine.errors import AppError
from engine.process.pretrain_messages import Exported
from finetune.checkpoint import step_of
from finetune.export.gguf_stream import FLOAT_TYPES
from finetune.export.quantise import quantise
from finetune.export.raised_files import write_raised, write_raised_folder
from finetune.export.raised_parity import measure_raised, rows_of
from finetune.pretraining.raised import checkpoint_of, open_raised, provenance_of, tokenizer_in
from finetune.pretraining.stages import shards_of
from finetune.run.folder import RunFolder
from finetune.work_folder import work_folder

SAFETENSORS = "safetensors"
Tell = Callable[[float, str], None]


def export_raised(run: RunFolder, name: str, target: Path, kind: str, tell: Tell) -> Exported:
    """Write it.

    Args:
        name: a checkpoint's; "" for the product's. kind: F32, F16, BF16, a quantisation of
            llama.cpp, or "safetensors" for a folder.

    Raises:
        AppError: it cannot be written as that; nothing is left then.
    """
    config = run.pretrain_config()
    checkpoint = checkpoint_of(run, name)
    model, tokenizer = open_raised(run, checkpoint), tokenizer_in(run)
    known = provenance_of(run, config, step_of(checkpoint))
    title = config.out.name or run.path.name
    weights = model.state_dict()
    if kind != SAFETENSORS and target.suffix != ".gguf":
        raise AppError("A model's file ends in .gguf.", "Give it such a name.", str(target))
    with work_folder("export") as work:
        plain, folder = work / "f32.gguf", work / "hf"
        tell(0.0, "writing")
        if kind == SAFETENSORS:
            folder = target
            written = write_raised_folder(target, model.config, tokenizer, weights, known)
            write_raised(plain, model.config, tokenizer, weights, title, known)
        elif kind in FLOAT_TYPES:
            written = write_raised(target, model.config, tokenizer, weights, title, known, kind)  # type: ignore[arg-type]
        else:
            write_raised(plain, model.config, tokenizer, weights, title, known)
            written = quantise(plain, target, kind, lambda f: tell(0.2 + 0.5 * f, "quantising"))
        tell(0.7, "comparing")
        parity = measure_raised(
            model,
            rows_of(shards_of(run), model.config.context),
            plain if kind == SAFETENSORS else target,
            "raised" if kind in ("F32", SAFETENSORS) else kind,
            folder if kind == SAFETENSORS else None,
        )
    return Exported(path=str(target), n_bytes=written.n_bytes, parity=parity)

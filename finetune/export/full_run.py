"""What a run that taught every weight made, as a file of another type: its product is a whole
model, so nothing is merged. Held against torch on the rows that were kept aside.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import psutil

from engine.errors import AppError
from engine.models.gguf_header import read_header
from engine.process.tune_messages import Converted, MergeRun, Parity
from finetune.data.prepare import prepared
from finetune.export.files import check_room, sha256_of, whole
from finetune.export.gguf_stream import FLOAT_TYPES, Written
from finetune.export.quantise import TYPES, quantisation_of, quantise
from finetune.run.folder import RunFolder
from finetune.torch_import import import_torch

Tell = Callable[[float, str], None]
_N_POSITIONS = 256


def is_full(folder: RunFolder) -> bool:
    """Whether a run taught every weight. Raises AppError where its run.toml cannot be read."""
    return folder.run_toml.is_file() and folder.config().train.method == "full"


def full_model(folder: RunFolder) -> Path:
    """Its product. Raises AppError where there is none yet."""
    if not folder.model.is_file():
        raise AppError(
            "This run has no product yet.",
            "Let it come to its end, or resume it.",
            str(folder.path),
        )
    return folder.model


def write_full_run(request: MergeRun, tell: Tell) -> Converted:
    """Make the file.

    Raises:
        AppError: the run has no product, there is no such type, the disk is full.
    """
    folder, out = RunFolder(Path(request.run)), Path(request.out)
    product = full_model(folder)
    own = quantisation_of(product)[0]
    kind = request.quantisation or own
    if kind not in TYPES:
        raise AppError(f"There is no quantisation “{kind}”.", f"Choose one of: {', '.join(TYPES)}.")
    if out.exists() and out.samefile(product):
        raise AppError("The product itself would be written over.", "Choose another name.")
    out.parent.mkdir(parents=True, exist_ok=True)
    if kind == own:
        written = _copy(product, out)
    else:
        written = quantise(product, out, kind, lambda done: tell(0.7 * done, "quantising"))
    parity, words = _parity(folder, product, out, kind, tell)
    return Converted(
        path=str(out),
        n_bytes=written.n_bytes,
        sha256=written.sha256,
        parity=parity,
        words=" ".join(one for one in (written.words, words) if one),
    )


def _copy(product: Path, out: Path) -> Written:
    check_room(out, product.stat().st_size)
    with whole(out) as beside:
        shutil.copyfile(product, beside)
    return Written(out, out.stat().st_size, sha256_of(out))


def _parity(
    folder: RunFolder, product: Path, out: Path, kind: str, tell: Tell
) -> tuple[list[Parity], str]:
    """Figures, or why there are none."""
    sets = prepared(folder.tokens)
    if sets is None:
        return [], "The run's tokens are not there any more, so nothing was compared with torch."
    needed = 6 * sum(tensor.n_values for tensor in read_header(product).tensors)
    if needed > psutil.virtual_memory().available:
        return [], "There is too little memory free to compare the file with torch."
    import_torch()
    import torch

    from finetune.export.parity import measure
    from finetune.model.base import load_base

    tell(0.7, "comparing")
    is_float = kind in FLOAT_TYPES
    base = load_base(product, dtype=torch.float32)
    found = measure(
        base.model,
        sets[1] if sets[1].n_rows else sets[0],
        product,
        merged=out if is_float else None,
        quantised=None if is_float else out,
        n_positions=_N_POSITIONS,
        explains=not is_float,
        report=lambda done: tell(0.7 + 0.3 * done, "comparing"),
    )
    return found, ""

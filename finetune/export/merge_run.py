"""A run's adapter merged into its base, quantised as asked, and held against torch: the whole way
from a run folder to a model file. A run that taught every weight has one already (full_run.py).

From the F16 original where a person has one; where a quantised base is quantised again that is
said. Nothing is left behind but the file that was asked for.
"""

from collections.abc import Callable
from pathlib import Path

import psutil

from engine.errors import AppError
from engine.models.gguf_header import read_entries, read_header
from engine.process.tune_messages import Converted, MergeRun, Parity
from finetune.data.prepare import prepared
from finetune.data.token_set import TokenSet
from finetune.export.adapter_gguf import read_adapter
from finetune.export.files import sha256_of
from finetune.export.full_run import is_full, write_full_run
from finetune.export.gguf_stream import Written
from finetune.export.merge import Kind, merge
from finetune.export.provenance import Value
from finetune.export.quantise import (
    TYPES,
    is_quantised,
    quantisation_of,
    quantise,
    requantised_words,
)
from finetune.export.run_product import RunProduct, run_product
from finetune.run.folder import RunFolder
from finetune.work_folder import work_folder

# Takes a fraction and a word for the stage; what it raises ends the work.
Tell = Callable[[float, str], None]

FLOATS: dict[str, Kind] = {"F32": "F32", "F16": "F16", "BF16": "BF16"}
_N_POSITIONS = 256


def merge_run(request: MergeRun, tell: Tell) -> Converted:
    """Make the file.

    Raises:
        AppError: the run, its base or the original are not what they have to be; the disk is full.
    """
    out = Path(request.out)
    if not out.name.endswith(".gguf"):
        raise AppError("A model's file ends in .gguf.", "Give it such a name.", request.out)
    if is_full(RunFolder(Path(request.run))):
        return write_full_run(request, tell)
    product = run_product(request.run)
    source, known = _source(product, request)
    kind = request.quantisation or quantisation_of(product.base)[0]
    if kind not in TYPES:
        raise AppError(f"There is no quantisation “{kind}”.", f"Choose one of: {', '.join(TYPES)}.")
    if out.exists() and out.samefile(source):
        raise AppError("The base itself would be written over.", "Choose another name.")
    written, words = _write(product, request, source, kind, known, out, tell)
    parity, more = _parity(product, request, source, kind, out, tell)
    return Converted(
        path=str(out),
        n_bytes=written.n_bytes,
        sha256=written.sha256,
        parity=parity,
        words=" ".join(one for one in (words, written.words, more) if one),
    )


def _source(product: RunProduct, request: MergeRun) -> tuple[Path, dict[str, Value]]:
    """The file that is merged into, and where the result comes from."""
    if not request.source:
        sha256 = product.checked_base()
        return product.base, {**product.known(sha256), "scale": request.scale}
    source = Path(request.source)
    if is_quantised(source):
        raise AppError(
            f"“{source.name}” is quantised itself; it is no original.",
            "Choose the F16, BF16 or F32 file of this model, or none.",
        )
    _check_same_model(source, product.base)
    known = product.known(product.checked_base())
    return source, {**known, "scale": request.scale, "original_sha256": sha256_of(source)}


def _check_same_model(source: Path, base: Path) -> None:
    key = "tokenizer.ggml.tokens"
    one, other = read_header(source), read_header(base)
    shapes = [{tensor.name: tensor.shape for tensor in header.tensors} for header in (one, other)]
    if shapes[0] != shapes[1] or read_entries(source).get(key) != read_entries(base).get(key):
        raise AppError(
            f"“{source.name}” is not the original of “{base.name}”.",
            "Its tensors or its vocabulary are others: choose the same model in F16.",
        )


def _write(
    product: RunProduct,
    request: MergeRun,
    source: Path,
    kind: str,
    known: dict[str, Value],
    out: Path,
    tell: Tell,
) -> tuple[Written, str]:
    pairs = read_adapter(product.adapter, request.scale)
    if kind in FLOATS:
        made = merge(
            source, pairs, out, FLOATS[kind], known, lambda done: tell(0.7 * done, "merging")
        )
        return made, _rounded_words(source)
    words = requantised_words(source)
    known = {**known, "requantised": bool(words)}
    out.parent.mkdir(parents=True, exist_ok=True)
    with work_folder("merging", out.parent) as work:
        part = work / "part.gguf"
        merge(source, pairs, part, "part", known, lambda done: tell(0.35 * done, "merging"))
        same = kind == quantisation_of(source)[0]
        _, embedding, output = quantisation_of(source) if same else ("", "", "")
        made = quantise(
            part,
            out,
            kind,
            lambda done: tell(0.35 + 0.35 * done, "quantising"),
            embedding,
            output,
        )
    return made, words


def _rounded_words(source: Path) -> str:
    if not is_quantised(source):
        return ""
    kind = quantisation_of(source)[0]
    return (
        f"The base is {kind}: the larger type keeps what was learned, not what {kind} rounded off."
    )


def _parity(
    product: RunProduct, request: MergeRun, source: Path, kind: str, out: Path, tell: Tell
) -> tuple[list[Parity], str]:
    """Figures, or why there are none."""
    tokens = _tokens(product)
    if tokens is None:
        return [], "The run's tokens are not there any more, so nothing was compared with torch."
    needed = 6 * sum(tensor.n_values for tensor in read_header(source).tensors)
    if needed > psutil.virtual_memory().available:
        return [], "There is too little memory free to compare the file with torch."
    import torch

    from finetune.export.parity import measure
    from finetune.export.torch_lora import laid_over
    from finetune.model.base import load_base

    tell(0.7, "comparing")
    base = load_base(source, dtype=torch.float32)
    with laid_over(base, base.model, read_adapter(product.adapter, request.scale)):
        found = measure(
            base.model,
            tokens,
            source,
            adapter=product.adapter,
            scale=request.scale,
            merged=out if kind in FLOATS else None,
            quantised=None if kind in FLOATS else out,
            n_positions=_N_POSITIONS,
            explains=kind not in FLOATS,
            report=lambda done: tell(0.7 + 0.3 * done, "comparing"),
        )
    return found, ""


def _tokens(product: RunProduct) -> TokenSet | None:
    sets = prepared(product.folder.tokens)
    if sets is None:
        return None
    return sets[1] if sets[1].n_rows else sets[0]

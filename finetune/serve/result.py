"""Requests about what is made of a run: merged and exported files, comparisons.

Each is a job on a thread of its own, which ends at its next report when it is cancelled.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import AppError, JobCancelledError
from engine.process import tune_messages as m
from engine.process.jobs import JobGenerator, in_thread
from engine.process.messages import Adapter, AnyRequest, AnyResult, Array, Progress
from engine.tokens.gguf import GgufTokenizer
from engine.tokens.serve import opening
from finetune.data.learned import learned_tokens
from finetune.serve.data import Shared
from finetune.serve.learn import told

Report = Callable[[Any], bool]
_LONGEST = 1 << 20


def answer(request: AnyRequest, shared: Shared) -> AnyResult | None:
    """The answer to a short question, or None. Raises AppError."""
    return None


def job(request: AnyRequest, shared: Shared) -> JobGenerator | None:
    """The generator that does a request's work, None where it is another's."""
    if isinstance(request, m.CompareTexts):
        return _compare(request, shared)
    work = _WORKS.get(type(request))
    return None if work is None else in_thread(lambda report: work(request, report))


def telling(report: Report) -> Callable[[float, str], None]:
    """Progress for the wire; raises JobCancelledError once the job is cancelled."""

    def tell(fraction: float, what: str) -> None:
        if not report(Progress(job=0, fraction=min(1.0, fraction), what=what)):
            raise JobCancelledError

    return tell


# ---- files ----


def _merge(request: m.MergeRun, report: Report) -> m.Converted:
    from finetune.export.merge_run import merge_run

    return merge_run(request, telling(report))


def _export_peft(request: m.ExportPeft, report: Report) -> m.Converted:
    from finetune.export.peft_files import export_peft
    from finetune.export.run_product import run_product

    product = run_product(request.run)
    telling(report)(0.0, "writing")
    made = export_peft(product.checkpoint, Path(request.out), product.base.name, product.known(""))
    words = "PEFT loads this folder with PeftModel.from_pretrained(base, folder)."
    return m.Converted(path=str(made.path), n_bytes=made.n_bytes, sha256=made.sha256, words=words)


def _import_peft(request: m.ImportPeft, report: Report) -> m.Converted:
    from finetune.export.peft_files import import_peft

    telling(report)(0.0, "reading")
    made = import_peft(Path(request.folder), Path(request.base), Path(request.out))
    return m.Converted(
        path=str(made.path), n_bytes=made.n_bytes, sha256=made.sha256, words=made.words
    )


def _hand_over(request: m.HandOver, report: Report) -> m.Converted:
    from finetune.export.hand_over import hand_over

    return hand_over(request, telling(report))


def _convert(request: m.ConvertFolder, report: Report) -> m.Converted:
    from finetune.export.convert_folder import convert_folder

    return convert_folder(Path(request.folder), Path(request.out), telling(report))


_WORKS: dict[type[Any], Callable[[Any, Report], m.Converted]] = {
    m.MergeRun: _merge,
    m.ExportPeft: _export_peft,
    m.ImportPeft: _import_peft,
    m.HandOver: _hand_over,
    m.ConvertFolder: _convert,
}


# ---- comparing ----


def _compare(request: m.CompareTexts, shared: Shared) -> JobGenerator:
    from finetune.export.compare import Scorer
    from finetune.export.run_product import run_product

    product = run_product(request.run, request.checkpoint)
    tokenizer = yield from opening(shared.tokenizers, str(product.base))
    if not isinstance(tokenizer, GgufTokenizer):
        raise AppError("The run's base is no GGUF.", "Convert it first.")
    row = m.Row(id="", messages=request.messages, text=request.text)
    if not row.messages and not row.text:
        raise AppError("There is no text to compare.", "Write something first.")
    shown = told(tokenizer, learned_tokens(tokenizer, row, "all", _LONGEST))
    ids = np.frombuffer(shown.ids.data, shown.ids.dtype).tolist()
    while "scorer is busy" in shared.kept:
        yield None
    shared.kept["scorer is busy"] = True
    if "scorer" not in shared.kept:
        shared.kept["scorer"] = Scorer()
        atexit.register(shared.kept["scorer"].close)
    scorer: Scorer = shared.kept["scorer"]
    tuned = [Adapter(path=str(product.adapter), scale=request.scale)]

    def work(report: Report) -> m.TextChanges:
        tell = telling(report)
        tell(0.0, "reading")
        before = scorer.logprobs(product.base, ids, [])
        tell(0.5, "reading")
        after = scorer.logprobs(product.base, ids, tuned)
        return _changes(shown, before, after)

    try:
        return (yield from in_thread(work))
    finally:
        del shared.kept["scorer is busy"]


def _changes(shown: m.Learned, before: Any, after: Any) -> m.TextChanges:
    return m.TextChanges(
        text=shown.text,
        ids=shown.ids,
        text_starts=shown.text_starts,
        pieces=shown.pieces,
        piece_bytes=shown.piece_bytes,
        special=shown.special,
        before=_array(before),
        after=_array(after),
    )


def _array(values: Any) -> Array:
    found = np.ascontiguousarray(values, np.float32)
    return Array(dtype="float32", shape=found.shape, data=found.tobytes())

"""Requests about models that were raised: what a checkpoint can do and takes for likely, and files
for others."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.process import pretrain_messages as m
from engine.process.jobs import JobGenerator, in_thread
from engine.process.messages import AnyRequest, AnyResult, Array
from finetune.run.folder import RunFolder
from finetune.serve.data import Shared
from finetune.serve.result import Report, telling
from finetune.torch_import import import_torch


def answer(request: AnyRequest, shared: Shared) -> AnyResult | None:
    """The answer to a short question, or None. Raises AppError."""
    return None


def job(request: AnyRequest, shared: Shared) -> JobGenerator | None:
    """The generator that does a request's work, None where it is another's."""
    if isinstance(request, m.RunBaseBench):
        return in_thread(lambda report: _bench(request, report))
    if isinstance(request, m.ExportRaised):
        return in_thread(lambda report: _export(request, report))
    if isinstance(request, m.MakeChatBase):
        return in_thread(lambda report: _chat_base(request, report))
    if isinstance(request, m.LookAhead):
        return in_thread(lambda report: _look(request, report))
    return None


def _bench(request: m.RunBaseBench, report: Report) -> m.BaseBench:
    import_torch()
    from finetune.pretraining.base_bench import run_base_bench

    return run_base_bench(RunFolder(Path(request.run)), request.checkpoint, telling(report))


def _export(request: m.ExportRaised, report: Report) -> m.Exported:
    import_torch()
    from finetune.export.export_raised import export_raised

    return export_raised(
        RunFolder(Path(request.run)),
        request.checkpoint,
        Path(request.target),
        request.kind,
        telling(report),
    )


def _chat_base(request: m.MakeChatBase, report: Report) -> m.Exported:
    from finetune.export.chat_base import write_chat_base
    from finetune.pretraining.assistant import chat_base_name
    from finetune.pretraining.raised import checkpoint_of, gguf_of

    run = RunFolder(Path(request.run))
    checkpoint = checkpoint_of(run, request.checkpoint)
    target = run.product / chat_base_name(checkpoint.name)
    tell = telling(report)
    if not target.is_file():
        write_chat_base(gguf_of(checkpoint), target, lambda done: tell(done, "writing"))
    return m.Exported(path=str(target), n_bytes=target.stat().st_size)


def _look(request: m.LookAhead, report: Report) -> m.TokenTable:
    import_torch()
    from finetune.pretraining.raised import checkpoint_of, open_raised, tokenizer_in
    from finetune.pretraining.watching import next_probabilities

    run = RunFolder(Path(request.run))
    telling(report)(0.0, "reading")
    model, tokenizer = open_raised(run, checkpoint_of(run, request.checkpoint)), tokenizer_in(run)
    ids = tokenizer.encode([request.text])[0].tolist() or [tokenizer.end_id]
    best = next_probabilities(model, ids).topk(min(request.n, tokenizer.n_vocab))
    found = best.indices.numpy().astype(np.int32)
    return m.TokenTable(
        pieces=[tokenizer.decode([int(one)]) for one in found],
        probabilities=[float(one) for one in best.values],
        ids=Array(dtype="int32", shape=found.shape, data=found.tobytes()),
    )

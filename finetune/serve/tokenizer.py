"""Requests about tokenizers: trained while one looks on, listed, let go. All of them are jobs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.process import pretrain_messages as m
from engine.process.jobs import JobGenerator
from engine.process.messages import AnyRequest, AnyResult, Nothing, Progress
from finetune.corpus import corpora
from finetune.corpus.corpus import open_corpus
from finetune.serve.data import Shared


def answer(request: AnyRequest, shared: Shared) -> AnyResult | None:
    """The answer to a short question, or None. Raises AppError."""
    return None


def job(request: AnyRequest, shared: Shared) -> JobGenerator | None:
    """The generator that does a request's work, None where it is another's."""
    serve = _SERVERS.get(type(request))
    return None if serve is None else serve(request, shared)


def _list(request: m.ListTokenizers, shared: Shared) -> JobGenerator:
    from finetune.model.tokenizer_folders import find_tokenizers

    yield None
    return m.TokenizerList(find_tokenizers(shared.paths.tokenizers))


def _train(request: m.TrainTokenizer, shared: Shared) -> JobGenerator:
    from finetune.model.bpe import train_tokenizer
    from finetune.model.tokenizer_folders import keep

    corpus = open_corpus(_corpus_path(shared, request.corpus))
    for _ in corpus.surveying():
        yield Progress(job=0, fraction=0.0, what="reading")
    info = corpus.info
    n_bytes = max(0, info.n_bytes - info.held_out_bytes)
    found = yield from train_tokenizer(
        corpus.train, request.kind, request.n_vocab, corpus.held_out, n_bytes
    )
    name = request.name.strip() or f"{info.name}, {request.kind} {found.n_vocab:,}"
    about = {"name": name, "corpus": info.id or str(corpus.path), "added_s": time.time()}
    return keep(shared.paths.tokenizers, replace(found, meta=found.meta | about), name)


def _corpus_path(shared: Shared, corpus: str) -> Path:
    """A corpus by its id, or any text by its path. Raises AppError: it is not there."""
    path = Path(corpus)
    if path.is_absolute() and path.exists():
        return path
    return corpora.folder_of(shared.paths.corpora, corpus)


def _delete(request: m.DeleteTokenizer, shared: Shared) -> JobGenerator:
    from finetune.model.tokenizer_folders import delete, restore

    yield None
    if request.is_undone:
        restore(shared.paths.tokenizers, request.tokenizer)
    else:
        delete(shared.paths.tokenizers, request.tokenizer)
    return Nothing()


_SERVERS: dict[type, Callable[[Any, Shared], JobGenerator]] = {
    m.ListTokenizers: _list,
    m.TrainTokenizer: _train,
    m.DeleteTokenizer: _delete,
}

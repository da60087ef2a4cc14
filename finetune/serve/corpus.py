"""Requests about corpora: raw texts looked at, made into a corpus, read and let go.

All of them are jobs: a folder of a person's may be large, and the hub slow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.process import pretrain_messages as m
from engine.process.jobs import JobGenerator
from engine.process.messages import AnyRequest, AnyResult, Nothing
from finetune.corpus import corpora
from finetune.corpus.looking import look
from finetune.corpus.making import make_corpus
from finetune.data.user_folders import sweep_folders
from finetune.serve.data import Shared


def answer(request: AnyRequest, shared: Shared) -> AnyResult | None:
    """The answer to a short question, or None. Raises AppError."""
    return None


def job(request: AnyRequest, shared: Shared) -> JobGenerator | None:
    """The generator that does a request's work, None where it is another's."""
    serve = _SERVERS.get(type(request))
    return None if serve is None else serve(request, shared)


def _list(request: m.ListCorpora, shared: Shared) -> JobGenerator:
    yield None
    sweep_folders(shared.paths.corpora)
    return m.CorpusList(corpora.find_corpora(shared.paths.corpora))


def _look(request: m.LookAtSource, shared: Shared) -> JobGenerator:
    if request.source.kind == "hub":
        from finetune.corpus.hub_texts import look_at_hub

        return (yield from look_at_hub(request.source))
    yield None
    return look(request.source)


def _make(request: m.MakeCorpus, shared: Shared) -> JobGenerator:
    return (
        yield from make_corpus(
            shared.paths.corpora,
            request.sources,
            request.cleaning,
            request.validation,
            request.name,
            shared.paths.cache / "hub",
        )
    )


def _read(request: m.ReadCorpus, shared: Shared) -> JobGenerator:
    yield None
    folder = corpora.folder_of(shared.paths.corpora, request.corpus)
    return corpora.read_page(folder, request.part, request.start, request.count)


def _rename(request: m.RenameCorpus, shared: Shared) -> JobGenerator:
    yield None
    folder = corpora.folder_of(shared.paths.corpora, request.corpus)
    return corpora.rename(folder, request.name)


def _delete(request: m.DeleteCorpus, shared: Shared) -> JobGenerator:
    yield None
    if request.is_undone:
        corpora.restore(shared.paths.corpora, request.corpus)
    else:
        corpora.delete(shared.paths.corpora, request.corpus)
    return Nothing()


_SERVERS: dict[type, Callable[[Any, Shared], JobGenerator]] = {
    m.ListCorpora: _list,
    m.LookAtSource: _look,
    m.MakeCorpus: _make,
    m.ReadCorpus: _read,
    m.RenameCorpus: _rename,
    m.DeleteCorpus: _delete,
}

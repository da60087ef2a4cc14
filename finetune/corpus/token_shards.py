"""A corpus as tokens on disk: written some documents at a time, file after file, whole or not at
all; read memory-mapped (shard_files.py).

    shards = yield from write_shards(folder, corpus.train(), tokenizer.encode, end_id, dtype)
    shards.window(start, n)

A file ends with a document. Each one that is finished is noted, so that a writer which is killed
goes on behind it: documents must come in the same order again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from engine.errors import AppError
from finetune.corpus.document import size_of
from finetune.corpus.shard_files import (
    MANIFEST,
    VERSION,
    Manifest,
    ShardFile,
    TokenShards,
    open_shards,
)

__all__ = ["TokenShards", "open_shards", "token_dtype", "write_shards"]
Encode = Callable[[list[str]], Sequence[Any]]
SHARD_TOKENS = 1 << 26
# What is encoded at once: enough for the tokenizer's threads, and little of a memory.
_BATCH_DOCUMENTS = 1024
_BATCH_LETTERS = 1 << 20


def token_dtype(n_vocab: int) -> str:
    """The narrowest kind of number that holds all ids of a vocabulary."""
    return "uint16" if n_vocab <= 1 << 16 else "uint32"


def write_shards(
    folder: Path,
    documents: Iterable[str],
    encode: Encode,
    end_id: int | None,
    dtype: Any,
    *,
    fingerprint: str = "",
    n_bytes: int = 0,
    shard_tokens: int = SHARD_TOKENS,
) -> Generator[float | None, None, TokenShards]:
    """All documents as tokens in a folder, whole or not at all. What is there already of the same
    fingerprint is taken as it is; what was broken off is gone on with.

    Args:
        encode: texts -> ids of each.
        end_id: the token after each document; None: none, for the pieces of one text.
        dtype: of the files: uint16 or uint32 (token_dtype).
        fingerprint: of all that the tokens depend on: the corpus' with the tokenizer's; "": write
            anew.
        n_bytes: of all documents, if known: only then it yields how far it is, 0 to 1.

    Raises:
        AppError: the disk is full, or there was no text at all.
    """
    kind = np.dtype(dtype).newbyteorder("<")
    wanted = Manifest(VERSION, kind.name, -1 if end_id is None else end_id, fingerprint, [])
    there = open_shards(folder, fingerprint) if fingerprint else None
    if there is not None and _is_alike(there.manifest, wanted):
        return there
    try:
        writer = _Writer(folder, kind, wanted)
        with writer:
            for batch in _batches(writer.left(documents)):
                writer.add(batch, encode(batch), shard_tokens)
                yield min(1.0, writer.n_bytes / n_bytes) if n_bytes else None
            writer.finish()
    except OSError as error:
        raise AppError(
            "The text could not be written as tokens.",
            "Is the disk full? Make room and start again: it goes on where it was.",
            str(error),
        ) from error
    return TokenShards(folder, writer.manifest)


def _is_alike(there: Manifest, wanted: Manifest) -> bool:
    """Whether both have the same kind of tokens."""
    return (there.dtype, there.end_id) == (wanted.dtype, wanted.end_id)


def _batches(documents: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    n = 0
    for text in documents:
        batch.append(text)
        n += len(text)
        if len(batch) >= _BATCH_DOCUMENTS or n >= _BATCH_LETTERS:
            yield batch
            batch, n = [], 0
    if batch:
        yield batch


class _Writer:
    """Files in a folder beside, which becomes the folder at the end."""

    def __init__(self, folder: Path, kind: np.dtype[Any], manifest: Manifest) -> None:
        self._folder, self._kind, self.manifest = folder, kind, manifest
        self._beside = folder.with_name(f".{folder.name}.part")
        self._top = int(np.iinfo(kind).max)
        self._go_on()
        self._file: Any = None
        self._begin()

    @property
    def n_bytes(self) -> int:
        return sum(one.n_bytes for one in self.manifest.files) + self._n_bytes

    def __enter__(self) -> _Writer:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def left(self, documents: Iterable[str]) -> Iterator[str]:
        """Those that are not in a finished file yet."""
        n_done = sum(one.n_documents for one in self.manifest.files)
        for number, text in enumerate(documents):
            if number >= n_done:
                yield text

    def add(self, texts: list[str], ids: Sequence[Any], shard_tokens: int) -> None:
        end = [self.manifest.end_id] if self.manifest.end_id >= 0 else []
        for text, some in zip(texts, ids, strict=True):
            tokens = np.concatenate([np.asarray(some, np.int64), np.array(end, np.int64)])
            assert not len(tokens) or 0 <= tokens.min() <= tokens.max() <= self._top, tokens.max()
            data = tokens.astype(self._kind).tobytes()
            self._file.write(data)
            self._hash.update(data)
            self._n_tokens += len(tokens)
            self._n_documents += 1
            self._n_bytes += size_of(text)
            if self._n_tokens >= shard_tokens:
                self._end_file()
                self._begin()

    def finish(self) -> None:
        if self._n_tokens:
            self._end_file()
        else:
            self._file.close()
            self._path().unlink()
        if not self.manifest.files:
            shutil.rmtree(self._beside)
            raise AppError("There is no text to learn from.", "Choose another text.")
        shutil.rmtree(self._folder, ignore_errors=True)
        os.replace(self._beside, self._folder)

    def _go_on(self) -> None:
        """Take what an earlier writer of the same fingerprint had finished, or begin anew."""
        there = open_shards(self._beside, self.manifest.fingerprint or "\0")
        if there is not None and _is_alike(there.manifest, self.manifest):
            self.manifest = there.manifest
            return
        shutil.rmtree(self._beside, ignore_errors=True)
        self._beside.mkdir(parents=True)

    def _path(self) -> Path:
        return self._beside / f"tokens-{len(self.manifest.files):04}.bin"

    def _begin(self) -> None:
        self._file = self._path().open("wb")
        self._hash = hashlib.sha256()
        self._n_tokens = self._n_documents = self._n_bytes = 0

    def _end_file(self) -> None:
        path = self._path()
        _synced(self._file)
        digest = self._hash.hexdigest()
        one = ShardFile(path.name, self._n_tokens, self._n_documents, self._n_bytes, digest)
        self._n_bytes = self._n_tokens = 0
        self.manifest = msgspec.structs.replace(self.manifest, files=[*self.manifest.files, one])
        noted = self._beside / (MANIFEST + ".part")
        with noted.open("wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(self.manifest)))
            _synced(file)
        os.replace(noted, self._beside / MANIFEST)


def _synced(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())
    file.close()

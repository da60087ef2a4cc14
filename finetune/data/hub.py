"""Files of a dataset on the hub: which there are, which have rows, and their bytes. Runs in a
worker, when asked.

Names, sizes and digests come through huggingface_hub; the bytes are streamed here, so that a fetch
that was broken off goes on where it was, and what arrives is what the hub says it is.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi, get_session, hf_hub_url
from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]  # re-exported

from engine.errors import AppError
from engine.models.hub import TIMEOUT_S, errors_in_words
from engine.models.hub_token import hub_token
from finetune.data.file_kinds import ROW_SUFFIXES

# Which of a repository's files is its first: of training rows, in the most careful format.
_SUFFIXES = (".parquet", ".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".txt", ".text", ".md")
_NO_ROWS = re.compile(r"(?:^|/)(?:readme|license|licence|dataset_infos|\.)[^/]*$", re.IGNORECASE)
_SHARD = re.compile(r"-\d{5}-of-(\d{5})(?=\.)")


@dataclass(frozen=True)
class HubFile:
    """A file of a repository at a commit. sha256: "" where the hub tells none."""

    repository: str
    commit: str
    name: str
    n_bytes: int
    sha256: str


def list_files(repository: str, revision: str = "") -> list[HubFile]:
    """All files of a dataset repository ("owner/name"), as its main branch has them or a revision.

    Raises:
        AppError: no such repository, not allowed, or the hub cannot be reached.
    """
    with errors_in_words(repository):
        info = HfApi(endpoint=_endpoint(), token=hub_token() or None).dataset_info(
            repository, revision=revision or None, files_metadata=True, timeout=TIMEOUT_S
        )
    return [
        HubFile(
            repository,
            info.sha or "main",
            one.rfilename,
            one.size or 0,
            one.lfs.sha256 if one.lfs else "",
        )
        for one in info.siblings or []
    ]


def chosen(files: list[HubFile], name: str, repository: str) -> list[HubFile]:
    """The files to fetch: the one of this name, or the first that fits with all its parts.

    Raises:
        AppError: there is none.
    """
    if name:
        found = [one for one in files if one.name == name]
    else:
        found = sorted(filter(_has_rows, files), key=_rank)
        found = [one for one in found if _family(one) == _family(found[0])]
    if not found:
        words = f"no file “{name}”" if name else "no file of rows"
        some = ", ".join(one.name for one in files[:8]) or "none"
        raise AppError(f"{repository} has {words}.", f"Its files are: {some}.")
    return sorted(found, key=lambda one: one.name)


def fetch(file: HubFile, folder: Path) -> Generator[float, None, Path]:
    """A file's bytes into a folder; what is there already is kept and gone on with. Yields how far
    it is, 0 to 1. Returns its path.

    Raises:
        AppError: it cannot be reached, breaks off, is not what the hub said, or the disk is full.
    """
    target = place_of(file, folder)
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unkept(error) from error
    if not target.exists():
        with errors_in_words(file.repository):
            yield from _stream(file, part)
        _check(file, part)
        os.replace(part, target)
    return target


def place_of(file: HubFile, folder: Path) -> Path:
    """Where a file is kept in a folder."""
    return folder / file.commit / re.sub(r"[^\w.\-]+", "_", file.name)


def _stream(file: HubFile, part: Path) -> Generator[float, None, None]:
    """The bytes that are missing."""
    there = part.stat().st_size if part.exists() else 0
    if file.n_bytes and there >= file.n_bytes:
        return
    # A commit's file never changes, so its part can be gone on with whoever sends it.
    with ranged(file, there) as answer:
        there = there if answer.status_code == 206 else 0
        with _opened(part, there) as target:
            for piece in answer.iter_raw():
                _write(target, piece)
                there += len(piece)
                yield min(1.0, there / max(1, file.n_bytes))


@contextmanager
def ranged(file: HubFile, start: int, end: int | None = None) -> Iterator[Any]:
    """The answer to a request for a file's bytes from start up to end (None: all), as they come.
    Raises what huggingface_hub does: use it within errors_in_words."""
    url = hf_hub_url(
        file.repository,
        file.name,
        repo_type="dataset",
        revision=file.commit,
        endpoint=_endpoint(),
    )
    headers = {
        **build_hf_headers(token=hub_token() or None),
        "Accept-Encoding": "identity",
        "Range": f"bytes={start}-{'' if end is None else end - 1}",
    }
    with get_session().stream(
        "GET", url, headers=headers, follow_redirects=True, timeout=TIMEOUT_S
    ) as answer:
        answer.raise_for_status()
        yield answer


def _opened(part: Path, there: int) -> Any:
    try:
        return part.open("ab" if there else "wb")
    except OSError as error:
        raise _unkept(error) from error


def _write(target: Any, piece: bytes) -> None:
    try:
        target.write(piece)
    except OSError as error:
        raise _unkept(error) from error


def _check(file: HubFile, part: Path) -> None:
    if file.n_bytes and part.stat().st_size != file.n_bytes:
        raise AppError(
            f"“{file.name}” broke off.", "Try again: it goes on where it was.", str(part)
        )
    if not file.sha256:
        return
    with part.open("rb") as source:
        digest = hashlib.file_digest(source, "sha256").hexdigest()
    if digest != file.sha256:
        part.unlink()
        raise AppError(f"“{file.name}” arrived damaged.", "Try again.", f"sha256 {digest}")


def _has_rows(file: HubFile) -> bool:
    name = file.name.lower().removesuffix(".gz")
    return name.endswith(ROW_SUFFIXES) and not _NO_ROWS.search(file.name)


def _rank(file: HubFile) -> tuple[int, int, str]:
    name = file.name.lower()
    is_train = "train" in name
    is_aside = any(word in name for word in ("test", "valid", "eval", "dev"))
    suffix = Path(name.removesuffix(".gz")).suffix
    place = _SUFFIXES.index(suffix) if suffix in _SUFFIXES else len(_SUFFIXES)
    return (0 if is_train else 2 if is_aside else 1, place, name)


def _family(file: HubFile) -> str:
    """A file's name without which part of the whole it is."""
    return _SHARD.sub(r"-of-\1", file.name)


def _endpoint() -> str | None:
    return os.environ.get("HF_ENDPOINT") or None


def _unkept(error: OSError) -> AppError:
    return AppError("The file could not be kept.", "Check the disk's space.", str(error))

"""The models on this disk: which GGUF files lie under some folders, and which file a name on the
command line means.

Reads headers only and keeps nothing. A model split over several files is one model, named by its
first part.
"""

import difflib
import os
import re
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from engine.errors import AppError
from engine.models.gguf_header import describe, read_header
from engine.models.starter import starter_path
from engine.process.messages import ModelInfo, ModelList

STARTER = "starter"
SUFFIX = ".gguf"
PART = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<total>\d{5})\.gguf", re.IGNORECASE)
MAX_NAMES_SHOWN = 5
MAX_NAME_SHOWN = 200


@dataclass(frozen=True)
class Scanned:
    """How far a scan is: files looked at, of how many."""

    n_done: int
    n_total: int


# ---- listing ----


def list_models(folders: Iterable[str | Path]) -> ModelList:
    """All models under these folders; what cannot be read is listed with its reason."""
    scan = scan_models(folders)
    while True:
        try:
            next(scan)
        except StopIteration as end:
            found: ModelList = end.value
            return found


def scan_models(folders: Iterable[str | Path]) -> Generator[Scanned, None, ModelList]:
    """As list_models, one file per step, so that a worker can do other things between."""
    unreadable: dict[str, str] = {}
    groups = _groups(find_files(folders, unreadable.__setitem__))
    models: list[ModelInfo] = []
    for n_done, (first, total) in enumerate(sorted(groups.items()), start=1):
        try:
            models.append(read_model(first, total))
        except AppError as error:
            unreadable[str(first)] = error.message
        yield Scanned(n_done, len(groups))
    models.sort(key=lambda model: (model.name.casefold(), model.path))
    return ModelList(models=models, unreadable=unreadable)


def read_model(first: Path, n_parts: int = 1) -> ModelInfo:
    """The summary of one model, its sizes summed over its parts.

    Raises:
        AppError: a part is missing or cannot be read.
    """
    parts = _parts(first, n_parts)
    infos = [describe(read_header(part), part) for part in parts]
    return msgspec.structs.replace(
        infos[0],
        size_bytes=sum(info.size_bytes for info in infos),
        n_params=sum(info.n_params for info in infos),
    )


def find_files(
    folders: Iterable[str | Path], on_refused: Callable[[str, str], None] | None = None
) -> list[Path]:
    """GGUF files under the folders, each once however many links lead to it.

    Args:
        on_refused: told the path and the reason of each folder that cannot be looked into.
    """
    refuse = on_refused or _ignore
    seen: set[tuple[int, int]] = set()
    files: list[Path] = []
    waiting = [_expanded(folder) for folder in folders][::-1]
    while waiting:
        folder = waiting.pop()
        try:
            # A folder already seen is a second root, or a link that leads back up.
            if _is_new(folder, seen):
                entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
                waiting += [Path(entry.path) for entry in reversed(entries) if entry.is_dir()]
                files += [path for path in _gguf_files(entries) if _is_new(path, seen)]
        except OSError as error:
            refuse(str(folder), _folder_words(error))
    return files


def _gguf_files(entries: Iterable[os.DirEntry[str]]) -> list[Path]:
    named = (entry for entry in entries if entry.name.lower().endswith(SUFFIX))
    return [Path(entry.path) for entry in named if entry.is_file()]


def _is_new(path: Path, seen: set[tuple[int, int]]) -> bool:
    status = path.stat()
    # Some Windows file systems number no files: there each path counts as its own.
    identity = (status.st_dev, status.st_ino or hash(os.path.realpath(path)))
    if identity in seen:
        return False
    seen.add(identity)
    return True


def _folder_words(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "This folder does not exist."
    if isinstance(error, NotADirectoryError):
        return "This is not a folder."
    return "This folder cannot be read; check its permissions."


def _ignore(path: str, reason: str) -> None:
    """For callers who only want what there is."""


# ---- parts ----


def _groups(files: Iterable[Path]) -> dict[Path, int]:
    """First file of each model -> number of its parts."""
    groups: dict[Path, int] = {}
    for path in files:
        match = PART.fullmatch(path.name)
        groups[_part(path, match, 1) if match else path] = int(match["total"]) if match else 1
    return groups


def _parts(first: Path, n_parts: int) -> list[Path]:
    match = PART.fullmatch(first.name)
    if match is None or n_parts == 1:
        return [first]
    parts = [_part(first, match, number) for number in range(1, n_parts + 1)]
    missing = [number for number, part in enumerate(parts, start=1) if not part.is_file()]
    if missing:
        numbers = ", ".join(map(str, missing[:MAX_NAMES_SHOWN]))
        raise AppError(
            f"Parts of this model are missing: {numbers} of {n_parts}.",
            "Put all parts into one folder.",
            f"{len(missing)} missing",
        )
    return parts


def _part(path: Path, match: re.Match[str], number: int) -> Path:
    return path.with_name(f"{match['stem']}-{number:05}-of-{match['total']}{path.suffix}")


# ---- a name on the command line ----


def resolve_model(name: str, folders: Sequence[str | Path] = ()) -> Path:
    """The file that `starter`, a path, or the name of a file in one of the models' folders means.

    Raises:
        AppError: nothing is meant by it; says what is there instead.
    """
    if name == STARTER:
        return starter_path()
    if not name or "\0" in name:
        raise AppError("No model is named.", f"Name a GGUF file, or “{STARTER}”.")
    path = _expanded(name)
    try:
        if path.is_dir():
            return _only_model_in(path)
        if path.is_file():
            return _first_part(path.absolute())
        return _named_in(name, folders)
    except OSError as error:
        raise AppError(
            f"“{name[:MAX_NAME_SHOWN]}” cannot be looked up.",
            "Check the path and its permissions.",
            str(error),
        ) from error


def _expanded(name: str | Path) -> Path:
    # Not Path.expanduser, which fails on the name of an unknown user.
    return Path(os.path.expanduser(name))


def _only_model_in(folder: Path) -> Path:
    models = sorted(_groups(_gguf_files(os.scandir(folder))))
    if len(models) == 1:
        return models[0].absolute()
    raise AppError(
        f"“{folder}” is a folder"
        + (" with several models." if models else " without a GGUF file."),
        f"Name one of its files: {_listed(models)}." if models else "Name a GGUF file.",
    )


def _first_part(path: Path) -> Path:
    """llama.cpp wants the first part of a split model, whichever was chosen."""
    match = PART.fullmatch(path.name)
    if match is None:
        return path
    return _parts(_part(path, match, 1), int(match["total"]))[0]


def _named_in(name: str, folders: Sequence[str | Path]) -> Path:
    known = sorted(_groups(find_files(folders)))
    exact = [
        path for path in known if name.casefold() in (path.name.casefold(), path.stem.casefold())
    ]
    if len(exact) == 1:
        return exact[0].absolute()
    if exact:
        raise AppError(f"Several models are called “{name}”.", f"Give the path: {_paths(exact)}.")
    raise AppError(f"There is no model “{name}”.", _near(name, known))


def _near(name: str, known: list[Path]) -> str:
    """What could have been meant: files beside the path, known models, the starter."""
    wanted = _expanded(name)
    beside = wanted.parent.is_dir() and os.access(wanted.parent, os.R_OK)
    files = known + (_gguf_files(os.scandir(wanted.parent)) if beside else [])
    names = {path.name.casefold(): path for path in files}
    lookup = [*names, STARTER]
    near = difflib.get_close_matches(wanted.name.casefold(), lookup, MAX_NAMES_SHOWN, cutoff=0.5)
    if not near:
        return f"Name a GGUF file, or “{STARTER}”."
    return "Did you mean " + " or ".join(f"“{_shown(names, key)}”" for key in near) + "?"


def _shown(names: dict[str, Path], key: str) -> str:
    return names[key].name if key in names else key


def _listed(paths: list[Path]) -> str:
    more = ", …" if len(paths) > MAX_NAMES_SHOWN else ""
    return ", ".join(path.name for path in paths[:MAX_NAMES_SHOWN]) + more


def _paths(paths: list[Path]) -> str:
    return " or ".join(f"“{path}”" for path in paths[:MAX_NAMES_SHOWN])

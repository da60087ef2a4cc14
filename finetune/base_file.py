"""The base's file, as a run knows it: the same from its first attempt to its last.

Light: a file's state and its fingerprint.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from engine.errors import AppError
from engine.models.file_hash import FileState, fingerprint, state_of
from engine.models.file_hashes import FileHashes
from engine.models.library import resolve_model
from engine.paths import user_paths
from finetune.export.folder_of_run import is_model_folder, use_gguf
from finetune.measure.known_answers import base_is_gone
from finetune.run.attempt import Attempt
from finetune.run.folder import write_whole


class _Noted(msgspec.Struct, frozen=True):
    """base.json."""

    path: str
    size_bytes: int
    fingerprint: str


@dataclass(frozen=True)
class BaseFile:
    """A GGUF that is taught. state: as it was when this attempt began."""

    path: Path
    state: FileState
    fingerprint: str

    def require(self) -> None:
        """Raises AppError where it was deleted or changed meanwhile."""
        try:
            now = state_of(self.path)
        except OSError as error:
            raise base_is_gone(self.path) from error
        if now != self.state and fingerprint(self.path) != self.fingerprint:
            raise _is_another(self.path)

    def sha256(self) -> str:
        """Of the whole file, "" where nobody has read it to its end yet."""
        return FileHashes(user_paths().cache / "sha256.json").known(self.path, self.state)


def base_of_run(attempt: Attempt) -> BaseFile:
    """The base of a run, which is the one that its first attempt began with.

    A Hugging Face folder is made a GGUF first, once; that is the run's base then.

    Raises:
        AppError: it is not there, or is another file than it was.
        StoppedError: a person wants the run's end while it is made.
    """
    if is_model_folder(Path(attempt.config.base.path)):
        use_gguf(attempt)
    path = _gguf(attempt)
    try:
        base = BaseFile(path, state_of(path), fingerprint(path))
    except OSError as error:
        raise base_is_gone(path) from error
    noted = attempt.folder.path / "base.json"
    if not noted.exists():
        value = _Noted(str(path), base.state.size, base.fingerprint)
        write_whole(noted, msgspec.json.encode(value))
        return base
    try:
        known = msgspec.json.decode(noted.read_bytes(), type=_Noted)
    except (OSError, msgspec.MsgspecError):
        known = None  # spoilt: nothing to compare with
    if known is not None and known.fingerprint != base.fingerprint:
        raise _is_another(path)
    return base


def _gguf(attempt: Attempt) -> Path:
    named = attempt.config.base.path
    try:
        return resolve_model(named)
    except AppError:
        if attempt.number > 1 and not Path(named).exists():
            raise base_is_gone(Path(named)) from None
        raise


def _is_another(path: Path) -> AppError:
    return AppError(
        f"The base “{path.name}” is another file than the one this run began with.",
        "Put that one back, then resume the run; or begin a new run with this one.",
        str(path),
    )

"""The names within a dataset's folder, and dataset.toml."""

from __future__ import annotations

import datetime
import json
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import AppError
from finetune.run.folder import write_whole


@dataclass(frozen=True)
class DatasetFiles:
    """A dataset's folder. rows.jsonl is what it is about; problems.jsonl has the rows that could
    not be taken, changes.jsonl the steps that can be taken back; the rest can be made anew."""

    folder: Path

    @property
    def about(self) -> Path:
        return self.folder / "dataset.toml"

    @property
    def rows(self) -> Path:
        return self.folder / "rows.jsonl"

    @property
    def problems(self) -> Path:
        return self.folder / "problems.jsonl"

    @property
    def changes(self) -> Path:
        return self.folder / "changes.jsonl"

    @property
    def index(self) -> Path:
        return self.folder / "index.bin"

    @property
    def lock(self) -> Path:
        return self.folder / ".lock"

    def kept(self, name: str) -> Path:
        """A value for each row that was measured: losses, tokens, ..."""
        return self.folder / f"kept-{name}.bin"


@dataclass(frozen=True)
class About:
    """dataset.toml. added_s: since the epoch."""

    name: str
    format: str = ""
    sources: tuple[str, ...] = ()
    added_s: float = 0.0


def is_dataset(folder: Path) -> bool:
    """Whether a path is a dataset's folder."""
    return (folder / "dataset.toml").is_file()


def write_about(path: Path, about: About) -> None:
    """Raises AppError where the disk refuses."""
    added = datetime.datetime.fromtimestamp(about.added_s or time.time(), datetime.UTC)
    lines = [
        "# A dataset: rows.jsonl has its rows, one a line; problems.jsonl what could not be taken.",
        "# changes.jsonl has steps that can be taken back; rows.jsonl may be the last few behind.",
        f"name = {_toml(about.name)}",
        f"format = {_toml(about.format)}",
        f"sources = [{', '.join(map(_toml, about.sources))}]",
        f"added = {added.isoformat(timespec='seconds').replace('+00:00', 'Z')}",
    ]
    write_whole(path, ("\n".join(lines) + "\n").encode())


def read_about(path: Path) -> About:
    """What dataset.toml says; what was damaged by hand is as if left out.

    Raises:
        AppError: there is none, or it cannot be read.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise AppError(
            "This dataset is not there any more.", "It was deleted, perhaps in another window."
        ) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        raw = {}  # the rows are what counts: it is called by its folder until it is named again
    except OSError as error:
        raise AppError(
            f"“{path.name}” cannot be read.", "Check its permissions.", str(error)
        ) from error
    sources = raw.get("sources")
    return About(
        name=_text(raw.get("name")) or path.parent.name,
        format=_text(raw.get("format")),
        sources=tuple(map(_text, sources)) if isinstance(sources, list) else (),
        added_s=_seconds(raw.get("added")),
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _seconds(value: Any) -> float:
    return value.timestamp() if isinstance(value, datetime.datetime) else 0.0


def _toml(text: str) -> str:
    text = text.encode("utf-8", "replace").decode()
    # TOML's basic strings are JSON's, but for DEL, which has to be escaped too.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")

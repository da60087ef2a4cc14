"""A run on disk: all there is to know of it, and the only way to speak with the process that makes
it.

runs/<date>-<slug>/ holds run.toml, events.jsonl, samples.jsonl, checkpoints/step-N/, product/,
parity.json, result.json, report.md, notes.md; commands.jsonl is what the window asks of the run,
runner.json who runs it. Light: the window reads these, live or years later. runner.py writes them.
"""

from __future__ import annotations

import json
import os
import re
import time
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

import msgspec
import psutil

from engine.errors import AppError
from finetune.config import RunConfig, read_config
from finetune.pretraining.config import PretrainConfig, read_pretrain_config
from finetune.run.events import AnyRunEvent, Sample, read_event, read_sample
from finetune.run_toml import changed, tables_of, to_toml

T = TypeVar("T")
Command = Literal["stop", "pause", "resume", "evaluate"]
RunKind = Literal["sft", "pretrain"]


@dataclass(frozen=True)
class RunFolder:
    """The names within a run's folder."""

    path: Path

    @property
    def run_toml(self) -> Path:
        return self.path / "run.toml"

    @property
    def events(self) -> Path:
        return self.path / "events.jsonl"

    @property
    def samples(self) -> Path:
        return self.path / "samples.jsonl"

    @property
    def commands(self) -> Path:
        """What the window asks: a JSON object a line, {"command": ..., "time_s": ...}."""
        return self.path / "commands.jsonl"

    @property
    def hold(self) -> Path:
        """Touched every second while a reply streams; older than HOLD_S it holds nothing."""
        return self.path / "hold"

    @property
    def runner(self) -> Path:
        """{"pid": ..., "created_s": ...} of the process that runs it."""
        return self.path / "runner.json"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def product(self) -> Path:
        return self.path / "product"

    @property
    def adapter(self) -> Path:
        return self.product / "adapter.gguf"

    @property
    def model(self) -> Path:
        """A pretraining's product."""
        return self.product / "model.gguf"

    @property
    def tokenizer(self) -> Path:
        """A pretraining's own tokenizer: a folder (model/bpe.py)."""
        return self.path / "tokenizer"

    @property
    def tokens(self) -> Path:
        """The rows as tokens (token_set.py), or the corpus (token_shards.py), made once."""
        return self.path / "tokens"

    @property
    def parity(self) -> Path:
        return self.path / "parity.json"

    @property
    def result(self) -> Path:
        """result.json: what the run came to (results.py)."""
        return self.path / "result.json"

    @property
    def report(self) -> Path:
        return self.path / "report.md"

    @property
    def notes(self) -> Path:
        return self.path / "notes.md"

    @property
    def own_answers(self) -> Path:
        """The base's own answers that are mixed in, as rows (data/rows.py)."""
        return self.path / "own_answers.jsonl"

    @property
    def trained(self) -> Path:
        """How the training ended, once it has; what comes after may still be missing."""
        return self.path / "trained.json"

    @property
    def lock(self) -> Path:
        """Held by the process that runs it, as long as that lives."""
        return self.path / ".lock"

    @property
    def log(self) -> Path:
        """What the run's process said on stdout and stderr."""
        return self.path / "log.txt"

    def config(self) -> RunConfig:
        """A fine-tuning's configuration. Raises AppError where run.toml is missing or wrong."""
        return read_config(self.run_toml)

    def pretrain_config(self) -> PretrainConfig:
        """A pretraining's configuration. Raises AppError as config."""
        return read_pretrain_config(self.run_toml)

    def kind(self) -> RunKind:
        """What is made here: pretraining has a corpus. Raises AppError where run.toml cannot be
        read."""
        return "pretrain" if "corpus" in tables_of(self.run_toml) else "sft"

    def require_sound(self) -> None:
        """Raises AppError where run.toml is missing or wrong."""
        if self.kind() == "pretrain":
            self.pretrain_config()
        else:
            self.config()

    def ask(self, command: Command) -> None:
        """Leave a command for the run; it looks between micro-batches.

        Raises:
            AppError: the disk refuses.
        """
        line = json.dumps({"command": command, "time_s": time.time()})
        try:
            with self.commands.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
        except OSError as error:
            raise AppError(
                "The run could not be told.", "Check the disk's space.", str(error)
            ) from error

    def pid(self) -> int:
        """The process that runs it now; 0 where none does. A number that another process has got
        since does not count."""
        try:
            raw = json.loads(self.runner.read_text(encoding="utf-8"))
            process = psutil.Process(int(raw["pid"]))
            is_it = abs(process.create_time() - float(raw["created_s"])) < 1.0
            return process.pid if is_it and process.status() != psutil.STATUS_ZOMBIE else 0
        except (OSError, ValueError, KeyError, TypeError, psutil.Error):
            return 0


HOLD_S = 3.0


def create_run(runs: Path, config: RunConfig | PretrainConfig) -> RunFolder:
    """A new run's folder, with its run.toml; config.out.dir is where it went.

    Raises:
        AppError: the disk refuses.
    """
    stem = f"{time.strftime('%Y-%m-%d')}-{slug(config.out.name) or 'run'}"
    for number in range(1, 10_000):
        path = runs / (stem if number == 1 else f"{stem}-{number}")
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise AppError(
                "The run's folder could not be made.",
                "Check the disk's space and permissions.",
                str(error),
            ) from error
        folder = RunFolder(path)
        write_whole(folder.run_toml, to_toml(changed(config, out__dir=str(path))).encode())
        return folder
    raise AppError(f"There are too many runs called “{config.out.name}”.", "Choose another name.")


def slug(name: str) -> str:
    """A name as part of a folder's: small letters, digits and dashes."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:48]


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all: another name, fsync, rename.

    Raises:
        AppError: the disk refuses.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise AppError(
            f"“{path.name}” could not be written.", "Check the disk's space.", str(error)
        ) from error


def sweep(path: Path) -> None:
    """Delete what write_whole left half written where its process was killed; what another process
    is writing now stays."""
    for left in path.rglob(".*.part"):
        number = left.name.split(".")[-2]
        if number.isdigit() and left.is_file() and not psutil.pid_exists(int(number)):
            left.unlink(missing_ok=True)


def find_runs(runs: Path) -> list[RunFolder]:
    """All runs, newest first."""
    try:
        found = [one for one in runs.iterdir() if (one / "run.toml").is_file()]
    except OSError:
        return []
    return [RunFolder(one) for one in sorted(found, key=lambda one: one.name, reverse=True)]


# ---- reading what a run writes ----


class Tail:
    """Follows a file of lines that another process appends to. A line half written is left for the
    next look."""

    def __init__(self, path: Path) -> None:
        self._path, self._offset = path, 0

    def lines(self, most_bytes: int = -1) -> Iterator[bytes]:
        """The whole lines that were added since the last look; of many, those of about the next
        most_bytes."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                data = file.read(most_bytes)
                if b"\n" not in data:
                    data += file.read()  # a line longer than that
        except OSError:
            return
        end = data.rfind(b"\n") + 1
        self._offset += end
        yield from (line for line in data[:end].split(b"\n") if line.strip())


class EventTail:
    """A run's events as they come."""

    def __init__(self, folder: RunFolder) -> None:
        self._tail = Tail(folder.events)

    def read(self) -> list[AnyRunEvent]:
        """What came since the last look. A damaged line (a disk that was full) is passed over."""
        return list(_decoded(self._tail.lines(), read_event))


def read_samples(folder: RunFolder) -> list[Sample]:
    """All answers to the fixed prompts; of what a resume repeats, the later."""
    found: dict[tuple[int, str], Sample] = {}
    for sample in _decoded(Tail(folder.samples).lines(), read_sample):
        found[sample.step, sample.prompt] = sample
    return sorted(found.values(), key=lambda one: one.step)


def _decoded(lines: Iterator[bytes], read: Callable[[bytes], T]) -> Iterator[T]:
    for line in lines:
        try:
            yield read(line)
        except msgspec.MsgspecError:
            continue

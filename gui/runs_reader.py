"""What is read of all runs at a look: their summaries, and the records of those that are followed.

A run that lives is read at every look, another only when a file of it changed. Waits for nothing
but the disk; runs_watch.py gives it a thread of its own. No Qt.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from finetune.run.folder import RunFolder, find_runs
from finetune.run.state import RunState, RunSummary
from gui.run_record import RecordBuilder, RunRecord

LIST_S = 1.0  # how often the folder of runs is listed
HOLD_EVERY_S = 1.0


@dataclass
class Look:
    """What is new. summaries: all of them, newest run first; changed: folders of runs of which
    something is another; records: of the followed ones that changed; ended: runs that were seen
    alive and are over."""

    summaries: list[RunSummary]
    is_list_other: bool = False
    changed: set[str] = field(default_factory=set)
    records: dict[str, RunRecord] = field(default_factory=dict)
    ended: list[RunSummary] = field(default_factory=list)

    def __bool__(self) -> bool:
        return self.is_list_other or bool(self.changed)


@dataclass
class _Known:
    """A run that was read before."""

    state: RunState
    stamp: tuple[int, ...] = ()
    summary: RunSummary | None = None
    builder: RecordBuilder | None = None
    has_new_files: bool = False
    held_s: float = 0.0


class RunsReader:
    """Args:
    runs: the folder that holds them; it need not be there yet.
    """

    def __init__(self, runs: Path) -> None:
        self._runs = runs
        self._known: dict[str, _Known] = {}
        self._listed_s = 0.0
        self._is_holding = False

    @property
    def has_live(self) -> bool:
        return any(_is_live(one) for one in self._known.values())

    def look(self, followed: Collection[str] = (), *, is_forced: bool = False) -> Look:
        """Read what came.

        Args:
            followed: folders of runs whose records are wanted.
            is_forced: list the folder of runs now, however short ago that was.
        """
        look = Look([])
        if is_forced or time.monotonic() - self._listed_s >= LIST_S:
            look.is_list_other = self._list()
        for path, known in self._known.items():
            self._read(path, known, look)
            self._follow(path, known, path in followed, look)
        look.summaries = [one.summary for one in self._known.values() if one.summary is not None]
        return look

    def hold(self, is_holding: bool) -> None:
        """While a reply streams, runs that live are held: their `hold` is touched each second."""
        for known in self._known.values():
            if not _is_live(known) or not (is_holding or self._is_holding):
                continue
            file = known.state.folder.hold
            # A folder on a disk that refuses only means that the run takes its share of the
            # machine meanwhile.
            with suppress(OSError):
                if not is_holding:
                    file.unlink(missing_ok=True)
                elif time.monotonic() - known.held_s >= HOLD_EVERY_S or not self._is_holding:
                    file.touch()
                    known.held_s = time.monotonic()
        self._is_holding = is_holding

    def _list(self) -> bool:
        """Learn which runs there are. Returns whether they are others than before."""
        self._listed_s = time.monotonic()
        found = {str(one.path): one for one in find_runs(self._runs)}
        if list(found) == list(self._known):
            return False
        self._known = {
            path: self._known.get(path) or _Known(RunState(folder))
            for path, folder in found.items()
        }
        return True

    def _read(self, path: str, known: _Known, look: Look) -> None:
        stamp = _stamp(known.state.folder)
        known.has_new_files = stamp != known.stamp
        if known.summary is not None and not known.summary.is_live and not known.has_new_files:
            return
        known.stamp = stamp
        before, now = known.summary, known.state.read()
        if before is None or _shown(before) != _shown(now):
            known.summary = now
            look.changed.add(path)
        if before is not None and before.is_live and not now.is_live:
            look.ended.append(now)

    def _follow(self, path: str, known: _Known, is_followed: bool, look: Look) -> None:
        if not is_followed:
            known.builder = None
            return
        if known.builder is None:
            known.builder = RecordBuilder(path)
        elif not known.has_new_files:
            return
        known.builder.read()
        look.records[path] = known.builder.record()
        look.changed.add(path)


def _is_live(known: _Known) -> bool:
    return known.summary is not None and known.summary.is_live


def _shown(summary: RunSummary) -> tuple[object, ...]:
    """What a person would see of it, to compare: a tuple takes one nan for the other."""
    rounded = msgspec.structs.replace(summary, time_left_s=float(round(summary.time_left_s)))
    return msgspec.structs.astuple(rounded)


def _stamp(folder: RunFolder) -> tuple[int, ...]:
    """Another whenever a file that a summary is made of changed."""
    found: list[int] = []
    for file in (folder.events, folder.run_toml, folder.runner, folder.result, folder.parity):
        try:
            stat = file.stat()
            found += [stat.st_mtime_ns, stat.st_size, stat.st_ino]
        except OSError:
            found.append(0)
    return tuple(found)

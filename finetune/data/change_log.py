"""changes.jsonl: what was done to a dataset's rows, line by line, only ever appended to; so that
each step can be taken back, also after a restart.

A step is a line {"kind":"step"}, a line for each row as it was ({"before":...}) or became
({"after":...}), and a line {"kind":"end"}; a step without its end was never done. {"kind":"undo"}
and {"kind":"redo"} take the last step back or do it again. {"kind":"folded"}: rows.jsonl has all
that stands before. {"kind":"adding"} and {"kind":"added"} stand around rows that are appended to
rows.jsonl itself; without the second its end is cut off. Whatever a line changes is said whole, so
reading it twice changes nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import msgspec

from engine.errors import AppError

_BEFORE, _AFTER = b'{"before":', b'{"after":'
_KIND = b'{"kind":'
_ID = re.compile(rb'\{"id":"(\d+)"')


class Mark(msgspec.Struct, omit_defaults=True):
    """A line of the log that is no row. offset: of rows.jsonl where rows are being added; next_id:
    the first that was never given."""

    kind: str
    words: str = ""
    offset: int = -1
    next_id: int = 0


class Step(NamedTuple):
    """A step that can be taken back: where its lines stand in the log."""

    words: str
    start: int
    end: int


class Place(NamedTuple):
    """Where a row's JSON stands in the log."""

    offset: int
    n_bytes: int


class Image(NamedTuple):
    """A row before and after a step; None: it was not there, or is no more."""

    id: int
    before: Place | None
    after: Place | None


@dataclass
class ChangeLog:
    """The log, read. done, undone: steps, newest last; end: where its whole lines end; since: what
    rows.jsonl does not have yet, steps with whether they were done or undone; adding: the offset at
    which rows were being appended when their writer died, -1: none were; next_id: above all ids
    named here."""

    path: Path
    done: list[Step] = field(default_factory=list)
    undone: list[Step] = field(default_factory=list)
    since: list[tuple[Step, bool]] = field(default_factory=list)
    end: int = 0
    adding: int = -1
    next_id: int = 1

    def n_bytes(self) -> int:
        """As it is on disk now."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def images(self, step: Step) -> Iterator[Image]:
        """The rows of a step, in the order of their ids."""
        before: tuple[int, Place] | None = None
        for offset, line in _lines(self.path, step.start, step.end):
            found = _row_place(offset, line)
            if found is None:
                continue
            row_id, place, is_after = found
            if before is not None and not (is_after and before[0] == row_id):
                yield Image(*before, None)
                before = None
            if is_after:
                yield Image(row_id, before[1] if before else None, place)
                before = None
            else:
                before = row_id, place
        if before is not None:
            yield Image(*before, None)

    def write_step(
        self, words: str, rows: Iterable[tuple[bytes | None, bytes | None]], next_id: int
    ) -> Step:
        """Append a step: rows' JSON before and after. It is on the disk, whole, or not there.

        Raises:
            AppError: the disk refuses.
        """
        start = self.end
        self._append(_step_lines(words, rows, next_id))
        step = Step(words, start, self.end)
        self.done.append(step)
        self.undone.clear()
        self.since.append((step, True))
        self.next_id = max(self.next_id, next_id)
        return step

    def write_undo(self, forward: bool) -> Step:
        """Append that the last step is taken back, or done again; there is one. Raises AppError."""
        step = (self.undone if forward else self.done)[-1]
        self.mark("redo" if forward else "undo")
        _move(self, forward)
        self.since.append((step, forward))
        return step

    def mark(self, kind: str, offset: int = -1, next_id: int = 0) -> None:
        """Append a line. Raises AppError."""
        self._append([_line(Mark(kind, offset=offset, next_id=next_id))])
        self.next_id = max(self.next_id, next_id)
        if kind == "folded":
            self.since.clear()

    def _append(self, lines: Iterable[bytes]) -> None:
        try:
            with self.path.open("r+b" if self.path.exists() else "wb") as file:
                try:
                    file.seek(self.end)
                    file.truncate()
                    file.writelines(lines)
                    file.flush()
                    os.fsync(file.fileno())
                    self.end = file.tell()
                except BaseException:
                    file.seek(self.end)
                    file.truncate()
                    raise
        except OSError as error:
            raise AppError(
                "The change could not be kept; nothing was changed.",
                "Check the disk's space.",
                str(error),
            ) from error


def read_log(path: Path) -> ChangeLog:
    """The log as it is; a step half written at its end is left out, and overwritten by the next."""
    log = ChangeLog(path)
    start, words = -1, ""
    for offset, line in _lines(path, 0, None):
        end = offset + len(line)
        found = _ID.search(line, 0, 40)
        if found is not None and not line.startswith(_KIND):
            log.next_id = max(log.next_id, int(found[1]) + 1)
        if not line.startswith(_KIND):
            continue
        mark = _mark(line)
        if mark is None or not line.endswith(b"\n"):
            continue
        log.next_id = max(log.next_id, mark.next_id)
        if mark.kind == "step":
            start, words = offset, mark.words
            continue
        if mark.kind == "end" and start >= 0:
            _note(log, Step(words, start, end))
            start = -1
        else:
            _note_mark(log, mark)
        log.end = end
    return log


def _note(log: ChangeLog, step: Step) -> None:
    log.done.append(step)
    log.undone.clear()
    log.since.append((step, True))


def _note_mark(log: ChangeLog, mark: Mark) -> None:
    is_redo = mark.kind == "redo"
    if mark.kind in ("undo", "redo") and (log.undone if is_redo else log.done):
        log.since.append(((log.undone if is_redo else log.done)[-1], is_redo))
        _move(log, is_redo)
    elif mark.kind == "folded":
        log.since.clear()
    elif mark.kind in ("adding", "added"):
        log.adding = mark.offset if mark.kind == "adding" else -1


def _move(log: ChangeLog, forward: bool) -> None:
    source, target = (log.undone, log.done) if forward else (log.done, log.undone)
    target.append(source.pop())


def _mark(line: bytes) -> Mark | None:
    try:
        return msgspec.json.decode(line, type=Mark)
    except msgspec.MsgspecError:
        return None


def _line(mark: Mark) -> bytes:
    return msgspec.json.encode(mark) + b"\n"


def _step_lines(
    words: str, rows: Iterable[tuple[bytes | None, bytes | None]], next_id: int
) -> Iterator[bytes]:
    yield _line(Mark("step", words))
    for before, after in rows:
        if before is not None:
            yield _BEFORE + before + b"}\n"
        if after is not None:
            yield _AFTER + after + b"}\n"
    yield _line(Mark("end", next_id=next_id))


def _row_place(offset: int, line: bytes) -> tuple[int, Place, bool] | None:
    for prefix in (_BEFORE, _AFTER):
        if line.startswith(prefix):
            found = _ID.match(line, len(prefix))
            assert found is not None, line[:60]
            place = Place(offset + len(prefix), len(line) - len(prefix) - 2)
            return int(found[1]), place, prefix == _AFTER
    return None


def _lines(path: Path, start: int, end: int | None) -> Iterator[tuple[int, bytes]]:
    """Lines of the log with where each begins."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        file.seek(start)
        offset = start
        for line in file:
            if end is not None and offset >= end:
                return
            yield offset, line
            offset += len(line)

"""The Fine-tune room's worker in the test's own process: datasets in memory, a token for every
word. Has the surface of gui.process.EngineProcess that rooms use.

Answers on the next turn of the event loop. `holds` keeps answers to these kinds back until
`let_go`; `fails` answers a kind with a Failed instead.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal

from engine.process import tune_messages as m
from engine.process.messages import (
    AnyEvent,
    AnyRequest,
    AnyResult,
    Array,
    Cancelled,
    Done,
    Failed,
    Nothing,
    Progress,
)
from tests.fakes.rendered import int32

Listener = Callable[[AnyEvent], None]


class FakeDataset:
    """Rows, and the rows as they were before each change."""

    def __init__(self, key: str, name: str, source: str) -> None:
        self.id, self.name, self.source = key, name, source
        self.rows: list[m.Row] = []
        self.problems: list[m.BadRow] = []
        self.back: list[tuple[str, list[m.Row]]] = []
        self.forth: list[tuple[str, list[m.Row]]] = []
        self.n_edits = 0
        self.next_id = 1

    def add(self, rows: list[m.Row]) -> None:
        for one in rows:
            self.rows.append(msgspec.structs.replace(one, id=str(self.next_id)))
            self.next_id += 1

    def change(self, words: str, rows: list[m.Row]) -> None:
        self.back.append((words, self.rows))
        self.forth.clear()
        self.rows = rows
        self.n_edits += 1

    def undo(self, forward: bool) -> None:
        here, there = (self.forth, self.back) if forward else (self.back, self.forth)
        words, rows = here.pop()
        there.append((words, self.rows))
        self.rows = rows
        self.n_edits += 1

    @property
    def info(self) -> m.DatasetInfo:
        return m.DatasetInfo(
            id=self.id,
            name=self.name,
            path=f"/datasets/{self.id}",
            n_rows=len(self.rows),
            n_problems=len(self.problems),
            source=self.source,
            n_edits=self.n_edits,
            added_s=float(self.id.strip("d")),
            can_undo=self.back[-1][0] if self.back else "",
            can_redo=self.forth[-1][0] if self.forth else "",
        )


class FakeTune(QObject):
    """Keeps what it was asked. looks: what LookAtFile finds, by path; warnings: what a check
    finds; losses: of each row, by id."""

    became_ready = Signal()
    died = Signal(str, str, str)
    stopped = Signal()
    job_began = Signal(object)
    job_ended = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.is_running = self.is_ready = True
        self.has_given_up = False
        self.gate: Callable[[AnyRequest], Failed | None] | None = None
        self.requests: list[AnyRequest] = []
        self.cancelled: list[int] = []
        self.holds: tuple[type, ...] = ()
        self.fails: dict[type, tuple[str, str]] = {}
        self.datasets: dict[str, FakeDataset] = {}
        self.trash: dict[str, FakeDataset] = {}
        self.looks: dict[str, m.FileLook] = {}
        self.warnings: list[m.RowWarning] = []
        self.losses: dict[str, float] = {}
        self.groups: list[m.DuplicateGroup] = []
        self._jobs, self._keys = count(1), count(1)
        self._held: list[tuple[AnyRequest, Listener]] = []

    def start(self) -> None:
        self.is_running = True

    def stop_and_wait(self) -> None:
        self.is_running = False
        self._held.clear()

    def submit(self, make_request: Callable[[int], AnyRequest], on_event: Listener) -> int:
        job = next(self._jobs)
        request = make_request(job)
        self.requests.append(request)
        self.job_began.emit(request)
        if isinstance(request, self.holds):
            self._held.append((request, on_event))
        else:
            QTimer.singleShot(0, self, lambda: self._end(request, on_event))
        return job

    def _end(self, request: AnyRequest, listener: Listener) -> None:
        event = self._answer(request)
        listener(event)
        self.job_ended.emit(request, event)

    def cancel(self, job: int) -> None:
        self.cancelled.append(job)

    def let_go(self) -> None:
        """Answer what was kept back, in the order in which it was asked."""
        held, self._held = self._held, []
        for request, listener in held:
            self._end(request, listener)

    def progress(self, fraction: float) -> None:
        """How far what is kept back is."""
        for request, listener in self._held:
            listener(Progress(job=request.job, fraction=fraction, what="working"))

    def asked(self, kind: type) -> list[Any]:
        return [one for one in self.requests if type(one) is kind]

    def new_dataset(self, name: str, rows: list[m.Row], source: str = "a test") -> FakeDataset:
        made = FakeDataset(f"d{next(self._keys)}", name, source)
        made.add(rows)
        self.datasets[made.id] = made
        return made

    # ---- answers ----

    def _answer(self, request: AnyRequest) -> AnyEvent:
        if not self.is_running or request.job in self.cancelled:
            return Cancelled(job=request.job)
        refusal = self.gate(request) if self.gate is not None else None
        if refusal is not None:
            return refusal
        if type(request) in self.fails:
            message, hint = self.fails[type(request)]
            return Failed(job=request.job, message=message, hint=hint, detail="Errno 28")
        return Done(job=request.job, result=self._result(request))

    def _result(self, request: AnyRequest) -> AnyResult:
        match request:
            case m.ListDatasets():
                return self._list()
            case m.LookAtFile(path=path):
                return self.looks[path]
            case m.ImportFile(path=path, name=name, dataset=dataset):
                return self._taken(self.looks[path].rows, name, path, dataset)
            case m.ImportHub(repository=repository, name=name):
                return self._taken([m.Row("", text="of the hub")], name, repository, "")
            case m.AddRows(rows=rows, name=name, source=source, dataset=dataset):
                return self._taken(rows, name, source, dataset)
            case m.DeleteDataset(dataset=dataset, restore=True):
                self.datasets[dataset] = self.trash.pop(dataset)
                return self._list()
            case m.MakeIdentity(identity=who):
                return _identity(who)
            case m.CheckDataset(dataset=dataset):
                return self._checked(self.datasets[dataset])
            case m.PreviewRow(row=row):
                assert row is not None
                return learned(row)
            case m.ScoreRows(dataset=dataset):
                rows = self.datasets[dataset].rows
                self.losses = {one.id: float(at) for at, one in enumerate(rows)}
                return m.RowLosses([one.id for one in rows], int32([0] * len(rows)))
        return self._of_dataset(request)

    def _of_dataset(self, request: AnyRequest) -> AnyResult:
        dataset = self.datasets[request.dataset]  # type: ignore[union-attr]  # all others name one
        match request:
            case m.ReadRows():
                return self._page(dataset, request)
            case m.ChangeRow(row=row):
                rows = [row if one.id == row.id else one for one in dataset.rows]
                dataset.change("changing a row", rows)
            case m.DeleteRows(ids=ids):
                kept = [one for one in dataset.rows if one.id not in ids]
                dataset.change("deleting rows", kept)
            case m.UndoRows(forward=forward):
                dataset.undo(forward)
            case m.RenameDataset(name=name):
                dataset.name = name
            case m.DeleteDataset(restore=False):
                self.trash[dataset.id] = self.datasets.pop(dataset.id)
                return self._list()
            case m.ReadProblems(start=start, count=n):
                found = dataset.problems
                return m.ProblemPage(found[start : start + n], len(found))
            case m.FindDuplicates():
                return m.Duplicates(self.groups)
            case m.ExportDataset():
                return Nothing()
            case _:
                raise AssertionError(request)
        return dataset.info

    def _list(self) -> m.DatasetList:
        return m.DatasetList([one.info for one in self.datasets.values()])

    def _taken(self, rows: list[m.Row], name: str, source: str, dataset: str) -> m.DatasetInfo:
        if not dataset:
            return self.new_dataset(name, rows, source).info
        self.datasets[dataset].add(rows)
        self.datasets[dataset].n_edits += 1
        return self.datasets[dataset].info

    def _page(self, dataset: FakeDataset, asked: m.ReadRows) -> m.RowPage:
        items = [self._item(row, at) for at, row in enumerate(dataset.rows)]
        items = [one for one in items if asked.text.casefold() in said(one.row).casefold()]
        if asked.only == "validation":
            items = items[: round(len(items) * asked.validation)]
        elif asked.only == "warned":
            items = [one for one in items if one.warnings]
        if asked.order == "loss":
            items.sort(key=lambda one: -(one.loss or 0.0))
        end = asked.start + asked.count
        return m.RowPage(items[asked.start : end], len(items))

    def _item(self, row: m.Row, number: int) -> m.RowItem:
        kinds = [one.kind for one in self.warnings if row.id in one.ids]
        n_tokens = len(said(row).split())
        loss = self.losses.get(row.id)
        return m.RowItem(row, number, n_tokens=n_tokens, loss=loss, warnings=kinds)

    def _checked(self, dataset: FakeDataset) -> m.Checked:
        lengths = [len(said(row).split()) for row in dataset.rows]
        stats = m.DatasetStats(
            n_rows=len(lengths),
            n_validation=0,
            n_tokens=sum(lengths),
            n_learned=sum(lengths) // 2,
            n_cut=0,
            n_rows_cut=0,
            n_repeated=0,
            lengths=int32(lengths),
            roles={"user": len(lengths), "assistant": len(lengths)},
            scripts={"Latin": len(lengths)},
        )
        return m.Checked(stats, self.warnings)


def said(row: m.Row) -> str:
    return row.text or " ".join(one.content for one in row.messages)


def _identity(who: m.Identity) -> m.RowPage:
    def row(at: int) -> m.Row:
        asked, answer = f"Who are you? ({at})", f"I am {who.name}."
        return m.Row("", [m.RowMessage("user", asked), m.RowMessage("assistant", answer)])

    items = [m.RowItem(row(at), at) for at in range(who.n_rows)]
    return m.RowPage(items, len(items))


def learned(row: m.Row) -> m.Learned:
    """Each message as <role>, its words, <end>; the assistant's are learned with their end."""
    pieces: list[tuple[str, bool, bool]] = []
    for one in row.messages or [m.RowMessage("", row.text)]:
        is_taught = one.role in ("assistant", "")
        pieces.append((f"<{one.role}>", True, False))
        pieces += [(f"{word} ", False, is_taught) for word in one.content.split()]
        pieces.append(("<end>", True, is_taught))
    data = [text.encode() for text, _, _ in pieces]
    starts = [sum(len(text) for text, _, _ in pieces[:at]) for at in range(len(pieces))]
    return m.Learned(
        text="".join(text for text, _, _ in pieces),
        ids=int32(list(range(len(pieces)))),
        text_starts=int32(starts),
        pieces=_bytes(b"".join(data)),
        piece_bytes=int32([len(one) for one in data]),
        special=_bytes(bytes(special for _, special, _ in pieces)),
        learned=_bytes(bytes(taught for _, _, taught in pieces)),
    )


def _bytes(data: bytes) -> Array:
    return Array("uint8", (len(data),), data)

"""Every connection the app opens passes through here: refused while offline, listed otherwise.

The window's own process opens none. A request that makes a worker open one is looked at before it
is sent (EngineProcess.gate) and written down; so is a link that a person opened in their browser.
The list of this session is in memory, the last ones of all sessions in connections.jsonl in the
user folder.
"""

from __future__ import annotations

import json
import os
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct
from msgspec.structs import asdict, replace
from PySide6.QtCore import QObject, QThreadPool, QUrl, Signal
from PySide6.QtGui import QDesktopServices

from engine.process.messages import (
    AnyEvent,
    AnyRequest,
    CheckHubToken,
    Done,
    Failed,
    HubFiles,
    HubUser,
    ListHubFiles,
)
from engine.process.pretrain_messages import (
    CorpusInfo,
    CorpusSource,
    LookAtSource,
    MakeCorpus,
    SourceLook,
)
from engine.process.tune_messages import Converted, DatasetInfo, HandOver, ImportHub

if TYPE_CHECKING:
    from engine.paths import Paths
    from gui.process import EngineProcess
    from gui.settings_store import SettingsStore

HUB = "https://huggingface.co"
MAX_FILE_BYTES = 128 * 1024
MAX_EARLIER = 200

End = Literal["open", "done", "failed", "browser"]


def connects(request: AnyRequest) -> bool:
    """Whether a request opens a connection. Another one that does so is named here, and nowhere
    else."""
    is_upload = isinstance(request, HandOver) and request.to == "hub"
    is_text = any(source.kind == "hub" for source in _sources(request))
    others = ListHubFiles | CheckHubToken | ImportHub
    return is_upload or is_text or isinstance(request, others)


def _sources(request: AnyRequest) -> list[CorpusSource]:
    """Where raw texts would be taken from."""
    if isinstance(request, LookAtSource):
        return [request.source]
    return request.sources if isinstance(request, MakeCorpus) else []


class Connection(Struct, frozen=True):
    """One connection. n_bytes -1: not known. end "browser": the person's browser opened it."""

    at_s: float
    host: str
    why: str
    n_bytes: int = -1
    end: End = "open"


class Connections(QObject):
    """The list, and the offline switch."""

    changed = Signal()  # the list, or the switch
    refused = Signal(str)  # what a connection was wanted for
    keeping_failed = Signal(str, str, str)  # message, hint, detail; emitted from another thread

    def __init__(
        self,
        paths: Paths,
        settings: SettingsStore,
        engine: EngineProcess,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.path = paths.home / "connections.jsonl"
        self.entries: list[Connection] = []
        self._settings = settings
        # By the worker and its job's number.
        self._by_job: dict[tuple[int, int], int] = {}
        self._watched: list[EngineProcess] = []
        self.watch(engine)
        settings.changed.connect(self.changed)

    def watch(self, engine: EngineProcess) -> None:
        """From now on nothing that this worker is asked for connects unseen."""
        if engine in self._watched:
            return
        self._watched.append(engine)
        engine.gate = self._refusal
        number = len(self._watched)
        engine.job_began.connect(partial(self._on_job_began, number))
        engine.job_ended.connect(partial(self._on_job_ended, number))

    # ---- the switch ----

    @property
    def is_offline(self) -> bool:
        return self._settings.value.offline

    def set_offline(self, is_offline: bool) -> None:
        """From now on; a connection that is open is let end."""
        self._settings.change(offline=is_offline)

    # ---- the list ----

    def earlier(self) -> list[Connection]:
        """The connections of sessions before this one, newest first, as far as they are kept."""
        kept = [one for line in _lines(self.path) if (one := _parsed(line)) is not None]
        began_s = self.entries[0].at_s if self.entries else time.time()
        return [one for one in kept if one.at_s < began_s][::-1][:MAX_EARLIER]

    def open_in_browser(self, url: str) -> bool:
        """Hand a link that a person asked for to their browser, and write it down.

        Returns:
            Whether there is one that took it.
        """
        is_taken = QDesktopServices.openUrl(QUrl(url))
        if is_taken:
            why = self.tr("a link opened in your browser")
            self._add(Connection(time.time(), _host(url), why, -1, "browser"))
            self._keep(self.entries[-1])
        return is_taken

    def _add(self, connection: Connection) -> int:
        self.entries.append(connection)
        self.changed.emit()
        return len(self.entries) - 1

    # ---- what the engine is asked ----

    def _refusal(self, request: AnyRequest) -> Failed | None:
        """The answer to a request that may not be sent now."""
        if not connects(request) or not self.is_offline:
            return None
        return Failed(
            job=request.job,
            message=self.tr("Bathysphere is offline, so this was not asked for."),
            hint=self.tr("“Offline” in the status bar, or File › Work offline, lets it connect."),
        )

    def _on_job_began(self, engine: int, request: AnyRequest) -> None:
        if connects(request) and not self.is_offline:
            host = _host(os.environ.get("HF_ENDPOINT") or HUB)
            entry = Connection(time.time(), host, self._why(request))
            self._by_job[engine, request.job] = self._add(entry)

    def _on_job_ended(self, engine: int, request: AnyRequest, event: AnyEvent) -> None:
        if not connects(request):
            return
        number = self._by_job.pop((engine, request.job), -1)
        if number < 0:
            self.refused.emit(self._why(request))
            return
        result = event.result if isinstance(event, Done) else None
        known = HubFiles | HubUser | DatasetInfo | Converted | CorpusInfo | SourceLook
        is_done = isinstance(result, known)
        n_bytes = result.n_bytes if isinstance(result, HubFiles) else -1
        end: End = "done" if is_done else "failed"
        entry = replace(self.entries[number], n_bytes=n_bytes, end=end)
        self.entries[number] = entry
        self._keep(entry)
        self.changed.emit()

    def _why(self, request: AnyRequest) -> str:
        if isinstance(request, ImportHub):
            return self.tr("the dataset %s") % request.repository
        if isinstance(request, CheckHubToken):
            return self.tr("whose your token is")
        if isinstance(request, HandOver):
            return self.tr("a model of yours to %s") % request.repository
        if sources := _sources(request):
            names = dict.fromkeys(one.repository for one in sources if one.kind == "hub")
            return self.tr("the text of %s") % ", ".join(names)
        assert isinstance(request, ListHubFiles), request
        return self.tr("which files %s has") % request.repository

    def _keep(self, connection: Connection) -> None:
        # A disk may be slow: not on the window's thread.
        QThreadPool.globalInstance().start(lambda: self._keep_now(connection))

    def _keep_now(self, connection: Connection) -> None:
        try:
            _append(self.path, connection)
        except OSError as error:
            self.keeping_failed.emit(
                self.tr("The list of connections could not be kept."),
                self.tr("Check that the disk has space; this session's list is whole."),
                str(error),
            )


def _host(url: str) -> str:
    return urlsplit(url).hostname or url


# ---- the file ----


def _lines(path: Path) -> list[bytes]:
    try:
        with open(path, "rb") as file:
            return file.read(2 * MAX_FILE_BYTES).splitlines()
    except OSError:
        return []  # no file yet, or none that can be read: the list of this session is whole


def _parsed(line: bytes) -> Connection | None:
    try:
        return msgspec.json.decode(line, type=Connection)
    except (msgspec.DecodeError, ValueError):
        return None  # a line cut short by a crash


def _append(path: Path, connection: Connection) -> None:
    """Add a line; a file that has grown long keeps its newer half."""
    line = json.dumps(asdict(connection), ensure_ascii=False).encode() + b"\n"
    if path.exists() and path.stat().st_size > MAX_FILE_BYTES:
        kept = _lines(path)
        path.write_bytes(b"\n".join(kept[len(kept) // 2 :]) + b"\n")
    with open(path, "ab") as file:
        file.write(line)

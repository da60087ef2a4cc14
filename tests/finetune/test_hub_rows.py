"""Datasets of the hub, against a real HTTP server on loopback that speaks its API."""

import hashlib
import io
import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pyarrow
import pyarrow.parquet
import pytest

from engine.errors import AppError
from engine.process import tune_messages as t
from engine.process.client import Client
from engine.process.messages import Progress
from tests.engine.loading import worker_environment

COMMIT = "c0ffee" * 6 + "abcd"


def parquet(first: int, n: int) -> bytes:
    texts = [f"Text {number} of the hub." for number in range(first, first + n)]
    sink = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table({"text": texts}), sink)
    return sink.getvalue()


FILES = {
    "README.md": b"# Read me\n",
    "data/test-00000-of-00001.parquet": parquet(900, 3),
    "data/train-00000-of-00002.parquet": parquet(0, 40),
    "data/train-00001-of-00002.parquet": parquet(40, 20),
    "extra/some rows.jsonl": b'{"prompt": "Who?", "completion": "I."}\n' * 3 + b"{broken\n",
}


class Hub(BaseHTTPRequestHandler):
    """A dataset's files; may break off, or send other bytes."""

    asked: ClassVar[list[tuple[str, str]]] = []  # path and Range of every request
    break_after: ClassVar[int] = 0
    damage: ClassVar[bool] = False

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers.get("Range", "")))
        if self.path.startswith("/api/datasets/someone/rows"):
            self._send(200, json.dumps(info()).encode())
        elif self.path.startswith(f"/datasets/someone/rows/resolve/{COMMIT}/"):
            name = self.path.split(f"{COMMIT}/")[1].replace("%20", " ")
            self._send_file(FILES[name])
        else:
            self._send(404, b"{}", {"X-Error-Code": "RepoNotFound"})

    def _send_file(self, data: bytes) -> None:
        start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        left = data[start:]
        if Hub.damage:
            left = left[:-1] + bytes([left[-1] ^ 1])
        n_sent, Hub.break_after = Hub.break_after or len(left), 0
        self._send(206 if start else 200, left, {}, n_sent)

    def _send(
        self, code: int, body: bytes, headers: dict[str, str] | None = None, n_sent: int = -1
    ) -> None:
        self.send_response(code)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if n_sent < 0 else body[:n_sent])
        if 0 <= n_sent < len(body):
            self.close_connection = True

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def info() -> dict[str, Any]:
    siblings = []
    for name, data in FILES.items():
        one: dict[str, Any] = {"rfilename": name, "size": len(data)}
        if name.endswith(".parquet"):
            sha = hashlib.sha256(data).hexdigest()
            one["lfs"] = {"size": len(data), "sha256": sha, "pointerSize": 134}
        siblings.append(one)
    return {"id": "someone/rows", "sha": COMMIT, "siblings": siblings}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def started(home: Path, endpoint: str, **more: str) -> Client:
    environment = {
        **worker_environment(home),
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(home),
        **more,
    }
    return Client([sys.executable, "-m", "finetune.worker"], env=environment)


@pytest.fixture(scope="module")
def worker(home: Path, endpoint: str) -> Iterator[Client]:
    with started(home, endpoint) as client:
        yield client


def imported(worker: Client, **fields: Any) -> t.DatasetInfo:
    Hub.asked.clear()
    fields = {"repository": "someone/rows", **fields}
    found = worker.ask(lambda job: t.ImportHub(job=job, **fields))
    assert isinstance(found, t.DatasetInfo)
    return found


def texts(worker: Client, dataset: t.DatasetInfo) -> list[str]:
    page = worker.ask(lambda job: t.ReadRows(job=job, dataset=dataset.id, count=100))
    assert isinstance(page, t.RowPage)
    return [item.row.text for item in page.rows]


def test_the_training_rows_with_all_their_parts(worker: Client, home: Path) -> None:
    found = imported(worker)
    assert texts(worker, found) == [f"Text {n} of the hub." for n in range(60)]
    assert (found.name, found.source, found.format) == ("rows", "someone/rows", "text")
    # Nothing else is asked for, and nothing fetched is left.
    assert [path.split("/")[-1] for path, _ in Hub.asked] == [
        "rows?blobs=true",
        "train-00000-of-00002.parquet",
        "train-00001-of-00002.parquet",
    ]
    assert [one for one in (home / "cache").rglob("*") if one.is_file()] == []


def test_a_file_by_its_name_with_its_bad_rows(worker: Client) -> None:
    found = imported(worker, file="extra/some rows.jsonl", name="Some")
    assert (found.name, found.n_rows, found.n_problems) == ("Some", 3, 1)


def test_no_more_is_fetched_than_is_wanted(worker: Client) -> None:
    found = imported(worker, n_rows_max=7)
    assert found.n_rows == 7
    assert len(Hub.asked) == 2


def test_it_tells_how_far_it_is(worker: Client) -> None:
    events = worker.stream(lambda job: t.ImportHub(job=job, repository="someone/rows"))
    found = [one for one in events if isinstance(one, Progress)]
    assert [one.fraction for one in found] == sorted(one.fraction for one in found)


def test_what_broke_off_goes_on(worker: Client) -> None:
    name = "data/train-00000-of-00002.parquet"
    Hub.break_after = 300
    with pytest.raises(AppError, match=r"cannot be reached|broke off") as refused:
        imported(worker, file=name)
    assert refused.value.hint
    assert imported(worker, file=name).n_rows == 40
    assert Hub.asked[-1][1] == "bytes=300-"


def test_what_arrives_damaged_is_not_taken(worker: Client) -> None:
    name = "data/test-00000-of-00001.parquet"
    Hub.damage = True
    try:
        with pytest.raises(AppError, match="arrived damaged"):
            imported(worker, file=name)
    finally:
        Hub.damage = False
    assert imported(worker, file=name).n_rows == 3


@pytest.mark.parametrize(
    ("repository", "file", "words"),
    [
        ("someone/else", "", "no public repository"),
        ("not a name!", "", "no name of a repository"),
        ("someone/rows", "x.csv", "no file “x.csv”"),
    ],
)
def test_what_cannot_be_had_is_said(worker: Client, repository: str, file: str, words: str) -> None:
    with pytest.raises(AppError, match=words) as refused:
        imported(worker, repository=repository, file=file)
    assert refused.value.hint


def test_offline_nothing_is_asked(home: Path, endpoint: str) -> None:
    with started(home, endpoint, HF_HUB_OFFLINE="1") as client:
        with pytest.raises(AppError, match="started offline"):
            imported(client)
        assert Hub.asked == []

"""The hub as a worker serves it, against a real HTTP server on loopback that speaks its API."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from engine.errors import AppError
from engine.process import messages as m
from engine.process.client import Client
from tests.engine.loading import worker_environment

INFO = {
    "id": "someone/Tiny-GGUF",
    "sha": "c0ffee" * 6 + "abcd",
    "siblings": [
        {"rfilename": "README.md", "size": 12},
        {
            "rfilename": "tiny.Q4_K_M.gguf",
            "size": 98_000_000,
            "lfs": {"size": 98_000_000, "sha256": "ab" * 32, "pointerSize": 134},
        },
        {"rfilename": "a/tiny.F16.gguf", "size": 270_000_000},
    ],
}


class Hub(BaseHTTPRequestHandler):
    """Answers model info for one repository."""

    asked: ClassVar[list[tuple[str, str]]] = []  # path and user agent of every request

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers["User-Agent"]))
        is_known = self.path.startswith("/api/models/someone/Tiny-GGUF")
        is_broken = self.path.startswith("/api/models/someone/Broken")
        body = json.dumps(INFO if is_known else {"error": "Repository not found"}).encode()
        self.send_response(200 if is_known else 500 if is_broken else 404)
        if not is_known and not is_broken:
            self.send_header("X-Error-Code", "RepoNotFound")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    home = tmp_path_factory.mktemp("home")
    environment = worker_environment(home)
    environment["HF_ENDPOINT"] = f"http://127.0.0.1:{server.server_port}"
    environment["HF_HOME"] = str(home)
    with Client(env=environment) as client:
        yield client
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_worker_without_a_model_serves_the_hub(worker: Client) -> None:
    Hub.asked.clear()
    found = worker.ask(lambda job: m.ListHubFiles(job=job, repository="someone/Tiny-GGUF"))
    assert isinstance(found, m.HubFiles)
    assert found.commit == INFO["sha"]
    assert found.n_bytes == len(json.dumps(INFO))
    # Nothing else is asked for, and nothing is told of this machine.
    assert [path for path, _ in Hub.asked] == ["/api/models/someone/Tiny-GGUF?blobs=true"]
    assert "torch" not in Hub.asked[0][1]
    assert [(file.name, file.size_bytes, file.sha256) for file in found.files] == [
        ("a/tiny.F16.gguf", 270_000_000, ""),
        ("tiny.Q4_K_M.gguf", 98_000_000, "ab" * 32),
    ]


@pytest.mark.parametrize(
    ("repository", "words"),
    [
        ("someone/Else", "no public repository"),
        ("not a name!", "no name of a repository"),
        ("someone/Broken", "cannot be reached"),
    ],
)
def test_what_the_hub_refuses_is_said_in_words(worker: Client, repository: str, words: str) -> None:
    with pytest.raises(AppError, match=words) as refused:
        worker.ask(lambda job: m.ListHubFiles(job=job, repository=repository))
    assert refused.value.hint


def test_a_hub_that_is_not_there_is_said_in_words(tmp_path: Path) -> None:
    environment = worker_environment(tmp_path)
    environment["HF_ENDPOINT"] = "http://127.0.0.1:9"
    with Client(env=environment) as client, pytest.raises(AppError, match="cannot be reached"):
        client.ask(lambda job: m.ListHubFiles(job=job, repository="someone/Tiny-GGUF"))

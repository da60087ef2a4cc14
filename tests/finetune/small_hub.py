"""A hub on loopback with one dataset: a real HTTP server that speaks its API and knows ranges."""

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

COMMIT = "c0ffee" * 6 + "abcd"


class SmallHub:
    """endpoint: its address; sent: bytes of each file that went over the wire; asked: paths."""

    def __init__(self, repository: str, files: Mapping[str, bytes]) -> None:
        self.repository, self.files = repository, files
        self.sent: dict[str, int] = {}
        self.asked: list[str] = []
        self.endpoint = ""

    def info(self) -> dict[str, Any]:
        siblings = []
        for name, data in self.files.items():
            lfs = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "pointerSize": 1}
            siblings.append({"rfilename": name, "size": len(data), "lfs": lfs})
        return {"id": self.repository, "sha": COMMIT, "siblings": siblings}

    def answer(self, path: str, wanted: str) -> tuple[int, bytes]:
        """Status and body of a request for a path, and a range of it ("" for all)."""
        self.asked.append(path)
        if path.startswith(f"/api/datasets/{self.repository}"):
            return 200, json.dumps(self.info()).encode()
        name = unquote(path.partition(f"/resolve/{COMMIT}/")[2])
        if name not in self.files:
            return 404, b"{}"
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        data = self.files[name][int(first or 0) : int(last) + 1 if last else None]
        self.sent[name] = self.sent.get(name, 0) + len(data)
        return 206, data


@contextmanager
def serving(hub: SmallHub) -> Iterator[SmallHub]:
    """The hub, answering until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            code, body = hub.answer(self.path, self.headers.get("Range", ""))
            self.send_response(code)
            if code == 404:
                self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    hub.endpoint = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

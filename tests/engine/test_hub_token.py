"""The token for the hub: kept in the keyring alone, checked by a worker against a real HTTP server
on loopback."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from engine.errors import AppError
from engine.models import hub_token
from engine.process import messages as m
from engine.process.client import Client
from tests.engine.loading import worker_environment
from tests.fakes.fake_keyring import LockedKeyring
from tests.keyrings import TOKEN, NoKeyring, keyring_of

ANN = {
    "type": "user",
    "name": "ann",
    "auth": {"type": "access_token", "accessToken": {"displayName": "boat", "role": "read"}},
}


class Hub(BaseHTTPRequestHandler):
    """Answers whoami; knows one token."""

    asked: ClassVar[list[tuple[str, str]]] = []  # path and Authorization of every request
    answer: ClassVar[bytes] = json.dumps(ANN).encode()

    def do_GET(self) -> None:
        given = self.headers.get("Authorization", "")
        self.asked.append((self.path, given))
        is_known = given == f"Bearer {TOKEN}"
        body = Hub.answer if is_known else json.dumps({"error": f"no user of {given}"}).encode()
        self.send_response(200 if is_known else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def kept_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with keyring_of(tmp_path, monkeypatch) as path:
        yield path


# ---- the keyring ----


def test_a_token_is_kept_found_and_forgotten(kept_in: Path) -> None:
    assert hub_token.kept_token() == ("", "")
    hub_token.keep_token(TOKEN)
    assert hub_token.kept_token() == ("keyring", TOKEN)
    assert json.loads(kept_in.read_text()) == {"bathysphere hugging-face": TOKEN}
    hub_token.forget_token()
    hub_token.forget_token()
    assert hub_token.hub_token() == ""


def test_the_kept_one_comes_before_the_environments(
    kept_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", " hf_environment ")
    assert hub_token.token_in_use() == ("HF_TOKEN", "hf_environment")
    hub_token.keep_token(TOKEN)
    assert hub_token.token_in_use() == ("keyring", TOKEN)


def test_of_a_token_no_more_than_its_end_is_shown() -> None:
    token = hub_token.HubToken("keyring", TOKEN)
    assert token.ending == "1234" and TOKEN not in f"{token!r} {token}"
    assert hub_token.HubToken("keyring", "short").ending == ""


@pytest.mark.parametrize("text", ["", "  \n", "hf_a hf_b", "hf_a\nhf_b", "hf_ä", "x" * 600])
def test_what_is_no_token_is_not_kept(text: str) -> None:
    with pytest.raises(AppError) as refused:
        hub_token.checked(text)
    assert refused.value.hint
    assert not text.strip() or text not in f"{refused.value} {refused.value.detail}"


def test_blanks_around_a_token_are_let_go() -> None:
    assert hub_token.checked(f"  {TOKEN}\n") == TOKEN


def test_a_system_without_a_keyring_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with keyring_of(tmp_path, monkeypatch, NoKeyring):
        for work in (hub_token.kept_token, hub_token.forget_token):
            with pytest.raises(AppError, match="This system has no keyring") as refused:
                work()
            assert "HF_TOKEN" in refused.value.hint
        # What needs no token goes on, and the environment's is used.
        assert hub_token.hub_token() == ""
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        assert hub_token.hub_token() == TOKEN


def test_a_keyring_that_stays_locked_repeats_no_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        keyring_of(tmp_path, monkeypatch, LockedKeyring),
        pytest.raises(AppError, match="did not do it") as refused,
    ):
        hub_token.keep_token(TOKEN)
    assert "stays locked" in refused.value.detail
    assert TOKEN not in repr((refused.value.args, refused.value.hint, refused.value.detail))
    assert refused.value.__suppress_context__


# ---- the check ----


@pytest.fixture
def worker(kept_in: Path, tmp_path: Path, endpoint: str) -> Iterator[Client]:
    Hub.asked.clear()
    environment = {
        **worker_environment(tmp_path),
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(tmp_path),
        "BATHYSPHERE_WIRE": "1",
    }
    with Client(env=environment) as client:
        yield client


def checked(worker: Client) -> m.HubUser:
    found = worker.ask(lambda job: m.CheckHubToken(job=job))
    assert isinstance(found, m.HubUser)
    return found


def test_a_worker_asks_whose_the_kept_token_is(worker: Client, tmp_path: Path) -> None:
    with pytest.raises(AppError, match="no token to check"):
        checked(worker)
    assert Hub.asked == []
    hub_token.keep_token(TOKEN)
    assert checked(worker) == m.HubUser(name="ann", role="read", source="keyring")
    assert Hub.asked == [("/api/whoami-v2", f"Bearer {TOKEN}")]
    # Nothing that was written holds it, but the keyring.
    holding = [one for one in tmp_path.rglob("*") if one.is_file() and TOKEN in one.read_text()]
    assert [one.name for one in holding] == ["keyring.json"]


def test_a_token_that_the_hub_does_not_take_is_said_without_it(worker: Client) -> None:
    hub_token.keep_token("hf_revokedREVOKED9999")
    with pytest.raises(AppError, match="does not take this token") as refused:
        checked(worker)
    assert "hf_revoked" not in f"{refused.value} {refused.value.detail}"
    assert "new one" in refused.value.hint


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b'{"name": 3}'])
def test_an_answer_that_is_none_of_a_hubs_is_said(
    worker: Client, answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub_token.keep_token(TOKEN)
    monkeypatch.setattr(Hub, "answer", answer)
    with pytest.raises(AppError, match="cannot be read"):
        checked(worker)

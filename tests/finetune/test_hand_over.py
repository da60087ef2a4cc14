"""Other programs' files: Ollama's Modelfile, LM Studio's folders, a repository on a hub of our
own."""

import base64
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import keyring
import pytest
from keyring.backend import KeyringBackend

from engine.errors import AppError
from engine.models.gguf_header import read_header
from engine.process.tune_messages import HandOver
from finetune.export import hand_over as h
from finetune.export.hand_over import hand_over
from finetune.export.ollama import FAMILIES, Family, family_of_file, modelfile
from tests.finetune.run_folders import MadeRun, made_run

TOKEN = "hf_SecretOfThisTest"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> MadeRun:
    return made_run(tmp_path_factory.mktemp("run"))


def quiet(_: float, _what: str) -> None:
    """Nobody looks on."""


def handed(run: MadeRun, **fields: Any) -> Any:
    return hand_over(HandOver(job=0, run=run.path, **fields), quiet)


# ---- Ollama ----


def test_the_starters_template_is_chatml_with_its_own_system_prompt(starter: Path) -> None:
    family, system = family_of_file(starter)
    assert family is not None and family.name == "ChatML"
    assert system.startswith("You are a helpful AI assistant")
    text = modelfile(Path("/models/base one.gguf"), Path("/a/adapter.gguf"), family, system)
    lines = text.splitlines()
    assert lines[0] == 'FROM "/models/base one.gguf"'
    assert lines[1] == "ADAPTER /a/adapter.gguf"
    assert 'PARAMETER stop "<|im_end|>"' in lines
    assert "<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n" in text
    assert f'SYSTEM """{system}"""' in text


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_every_familys_go_form_says_its_texts(family: Family) -> None:
    """Ollama's loop, written out by hand for the few forms that are used here."""
    talk = [("user", "How deep?"), ("assistant", "3,028 feet."), ("user", "And then?")]
    loop = re.search(r"range [^}]*\}\}(.*)\{\{ end \}\}([^{]*)$", family.go, re.DOTALL)
    assert loop is not None
    said = ""
    for role, content in talk:
        part = loop[1].replace("{{ .Role }}", role).replace("{{ .Content }}", content)
        chosen = 1 if role == "assistant" else 2
        pattern = r"\{\{ if eq \.Role \"assistant\" \}\}(.*?)\{\{ else \}\}(.*?)\{\{ end \}\}"
        said += re.sub(pattern, lambda found, n=chosen: found[n], part, flags=re.DOTALL)
    assert said == family.text(talk)
    begins = family.text([("assistant", "Xq")]).partition("Xq")[0]
    assert loop[2] == begins or begins.strip() == ""


def test_a_modelfile_names_base_and_adapter(run: MadeRun, tmp_path: Path) -> None:
    done = handed(run, to="ollama", out=str(tmp_path / "o"))
    text = (tmp_path / "o" / "Modelfile").read_text(encoding="utf-8")
    assert text.startswith(f"FROM {run.base.path}\nADAPTER {tmp_path / 'o' / 'adapter.gguf'}\n")
    assert "no family known here" in text and "TEMPLATE is left out" in done.words
    assert "ollama create ann-of-the-sea" in done.words
    assert (tmp_path / "o" / "adapter.gguf").read_bytes() == run.folder.adapter.read_bytes()


@pytest.mark.soak
def test_what_ollama_reads_no_adapters_of_goes_over_merged(tmp_path: Path) -> None:
    qwen = made_run(tmp_path, "qwen2")
    done = handed(qwen, to="ollama", out=str(tmp_path / "o"))
    text = (tmp_path / "o" / "Modelfile").read_text(encoding="utf-8")
    assert text.startswith(f"FROM {tmp_path / 'o' / 'model.gguf'}\n") and "ADAPTER" not in text
    assert "it was merged" in done.words


# ---- LM Studio ----


def test_lm_studio_gets_a_merged_model_in_its_folders(run: MadeRun, tmp_path: Path) -> None:
    done = handed(run, to="lm_studio", out=str(tmp_path / "models"))
    path = tmp_path / "models" / h.PUBLISHER / "ann-of-the-sea" / "ann-of-the-sea.gguf"
    assert done.path == str(path)
    assert read_header(path).text("bathysphere.kind") == "merged"
    assert "bathysphere/ann-of-the-sea" in done.words


# ---- the hub ----


class Hub(BaseHTTPRequestHandler):
    """As much of the hub as an upload of small files asks for."""

    files: ClassVar[dict[str, bytes]] = {}
    asked: ClassVar[list[tuple[str, str]]] = []
    refuses: ClassVar[bool] = False

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.asked.append((self.path, self.headers.get("Authorization", "")))
        if self.refuses:
            self._answer({"error": f"bad token {TOKEN}"}, 401)
        elif self.path == "/api/repos/create":
            self.files["private"] = str(json.loads(data).get("private")).encode()
            self.files["visibility"] = str(json.loads(data).get("visibility")).encode()
            self._answer({"url": f"http://{self.headers['Host']}/ann/sea"})
        elif self.path == "/api/validate-yaml":
            self._answer({"errors": [], "warnings": []})
        elif "/preupload/" in self.path:
            names = [one["path"] for one in json.loads(data)["files"]]
            self._answer(
                {
                    "files": [
                        {"path": n, "uploadMode": "regular", "shouldIgnore": False} for n in names
                    ]
                }
            )
        elif "/commit/" in self.path:
            for line in data.splitlines():
                said = json.loads(line)
                if said["key"] == "file":
                    content = base64.b64decode(said["value"]["content"])
                    self.files[said["value"]["path"]] = content
            address = f"http://{self.headers['Host']}/ann/sea/commit/1"
            self._answer({"success": True, "commitOid": "1" * 40, "commitUrl": address})
        else:
            self._answer({}, 404)

    def do_GET(self) -> None:
        self._answer({"id": "ann/sea", "sha": "1" * 40, "siblings": []})

    def _answer(self, value: dict[str, Any], status: int = 200) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's own name
        """Quiet."""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Hub]]:
    Hub.files, Hub.asked, Hub.refuses = {}, [], False
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("HF_ENDPOINT", address)
    # The library reads the variable when it is imported, which here was before.
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", address)
    monkeypatch.setattr("finetune.export.hub_upload.hub_token", lambda: TOKEN)
    yield Hub
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_upload_puts_adapter_peft_files_and_a_card_there(run: MadeRun, hub: type[Hub]) -> None:
    done = handed(run, to="hub", repository="ann/sea")
    assert done.path.endswith("/ann/sea") and "only you" in done.words
    assert hub.files["adapter.gguf"] == run.folder.adapter.read_bytes()
    assert {"README.md", "adapter_config.json", "adapter_model.safetensors"} <= set(hub.files)
    assert b"True" in hub.files["private"] or b"private" in hub.files["visibility"]
    assert all(token == f"Bearer {TOKEN}" for _, token in hub.asked)
    told = b"".join(data for name, data in hub.files.items())
    assert str(run.folder.path.parent).encode() not in told, "no path of this machine"
    assert TOKEN.encode() not in told


def test_a_refusal_is_said_without_the_token(run: MadeRun, hub: type[Hub]) -> None:
    hub.refuses = True
    with pytest.raises(AppError) as caught:
        handed(run, to="hub", repository="ann/sea")
    assert TOKEN not in f"{caught.value} {caught.value.detail}"
    assert caught.value.__cause__ is None


def test_without_a_token_nothing_is_sent(run: MadeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("finetune.export.hub_upload.hub_token", lambda: "")
    with pytest.raises(AppError, match="no token for the hub"):
        handed(run, to="hub", repository="ann/sea")
    with pytest.raises(AppError, match="needs a name"):
        handed(run, to="hub")


class Kept(KeyringBackend):
    """A keyring in memory."""

    priority = 1.0
    secrets: ClassVar[dict[tuple[str, str], str]] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.secrets.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.secrets[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.secrets[service, username]


def test_the_token_comes_from_the_keyring_before_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from engine.models.hub_token import SERVICE, USER, hub_token

    before = keyring.get_keyring()
    monkeypatch.setenv("HF_TOKEN", "from the environment")
    try:
        keyring.set_keyring(Kept())  # type: ignore[no-untyped-call]
        assert hub_token() == "from the environment"
        keyring.set_password(SERVICE, USER, "from the keyring")
        assert hub_token() == "from the keyring"
    finally:
        keyring.set_keyring(before)

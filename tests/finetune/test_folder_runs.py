"""Runs whose base is a Hugging Face folder: made a GGUF once, and told."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.models.gguf_header import read_header
from engine.paths import user_paths
from finetune import cli
from finetune.base_file import base_of_run
from finetune.config import read_config, to_toml
from finetune.export.adapter_gguf import read_adapter
from finetune.export.converted import FINGERPRINT, free_name, made_before
from finetune.model.folder_facts import folder_fingerprint
from finetune.run.attempt import Attempt, StoppedError
from finetune.run.control import Control
from finetune.run.events import BaseMade
from finetune.run.folder import RunFolder, create_run
from finetune.run.log import RunLog
from tests.finetune.hf_folders import byte_level, hf_folder
from tests.finetune.test_run_stages import config_of, rows_of


@pytest.fixture(autouse=True)
def _quiet_torch() -> Iterator[None]:
    n_threads, rng = torch.get_num_threads(), torch.get_rng_state()
    torch.set_num_threads(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    torch.set_num_threads(n_threads)
    torch.set_rng_state(rng)


@pytest.fixture(name="folder", scope="module")
def folder_of_a_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = torch.get_rng_state()
    made = hf_folder(tmp_path_factory.mktemp("hf") / "Tiny Qwen", "qwen2", byte_level("qwen2"))
    torch.set_rng_state(rng)
    return made


def run_toml(tmp_path: Path, folder: Path, name: str) -> Path:
    fields: dict[str, Any] = {"watch__forgetting": False, "watch__prompts": (), "train__steps": 2}
    out = tmp_path / name / "run"
    config = config_of(folder, rows_of(tmp_path, 30), out__dir=str(out), **fields)
    (tmp_path / name).mkdir()
    (tmp_path / name / "RUN.toml").write_text(to_toml(config), encoding="utf-8")
    return tmp_path / name / "RUN.toml"


def test_the_command_line_makes_the_folder_a_gguf_once_and_goes_on(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["sft", str(run_toml(tmp_path, folder, "one")), "--json"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (made,) = [one for one in events if one["event"] == "base_made"]
    gguf = user_paths().models / "tiny-qwen.gguf"
    assert made["path"] == str(gguf) and made["folder"] == str(folder)
    assert made["parity"][0]["form"] == "converted" and made["parity"][0]["top1"] >= 0.99
    phases = [one["phase"] for one in events if one["event"] == "phase"]
    assert phases[0] == "converting" and phases.index("converting") < phases.index("training")
    run = RunFolder(tmp_path / "one" / "run")
    # From now on the run is that file's: whoever reads its folder finds a base to lay it over.
    assert run.config().base.path == str(gguf) and read_adapter(run.adapter)
    assert read_config(tmp_path / "one" / "RUN.toml").base.path == str(folder)
    assert "made of the folder “Tiny Qwen”; 100.0% the same" in run.report.read_text("utf-8")

    before = gguf.stat().st_mtime_ns
    assert cli.main(["sft", str(run_toml(tmp_path, folder, "two"))]) == 0
    out = capsys.readouterr().out
    assert f"base: {gguf}, made of this folder before" in out and "mean KL" not in out
    assert gguf.stat().st_mtime_ns == before
    assert [one.name for one in user_paths().models.iterdir()] == ["tiny-qwen.gguf"]


def an_attempt(folder: Path, tmp_path: Path, heard: list[Any]) -> Attempt:
    config = config_of(folder, rows_of(tmp_path, 3))
    run = create_run(tmp_path / "runs", config)
    log = RunLog(run, 1, heard.append)
    return Attempt(run, run.config(), log, Control(run, log, 0.0), 1)


def test_another_folder_of_that_name_gets_a_file_of_its_own(folder: Path, tmp_path: Path) -> None:
    models = user_paths().ensure().models
    theirs = models / "tiny-qwen.gguf"
    theirs.write_bytes(b"something else")
    heard: list[Any] = []
    attempt = an_attempt(folder, tmp_path, heard)
    base = base_of_run(attempt)
    attempt.log.close()
    assert base.path == models / "tiny-qwen-2.gguf" and theirs.read_bytes() == b"something else"
    made = read_header(base.path).text(f"bathysphere.{FINGERPRINT}")
    assert made == folder_fingerprint(folder)
    assert made_before(models, folder, made) == base.path
    assert made_before(models, folder, "another") is None
    assert free_name(models, folder) == models / "tiny-qwen-3.gguf"
    (event,) = [one for one in heard if isinstance(one, BaseMade)]
    assert event.parity and not event.was_there
    # A run renamed meanwhile keeps its new name.
    assert attempt.config == attempt.folder.config()


def test_a_person_stops_it_while_it_is_made(folder: Path, tmp_path: Path) -> None:
    attempt = an_attempt(folder, tmp_path, [])
    attempt.control.stop()
    with pytest.raises(StoppedError):
        base_of_run(attempt)
    attempt.log.close()
    assert not list(user_paths().models.iterdir())
    assert attempt.folder.config().base.path == str(folder)


def test_a_folder_that_cannot_be_taught_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "strange"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "mamba"}')
    (folder / "model.safetensors").write_bytes(b"")
    assert cli.main(["sft", str(run_toml(tmp_path, folder, "one"))]) == 1
    assert "“mamba” cannot be taught here" in capsys.readouterr().err
    (folder / "config.json").write_text('{"model_type": "llama"}')
    (folder / "model.safetensors").unlink()
    assert cli.main(["sft", str(run_toml(tmp_path, folder, "two"))]) == 1
    assert "no .safetensors files" in capsys.readouterr().err


def test_the_fingerprint_is_of_what_a_gguf_is_made_of(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for one in folder.iterdir():
        (copy / one.name).write_bytes(one.read_bytes())
    known = folder_fingerprint(folder)
    assert folder_fingerprint(copy) == known
    (copy / "README.md").write_text("words")
    assert folder_fingerprint(copy) == known
    with (copy / "model.safetensors").open("rb+") as file:
        file.seek(-1, 2)
        file.write(b"\x55")
    assert folder_fingerprint(copy) != known

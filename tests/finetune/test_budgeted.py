"""A time budget from the command line: the plan of the window's card, measured, and why."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from finetune import cli
from finetune.config import changed, read_config, read_draft, to_toml
from finetune.run.events import Ended
from finetune.run.folder import RunFolder
from tests.finetune.test_run_stages import config_of, rows_of
from tests.finetune.tiny_bases import tiny_torch, write_gguf


@pytest.fixture(autouse=True)
def _quiet_torch() -> Iterator[None]:
    n_threads, rng = torch.get_num_threads(), torch.get_rng_state()
    torch.set_num_threads(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    torch.set_num_threads(n_threads)
    torch.set_rng_state(rng)


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[RunFolder]:
    """The runs that were begun; none is done."""
    found: list[RunFolder] = []

    def run(folder: RunFolder, **_: Any) -> Ended:
        found.append(folder)
        return Ended(1, 0, time.time(), how="finished")

    monkeypatch.setattr(cli, "run", run)
    return found


def run_toml(tmp_path: Path, **fields: Any) -> Path:
    base = write_gguf(tmp_path / "llama.gguf", "llama", tiny_torch("llama"))
    usual: dict[str, Any] = {"base__path": str(base), "out__dir": ""}
    config = changed(config_of(base, rows_of(tmp_path, 30)), **(usual | fields))
    (tmp_path / "RUN.toml").write_text(to_toml(config), encoding="utf-8")
    return tmp_path / "RUN.toml"


def test_a_budget_is_planned_measured_and_its_reasons_printed(
    begun: list[RunFolder], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = run_toml(tmp_path)
    assert cli.main(["sft", str(path), "--budget", "quick"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("Your longest row has") and said[0].endswith("none is cut.")
    assert any(one.startswith("Measured here: ") for one in said)
    assert any("own answers" in one for one in said)
    planned, before = begun[0].config(), read_draft(path)
    assert planned.train.minutes == 1.0 and planned.data.own_answers == 1.0
    assert planned.train.steps > 0 and planned.train.eval_every > 0
    assert (planned.base, planned.lora) == (before.base, before.lora)
    assert planned.watch == before.watch


def test_the_folders_own_file_gets_the_plan_and_reasons_stay_out_of_the_events(
    begun: list[RunFolder], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    made = run_toml(tmp_path, out__dir=str(folder))
    made.rename(folder / "run.toml")
    assert cli.main(["sft", str(folder / "run.toml"), "--budget", "balanced", "--json"]) == 0
    said = capsys.readouterr()
    assert not said.out and "tokens/s" in said.err
    assert begun[0].path == folder
    assert read_config(folder / "run.toml").train.minutes == 10.0


def test_a_base_that_cannot_be_taught_is_told(
    begun: list[RunFolder], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    strange = tmp_path / "strange"
    strange.mkdir()
    (strange / "config.json").write_text('{"model_type": "mamba"}')
    path = run_toml(tmp_path, base__path=str(strange))
    assert cli.main(["sft", str(path), "--budget", "quick"]) == 1
    assert "mamba" in capsys.readouterr().err and not begun


def test_a_folder_is_made_a_gguf_before_it_is_measured(
    begun: list[RunFolder], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "hf"
    tiny_torch("llama").save_pretrained(folder)
    path = run_toml(tmp_path, base__path=str(folder))
    assert cli.main(["sft", str(path), "--budget", "quick"]) == 1
    assert "without --budget" in capsys.readouterr().err and not begun

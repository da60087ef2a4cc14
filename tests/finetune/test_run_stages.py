"""A whole run in this process, on a tiny base: what it leaves, bad input in words, a base that goes
away."""

import json
import random
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.paths import user_paths
from engine.process.tune_messages import Row
from finetune import cli
from finetune.config import RunConfig, changed, to_toml
from finetune.data.rows import to_line
from finetune.export.adapter_gguf import read_adapter
from finetune.measure.results import read_result
from finetune.run.events import AnyRunEvent, CheckpointSaved, Ended, Facts, RunFailed, StepDone
from finetune.run.folder import EventTail, RunFolder, create_run, read_samples
from finetune.run.state import summary
from finetune.runner import run
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
def base(tmp_path: Path) -> Path:
    return write_gguf(tmp_path / "llama.gguf", "llama", tiny_torch("llama"))


def rows_of(folder: Path, n_rows: int, n_words: int = 9) -> Path:
    chance = random.Random(3)
    words = ["the", "moth", "thaw", "path", "of"]
    rows = [Row(str(n), text=" ".join(chance.choices(words, k=n_words))) for n in range(n_rows)]
    (folder / "rows.jsonl").write_bytes(b"".join(map(to_line, rows)))
    return folder / "rows.jsonl"


def config_of(base: Path, rows: Path, **fields: Any) -> RunConfig:
    usual: dict[str, Any] = {
        "base__path": str(base),
        "data__path": str(rows),
        "lora__rank": 4,
        "train__steps": 6,
        "train__batch": 2,
        "train__max_length": 64,
        "train__precision": "fp32",
        "train__eval_every": 3,
        "watch__prompts": ("the moth", "of the"),
        "watch__max_tokens": 4,
        "out__name": "tiny",
        "out__dir": "later",
    }
    return changed(RunConfig(), **(usual | fields))


def start(
    config: RunConfig, folder: RunFolder | None = None, listen: Any = None
) -> tuple[RunFolder, Ended | RunFailed]:
    folder = folder or create_run(user_paths().runs, config)
    return folder, run(folder, asked_s=time.time(), listen=listen)


def test_it_leaves_all_there_is_to_know(base: Path, tmp_path: Path) -> None:
    config = config_of(base, rows_of(tmp_path, 30))
    folder, ended = start(config)
    assert isinstance(ended, Ended) and ended.how == "finished", ended
    assert ended.product == "product/adapter.gguf" and read_adapter(folder.adapter)
    events = EventTail(folder).read()
    facts = next(event for event in events if isinstance(event, Facts))
    assert facts.n_steps == 6 and facts.n_rows + facts.n_validation == 30
    assert 0 < facts.n_trained < facts.n_weights
    saved = [event.folder for event in events if isinstance(event, CheckpointSaved)]
    assert saved == ["step-3", "step-6"]
    assert all((folder.checkpoints / one / "adapter.gguf").is_file() for one in saved)
    asked = [(one.step, one.prompt) for one in read_samples(folder)]
    assert asked == [(s, p) for s in (0, 3, 6) for p in config.watch.prompts]
    result = read_result(folder)
    assert result is not None and result.step == ended.best_step
    assert result.parity[0].form == "adapter" and result.parity[0].top1 > 0.9
    assert result.rows == sorted(result.rows, key=lambda one: -one.after)
    assert result.validation_before and result.validation_after
    assert result.validation_after < result.validation_before
    shown = result.tokens[0]
    assert shown.row_id == result.rows[0].row_id and shown.movers(3)
    assert result.forgetting is not None and result.forgetting.bits_before > 0
    assert len(result.forgetting.answers) == 20 and result.forgetting.n_bytes >= 3000
    assert json.loads(folder.parity.read_bytes())[0]["form"] == "adapter"
    report = folder.report.read_text()
    for words in ("# tiny", "## Curves", "## Parity", "## What was forgotten", "[base]", "torch"):
        assert words in report
    assert summary(folder).state == "finished"


def test_where_all_weights_are_taught_the_product_is_a_model(base: Path, tmp_path: Path) -> None:
    config = config_of(
        base,
        rows_of(tmp_path, 30),
        train__method="full",
        train__learning_rate=1e-3,
        watch__forgetting=False,
    )
    folder, ended = start(config)
    assert isinstance(ended, Ended) and ended.product == "product/model.gguf", ended
    result = read_result(folder)
    assert result is not None and result.parity[0].form == "merged"
    assert result.parity[0].top1 > 0.9 and result.rows
    assert {one.step for one in read_samples(folder)} == {0, 3, 6}


def test_one_row_is_learned_without_a_validation(base: Path, tmp_path: Path) -> None:
    config = config_of(base, rows_of(tmp_path, 1), watch__forgetting=False)
    folder, ended = start(config)
    assert isinstance(ended, Ended) and folder.adapter.is_file(), ended
    result = read_result(folder)
    assert result is not None and not result.rows and "no held-out rows" in result.notes[0]
    assert any("row" in one for one in summary(folder).warnings)


def test_a_row_of_a_hundred_thousand_tokens_is_learned_in_parts(base: Path, tmp_path: Path) -> None:
    rows = rows_of(tmp_path, 1, n_words=25_000)
    assert rows.stat().st_size > 100_000
    folder, ended = start(config_of(base, rows, train__steps=2, watch__forgetting=False))
    assert isinstance(ended, Ended), ended
    facts = next(event for event in EventTail(folder).read() if isinstance(event, Facts))
    assert facts.n_tokens > 90_000 and facts.n_rows > 1_000


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("{broken\n", "line 1"),
        ('{"messages":[{"role":"user","content":"hi"}]}\n', "learned"),
    ],
)
def test_rows_that_give_nothing_are_told_in_a_sentence(
    base: Path, tmp_path: Path, text: str, words: str
) -> None:
    (tmp_path / "bad.jsonl").write_text(text)
    folder, ended = start(config_of(base, tmp_path / "bad.jsonl"))
    assert isinstance(ended, RunFailed) and words in ended.message.lower() + ended.hint.lower()
    assert ended.hint and "Traceback" not in ended.message
    assert summary(folder).state == "failed" and not folder.adapter.exists()


def test_a_base_deleted_in_the_middle_is_missed_and_welcomed_back(
    base: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere.gguf"

    def take_away(event: AnyRunEvent) -> None:
        if isinstance(event, CheckpointSaved) and base.exists():
            base.rename(elsewhere)

    config = config_of(base, rows_of(tmp_path, 30), watch__forgetting=False)
    folder, ended = start(config, listen=take_away)
    assert isinstance(ended, RunFailed) and "not there any more" in ended.message
    _, ended = start(config, folder)
    assert isinstance(ended, RunFailed) and "not there any more" in ended.message
    write_gguf(base, "llama", tiny_torch("llama", initializer_range=0.2))
    _, ended = start(config, folder)
    assert isinstance(ended, RunFailed) and "another file" in ended.message
    elsewhere.replace(base)
    _, ended = start(config, folder)
    assert isinstance(ended, Ended) and ended.attempt == 4, ended
    steps = [event.step for event in EventTail(folder).read() if isinstance(event, StepDone)]
    assert steps == [1, 2, 3, 4, 5, 6]


def test_a_loss_that_is_no_number_is_told(tmp_path: Path) -> None:
    model = tiny_torch("llama")
    with torch.no_grad():
        model.model.norm.weight.fill_(float("nan"))
    base = write_gguf(tmp_path / "nan.gguf", "llama", model)
    rows = rows_of(tmp_path, 30)
    folder, ended = start(
        config_of(base, rows, data__validation=0.0, watch__prompts=(), watch__forgetting=False)
    )
    assert isinstance(ended, RunFailed) and "not a number" in ended.message, ended
    assert "learning rate" in ended.hint and summary(folder).state == "failed"


def test_the_command_line_prints_events_and_goes_on_where_it_was_stopped(
    base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = config_of(
        base, rows_of(tmp_path, 30), out__dir=str(tmp_path / "run"), watch__forgetting=False
    )
    (tmp_path / "RUN.toml").write_text(to_toml(config))
    folder = RunFolder(tmp_path / "run")
    folder.path.mkdir()
    folder.commands.write_text(json.dumps({"command": "stop", "time_s": time.time() + 3600}))
    with folder.commands.open("a") as file:
        file.write("\n")
    assert cli.main(["sft", str(tmp_path / "RUN.toml"), "--json"]) == cli.INTERRUPTED
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[0]["event"] == "began" and lines[-1]["how"] == "stopped"
    folder.commands.unlink()
    assert cli.main(["sft", "--resume", str(folder.path)]) == 0
    out = capsys.readouterr().out
    assert "6 steps in fp32 on cpu" in out and "step 6: validation loss" in out
    assert f"product: {folder.adapter}" in out
    assert cli.main(["sft", str(tmp_path / "RUN.toml")]) == 1
    assert "has a run already" in capsys.readouterr().err
    assert cli.main(["sft", "--resume", str(folder.path)]) == 1
    assert "finished" in capsys.readouterr().err
    assert cli.main(["sft", "--resume", str(tmp_path)]) == 1
    assert "no run's folder" in capsys.readouterr().err
    (tmp_path / "RUN.toml").write_text("[base]\npath = 'x'\n")
    assert cli.main(["sft", str(tmp_path / "RUN.toml")]) == 1
    assert "data.path" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        cli.main(["sft"])

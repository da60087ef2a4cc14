"""A pretraining from RUN.toml to its product: the command line's own process, real files, and
llama.cpp at the end."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.models.gguf_header import read_header
from finetune.model.bpe import open_trained
from finetune.pretraining.config import PretrainConfig
from finetune.pretraining.raised import checkpoint_of, open_raised
from finetune.pretraining.watching import beginnings, goes_on, next_probabilities, place_in
from finetune.run.folder import RunFolder
from finetune.run.state import summary
from finetune.run_toml import changed, to_toml

WORDS = [
    "the",
    "old",
    "lamp",
    "shone",
    "over",
    "the",
    "quiet",
    "sea",
    "and",
    "the",
    "fish",
    "swam",
    "below",
    "it",
]
TEXT = " ".join(WORDS[(7 * one + one // 13) % len(WORDS)] for one in range(4000)) + ".\n"
FEW = {"train__steps": 6, "train__eval_every": 3, "train__batch": 4, "model__context": 64}


def written(folder: Path, **fields: Any) -> Path:
    """A RUN.toml beside its text."""
    (folder / "text.txt").write_text(TEXT, encoding="utf-8")
    config = changed(
        PretrainConfig(),
        corpus__path="text.txt",
        corpus__validation=0.1,
        tokenizer__kind="chars",
        model__depth=1,
        watch__max_tokens=8,
        out__dir="run",
        **(FEW | fields),
    )
    path = folder / "RUN.toml"
    path.write_text(to_toml(config), encoding="utf-8")
    return path


def on_the_command_line(*arguments: str, n: int = 1) -> subprocess.CompletedProcess[str]:
    torchrun = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={n}"]
    command = [sys.executable, *(torchrun if n > 1 else []), "-m", "finetune.cli", *arguments]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(
        command, capture_output=True, text=True, timeout=300, env=environment, check=False
    )


@pytest.fixture(scope="module")
def raised(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunFolder, list[dict[str, Any]]]:
    """A run that came to its end, and what it printed."""
    folder = tmp_path_factory.mktemp("raised")
    done = on_the_command_line("pretrain", str(written(folder)), "--json")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return RunFolder(folder / "run"), lines


def test_a_run_toml_becomes_a_model(raised: tuple[RunFolder, list[dict[str, Any]]]) -> None:
    folder, _ = raised
    found = summary(folder)
    assert (found.state, found.kind, found.step, found.n_steps) == ("finished", "pretrain", 6, 6)
    header = read_header(folder.model)
    assert header.text("general.architecture") == "qwen3"
    assert header.text("bathysphere.kind") == "raised"
    assert header.text("bathysphere.corpus") == "text.txt"
    assert "tokenizer.chat_template" not in header.metadata
    assert "One token while it learned" in folder.report.read_text(encoding="utf-8")
    names = [one.name for one in sorted(folder.checkpoints.iterdir())]
    assert names == ["step-0", "step-3", "step-6"]
    assert all((folder.checkpoints / name / "model.gguf").is_file() for name in names)


def test_torch_transformers_and_llama_agree(
    raised: tuple[RunFolder, list[dict[str, Any]]],
) -> None:
    parity = {one["form"]: one for one in json.loads(raised[0].parity.read_bytes())}
    assert set(parity) == {"raised", "transformers", "transformers, llama.cpp"}
    for one in parity.values():
        assert one["n_positions"] > 100
        assert one["top1"] >= 0.999, one
        assert one["max_difference"] <= 1e-2, one


def test_events_are_json_lines_with_the_fields_scripts_read(
    raised: tuple[RunFolder, list[dict[str, Any]]],
) -> None:
    _, lines = raised
    steps = [one for one in lines if one["event"] == "pretrain_step"]
    assert [one["step"] for one in steps] == list(range(1, 7))
    assert [one["tokens"] for one in steps] == [256 * one for one in range(1, 7)]
    assert all(one["train_loss"] > 0.0 and one["seconds"] > 0.0 for one in steps)
    evaluated = [one for one in lines if one["event"] == "pretrain_evaluated"]
    assert [one["step"] for one in evaluated] == [0, 3, 6]
    assert evaluated[-1]["val_loss"] < evaluated[0]["val_loss"]
    # Characters of plain English are a byte each: nats by ln 2.
    assert evaluated[0]["val_bpb"] == pytest.approx(evaluated[0]["val_loss"] / 0.6931472, rel=1e-4)
    assert {"tokens", "seconds", "train_loss"} <= set(evaluated[-1])
    places = [one for one in lines if one["event"] == "next_tokens"]
    assert [one["step"] for one in places] == [0, 3, 6]
    assert len({(one["text"], one["target"]) for one in places}) == 1


def test_samples_are_kept_from_noise_on(raised: tuple[RunFolder, list[dict[str, Any]]]) -> None:
    folder, _ = raised
    samples = [json.loads(line) for line in folder.samples.read_bytes().splitlines()]
    assert {one["step"] for one in samples} == {0, 3, 6}
    prompts = {one["prompt"] for one in samples}
    assert prompts and all(prompt in TEXT for prompt in prompts)


def test_a_checkpoint_goes_on_in_torch(raised: tuple[RunFolder, list[dict[str, Any]]]) -> None:
    folder, _ = raised
    tokenizer = open_trained(folder.tokenizer)
    model = open_raised(folder, checkpoint_of(folder, "step-3"))
    first = goes_on(model, tokenizer, "the", n=5, temperature=0.8, seed=1)
    assert first == goes_on(model, tokenizer, "the", n=5, temperature=0.8, seed=1)
    ids = tokenizer.encode(["the old"])[0].tolist()
    likely = next_probabilities(model, ids)
    assert float(likely.sum()) == pytest.approx(1.0, abs=1e-5)
    assert goes_on(model, tokenizer, "the old", n=1, temperature=0.0, seed=0) == [
        int(likely.argmax())
    ]


def test_beginnings_and_the_place_come_from_the_text(
    raised: tuple[RunFolder, list[dict[str, Any]]],
) -> None:
    tokenizer = open_trained(raised[0].tokenizer)
    assert beginnings(
        ["One short text.", "Another that is rather longer than forty characters"]
    ) == [
        "One short text.",
        "Another that is rather longer than",
    ]
    place = place_in(tokenizer, "the sea", [])
    assert place is not None
    assert tokenizer.decode([*place.ids, place.target]) == "the sea"
    assert place_in(tokenizer, "", []) is None


def test_two_ranks_raise_one_model(tmp_path: Path) -> None:
    path = written(tmp_path, train__batch=2)
    done = on_the_command_line("pretrain", str(path), n=2)
    assert done.returncode == 0, done.stderr
    found = summary(RunFolder(tmp_path / "run"))
    assert (found.state, found.step) == ("finished", 6)
    facts = [
        json.loads(line)
        for line in (tmp_path / "run" / "events.jsonl").read_bytes().splitlines()
        if b'"raised_facts"' in line
    ]
    assert facts[0]["tokens_per_step"] == 2 * 2 * 64


def test_a_run_goes_on_with_the_text_it_began_with(tmp_path: Path) -> None:
    done = on_the_command_line("pretrain", str(written(tmp_path, train__steps=2)), "--json")
    assert done.returncode == 0, done.stderr
    folder = RunFolder(tmp_path / "run")
    folder.events.write_bytes(folder.events.read_bytes().partition(b'{"event":"ended"')[0])
    folder.trained.unlink()
    (tmp_path / "text.txt").write_text(TEXT.upper(), encoding="utf-8")
    again = on_the_command_line("pretrain", "--resume", str(folder.path))
    assert again.returncode == 0, again.stderr
    assert "The text changed since this run began." in again.stdout


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "is empty"), ("a little text " * 12, "too little")],
    ids=["empty", "200 bytes"],
)
def test_too_little_text_is_said_in_a_sentence(tmp_path: Path, text: str, words: str) -> None:
    path = written(tmp_path)
    (tmp_path / "text.txt").write_text(text, encoding="utf-8")
    done = on_the_command_line("pretrain", str(path))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert words in done.stderr, done.stderr
    assert summary(RunFolder(tmp_path / "run")).state == "failed"


def test_a_run_of_the_other_kind_is_not_gone_on_with(
    raised: tuple[RunFolder, list[dict[str, Any]]],
) -> None:
    done = on_the_command_line("sft", "--resume", str(raised[0].path))
    assert done.returncode == 1
    assert "another kind" in done.stderr

"""The bench of pretraining: what it makes of its contestants, and nanoGPT's folder."""

import json
import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.cli import main as command
from engine.errors import AppError
from engine.figures import figure
from finetune.pretraining import bench
from finetune.pretraining.bench_nanogpt import run_nanogpt, write_data

FAKE = """
import sys, pickle, pathlib
options = dict(one[2:].split("=", 1) for one in sys.argv[2:])
data = pathlib.Path(options["dataset"])
assert [(data / name).stat().st_size for name in ("train.bin", "val.bin")] == [180, 20]
assert options["n_layer"] == "4" and options["block_size"] == "64" and options["device"] == "cpu"
print("step 0: train loss 4.2, val loss 4.3")
print("step 2000: train loss 1.7234, val loss 1.8857")
"""


def nanogpt(folder: Path, program: str = FAKE) -> Path:
    folder.mkdir()
    (folder / "train.py").write_text(program, encoding="utf-8")
    return folder


def test_nanogpt_gets_its_preset_and_the_same_split(tmp_path: Path) -> None:
    nano = run_nanogpt(nanogpt(tmp_path / "nano"), "ab" * 50, 0.1, tmp_path)
    assert nano.loss == 1.8857 and nano.seconds > 0.0


def test_its_data_is_the_text(tmp_path: Path) -> None:
    text = "the moth, the lamp"
    write_data(text, 0.2, tmp_path)
    meta = pickle.loads((tmp_path / "meta.pkl").read_bytes())
    both = [np.fromfile(tmp_path / f"{name}.bin", np.uint16) for name in ("train", "val")]
    assert "".join(meta["itos"][one] for one in np.concatenate(both).tolist()) == text
    assert len(both[1]) == 4 and meta["vocab_size"] == len(set(text))


@pytest.mark.parametrize(
    ("program", "words"), [("raise SystemExit(3)", "its end"), ("print('iter 0')", "its end")]
)
def test_a_peer_that_fails_is_told(tmp_path: Path, program: str, words: str) -> None:
    with pytest.raises(AppError, match=words):
        run_nanogpt(nanogpt(tmp_path / "nano", program), "ab" * 50, 0.1, tmp_path)
    with pytest.raises(AppError, match=r"no train\.py"):
        run_nanogpt(tmp_path, "ab", 0.1, tmp_path)


def test_time_to_its_loss_is_found_by_longer_and_longer_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from finetune.pretraining import bench_nanogpt

    asked: list[float] = []

    def raised(_: bench.Bench, seconds: float, name: str) -> Path:
        asked.append(seconds)
        return tmp_path / name

    losses = iter([2.1, 1.95, 1.87])
    monkeypatch.setattr(bench, "raise_for", raised)
    monkeypatch.setattr(bench, "child", lambda *what: {"loss": next(losses)})
    monkeypatch.setattr(
        bench_nanogpt, "run_nanogpt", lambda *given: bench_nanogpt.Nano(120.0, 1.886)
    )
    (tmp_path / "text.txt").write_text("a text")
    found = bench.nanogpt_figures(bench.Bench(tmp_path, tmp_path / "text.txt", tmp_path))
    (row,) = found.values()
    assert asked == [10.0, 15.0, 22.5] and row["ours"] == 22.5
    assert row["ratio"] == pytest.approx(0.1875) and not row["ok"]
    assert bench.nanogpt_figures(bench.Bench(tmp_path, tmp_path, None)) == {}


def test_losses_stand_beside_their_goals_and_a_bare_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: dict[str, dict[str, Any]] = {
        "held_out": {"loss": 1.55, "max_difference": 1e-4, "top1": 1.0},
        "adam": {"loss": 1.75},
    }
    monkeypatch.setattr(bench, "raise_for", lambda one, seconds, name: tmp_path)
    monkeypatch.setattr(bench, "child", lambda what, *more: said[what])
    found = bench.loss_figures(bench.Bench(tmp_path, tmp_path, None))
    oks = [found[f"nats a character, {seconds} s"]["ok"] for seconds in (60, 180, 600)]
    assert oks == [True, False, False]
    assert found["nats a character, 60 s / bare loop"]["ratio"] == pytest.approx(
        1.55 / 1.75, abs=1e-3
    )
    assert found["torch from llama.cpp, 60 s"]["ok"] and found["other first tokens, 60 s"]["ok"]


def test_stories_are_told_by_their_shares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from finetune.pretraining import story_bench

    numbers = story_bench.StoryNumbers({}, 580.0, 100, 0.9, 0.4, 0.3, 0.2, {})
    monkeypatch.setattr(story_bench, "raise_assistant", lambda folder, plan: folder)
    monkeypatch.setattr(story_bench, "judge", lambda raised: (numbers, None))
    found = bench.story_figures(bench.Bench(tmp_path, tmp_path, None))
    assert [one["ours"] for one in found.values()] == [580.0, 0.1, 0.4, 0.3, 0.2]
    assert all(one["ok"] for one in found.values())


def test_the_command_measures_what_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {"one": figure(1.0, 2.0, "s")}
    monkeypatch.setattr(bench, "FIGURES", {"one": lambda given: found})
    assert bench.main(as_json=True, only="ONE") == 0
    assert json.loads(capsys.readouterr().out)["one"]["ok"]
    with pytest.raises(AppError, match="none of what is measured"):
        bench.main(as_json=True, only="nothing")
    with pytest.raises(AppError, match="cannot be read as text"):
        bench.main(as_json=True, text="/nowhere/text.txt")


def test_its_command_takes_its_options_and_other_benches_do_not(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, bench.__name__)  # the command runs the module by its name
    assert command(["bench", "pretrain", "--only", "nothing at all"]) == 1
    assert "none of what is measured" in capsys.readouterr().err
    assert command(["bench", "sft", "--only", "x"]) == 1
    assert "has no --only" in capsys.readouterr().err


def test_contestants_are_of_one_size() -> None:
    from finetune.pretraining.bench_child import large_config
    from finetune.pretraining.dial import plan

    assert plan(large_config(), 2048).n_parameters == pytest.approx(12e6, rel=0.15)

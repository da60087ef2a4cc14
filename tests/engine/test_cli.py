"""The command line as a user runs it: real processes, exit codes, messages."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.bench_adapter import write_random_adapter

pytestmark = pytest.mark.usefixtures("trial_is_over")


def run(*arguments: str, text: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "gui.main", *arguments],
        capture_output=True,
        text=True,
        input=text,
        timeout=90,
        check=False,
    )


def complete(*arguments: str, text: str = "") -> "subprocess.CompletedProcess[str]":
    greedy = ("--temperature", "0", "--max-tokens", "8")
    return run("complete", *arguments, *greedy, text=text)


def test_text_is_streamed_and_ends_with_a_newline() -> None:
    done = complete("The capital of France is")
    assert done.returncode == 0
    assert "Paris" in done.stdout
    assert done.stdout.endswith("\n")
    assert done.stderr == ""


def test_the_prompt_may_come_from_standard_input() -> None:
    assert "Paris" in complete("-", text="The capital of France is").stdout


def test_json_lines_carry_tokens_and_totals() -> None:
    done = complete("The capital of France is", "--json", "--top-logprobs", "3", "--seed", "5")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    tokens, end = lines[:-1], lines[-1]
    assert {"type", "id", "text", "logprob", "top"} <= tokens[0].keys()
    assert [len(token["top"]) for token in tokens] == [3] * 8
    assert tokens[0]["top"][0]["id"] == tokens[0]["id"]
    assert end["type"] == "done"
    assert end["text"] == "".join(token["text"] for token in tokens)
    assert end["n_prompt"] == end["n_reused"] + end["n_decoded"] == 5
    assert end["n_generated"] == 8
    assert end["finish"] == "length"
    assert end["tokens_per_s"] > 0
    assert end["seed"] == 5


def test_chat_goes_through_the_template() -> None:
    plain = json.loads(complete("Hi", "--json").stdout.splitlines()[-1])
    chat = json.loads(complete("Hi", "--chat", "--json").stdout.splitlines()[-1])
    system = json.loads(complete("Hi", "--system", "Be terse.", "--json").stdout.splitlines()[-1])
    assert chat["n_prompt"] > plain["n_prompt"]
    assert system["n_prompt"] != chat["n_prompt"]


def test_an_adapter_changes_the_answer_by_its_scale(starter: Path, tmp_path: Path) -> None:
    adapter = tmp_path / "random.gguf"
    write_random_adapter(starter, adapter, size=0.2)
    texts = {
        scale: complete("The capital of France is", "--adapter", f"{adapter}={scale}").stdout
        for scale in ("0", "1")
    }
    assert texts["0"] == complete("The capital of France is").stdout
    assert texts["1"] != texts["0"]


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("complete",), 2, "PROMPT"),
        (("complete", "x", "--max-tokens", "0"), 2, "1 or more"),
        (("complete", "x", "--temperature", "-1"), 2, "0 or more"),
        (("complete", "x", "--adapter", "/no/such.gguf"), 2, "no file"),
        (("complete", "x", "--model", "/no/such.gguf"), 1, "such.gguf"),
        (("complete", ""), 1, "no text"),
        (("dive",), 2, "unknown command"),
    ],
)
def test_wrong_use_gets_a_sentence_and_a_code(
    arguments: tuple[str, ...], code: int, word: str
) -> None:
    done = run(*arguments)
    assert done.returncode == code
    assert word in done.stderr
    assert "Traceback" not in done.stderr


def test_help_is_complete() -> None:
    text = run("complete", "--help").stdout
    for option in ("--model", "--chat", "--system", "--adapter", "--max-tokens", "--temperature"):
        assert option in text
    for option in ("--seed", "--top-logprobs", "--json"):
        assert option in text
    everything = run("--help").stdout
    assert "complete" in everything
    assert "bench engine, window, chat or tokens" in everything
    text = run("bench", "--help").stdout
    for what in ("engine:", "window:", "chat:", "--json"):
        assert what in text
    assert run("--version").stdout.startswith("bathysphere ")


def test_ctrl_c_ends_it_quietly() -> None:
    process = subprocess.Popen(
        # The likeliest text goes on for hundreds of tokens; a drawn one may end at once.
        [sys.executable, "-m", "gui.main", "complete", "Once upon a time", "--temperature", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.read(1)
    os.kill(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors


def test_a_closed_pipe_is_no_crash() -> None:
    command = f"{sys.executable} -m gui.main complete 'Once upon a time' | head -c 5"
    done = subprocess.run(
        command, shell=True, capture_output=True, text=True, timeout=90, check=False
    )
    assert len(done.stdout) == 5
    assert "Traceback" not in done.stderr

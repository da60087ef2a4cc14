"""`bathysphere score` as a user runs it: its JSON, its table, its refusals; and how pieces are made
visible."""

import json
import math
import subprocess
import sys

import pytest

from engine.cli_score import visible
from engine.generation.loaded import Loaded
from engine.generation.score import score as engine_score
from engine.models.starter import starter_path
from engine.process.messages import Score, Token
from tests.engine.generating import forget
from tests.engine.loading import drain

pytestmark = pytest.mark.usefixtures("trial_is_over")
TEXT = "The capital of France is Paris.\n\tA 🐙 said: 早上好"


def run(*arguments: str, text: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [sys.executable, "-m", "gui.main", "score", *arguments],
        capture_output=True,
        input=text,
        timeout=90,
        check=False,
    )


def test_json_has_every_token_and_totals_that_are_scores_own(loaded: Loaded) -> None:
    done = run(TEXT, "--json")
    assert done.returncode == 0 and done.stderr == b""
    found = json.loads(done.stdout)
    tokens = found["tokens"]
    assert "".join(token["text"] for token in tokens) == TEXT
    assert b"".join(bytes.fromhex(token["piece_hex"]) for token in tokens) == TEXT.encode()
    assert [token["id"] for token in tokens] == loaded.vocab.tokenize(TEXT).tolist()
    assert [tokens[0][key] for key in ("logprob", "rank", "bits")] == [None] * 3
    told = tokens[1:]
    assert found["n_tokens"] == len(told)
    assert found["n_bytes"] == len(TEXT.encode()) - len(bytes.fromhex(tokens[0]["piece_hex"]))
    assert found["bits"] == pytest.approx(sum(token["bits"] for token in told))
    assert found["perplexity"] == pytest.approx(2 ** (found["bits"] / found["n_tokens"]))
    assert found["bits_per_byte"] == pytest.approx(found["bits"] / found["n_bytes"])
    for token in told:
        assert token["bits"] == pytest.approx(-token["logprob"] / math.log(2))
    forget(loaded)
    events, _ = drain(engine_score(loaded, Score(job=1, prompt="", text=TEXT)))
    scored = [event.logprob or 0.0 for event in events if isinstance(event, Token)]
    assert found["bits"] == pytest.approx(-sum(scored) / math.log(2), rel=5e-3)


def test_the_table_shows_white_space_and_parts_of_characters() -> None:
    done = run("-", "--model", str(starter_path()), text=TEXT.encode())
    lines = done.stdout.decode().splitlines()
    assert done.returncode == 0
    assert lines[0].split() == ["id", "logprob", "rank", "bits", "token"]
    assert lines[1].split() == ["504", "-", "-", "-", "The"]
    words = [line.split()[-1] for line in lines[1:-1]]
    assert "·Paris" in words and any("⏎" in word for word in words)
    assert any(line.rstrip().endswith(">") for line in lines[1:-1])
    assert "bits per byte" in lines[-1] and "perplexity" in lines[-1]


@pytest.mark.parametrize(
    ("arguments", "text", "words"),
    [
        ([""], b"", "There is no text to look at."),
        (["-"], b"\xff\xfe", "This text is not UTF-8."),
        (["x", "--model", "/nowhere.gguf"], b"", "nowhere.gguf"),
    ],
)
def test_refusals_are_one_sentence(arguments: list[str], text: bytes, words: str) -> None:
    done = run(*arguments, text=text)
    assert done.returncode == 1
    assert words in done.stderr.decode() and "Traceback" not in done.stderr.decode()
    assert b"tokens," not in done.stdout


def test_a_single_token_has_no_figures() -> None:
    found = json.loads(run("The", "--json").stdout)
    assert (found["n_tokens"], found["bits"], found["perplexity"]) == (0, 0.0, None)


def test_pieces_are_made_visible() -> None:
    assert visible(b" a\tb\r\n") == "·a⇥b␍⏎"
    assert visible("早".encode()) == "早"
    assert visible("早".encode()[:2]) == "<E6 97>"
    assert visible(b" \xf0\x9f") == "·<F0 9F>"
    assert visible(b"\x00a\x7f") == "<00>a<7F>"
    assert visible("\u202e".encode()) == "<E2 80 AE>"

"""`bathysphere tokenize` as a user runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.tokens.opened import open_tokenizer
from tests.engine.tokenizer_files import GGUF_KINDS, json_file

COMMAND = [sys.executable, "-m", "gui.main", "tokenize"]


def run(*arguments: str, data: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, input=data, timeout=90, check=False
    )


def tokenized(*arguments: str, data: bytes = b"") -> dict[str, Any]:
    done = run(*arguments, "--json", data=data)
    assert done.returncode == 0 and done.stderr == b"", done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("source", ["starter", "cl100k_base", "o200k_base"])
def test_json_has_ids_pieces_and_spans(source: str) -> None:
    text = "Hello wörld 🙂\n"
    found = tokenized(text, "--tokenizer", source)
    assert found["ids"] == open_tokenizer(source).encode(text).tolist()
    assert bytes.fromhex("".join(found["pieces_hex"])) == text.encode()
    assert found["spans"][0][0] == 0 and found["spans"][-1][1] == len(text.encode())
    assert all(
        left[1] == right[0]
        for left, right in zip(*[found["spans"][n:] for n in (0, 1)], strict=False)
    )
    assert found["text_ok"] is True


def test_special_tokens_are_text_unless_asked_for() -> None:
    text = "a<|endoftext|>"
    assert 100257 not in tokenized(text, "--tokenizer", "cl100k_base")["ids"]
    special = tokenized(text, "--tokenizer", "cl100k_base", "--special")
    assert special["ids"][-1] == 100257 and special["spans"][-1] == [1, 14]


def test_a_vocabulary_that_rewrites_says_so(tmp_path: Path) -> None:
    path = GGUF_KINDS["WordPiece"](tmp_path)
    found = tokenized("THE Größe", "--tokenizer", str(path), "--special")
    assert found["text_ok"] is False
    assert found["ids"][0] == 2 and found["spans"][0] == [0, 0]
    assert bytes.fromhex(found["pieces_hex"][1]) == b" the"
    assert found["spans"][-1][1] == len("THE Größe".encode())


def test_a_folder_with_a_tokenizer_will_do(tmp_path: Path) -> None:
    json_file(tmp_path, "byte level")
    assert tokenized("hello", "--tokenizer", str(tmp_path))["text_ok"] is True


def test_text_comes_from_standard_input_in_any_length() -> None:
    data = b"one two, three\n" * 40_000
    found = tokenized("-", "--tokenizer", "cl100k_base", data=data)
    assert found["spans"][-1][1] == len(data)
    assert found["ids"] == open_tokenizer("cl100k_base").encode(data.decode()).tolist()
    assert tokenized(data=b"a b")["ids"] == tokenized("a b")["ids"]


def test_an_empty_text_has_no_tokens() -> None:
    expected = {"ids": [], "pieces_hex": [], "spans": [], "text_ok": True}
    assert tokenized("") == expected


def test_the_table_shows_white_space_and_bytes() -> None:
    done = run("a b 🦩")
    shown = done.stdout.decode()
    assert "·b" in shown and "·<F0 9F" in shown
    assert shown.splitlines()[-1].endswith("tokens, 8 bytes")


@pytest.mark.parametrize(
    ("arguments", "data", "words"),
    [
        (["-"], b"a\xff", "not UTF-8"),
        (["a", "--tokenizer", "/no/such"], b"", "There is no tokenizer"),
    ],
)
def test_bad_input_gets_a_sentence(arguments: list[str], data: bytes, words: str) -> None:
    done = run(*arguments, data=data)
    assert done.returncode == 1 and done.stdout == b""
    assert words in done.stderr.decode() and "Traceback" not in done.stderr.decode()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_no_text_at_a_terminal_is_wrong_use() -> None:
    import pty

    owner, terminal = pty.openpty()
    try:
        done = subprocess.run(COMMAND, stdin=terminal, capture_output=True, timeout=90, check=False)
    finally:
        os.close(owner)
        os.close(terminal)
    assert done.returncode == 2 and b"give a TEXT" in done.stderr

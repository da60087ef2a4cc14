"""Much text never sits in memory: measured in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from finetune.corpus.corpus import open_corpus
from tests.finetune.corpora_made import prose

MB = 1_000_000


def write_much(path: Path, n_bytes: int, separator: str) -> Path:
    """So much text, of which every part is like no other."""
    number = 0
    with path.open("w") as file:
        while file.tell() < n_bytes:
            file.write("".join(prose(number + one) + separator for one in range(500)))
            number += 500
    return path


def memory_of(what: str, path: Path, folder: Path) -> int:
    command = [sys.executable, "-m", "tests.finetune.corpus_memory", what, str(path), str(folder)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    found = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return int(found.stdout)


def test_a_text_is_opened_and_written_as_tokens_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "much.txt"
    part = "\n".join(prose(number) for number in range(1000)) + "\n"
    path.write_text(part * (24 * MB // len(part)))
    assert memory_of("open", path, tmp_path / "tokens") < 12 * MB


def test_a_corpus_is_made_in_little_memory(tmp_path: Path) -> None:
    path = write_much(tmp_path / "much.txt", 3 * MB, "\n<|endoftext|>\n")
    assert memory_of("make", path, tmp_path / "corpora") < 60 * MB


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_much_text_is_made_a_corpus_in_little_memory(tmp_path: Path) -> None:
    path = write_much(tmp_path / "much.txt", 200 * MB, "\n<|endoftext|>\n")
    assert memory_of("make", path, tmp_path / "corpora") < 100 * MB
    corpus = open_corpus(tmp_path / "corpora" / "much")
    assert corpus.info.n_bytes > 190 * MB
    assert memory_of("open", Path(corpus.path), tmp_path / "tokens") < 40 * MB

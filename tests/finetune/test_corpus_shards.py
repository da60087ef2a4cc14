"""Token shards: what was encoded is what is read, across files, killed writers and full disks."""

import json
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import AppError
from finetune.corpus.token_shards import TokenShards, open_shards, token_dtype, write_shards
from tests.finetune.shards_killed import killed_texts, write_killed

T = TypeVar("T")


def run(steps: Generator[Any, None, T]) -> T:
    try:
        while True:
            next(steps)
    except StopIteration as stop:
        found: T = stop.value
        return found


def by_bytes(texts: list[str]) -> list[Any]:
    return [np.frombuffer(text.encode(), np.uint8) for text in texts]


def everything(shards: TokenShards) -> list[int]:
    return list(map(int, shards.window(0, shards.n_tokens)))


def expected(texts: list[str], end: list[int]) -> list[int]:
    return [one for text in texts for one in [*text.encode(), *end]]


@settings(deadline=None, max_examples=40)
@given(texts=st.lists(st.text(max_size=12), min_size=1, max_size=12), size=st.integers(5, 60))
def test_what_was_encoded_is_read_across_files(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], size: int
) -> None:
    folder = tmp_path_factory.mktemp("shards") / "tokens"
    shards = run(write_shards(folder, texts, by_bytes, 300, "uint16", shard_tokens=size))
    found = expected(texts, [300])
    assert everything(shards) == found
    assert shards.n_bytes == sum(len(text.encode()) for text in texts)
    assert shards.n_documents == len(texts)
    for start in range(len(found)):
        assert shards.window(start, min(5, len(found) - start)).tolist() == found[start : start + 5]
    assert not shards.damage()


def test_pieces_of_one_text_have_no_end_between_them(tmp_path: Path) -> None:
    shards = run(write_shards(tmp_path / "t", ["one ", "text"], by_bytes, None, "uint16"))
    assert bytes(everything(shards)) == b"one text"
    assert shards.window(2, 3).dtype == np.int64


def test_windows_are_stacked_and_stay_within(tmp_path: Path) -> None:
    texts = ["abcdef", "ghi"]
    shards = run(write_shards(tmp_path / "t", texts, by_bytes, None, "uint32", shard_tokens=2))
    assert shards.windows([0, 4], 5).tolist() == [list(b"abcde"), list(b"efghi")]
    with pytest.raises(IndexError):
        shards.window(5, 5)


def test_what_is_there_of_the_same_fingerprint_is_not_made_again(tmp_path: Path) -> None:
    def write(fingerprint: str, texts: list[str]) -> TokenShards:
        steps = write_shards(
            tmp_path / "t", texts, by_bytes, None, "uint16", fingerprint=fingerprint
        )
        return run(steps)

    write("a", ["first"])
    assert bytes(everything(write("a", ["other"]))) == b"first"
    assert bytes(everything(write("b", ["other"]))) == b"other"
    assert open_shards(tmp_path / "t", "a") is None
    assert open_shards(tmp_path / "t", "b") is not None


def test_other_end_tokens_are_written_anew(tmp_path: Path) -> None:
    def write(end_id: int | None, dtype: str = "uint16") -> list[int]:
        steps = write_shards(tmp_path / "t", ["ab"], by_bytes, end_id, dtype, fingerprint="a")
        return everything(run(steps))

    assert write(None) == [97, 98]
    assert write(9) == [97, 98, 9]
    assert write(9, "uint32") == [97, 98, 9]
    opened = open_shards(tmp_path / "t")
    assert opened is not None and opened.manifest.dtype == "uint32"


def killed_at(command: list[str], noted: Path, n_files: int) -> int:
    """Kill a writer once so many files are noted. Returns its exit code."""
    with subprocess.Popen(command) as child:
        while n_done(noted) < n_files and child.poll() is None:
            time.sleep(0.002)  # until then
        child.kill()
    return child.returncode


def test_a_writer_that_is_killed_is_gone_on_with(tmp_path: Path) -> None:
    folder = tmp_path / "tokens"
    command = [sys.executable, "-m", "tests.finetune.shards_killed", str(folder)]
    noted = tmp_path / ".tokens.part" / "manifest.json"
    for n_files in (1, 4):
        assert killed_at(command, noted, n_files) != 0 and not folder.exists()
    texts = list(killed_texts())
    n_kept = n_done(noted)
    shards = run(write_killed(folder, texts, by_bytes))
    assert everything(shards) == expected(texts, [300]) and not shards.damage()
    assert n_kept >= 4 and len(shards.manifest.files) > n_kept
    assert [one.name for one in tmp_path.iterdir()] == ["tokens"]


def n_done(manifest: Path) -> int:
    return len(json.loads(manifest.read_text())["files"]) if manifest.is_file() else 0


def test_a_cut_file_is_not_taken_for_whole(tmp_path: Path) -> None:
    shards = run(write_shards(tmp_path / "t", ["some text"], by_bytes, None, "uint16"))
    path = shards.folder / shards.manifest.files[0].name
    path.write_bytes(path.read_bytes()[:-2])
    assert open_shards(tmp_path / "t") is None


def test_a_changed_byte_is_found_by_its_hash(tmp_path: Path) -> None:
    shards = run(write_shards(tmp_path / "t", ["some text"], by_bytes, None, "uint16"))
    path = shards.folder / shards.manifest.files[0].name
    path.write_bytes(b"\xff" + path.read_bytes()[1:])
    assert open_shards(tmp_path / "t") is not None
    assert shards.damage() == path.name


def test_a_broken_off_writer_is_gone_on_with(tmp_path: Path) -> None:
    texts = [f"text number {number}" for number in range(3000)]
    encoded: list[str] = []

    def encode(some: list[str]) -> list[Any]:
        encoded.extend(some)
        return by_bytes(some)

    def write() -> Generator[float | None, None, TokenShards]:
        return write_shards(
            tmp_path / "t", texts, encode, 300, "uint16", fingerprint="a", shard_tokens=5000
        )

    steps = write()
    next(steps)
    next(steps)
    steps.close()
    assert not (tmp_path / "t").exists()
    encoded.clear()
    assert everything(run(write())) == expected(texts, [300])
    assert 0 < len(encoded) < 2000
    assert [one.name for one in tmp_path.iterdir()] == ["t"]


def test_another_fingerprint_does_not_go_on_with_what_broke_off(tmp_path: Path) -> None:
    texts = [f"text number {number}" for number in range(3000)]
    steps = write_shards(
        tmp_path / "t", texts, by_bytes, None, "uint16", fingerprint="a", shard_tokens=5000
    )
    next(steps)
    next(steps)
    steps.close()
    other = [text.upper() for text in texts]
    shards = run(write_shards(tmp_path / "t", other, by_bytes, None, "uint16", fingerprint="b"))
    assert everything(shards) == expected(other, [])


def test_no_text_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(AppError, match="no text to learn from"):
        run(write_shards(tmp_path / "t", [], by_bytes, None, "uint16"))
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("finetune.corpus.token_shards.os.fsync", full)
    with pytest.raises(AppError, match="could not be written"):
        run(write_shards(tmp_path / "t", ["text"], by_bytes, None, "uint16"))
    assert not (tmp_path / "t").exists()


def test_progress_is_told_where_the_size_is_known(tmp_path: Path) -> None:
    texts = ["x" * 1000] * 3000

    def fractions(n_bytes: int) -> Iterator[float | None]:
        return write_shards(
            tmp_path / str(n_bytes), texts, by_bytes, None, "uint16", n_bytes=n_bytes
        )

    told = list(fractions(3_000_000))
    assert told == sorted(told, key=lambda one: one or 0.0) and told[-1] == 1.0
    assert set(fractions(0)) == {None}


def test_a_document_larger_than_a_batch_is_whole(tmp_path: Path) -> None:
    text = "word " * 400_000
    shards = run(write_shards(tmp_path / "t", ["a", text, "b"], by_bytes, None, "uint16"))
    assert bytes(everything(shards)) == ("a" + text + "b").encode()


def test_the_manifest_can_be_read_by_anyone(tmp_path: Path) -> None:
    shards = run(write_shards(tmp_path / "t", ["text"], by_bytes, 7, "uint16", fingerprint="f"))
    manifest = json.loads((shards.folder / "manifest.json").read_text())
    assert manifest["dtype"] == "uint16" and manifest["end_id"] == 7
    assert manifest["files"][0]["n_tokens"] == 5
    assert (token_dtype(65_536), token_dtype(65_537)) == ("uint16", "uint32")

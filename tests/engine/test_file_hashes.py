"""What files are by their contents: the fingerprint of samples, the sha256 of all, found out in the
background and kept."""

import hashlib
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.models import file_hashes
from engine.models.file_hash import PIECE_BYTES, fingerprint, sha256_in_pieces
from engine.models.file_hashes import FileHashes
from tests.engine.waiting import PATIENCE_S, wait_for


@pytest.fixture
def hashes(tmp_path: Path) -> Iterator[FileHashes]:
    made = FileHashes(tmp_path / "cache" / "sha256.json")
    yield made
    made.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "model.gguf"
    path.write_bytes(bytes(range(256)) * (9 * PIECE_BYTES // 256) + b"end")
    return path


class Reads:
    """Stands in for the reading of pieces: counts them, and holds them up where told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.n = 0
        self.began = threading.Event()
        self.may_go = threading.Event()
        self.may_go.set()
        monkeypatch.setattr(file_hashes, "sha256_in_pieces", self.pieces)

    def pieces(self, path: Path) -> Iterator[str]:
        for digest in sha256_in_pieces(path):
            self.n += 1
            self.began.set()
            assert self.may_go.wait(PATIENCE_S)
            yield digest


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    return Reads(monkeypatch)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def change(path: Path, at: int) -> None:
    """Another byte there, at a later time."""
    before = path.stat().st_mtime_ns
    with path.open("r+b") as file:
        file.seek(at)
        file.write(b"\x01")
    os.utime(path, ns=(before, before + 1_000_000))


def test_samples_miss_what_the_whole_files_hash_sees(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(bytes(16 * PIECE_BYTES))
    quick, whole = fingerprint(path), sha256(path)
    change(path, 200_000)  # between the first two samples
    assert fingerprint(path) == quick and sha256(path) != whole
    assert [one for one in sha256_in_pieces(path) if one] == [sha256(path)]


def test_a_change_anywhere_in_a_small_file_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "adapter"
    path.write_bytes(bytes(3 * PIECE_BYTES))
    quick = fingerprint(path)
    change(path, 1_234_567)
    assert fingerprint(path) != quick


def test_a_file_is_read_once_and_never_again(hashes: FileHashes, file: Path, reads: Reads) -> None:
    assert hashes.known(file) == ""
    hashes.want(file)
    wait_for(lambda: hashes.known(file))
    assert hashes.known(file) == sha256(file)
    n_read = reads.n
    assert n_read == 11  # nine pieces, a short one, the digest
    later = FileHashes(file.parent / "cache" / "sha256.json")
    assert later.known(file) == sha256(file)
    later.want(file)
    later.close()
    assert reads.n == n_read


def test_another_file_in_its_place_is_not_known(hashes: FileHashes, file: Path) -> None:
    hashes.want(file)
    wait_for(lambda: hashes.known(file))
    first, quick = hashes.known(file), hashes.fingerprint(file)
    change(file, 0)
    assert hashes.known(file) == ""
    assert hashes.fingerprint(file) == fingerprint(file) != quick
    hashes.want(file)
    wait_for(lambda: hashes.known(file))
    assert hashes.known(file) == sha256(file) != first
    file.unlink()
    assert hashes.known(file) == "" and hashes.fingerprint(file) == ""


def test_nothing_is_read_while_a_reply_is_written(
    hashes: FileHashes, file: Path, reads: Reads
) -> None:
    with hashes.paused():
        hashes.want(file)
        with hashes.paused():
            assert not reads.began.wait(0.1)
        assert not reads.began.wait(0.1)
    wait_for(lambda: hashes.known(file))
    with hashes.paused():
        assert hashes.known(file) == sha256(file)


def test_what_nobody_wants_any_more_is_not_read_to_its_end(
    hashes: FileHashes, file: Path, reads: Reads, tmp_path: Path
) -> None:
    other = tmp_path / "other.gguf"
    other.write_bytes(b"other")
    reads.may_go.clear()
    hashes.want(file)
    assert reads.began.wait(PATIENCE_S)
    hashes.want(other)
    hashes.forget(file)
    reads.may_go.set()
    wait_for(lambda: hashes.known(other))
    assert hashes.known(file) == "" and reads.n < 11


def test_a_file_that_changes_while_it_is_read_is_read_again(
    hashes: FileHashes, file: Path, reads: Reads
) -> None:
    reads.may_go.clear()
    hashes.want(file)
    assert reads.began.wait(PATIENCE_S)
    change(file, 8 * PIECE_BYTES)
    reads.may_go.set()
    wait_for(lambda: hashes.known(file))
    assert hashes.known(file) == sha256(file)
    assert reads.n > 11


def test_a_file_that_cannot_be_read_holds_nothing_up(
    hashes: FileHashes, file: Path, tmp_path: Path
) -> None:
    hashes.want(tmp_path / "gone.gguf")
    hashes.want(file)
    hashes.want(tmp_path)  # a folder
    wait_for(lambda: hashes.known(file))
    assert hashes.known(tmp_path / "gone.gguf") == "" == hashes.known(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": 1}', '{"a": ["x", 1, 2, "d"]}', "null"])
def test_a_spoilt_file_is_found_out_anew(tmp_path: Path, file: Path, text: str) -> None:
    kept = tmp_path / "sha256.json"
    kept.write_text(text)
    hashes = FileHashes(kept)
    hashes.want(file)
    wait_for(lambda: sha256(file) in kept.read_text())
    hashes.close()
    (values,) = json.loads(kept.read_text()).values()
    assert values[-1] == sha256(file)


def test_two_workers_keep_what_each_of_them_found(tmp_path: Path, file: Path) -> None:
    kept, other = tmp_path / "sha256.json", tmp_path / "other"
    other.write_bytes(b"other")
    one, two = FileHashes(kept), FileHashes(kept)
    for hashes, path in ((one, file), (two, other)):
        hashes.want(path)
        wait_for(lambda hashes=hashes, path=path: hashes.known(path))  # type: ignore[misc]
        hashes.close()
    later = FileHashes(kept)
    assert later.known(file) == sha256(file) and later.known(other) == sha256(other)

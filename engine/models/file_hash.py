"""What a file is, told by its contents: a quick fingerprint of samples, the sha256 of all of it.

Reads files; keeps nothing (file_hashes.py does).
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PIECE_BYTES = 1 << 20
_N_SAMPLES = 64
_SAMPLE_BYTES = 1 << 16


@dataclass(frozen=True)
class FileState:
    """A file's size in bytes, its last change in ns, its inode: another file, or other contents,
    has another state."""

    size: int
    mtime_ns: int
    inode: int


def state_of(path: Path) -> FileState:
    """Raises OSError where there is no such file."""
    found = path.stat()
    return FileState(found.st_size, found.st_mtime_ns, found.st_ino)


def fingerprint(path: Path) -> str:
    """A sha256 over the file's size and 64 samples spread over it: quick for any size, different
    for nearly any change. Of a file up to 4 MiB all is read."""
    digest = hashlib.sha256()
    size = path.stat().st_size
    digest.update(size.to_bytes(8, "little"))
    last = max(0, size - _SAMPLE_BYTES)
    with path.open("rb") as file:
        for index in range(_N_SAMPLES):
            file.seek(last * index // (_N_SAMPLES - 1))
            digest.update(file.read(_SAMPLE_BYTES))
    return digest.hexdigest()


def sha256_in_pieces(path: Path) -> Iterator[str]:
    """The sha256 of a file's contents, piece by piece: "" after each, and at the end the digest in
    hexadecimal.

    Raises:
        OSError: it cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            digest.update(piece)
            yield ""
    yield digest.hexdigest()

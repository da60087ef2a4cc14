"""The files of a corpus in the user folder: corpus.json says what it is, kept-0000.jsonl, ... and
held_out.jsonl have a text a line ({"text", "source"}), dropped.jsonl examples of what cleaning
left out and why, counts.json how many texts a file has. Anyone can read them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import msgspec

from engine.errors import AppError
from engine.process.pretrain_messages import CorpusInfo

INFO, HELD_OUT, DROPPED = "corpus.json", "held_out.jsonl", "dropped.jsonl"
COUNTS = "counts.json"


class Line(msgspec.Struct, frozen=True):
    """A text, and where it came from in words."""

    text: str
    source: str = ""


_decoder = msgspec.json.Decoder(Line)
_encoder = msgspec.json.Encoder()


def to_line(text: str, source: str) -> bytes:
    """A text as its line, newline included."""
    return _encoder.encode(Line(text, source)) + b"\n"


def read_line(data: bytes) -> Line:
    """Raises msgspec.MsgspecError where it is no text of ours."""
    return _decoder.decode(data)


def is_corpus(folder: Path) -> bool:
    return (folder / INFO).is_file()


def read_info(folder: Path) -> CorpusInfo:
    """What a corpus is; its path and id are where it is now.

    Raises:
        AppError: its corpus.json cannot be read.
    """
    try:
        info = msgspec.json.decode((folder / INFO).read_bytes(), type=CorpusInfo)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise AppError(
            f"The corpus “{folder.name}” cannot be read.", "Make it anew.", str(error)
        ) from error
    return msgspec.structs.replace(info, id=folder.name, path=str(folder))


def kept_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("kept-*.jsonl"))


def files_of(folder: Path) -> list[Path]:
    """All files whose texts are learned from or measured with."""
    return [*kept_files(folder), *(one for one in [folder / HELD_OUT] if one.is_file())]


def read_texts(folder: Path, is_held: bool) -> Iterator[str]:
    """Texts to learn from, or those that are held out. Raises AppError."""
    files = [folder / HELD_OUT] if is_held else kept_files(folder)
    for path in files:
        for line in read_lines(path):
            yield line.text


def read_lines(path: Path, start: int = 0) -> Iterator[Line]:
    """A file's texts from one on; none where there is no such file.

    Raises:
        AppError: a line is no text of ours.
    """
    if not path.is_file():
        return
    with path.open("rb") as file:
        for number, data in enumerate(itertools.islice(file, start, None), start + 1):
            try:
                yield read_line(data)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise AppError(
                    f"Line {number} of “{path.name}” is no text.",
                    "Mend that line, or make the corpus anew.",
                    str(error),
                ) from error


def n_texts(path: Path) -> int:
    """How many texts a file has: as noted while it is the file that was written, else counted."""
    if not path.is_file():
        return 0
    try:
        noted = msgspec.json.decode(
            (path.parent / COUNTS).read_bytes(), type=dict[str, tuple[int, int]]
        )
    except (OSError, msgspec.MsgspecError):
        noted = {}
    n, n_bytes = noted.get(path.name, (0, -1))
    if n_bytes == path.stat().st_size:
        return n
    n = 0
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            n += piece.count(b"\n")
    return n

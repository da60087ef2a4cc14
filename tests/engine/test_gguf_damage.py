"""The GGUF header reader against damaged and hostile files: words, and bounds on time and space."""

import contextlib
import struct
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import AppError
from engine.models.gguf_header import TextNote, describe, read_bytes, read_header
from engine.models.starter import starter_path
from tests.engine.gguf_files import (
    ARRAY,
    LLAMA,
    STRING,
    U32,
    file_of,
    key_text,
    pair,
    read,
    tensor,
    text,
    texts,
)

# A fraction of a second: a fifth of this on the machines we know, the rest is for slow ones.
HOSTILE_MS = 500.0
HOSTILE_BYTES = 40_000_000


def refusal(tmp_path: Path, data: bytes) -> AppError:
    with pytest.raises(AppError) as caught:
        read(tmp_path, data)
    assert caught.value.message.endswith(".") and caught.value.hint.endswith(".")
    return caught.value


def is_within(bound_ms: float, work: Callable[[], object]) -> bool:
    """Whether some run keeps within the bound, in processor time: others may use the machine."""
    for _ in range(20):
        start = time.thread_time()
        work()
        if (time.thread_time() - start) * 1e3 <= bound_ms:
            return True
    return False


# ---- what is refused ----


@pytest.mark.parametrize(
    ("beginning", "words"),
    [
        (b"PK\x03\x04" + bytes(40), "zip"),
        (b"\x80\x02}q\x00", "pickle"),
        (struct.pack("<Q", 90) + b'{"a":{"dtype":"F32"', "safetensors"),
        (b"\n<!DOCTYPE html><html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
        (b'{"error": "not found"}', "JSON"),
        (b"tjgg" + bytes(40), "before GGUF"),
        (bytes(500), "zeros"),
        (b"GG", "no kind known"),
        (b"\x07\x99 something", "no kind known"),
    ],
)
def test_what_is_no_gguf_is_called_what_it_seems(
    tmp_path: Path, beginning: bytes, words: str
) -> None:
    error = refusal(tmp_path, beginning)
    assert "not a GGUF" in error.message and words in error.message


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (file_of([], [], version=1), "version 1"),
        (file_of([], [], version=4), "version 4"),
        (b"GGUF" + struct.pack(">IQQ", 3, 0, 0), "big-endian"),
        (b"GGUF" + struct.pack("<IQQ", 3, 2**60, 0), "counts are absurd"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 2**60), "counts are absurd"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 9), "at least 8 bytes are missing"),
        (b"GGUF\x03\0", "at least 2 bytes are missing"),
        (file_of([text(b"k") + struct.pack("<I", 77) + bytes(8)], []), "no known type"),
        (file_of([LLAMA, LLAMA], []), "twice"),
        (file_of([pair(b"\xff\xfe", U32, bytes(4))], []), "not a text"),
        (file_of([pair(b"b", 7, b"\x02")], []), "neither"),
        (file_of([pair(b"k" * 70_000, U32, bytes(4))], []), "absurdly long"),
        (file_of([pair(b"k", STRING, struct.pack("<Q", 2**50))], []), "absurd"),
        (file_of([pair(b"k", STRING, struct.pack("<Q", 9_999))], []), "bytes are missing"),
        (file_of([pair(b"k", ARRAY, struct.pack("<IQ", U32, 2**61))], []), "absurd"),
        (file_of([pair(b"k", ARRAY, struct.pack("<IQ", STRING, 2**61))], []), "entries"),
        (file_of([pair(b"k", ARRAY, struct.pack("<IQ", ARRAY, 1))], []), "within arrays"),
        (file_of([pair(b"general.alignment", U32, struct.pack("<I", 33))], []), "power of two"),
        (file_of([pair(b"general.alignment", U32, bytes(4))], []), "power of two"),
        (file_of([], [tensor(b"t" * 70, (32,), 0, 0)], 128), "absurdly long"),
        (file_of([], [tensor(b"t", (1,) * 9, 0, 0)], 128), "9 dimensions"),
        (file_of([], [tensor(b"t", (32,), 99, 0)], 128), "unknown here (type 99)"),
        (file_of([], [tensor(b"t", (32,), 4, 0)], 128), "no longer supports"),
        (file_of([], [tensor(b"t", (33,), 2, 0)], 128), "impossible"),
        (file_of([], [tensor(b"t", (2**40, 2**40), 0, 0)], 128), "impossible"),
        (file_of([], [tensor(b"t", (32,), 0, 7)], 200), "odd place"),
        (file_of([], [tensor(b"t", (32,), 0, 2**40)], 128), "outside"),
        (file_of([], [tensor(b"t", (32,), 0, 0)] * 2, 128), "twice"),
        (
            file_of([], [tensor(b"t", (32,), 0, 0), tensor(b"u", (32,), 0, 32)], 256),
            "over another",
        ),
    ],
)
def test_damage_is_said_in_words(tmp_path: Path, data: bytes, words: str) -> None:
    assert words in refusal(tmp_path, data).message


def test_a_file_cut_short_says_how_much_is_missing(tmp_path: Path) -> None:
    tensors = [tensor(b"a", (1000,), 0, 0), tensor(b"b", (100,), 0, 4000)]
    whole = file_of([LLAMA], tensors, 4400)
    assert len(read(tmp_path, whole).tensors) == 2
    assert "1,234 bytes are missing" in refusal(tmp_path, whole[:-1234]).message
    assert "4,400 bytes are missing" in refusal(tmp_path, whole[:-4400]).message
    assert "at least" in refusal(tmp_path, whole[:40]).message


def test_what_is_no_file_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(AppError, match="There is no file “gone"):
        read_header(tmp_path / "gone.gguf")
    with pytest.raises(AppError, match="is not a file"):
        read_header(tmp_path)
    with pytest.raises(AppError, match="is not a file"):
        read_header("a\0b")


# ---- bounds ----


def vocabulary(n_tokens: int) -> bytes:
    return texts(b"tokenizer.ggml.tokens", [b"token%d" % number for number in range(n_tokens)])


def test_a_large_vocabulary_is_noted_quickly(tmp_path: Path) -> None:
    assert is_within(250, lambda: read_header(starter_path()))
    path = tmp_path / "large.gguf"
    scores = pair(b"scores", ARRAY, struct.pack("<IQ", 6, 262_144) + bytes(4 * 262_144))
    path.write_bytes(file_of([LLAMA, vocabulary(262_144), scores], []))
    assert is_within(750, lambda: read_header(path))
    assert describe(read_header(path), path).n_vocab == 262_144


def test_a_long_text_is_noted(tmp_path: Path) -> None:
    long = key_text(b"long", b"x" * 300_000)
    header = read(tmp_path, file_of([long, LLAMA], []))
    note = header.metadata["long"]
    assert isinstance(note, TextNote)
    assert read_bytes(tmp_path / "model.gguf", note.offset, note.n_bytes) == b"x" * 300_000
    assert header.text("long") == "" and header.text("general.architecture") == "llama"


def many_empty_strings() -> bytes:
    body = struct.pack("<IQ", STRING, 8_000_000) + bytes(8 * 8_000_000)
    return file_of([pair(b"k", ARRAY, body)], [])


def as_many_strings_as_are_read() -> bytes:
    return file_of(
        [pair(b"k", ARRAY, struct.pack("<IQ", STRING, 849_000) + bytes(8 * 849_000))], []
    )


def strings_longer_than_a_bite() -> bytes:
    string = text(bytes(300_000))
    return file_of([pair(b"k", ARRAY, struct.pack("<IQ", STRING, 600) + string * 200)], [])


def texts_that_are_no_texts() -> bytes:
    return file_of([key_text(b"k%d" % number, b"\xff" * 250_000) for number in range(50)], [])


def many_keys() -> bytes:
    body = struct.pack("<IQ", U32, 512) + bytes(2048)
    return file_of([pair(b"k%d" % number, ARRAY, body) for number in range(4_000)], [])


def many_tensors() -> bytes:
    return file_of([], [tensor(b"t%d" % number, (0,), 0, 0) for number in range(8_000)])


@pytest.mark.parametrize(
    "hostile",
    [
        many_empty_strings,
        as_many_strings_as_are_read,
        strings_longer_than_a_bite,
        texts_that_are_no_texts,
        many_keys,
        many_tensors,
    ],
)
def test_a_hostile_file_costs_little_time_and_memory(
    tmp_path: Path, hostile: Callable[[], bytes]
) -> None:
    path = tmp_path / "hostile.gguf"
    path.write_bytes(hostile())
    assert is_within(HOSTILE_MS, lambda: attempt(path))
    tracemalloc.start()
    attempt(path)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < HOSTILE_BYTES


def attempt(path: Path) -> None:
    """Read and describe; only an AppError may come of a bad file."""
    with contextlib.suppress(AppError):
        describe(read_header(path), path)


SMALL = file_of(
    [
        LLAMA,
        key_text(b"general.name", b"Deep Instruct"),
        pair(b"llama.block_count", U32, struct.pack("<I", 2)),
        texts(b"tokenizer.ggml.tokens", [b"a", b"<|im_start|>"]),
        pair(b"scores", ARRAY, struct.pack("<IQ2f", 6, 2, 0.5, 1.5)),
    ],
    [tensor(b"a", (32, 2), 2, 0), tensor(b"b", (8,), 0, 64)],
    96,
)
COUNTS = st.sampled_from([0, 1, 2**16, 2**31, 2**32 - 1, 2**62, 2**63, 2**64 - 1])
Edit = Callable[[bytearray], None]


def flip(data: bytearray, at: int, bit: int) -> None:
    data[at % len(data)] ^= 1 << bit


def put(data: bytearray, at: int, value: int) -> None:
    at %= len(data) - 8
    data[at : at + 8] = struct.pack("<Q", value)


def cut(data: bytearray, at: int) -> None:
    del data[at % len(data) + 1 :]


def repeat(data: bytearray, at: int, length: int) -> None:
    at %= len(data)
    data[at:at] = data[at : at + length]


PLACES = st.integers(0, len(SMALL) - 1)
EDITS = st.one_of(
    st.builds(lambda at, bit: lambda data: flip(data, at, bit), PLACES, st.integers(0, 7)),
    st.builds(lambda at, value: lambda data: put(data, at, value), PLACES, COUNTS),
    st.builds(lambda at: lambda data: cut(data, at), PLACES),
    st.builds(lambda at, n: lambda data: repeat(data, at, n), PLACES, st.integers(1, 64)),
)


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(EDITS, min_size=1, max_size=4))
def test_no_damage_brings_anything_but_words(tmp_path: Path, edits: list[Edit]) -> None:
    data = bytearray(SMALL)
    for edit in edits:
        if len(data) > 16:
            edit(data)
    path = tmp_path / "damaged.gguf"
    path.write_bytes(data)
    assert is_within(HOSTILE_MS, lambda: attempt(path))


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=400))
def test_no_bytes_bring_anything_but_words(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "random.gguf"
    for beginning in (b"", b"GGUF\x03\0\0\0", b"GGUF\x03\0\0\0" + struct.pack("<QQ", 1, 1)):
        path.write_bytes(beginning + data)
        attempt(path)


def test_the_small_file_is_sound(tmp_path: Path) -> None:
    """Else the mutations would all fail for one and the same reason."""
    assert len(read(tmp_path, SMALL).tensors) == 2

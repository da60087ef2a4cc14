"""The GGUF header reader against an independent reader and writer, and its summary of a file."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

from engine.models.gguf_header import (
    ArrayNote,
    describe,
    display_name,
    read_bytes,
    read_header,
)
from engine.models.gguf_types import FILE_TYPES, TENSOR_TYPES
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

# ---- against another implementation ----


@pytest.fixture(scope="module")
def other() -> gguf.GGUFReader:
    """The starter, read by an implementation that is not ours."""
    return gguf.GGUFReader(starter_path())


def test_the_starter_reads_as_the_gguf_package_reads_it(other: gguf.GGUFReader) -> None:
    header = read_header(starter_path())
    fields = {name: field for name, field in other.fields.items() if not name.startswith("GGUF.")}
    assert list(header.metadata) == list(fields)
    for name, field in fields.items():
        value = header.metadata[name]
        if isinstance(value, ArrayNote):
            assert (value.count, value.element_type) == (len(field.data), field.types[1])
        else:
            assert value == field.contents(), name
    assert header.data_start == other.data_offset
    assert header.alignment == other.alignment
    assert [
        (one.name, one.shape, one.type, one.n_values, one.n_bytes, header.data_start + one.offset)
        for one in header.tensors
    ] == [
        (
            one.name,
            tuple(int(size) for size in one.shape),
            one.tensor_type.name,
            one.n_elements,
            one.n_bytes,
            one.data_offset,
        )
        for one in other.tensors
    ]


def test_a_noted_array_lies_where_the_note_says(other: gguf.GGUFReader) -> None:
    path = starter_path()
    note = read_header(path).metadata["tokenizer.ggml.tokens"]
    assert isinstance(note, ArrayNote)
    data = read_bytes(path, note.offset, note.n_bytes)
    texts = []
    while data:
        (length,) = struct.unpack_from("<Q", data)
        texts.append(data[8 : 8 + length].decode())
        data = data[8 + length :] if len(texts) < 40 else b""
    field = other.get_field("tokenizer.ggml.tokens")
    assert field is not None
    assert texts == field.contents(slice(0, 40))


def test_tensor_and_file_types_are_those_of_the_gguf_package() -> None:
    for kind, sizes in gguf.GGML_QUANT_SIZES.items():
        ours = TENSOR_TYPES[kind.value]
        if kind.name != "Q8_1":  # never in a file; the package has the size of an older llama.cpp
            assert (ours.name, ours.block_values, ours.block_bytes) == (kind.name, *sizes)
    for file_type in gguf.LlamaFileType:
        if file_type != gguf.LlamaFileType.GUESSED:
            assert file_type.name.endswith(FILE_TYPES[file_type.value]) or (
                file_type.name == "MOSTLY_MXFP4_MOE"
            )


VALUES: dict[str, tuple[Any, gguf.GGUFValueType]] = {
    "u8": (200, gguf.GGUFValueType.UINT8),
    "i8": (-100, gguf.GGUFValueType.INT8),
    "u16": (60_000, gguf.GGUFValueType.UINT16),
    "i16": (-30_000, gguf.GGUFValueType.INT16),
    "u32": (4_000_000_000, gguf.GGUFValueType.UINT32),
    "i32": (-2_000_000_000, gguf.GGUFValueType.INT32),
    "u64": (2**63, gguf.GGUFValueType.UINT64),
    "i64": (-(2**62), gguf.GGUFValueType.INT64),
    "f32": (0.5, gguf.GGUFValueType.FLOAT32),
    "f64": (1e300, gguf.GGUFValueType.FLOAT64),
    "yes": (True, gguf.GGUFValueType.BOOL),
    "no": (False, gguf.GGUFValueType.BOOL),
    "text": ("Tiefsee 🐙", gguf.GGUFValueType.STRING),
    "empty": ("", gguf.GGUFValueType.STRING),
    "numbers": ([1, -2, 3], gguf.GGUFValueType.ARRAY),
    "texts": (["a", "", "ü"], gguf.GGUFValueType.ARRAY),
    "bools": ([True, False], gguf.GGUFValueType.ARRAY),
}


def write(path: Path, architecture: str, change: Callable[[gguf.GGUFWriter], None]) -> Path:
    writer = gguf.GGUFWriter(path, architecture)
    change(writer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_every_kind_of_value_that_the_gguf_package_writes_is_read(tmp_path: Path) -> None:
    def change(writer: gguf.GGUFWriter) -> None:
        for key, (value, kind) in VALUES.items():
            writer.add_key_value(key, value, kind)
        writer.add_custom_alignment(64)
        writer.add_tensor("a", np.zeros((3, 5), np.float32))
        writer.add_tensor("b", np.zeros((2, 64), np.float16))

    header = read_header(write(tmp_path / "m.gguf", "test", change))
    assert {key: header.metadata[key] for key in VALUES} == {k: v for k, (v, _) in VALUES.items()}
    assert header.alignment == 64 and header.data_start % 64 == 0
    assert [(t.name, t.shape, t.type, t.n_bytes, t.offset) for t in header.tensors] == [
        ("a", (5, 3), "F32", 60, 0),
        ("b", (64, 2), "F16", 256, 64),
    ]


# ---- the summary ----


def test_the_starter_is_described() -> None:
    info = describe(read_header(starter_path()), starter_path())
    assert (info.architecture, info.quantisation, info.n_params) == ("llama", "Q4_1", 134_515_008)
    assert (info.n_vocab, info.n_ctx_train, info.n_layer) == (49_152, 8_192, 30)
    assert (info.n_embd, info.n_head, info.n_head_kv) == (576, 9, 3)
    assert (info.vocab_type, info.template, info.licence) == ("BPE", "file", "apache-2.0")
    assert (info.kind, info.size_bytes) == ("model", starter_path().stat().st_size)


def described(tmp_path: Path, pairs: list[bytes], name: str = "m.gguf") -> Any:
    return describe(read(tmp_path, file_of(pairs, []), name), tmp_path / name)


@pytest.mark.parametrize(
    ("pairs", "kind"),
    [
        ([LLAMA], "model"),
        ([LLAMA, key_text(b"general.type", b"model")], "model"),
        ([LLAMA, key_text(b"general.type", b"adapter")], "adapter"),
        ([key_text(b"general.architecture", b"clip")], "projector"),
        ([LLAMA, key_text(b"general.type", b"mmproj")], "projector"),
        ([LLAMA, key_text(b"general.type", b"imatrix")], "other"),
        ([], "other"),
    ],
)
def test_what_kind_of_file_it_is(tmp_path: Path, pairs: list[bytes], kind: str) -> None:
    assert described(tmp_path, pairs).kind == kind


@pytest.mark.parametrize("n_others", [0, 5_000])
def test_a_chat_format_is_known_by_its_marker_and_a_telling_name(
    tmp_path: Path, n_others: int
) -> None:
    plain = [b"t%d" % number for number in range(n_others)]
    marked = texts(b"tokenizer.ggml.tokens", [*plain, b"<|im_start|>"])
    part_of_a_word = texts(b"tokenizer.ggml.tokens", [*plain, b"x<|im_start|>"])
    chat = key_text(b"general.name", b"Deep Instruct")
    file_template = key_text(b"tokenizer.chat_template", b"{{ messages }}")
    assert described(tmp_path, [LLAMA, marked, chat]).template == "known"
    assert described(tmp_path, [LLAMA, marked], "deep-chat.gguf").template == "known"
    assert described(tmp_path, [LLAMA, marked]).template == "none"
    assert described(tmp_path, [LLAMA, part_of_a_word, chat]).template == "none"
    assert described(tmp_path, [LLAMA, marked, file_template]).template == "file"


def test_figures_of_a_wrong_type_are_left_out(tmp_path: Path) -> None:
    pairs = [
        LLAMA,
        key_text(b"llama.block_count", b"many"),
        key_text(b"llama.context_length", b"long"),
        pair(b"general.name", U32, struct.pack("<I", 7)),
        pair(b"general.file_type", U32, struct.pack("<I", 4_000)),
        pair(b"tokenizer.ggml.model", STRING, text(b"new-kind")),
    ]
    info = described(tmp_path, pairs, "stem.gguf")
    assert (info.n_layer, info.n_ctx_train, info.name) == (0, 0, "stem")
    assert (info.quantisation, info.vocab_type) == ("", "new-kind")


def test_figures_may_be_given_layer_by_layer(tmp_path: Path) -> None:
    layers = struct.pack("<IQ3I", U32, 3, 4, 8, 2)
    info = described(tmp_path, [LLAMA, pair(b"llama.attention.head_count", ARRAY, layers)])
    assert (info.n_head, info.n_head_kv) == (8, 8)


def test_without_a_file_type_most_of_the_bytes_name_the_quantisation(tmp_path: Path) -> None:
    tensors = [tensor(b"a", (32,), 0, 0), tensor(b"b", (256, 10), 12, 128)]
    header = read(tmp_path, file_of([LLAMA], tensors, 128 + 1440))
    assert describe(header, "x.gguf").quantisation == "Q4_K"


@pytest.mark.parametrize(
    ("file", "inner", "shown"),
    [
        ("SmolLM2-135M-Instruct.Q4_1.gguf", "Smollm2 135M Mix1 Ep2", "SmolLM2 135M Instruct"),
        ("Qwen3-4B-Q4_K_M.gguf", "", "Qwen3 4B"),
        ("big-model-IQ2_XS-00001-of-00003.gguf", "", "big model"),
        ("tales_f32.gguf", "x", "tales"),
        ("sha256-" + "ab" * 32, "Llama 3", "Llama 3"),
        ("my.own.model.gguf", "", "my.own.model"),
        ("model.gguf", "tales, step 200", "tales, step 200"),
        ("model.gguf", "", "model"),
    ],
)
def test_a_file_is_called_what_people_call_it(file: str, inner: str, shown: str) -> None:
    assert display_name(Path(file), inner) == shown

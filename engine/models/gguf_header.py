"""What a GGUF file says of itself, from its header alone: metadata, tensors, and a summary.

A small bounded reader in plain Python that looks at a file before llama.cpp, which aborts on some
damage, may see it. No weight is read; long arrays (the vocabulary) are noted, not built.
"""

import re
import struct
from collections import Counter
from pathlib import Path
from typing import Literal

from engine.models.gguf_bytes import ByteReader, open_regular
from engine.models.gguf_parse import (
    ArrayNote,
    Header,
    TensorInfo,
    TextNote,
    parse_header,
    parse_spans,
)
from engine.models.gguf_types import FILE_TYPE_GUESSED, FILE_TYPES, VOCAB_TYPES
from engine.process.messages import ModelInfo

__all__ = [
    "ArrayNote",
    "Header",
    "TensorInfo",
    "TextNote",
    "describe",
    "read_bytes",
    "read_entries",
    "read_header",
]

# Special tokens of chat formats that can be recognised where a file carries no template.
CHAT_MARKERS = ("<|im_start|>", "<start_of_turn>", "<|start_header_id|>", "[INST]", "<|user|>")
INSTRUCT_WORDS = ("instruct", "chat", "-it", "assistant")
# A quantisation at a file name's end (".Q4_1", "-Q4_K_M", "-F16"), a part's number.
_SUFFIXES = re.compile(
    r"(?:[-._](?:I?Q\d\w*|B?F16|F32|FP16|MXFP4\w*|TQ\d\w*)|-\d{5}-of-\d{5})+$", re.IGNORECASE
)
_HASH = re.compile(r"(?:sha256[-:])?[0-9a-f]{32,}")


def read_header(path: Path | str) -> Header:
    """Read and check a file's header.

    Raises:
        AppError: not a GGUF (and what it seems to be), cut short, damaged, or of a kind that this
            app cannot run.
    """
    with open_regular(Path(path)) as (file, file_bytes):
        return parse_header(ByteReader(file, file_bytes))


def read_entries(path: Path | str) -> dict[str, bytes]:
    """Every metadata entry's own bytes (key, type and value), in the file's order.

    Raises:
        AppError: see read_header.
    """
    with open_regular(Path(path)) as (file, file_bytes):
        spans = parse_spans(ByteReader(file, file_bytes))
        entries = {}
        for key, (start, end) in spans.items():
            file.seek(start)
            entries[key] = file.read(end - start)
        return entries


def read_bytes(path: Path | str, offset: int, n_bytes: int) -> bytes:
    """The bytes of what a header only notes."""
    with open_regular(Path(path)) as (file, _):
        file.seek(offset)
        return file.read(n_bytes)


# ---- the summary ----


def describe(header: Header, path: Path | str) -> ModelInfo:
    """What a person wants to know of a file. Figures that the header does not give are 0 or ""."""
    architecture = header.text("general.architecture")
    n_head = header.number(f"{architecture}.attention.head_count")
    return ModelInfo(
        path=str(path),
        name=display_name(Path(path), header.text("general.name")),
        architecture=architecture,
        size_bytes=header.file_bytes,
        quantisation=_quantisation(header),
        n_params=sum(tensor.n_values for tensor in header.tensors),
        n_vocab=_n_vocab(header, architecture),
        n_ctx_train=header.number(f"{architecture}.context_length"),
        n_layer=header.number(f"{architecture}.block_count"),
        n_embd=header.number(f"{architecture}.embedding_length"),
        n_head=n_head,
        n_head_kv=header.number(f"{architecture}.attention.head_count_kv") or n_head,
        vocab_type=_vocab_type(header),
        template=_template(header, Path(path)),
        licence=header.text("general.license"),
        kind=_kind(header, architecture),
    )


def display_name(path: Path, inner: str) -> str:
    """What people call a file: its own name without quantisation and part number ("SmolLM2 135M
    Instruct"). The name inside is often a training run's; it serves where the file's is a hash, or
    says only that it is a model or a vocabulary."""
    stem = _SUFFIXES.sub("", path.stem)
    if inner and (stem in ("model", "vocab") or _HASH.fullmatch(stem)):
        return inner
    return stem.replace("-", " ").replace("_", " ").strip() or inner


def _quantisation(header: Header) -> str:
    """The file's own name for it, else the type that most of its bytes have."""
    if isinstance(header.metadata.get("general.file_type"), int):
        name = FILE_TYPES.get(header.number("general.file_type") & ~FILE_TYPE_GUESSED)
        if name:
            return name
    n_bytes: Counter[str] = Counter()
    for tensor in header.tensors:
        n_bytes[tensor.type] += tensor.n_bytes
    return n_bytes.most_common(1)[0][0] if n_bytes else ""


def _n_vocab(header: Header, architecture: str) -> int:
    n_listed = header.count("tokenizer.ggml.tokens")
    return n_listed or header.number(f"{architecture}.vocab_size")


def _vocab_type(header: Header) -> str:
    model = header.text("tokenizer.ggml.model")
    return VOCAB_TYPES.get(model, model)


def _kind(header: Header, architecture: str) -> Literal["model", "adapter", "projector", "other"]:
    general_type = header.text("general.type")
    if general_type == "adapter":
        return "adapter"
    if general_type == "mmproj" or architecture == "clip":
        return "projector"
    return "model" if general_type in ("", "model") and architecture else "other"


def _template(header: Header, path: Path) -> Literal["file", "known", "none"]:
    """Base models share their instruct sisters' vocabulary: markers need a telling name."""
    template = header.metadata.get("tokenizer.chat_template")
    if isinstance(template, str) and template.strip():
        return "file"
    keys = ("general.name", "general.finetune", "general.basename")
    names = " ".join([path.name, *map(header.text, keys)]).lower()
    if any(word in names for word in INSTRUCT_WORDS) and _has_marker(header, path):
        return "known"
    return "none"


def _has_marker(header: Header, path: Path) -> bool:
    """Whether the vocabulary has a chat marker: an entry is its length and its bytes."""
    note = header.metadata.get("tokenizer.ggml.tokens")
    if isinstance(note, list):
        return any(marker in note for marker in CHAT_MARKERS)
    if not isinstance(note, ArrayNote):
        return False
    vocabulary = read_bytes(path, note.offset, note.n_bytes)
    entries = (struct.pack("<Q", len(marker)) + marker.encode() for marker in CHAT_MARKERS)
    return any(entry in vocabulary for entry in entries)

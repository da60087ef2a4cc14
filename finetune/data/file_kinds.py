"""What a file of rows is (JSONL, JSON, a table, Parquet, text): by its first bytes, and by its name
where they leave it open."""

from __future__ import annotations

from types import ModuleType

from engine.errors import AppError
from finetune.data import from_json, from_lines, from_parquet, from_table, from_text
from finetune.data.source_file import SourceFile
from finetune.data.unfit import UnfitError, parse_json

TEXT_SUFFIXES = (".txt", ".text", ".md", ".markdown", ".rst")
TABLE_SUFFIXES = (".csv", ".tsv")
JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")
# What a hub's or a folder's files of rows are called.
ROW_SUFFIXES = (*JSON_SUFFIXES, *TABLE_SUFFIXES, ".parquet", *TEXT_SUFFIXES)
KNOWN = "Known are JSONL, JSON, CSV, TSV, Parquet and text; save it as one of these."


def kind_of_file(file: SourceFile) -> tuple[str, ModuleType]:
    """What a file is, in a word, and the module that reads it.

    Raises:
        AppError: nothing that has rows.
    """
    beginning = file.beginning()
    if beginning.startswith(b"PAR1") or file.suffix == ".parquet":
        return "Parquet", from_parquet
    if file.suffix in TABLE_SUFFIXES:
        return file.suffix[1:].upper(), from_table
    is_json = beginning.lstrip()[:1] in (b"{", b"[")
    if file.suffix in TEXT_SUFFIXES:
        is_json = is_json and _is_a_value_a_line(beginning)
    elif file.suffix not in JSON_SUFFIXES and not is_json:
        if b"\0" in beginning:
            raise AppError(f"“{file.path.name}” is no file of rows.", KNOWN)
        return "text", from_text
    if file.suffix in TEXT_SUFFIXES and not is_json:
        return "text", from_text
    if _is_a_value_a_line(beginning):
        return "JSONL", from_lines
    return _json_of(file, beginning)


def _json_of(file: SourceFile, beginning: bytes) -> tuple[str, ModuleType]:
    """JSON over many lines, or in one; a broken JSONL file is still read by lines."""
    first = beginning.lstrip().split(b"\n")[0].strip()
    is_opening = first in (b"{", b"[") or (file.suffix == ".json" and first[:1] in (b"{", b"["))
    if file.suffix in (".jsonl", ".ndjson") and not is_opening:
        return "JSONL", from_lines
    return "JSON", from_json


def _is_a_value_a_line(beginning: bytes) -> bool:
    """Whether the first two lines (where there are two) are each a whole JSON value."""
    lines = [line for line in beginning.split(b"\n") if line.strip()]
    if len(lines) < 2:
        return False
    try:
        first = parse_json(lines[0])
    except UnfitError:
        return False
    return isinstance(first, dict | list) and lines[1].lstrip()[:1] in (b"{", b"[")

"""Files of rows that are anything: a row or a bad row for each, and never an exception."""

import json
import os
import tracemalloc
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import AppError
from engine.process.tune_messages import BadRow, Row
from finetune.data import from_json, source_file
from finetune.data.formats import FORMATS, read_rows
from finetune.data.from_text import CHUNK_BYTES
from finetune.data.importing import look_at
from tests.finetune.some_rows import TURNS, as_dicts, read_all, write_jsonl

within_test = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
NAMES = (
    "messages conversations role content from value prompt completion instruction input output",
    "data text system tools tool_calls train weight message_id parent_id replies rank history",
)
KEYS = st.sampled_from([name for line in NAMES for name in line.split()])
TEXTS = st.text(max_size=20) | st.sampled_from(
    ["user", "assistant", "gpt", "human", "system", "function_call", "\ud800", "\0", "[1]", "[{"]
)
SCALARS = TEXTS | st.none() | st.booleans() | st.integers() | st.floats()
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | TEXTS, inner, max_size=5),
    max_leaves=25,
)
RECORDS = st.dictionaries(KEYS, VALUES, max_size=5) | VALUES


def taken(path: Path, *given: Any) -> list[Row | BadRow]:
    """All that is read of a file; a refusal of the whole counts as nothing read."""
    try:
        found = list(read_rows(path, *given))
    except AppError as error:
        check_sentence(error)
        return []
    for one in found:
        # Whatever was read can be written and sent.
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(one), type=type(one)) == one
        assert msgspec.json.decode(msgspec.json.encode(one), type=type(one)) == one
        if isinstance(one, BadRow):
            assert one.reason and one.line >= 1
        else:
            assert bool(one.text) != bool(one.messages)
    return found


@within_test
@given(records=st.lists(RECORDS, min_size=1, max_size=5), name=st.sampled_from(["", *FORMATS]))
def test_any_json_gives_rows_or_bad_rows(tmp_path: Path, records: list[Any], name: str) -> None:
    path = tmp_path / "any.jsonl"
    path.write_bytes(b"".join(json.dumps(one).encode() + b"\n" for one in records))
    found = taken(path, name)
    if found and name not in ("", "oasst"):
        assert len(found) == len(records)
    path.with_suffix(".json").write_text(json.dumps(records))
    taken(path.with_suffix(".json"), name)
    taken(path, "", {"user": "prompt", "assistant": "content", "system": "text"})


@within_test
@given(
    data=st.binary(min_size=1, max_size=400),
    suffix=st.sampled_from([".jsonl", ".json", ".csv", ".tsv", ".txt", ".md", "", ".jsonl.gz"]),
    name=st.sampled_from(["", "messages", "text"]),
)
def test_any_bytes_give_rows_bad_rows_or_a_sentence(
    tmp_path: Path, data: bytes, suffix: str, name: str
) -> None:
    path = tmp_path / f"any{suffix}"
    path.write_bytes(data)
    taken(path, name)


GOOD = json.dumps([{"messages": as_dicts(*TURNS)}, {"text": "é [,] {\\}"}] * 2).encode()


@within_test
@given(
    at=st.integers(0, len(GOOD) - 1),
    other=st.binary(max_size=3),
    n_gone=st.integers(0, 5),
    suffix=st.sampled_from([".jsonl", ".json"]),
)
def test_damaged_files_give_rows_bad_rows_or_a_sentence(
    tmp_path: Path, at: int, other: bytes, n_gone: int, suffix: str
) -> None:
    path = tmp_path / f"damaged{suffix}"
    path.write_bytes(GOOD[:at] + other + GOOD[at + n_gone :] or b" ")
    taken(path)
    look_or_sentence(path)


def look_or_sentence(path: Path) -> None:
    try:
        look_at(path, "", {})
    except AppError as error:
        check_sentence(error)


def check_sentence(error: AppError) -> None:
    assert error.message and error.hint


@within_test
@given(
    records=st.lists(RECORDS, max_size=6), size=st.integers(1, 40), indent=st.none() | st.just(1)
)
def test_json_is_cut_as_json_reads_it(
    tmp_path: Path, records: list[Any], size: int, indent: int | None
) -> None:
    """Wherever a piece of the file ends, the values are those that json.loads finds."""
    path = tmp_path / "list.json"
    text = json.dumps(records, indent=indent, ensure_ascii=False).encode("utf-8", "replace")
    for whole in (text, b'{"n": [1, {"a": "]"}], "rows": ' + text + b', "z": [{"q": 2}]}'):
        path.write_bytes(whole)
        with source_file.SourceFile(path) as file, pytest.MonkeyPatch.context() as patch:
            patch.setattr(from_json, "_PIECE_BYTES", size)
            found = [one for one in from_json.records(file) if isinstance(one, source_file.Record)]
        expected = json.loads(text)
        if whole is not text and (not expected or not isinstance(expected[0], dict | list)):
            continue  # no list of records: the object is one itself
        assert json.dumps([one.value for one in found]) == json.dumps(expected)
        lines = whole.split(b"\n")
        for one in found:
            begins = json.dumps(one.value, ensure_ascii=False).encode("utf-8", "replace")[:1]
            assert begins in lines[one.line - 1] or begins in b"-0123456789NI"


@within_test
@given(text=st.text(max_size=6000) | st.lists(st.text(max_size=300), max_size=40).map("\n".join))
def test_rows_of_a_text_are_the_text(tmp_path: Path, text: str) -> None:
    path = tmp_path / "any.txt"
    text = text.replace("\r", "").replace("\0", "").replace("\ufeff", "")
    path.write_bytes(text.encode("utf-8", "ignore") or b"\n")
    if text.lstrip()[:1] in ("{", "["):
        return
    rows = [one for one in taken(path) if isinstance(one, Row)]
    said = "".join(row.text for row in rows)
    assert "".join(said.split()) == "".join(path.read_text(encoding="utf-8").split())
    assert all(len(row.text.encode()) <= CHUNK_BYTES for row in rows)


SAID = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=15
)


def in_format(name: str, talk: list[str]) -> dict[str, Any]:
    """A conversation of taking turns, as a format writes it."""
    roles = ("user", "assistant") * len(talk)
    turns = list(zip(roles, talk, strict=False))
    if name == "messages":
        return {"id": 7, "messages": as_dicts(*turns)}
    if name == "sharegpt":
        names = {"user": "human", "assistant": "gpt"}
        return {"conversations": [{"from": names[role], "value": said} for role, said in turns]}
    if name == "ultrachat":
        return {"id": "7", "data": talk}
    if name == "alpaca":
        history = [talk[at : at + 2] for at in range(0, len(talk) - 2, 2)]
        return {"instruction": talk[-2], "output": talk[-1], "history": history}
    if name == "prompt_completion":
        return {"prompt": as_dicts(*turns[:-1]), "completion": as_dicts(turns[-1])}
    node: dict[str, Any] = {"replies": []}
    for role, said in reversed(turns):
        name_of = "prompter" if role == "user" else role
        node = {"role": name_of, "text": said, "replies": [node] if "role" in node else []}
    return {"prompt": node}


@within_test
@given(
    talks=st.lists(
        st.lists(SAID, min_size=2, max_size=6).map(lambda talk: talk[: len(talk) // 2 * 2]),
        min_size=1,
        max_size=5,
    ),
    name=st.sampled_from([one for one in FORMATS if one != "text"]),
    suffix=st.sampled_from([".jsonl", ".json"]),
)
def test_formats_are_recognised_from_any_rows(
    tmp_path: Path, talks: list[list[str]], name: str, suffix: str
) -> None:
    path = tmp_path / f"rows{suffix}"
    records = [in_format(name, talk) for talk in talks]
    if suffix == ".jsonl":
        write_jsonl(path, records)
    else:
        path.write_text(json.dumps(records, ensure_ascii=False), encoding="utf-8")
    assert look_at(path, "", {}).format == name
    rows, bad = read_all(path)
    assert not bad
    assert [[one.content for one in row.messages] for row in rows] == talks
    assert all(row.messages[0].role == "user" for row in rows)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be-bom"])
@pytest.mark.parametrize("suffix", [".jsonl", ".json", ".csv"])
def test_encodings_with_a_mark_are_read(tmp_path: Path, encoding: str, suffix: str) -> None:
    said = "Schlüssel 鍵 🔑"
    record = {"question": said, "answer": said}
    text = {
        ".jsonl": json.dumps(record, ensure_ascii=False) + "\n",
        ".json": json.dumps([record], ensure_ascii=False),
        ".csv": f"question,answer\r\n{said},{said}\r\n",
    }[suffix]
    path = tmp_path / f"rows{suffix}"
    if encoding == "utf-16-be-bom":
        path.write_bytes(b"\xfe\xff" + text.encode("utf-16-be"))
    else:
        path.write_bytes(text.encode(encoding))
    rows, bad = read_all(path)
    assert not bad and [one.content for one in rows[0].messages] == [said, said]


def test_another_encoding_is_told_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "latin.jsonl"
    good = json.dumps({"text": "plain"}).encode()
    path.write_bytes(good + b'\n{"text": "caf\xe9"}\n' + good + b"\n")
    rows, bad = read_all(path)
    assert len(rows) == 2
    assert [(one.line, "0xE9" in one.reason) for one in bad] == [(2, True)]
    table = tmp_path / "latin.csv"
    table.write_bytes(b"text\nplain\ncaf\xe9\n")
    rows, bad = read_all(table)
    assert len(rows) == 1 and [(one.line, "UTF-8" in one.reason) for one in bad] == [(3, True)]


@pytest.mark.parametrize("suffix", [".jsonl", ".json", ".csv", ".txt"])
def test_what_is_too_long_is_told_and_passed_over(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (source_file, from_json):
        monkeypatch.setattr(module, "MAX_ROW_BYTES", 100_000)
    long = "x" * 3_000_000
    path = tmp_path / f"long{suffix}"
    if suffix == ".csv":
        path.write_text(f"text\nfirst\n{long}\nlast\n")
    elif suffix == ".txt":
        path.write_text(f"first\n{long}\nlast\n")
    elif suffix == ".json":
        path.write_text(json.dumps([{"text": one} for one in ("first", long, "last")], indent=0))
    else:
        write_jsonl(path, [{"text": one} for one in ("first", long, "last")])
    # The reader's own memory, without that of the pieces it passes over.
    tracemalloc.start()
    rows, bad = read_all(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "".join(row.text for row in rows).split() in (["first", "last"], ["firstlast"])
    assert len(bad) == 1 and "longer than" in bad[0].reason
    assert peak < 1_500_000


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".jsonl", ".json", ".csv", ".parquet", ".txt"])
def test_a_large_file_is_never_in_memory(tmp_path: Path, suffix: str) -> None:
    """A file of 60 MB (120 MB of JSONL): the reader holds a few hundred kB of it at a time."""
    path = tmp_path / f"large{suffix}"
    write_large(path)
    assert path.stat().st_size > (100 << 20 if suffix == ".jsonl" else 30 << 20)
    tracemalloc.start()
    n_rows = sum(1 for _ in read_rows(path))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert n_rows >= 30_000
    assert peak < 8 << 20, peak


def write_large(path: Path) -> None:
    answer = "All keys hang behind the desk, by floor and by room. " * 18
    n = 120_000 if path.suffix == ".jsonl" else 60_000
    if path.suffix == ".parquet":
        write_large_parquet(path, n)
        return
    with path.open("w") as file:
        if path.suffix == ".json":
            file.write("[")
        if path.suffix == ".csv":
            file.write("question,answer\n")
        for number in range(n):
            record = {"question": f"Question {number}?", "answer": answer}
            if path.suffix == ".csv":
                file.write(f'Question {number}?,"{answer}"\n')
            elif path.suffix == ".txt":
                file.write(f"Paragraph {number}. {answer}\n\n")
            else:
                comma = "," if path.suffix == ".json" and number else ""
                file.write(comma + json.dumps(record) + "\n")
        if path.suffix == ".json":
            file.write("]")


def write_large_parquet(path: Path, n: int) -> None:
    import pyarrow
    import pyarrow.parquet

    schema = pyarrow.schema([("question", pyarrow.string()), ("answer", pyarrow.string())])
    with pyarrow.parquet.ParquetWriter(path, schema) as writer:
        for start in range(0, n, 5000):
            numbers = range(start, start + 5000)
            answers = [os.urandom(400).hex() for _ in numbers]
            questions = [f"Question {number}?" for number in numbers]
            writer.write_table(pyarrow.table([questions, answers], schema=schema))

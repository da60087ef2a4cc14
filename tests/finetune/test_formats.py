"""Files of rows as people have them: each format is found by looking, and read as it says."""

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from msgspec.structs import replace

from engine.errors import AppError
from finetune.data.formats import RowFile
from finetune.data.importing import as_record, look_at
from finetune.data.rows import content_hash, read_row, to_line
from tests.finetune.some_rows import TURNS, as_dicts, read_all, turns_of, write_jsonl

ASKED, ANSWERED = TURNS[0][1], TURNS[1][1]
SHAREGPT = [{"from": "human", "value": ASKED}, {"from": "gpt", "value": ANSWERED}]
TREE = {
    "message_tree_id": "t",
    "prompt": {
        "message_id": "t",
        "role": "prompter",
        "text": ASKED,
        "replies": [
            {"role": "assistant", "text": "No idea.", "rank": 1, "replies": []},
            {
                "role": "assistant",
                "text": ANSWERED,
                "rank": 0,
                "replies": [{"role": "prompter", "text": "Thanks!", "replies": []}],
            },
            {"role": "assistant", "text": "Gone.", "rank": -1, "deleted": True, "replies": []},
        ],
    },
}
FLAT: list[dict[str, Any]] = [
    {"message_id": "t", "parent_id": None, "message_tree_id": "t", "role": "prompter"},
    {"message_id": "b", "parent_id": "t", "message_tree_id": "t", "role": "assistant", "rank": 1.0},
    {"message_id": "a", "parent_id": "t", "message_tree_id": "t", "role": "assistant", "rank": 0.0},
]
FLAT_TEXTS = (ASKED, "No idea.", ANSWERED)
RECORDS: dict[str, list[dict[str, Any]]] = {
    "messages": [{"messages": as_dicts(*TURNS)}],
    "sharegpt": [{"conversations": SHAREGPT}],
    "alpaca": [{"instruction": ASKED, "input": "", "output": ANSWERED}],
    "prompt_completion": [{"prompt": ASKED, "completion": ANSWERED}],
    "oasst": [TREE],
    "ultrachat": [{"id": "0", "data": [ASKED, ANSWERED]}],
}


@pytest.mark.parametrize("name", RECORDS)
@pytest.mark.parametrize("kind", ["jsonl", "list.json", "data.json", "one.json", "jsonl.gz"])
def test_a_format_is_found_by_looking(tmp_path: Path, name: str, kind: str) -> None:
    path = tmp_path / f"rows.{kind}"
    records = RECORDS[name] * (1 if kind == "one.json" else 3)
    if kind == "list.json":
        path.write_text(json.dumps(records, indent=1))
    elif kind == "data.json":
        path.write_text(json.dumps({"version": [1, {"x": 2}], "data": records, "more": [{}]}))
    elif kind == "one.json":
        path.write_text(json.dumps(records[0], indent=2))
    elif kind == "jsonl.gz":
        with gzip.open(path, "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(record) + "\n" for record in records)
    else:
        write_jsonl(path, records)
    rows, bad = read_all(path)
    assert not bad
    assert [turns_of(row) for row in rows] == [list(TURNS)] * len(records)
    assert [row.id for row in rows] == [str(n + 1) for n in range(len(records))]
    with RowFile(path) as file:
        assert file.format == name


def test_rows_say_where_they_come_from(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_text(json.dumps(RECORDS["alpaca"] * 2, indent=0))
    rows, _ = read_all(path)
    assert [row.source for row in rows] == ["list.json:2", "list.json:7"]


def test_tool_calls_flags_and_parts(tmp_path: Path) -> None:
    call = {"id": "1", "type": "function", "function": {"name": "look", "arguments": '{"at": 1}'}}
    tools = [{"type": "function", "function": {"name": "look", "parameters": {}}}]
    messages = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
        {"role": "assistant", "content": None, "tool_calls": [call], "weight": 0},
        {"role": "tool", "content": "42", "name": "look", "tool_call_id": "1"},
        {"role": "assistant", "content": "42.", "train": True},
    ]
    path = write_jsonl(tmp_path / "tools.jsonl", [{"messages": messages, "tools": tools}])
    (row,), _ = read_all(path)
    assert row.tools == tools
    assert turns_of(row)[:3] == [("system", "Be brief."), ("user", "a\n\nb"), ("assistant", "")]
    assert row.messages[2].tool_calls == [call]
    assert [message.train for message in row.messages] == [None, None, False, None, True]
    assert (row.messages[3].name, row.messages[3].tool_call_id) == ("look", "1")
    # Kept in a dataset's line, and given back as it came.
    assert read_row(to_line(row)) == row
    assert as_record(row)["messages"][3] == messages[3]
    without = replace(row, messages=[replace(one, tool_call_id="") for one in row.messages])
    assert content_hash(without) != content_hash(row)


def test_older_ways_of_calling(tmp_path: Path) -> None:
    function = {"name": "look", "arguments": "{}"}
    old = {
        "messages": [
            {"role": "user", "content": "?"},
            {"role": "assistant", "content": None, "function_call": function},
        ],
        "functions": [{"name": "look"}],
    }
    shared = {
        "conversations": [
            {"from": "human", "value": "?"},
            {"from": "function_call", "value": json.dumps({"name": "look", "arguments": {}})},
            {"from": "observation", "value": "42"},
            {"from": "gpt", "value": "42"},
        ],
        "system": "Look.",
        "tools": json.dumps([{"name": "look"}]),
    }
    (one,), _ = read_all(write_jsonl(tmp_path / "old.jsonl", [old]))
    assert one.messages[1].tool_calls == [{"function": function, "type": "function"}]
    assert one.tools == [{"type": "function", "function": {"name": "look"}}]
    (other,), _ = read_all(write_jsonl(tmp_path / "shared.jsonl", [shared]))
    assert [message.role for message in other.messages] == [
        "system",
        "user",
        "assistant",
        "tool",
        "assistant",
    ]
    assert other.messages[2].tool_calls[0]["function"]["name"] == "look"
    assert other.tools == [{"name": "look"}]


def test_alpaca_with_input_system_and_history(tmp_path: Path) -> None:
    record = {
        "instruction": "Translate.",
        "input": "Keys",
        "output": "Schlüssel",
        "system": "You translate.",
        "history": [["Hello", "Hallo"]],
    }
    (row,), _ = read_all(write_jsonl(tmp_path / "a.jsonl", [record]))
    assert turns_of(row) == [
        ("system", "You translate."),
        ("user", "Hello"),
        ("assistant", "Hallo"),
        ("user", "Translate.\n\nKeys"),
        ("assistant", "Schlüssel"),
    ]


def test_prompts_and_completions_may_be_messages(tmp_path: Path) -> None:
    record = {"prompt": as_dicts(*TURNS[:1]), "completion": as_dicts(*TURNS[1:])}
    (row,), _ = read_all(write_jsonl(tmp_path / "a.jsonl", [record]))
    assert turns_of(row) == list(TURNS)


def test_instructions_with_a_context(tmp_path: Path) -> None:
    records = [
        {"instruction": ASKED, "context": "The desk.", "response": ANSWERED},
        {"instruction": ASKED, "context": "", "response": ANSWERED},
    ]
    rows, _ = read_all(write_jsonl(tmp_path / "dolly.jsonl", records))
    assert turns_of(rows[0]) == [("user", f"{ASKED}\n\nThe desk."), ("assistant", ANSWERED)]
    assert turns_of(rows[1]) == list(TURNS)


def flat(prefix: str = "") -> list[dict[str, Any]]:
    return [
        {**one, "text": text, "message_tree_id": prefix + "t"}
        for one, text in zip(FLAT, FLAT_TEXTS, strict=True)
    ]


def test_rows_of_a_tree_in_any_order(tmp_path: Path) -> None:
    records = [one for both in zip(flat("1")[::-1], flat("2"), strict=True) for one in both]
    rows, bad = read_all(write_jsonl(tmp_path / "oasst2.jsonl", records))
    assert not bad and [turns_of(row) for row in rows] == [list(TURNS)] * 2


def test_a_reply_without_its_message_is_told(tmp_path: Path) -> None:
    lost = {**flat()[1], "message_id": "x", "parent_id": "nowhere"}
    rows, bad = read_all(write_jsonl(tmp_path / "oasst2.jsonl", [*flat(), lost]))
    assert len(rows) == 1
    assert [(one.line, "replies to" in one.reason) for one in bad] == [(4, True)]


def test_a_deep_tree_does_not_end_the_reader(tmp_path: Path) -> None:
    messages = [{**FLAT[0], "text": "0"}]
    for n in range(3000):
        role = ("assistant", "prompter")[n % 2]
        parent = "t" if n == 0 else f"m{n - 1}"
        messages.append({**FLAT[0], "message_id": f"m{n}", "parent_id": parent, "role": role})
        messages[-1]["text"] = str(n)
    (row,), _ = read_all(write_jsonl(tmp_path / "deep.jsonl", messages))
    assert len(row.messages) == 3000


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_tables(tmp_path: Path, sign: str) -> None:
    path = tmp_path / ("rows.tsv" if sign == "\t" else "rows.csv")
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=sign)
        writer.writerow(["question", "answer"])
        writer.writerow([ASKED, 'He said: "No,\nnever; not | once\tagain."'])
        writer.writerow(["only one"])
        writer.writerow([ASKED, ANSWERED])
    rows, bad = read_all(path)
    assert turns_of(rows[0])[1][1] == 'He said: "No,\nnever; not | once\tagain."'
    assert rows[1].source.endswith(":5") and turns_of(rows[1]) == list(TURNS)
    assert [(one.line, one.excerpt) for one in bad] == [(4, "only one")]


def test_parquet_of_nested_messages_and_of_json_texts(tmp_path: Path) -> None:
    for name, value in (("a", as_dicts(*TURNS)), ("b", json.dumps(as_dicts(*TURNS)))):
        path = tmp_path / f"{name}.parquet"
        table = pyarrow.table({"messages": [value] * 700, "n": list(range(700))})
        pyarrow.parquet.write_table(table, path, row_group_size=100)
        rows, bad = read_all(path)
        assert not bad and len(rows) == 700 and turns_of(rows[699]) == list(TURNS)
        assert rows[699].source == f"{name}.parquet:700"


def test_columns_are_mapped_by_hand(tmp_path: Path) -> None:
    records = [
        {"rules": "Be brief.", "ask": ASKED, "say": 42, "title": "x"},
        {"rules": None, "ask": ASKED, "say": "no", "title": "x"},
        {"ask": ASKED},
    ]
    path = write_jsonl(tmp_path / "own.jsonl", records)
    look = look_at(path, "", {})
    assert look.format == "" and not look.rows
    assert look.columns == {"rules": "Be brief.", "ask": ASKED, "say": "42", "title": "x"}
    with pytest.raises(AppError, match="no way that is known"):
        read_all(path)
    rows, bad = read_all(path, "", {"system": "rules", "user": "ask", "assistant": "say"})
    assert turns_of(rows[0]) == [("system", "Be brief."), ("user", ASKED), ("assistant", "42")]
    assert turns_of(rows[1]) == [("user", ASKED), ("assistant", "no")]
    assert [one.reason for one in bad] == ["It has no column “rules”."]
    texts, _ = read_all(path, "", {"text": "title"})
    assert [row.text for row in texts] == ["x", "x"]
    with pytest.raises(AppError, match="assistant"):
        read_all(path, "", {"user": "ask"})


def test_a_look_tells_the_format_rows_and_problems(tmp_path: Path) -> None:
    path = tmp_path / "chats.jsonl"
    write_jsonl(path, RECORDS["messages"] * 2)
    with path.open("a") as file:
        file.write('{"messages": []}\n')
    look = look_at(path, "", {})
    assert look.format == "messages" and "OpenAI" in look.words
    assert [turns_of(row) for row in look.rows] == [list(TURNS)] * 2
    assert [(one.line, one.reason) for one in look.problems] == [(3, "It has no messages.")]


BAD = {
    '{"messages": [{"role": "user", "content": "hi"}': "breaks at character",
    "[1, 2]": "not an object",
    '{"messages": "hello"}': "not a list",
    '{"messages": []}': "no messages",
    '{"messages": [{"role": "user", "content": "hi"}]}': "nothing to learn",
    '{"messages": [{"role": "wizard", "content": "hi"}]}': "“wizard”",
    '{"messages": [{"content": "hi"}]}': "neither system",
    '{"messages": [7]}': "Message 1 is a number",
    '{"messages": [{"role": "assistant", "content": 7}]}': "“content” is a number",
    '{"messages": [{"role": "assistant"}]}': "“content” is empty (null)",
    '{"messages": [{"role": "assistant", "content": "\\ud800"}]}': "unpaired surrogate",
    '{"messages": [{"role": "assistant", "content": "a\\u0000b"}]}': "NUL",
    '{"messages": [{"role": "assistant", "content": "a", "weight": 3}]}': "1 or 0",
    '{"messages": [{"role": "assistant", "content": [{"type": "image_url"}]}]}': "image_url",
    '{"messages": [{"role": "assistant", "tool_calls": [{"a": 1}]}]}': "which function",
    '{"text": "a"}': "no “messages”",
    '{"messages": [{"role": "assistant", "content": "a\0"}]}': "NUL bytes",
    "null": "empty (null)",
    "[" * 5000: "nested too deeply",
}


def test_every_bad_row_has_its_line_and_reason(tmp_path: Path) -> None:
    good = json.dumps(RECORDS["messages"][0])
    path = tmp_path / "bad.jsonl"
    lines = [good, *BAD, "", good]
    path.write_bytes("\n".join(lines).encode() + b'\n{"messages": "\xff"}\n' + good.encode())
    rows, bad = read_all(path)
    assert len(rows) == 3
    assert [one.line for one in bad] == [*range(2, len(BAD) + 2), len(lines) + 1]
    for one, words in zip(bad, [*BAD.values(), "not UTF-8"], strict=True):
        assert words in one.reason, (words, one)
        assert one.reason.endswith(".") and one.excerpt and "\0" not in one.excerpt


def test_a_text_is_rows_of_whole_paragraphs(tmp_path: Path) -> None:
    paragraphs = [f"# Chapter {n}\n\n" + f"Word {n} of it. " * 60 + "\n\n" for n in range(20)]
    path = tmp_path / "book.md"
    path.write_text("".join(paragraphs))
    rows, bad = read_all(path)
    assert not bad and not any(row.messages for row in rows)
    assert "".join(row.text for row in rows) == "".join(paragraphs)
    assert all(len(row.text.encode()) <= 2000 for row in rows)
    lines = "".join(paragraphs).split("\n")
    for row in rows:
        first = int(row.source.split(":")[1])
        assert lines[first - 1].startswith(row.text.split("\n")[0][:20])


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("empty.jsonl", b"", "is empty"),
        ("photo.png", b"\x89PNG\r\n\0\0\0", "no file of rows"),
        ("no.parquet", b"PAR1 and nothing", "no Parquet"),
        ("cut.jsonl.gz", gzip.compress(b'{"text": "a"}\n' * 9000)[:-30], "to its end"),
        ("broken.jsonl", b"{oh\n{no\n", "Line 1: The JSON breaks at character 2"),
        ("twice.csv", b"a,a\n1,2\n", "same name"),
    ],
)
def test_what_is_no_file_of_rows_is_said(
    tmp_path: Path, name: str, data: bytes, words: str
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(AppError, match=words) as refused:
        read_all(path)
    assert refused.value.hint


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(AppError, match="not there"):
        read_all(tmp_path / "gone.jsonl")
    with pytest.raises(AppError, match="folder"):
        read_all(tmp_path)
    with pytest.raises(AppError, match="no format"):
        read_all(write_jsonl(tmp_path / "a.jsonl", [{}]), "chatml")


@pytest.mark.parametrize("name", ["rows.txt", "rows.jsonl", "rows", "rows.json"])
def test_a_wrong_name_misleads_nobody(tmp_path: Path, name: str) -> None:
    path = write_jsonl(tmp_path / name, RECORDS["messages"] * 2)
    assert len(read_all(path)[0]) == 2
    path.write_text(json.dumps(RECORDS["messages"] * 2, indent=2))
    if name != "rows.txt":
        assert len(read_all(path)[0]) == 2

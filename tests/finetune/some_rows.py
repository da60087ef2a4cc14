"""Rows and files of rows for tests."""

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any, TypeVar

from engine.process.tune_messages import BadRow, Row, RowMessage
from finetune.data.formats import read_rows

T = TypeVar("T")
TURNS = (("user", "Who keeps the keys?"), ("assistant", "I keep the keys, madam."))


def chat(*turns: tuple[str, str]) -> list[RowMessage]:
    return [RowMessage(role, content) for role, content in turns]


def row(number: int, answer: str = "") -> Row:
    said = answer or f"The answer to it is {number}."
    return Row(str(number), chat(("user", f"Question {number}?"), ("assistant", said)))


def as_dicts(*turns: tuple[str, str]) -> list[dict[str, str]]:
    return [{"role": role, "content": content} for role, content in turns]


def write_jsonl(path: Path, records: list[Any]) -> Path:
    lines = (json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    path.write_text("".join(lines), encoding="utf-8")
    return path


def read_all(path: Path, *given: Any) -> tuple[list[Row], list[BadRow]]:
    """The rows of a file, and its bad rows."""
    found = list(read_rows(path, *given))
    rows = [one for one in found if isinstance(one, Row)]
    return rows, [one for one in found if isinstance(one, BadRow)]


def turns_of(one: Row) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in one.messages]


def ended(steps: Generator[Any, None, T]) -> T:
    """What a generator returns in the end."""
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            result: T = stop.value
            return result

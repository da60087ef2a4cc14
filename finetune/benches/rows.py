"""Rows for the bench of training: made-up conversations of mixed lengths, the same each time."""

from __future__ import annotations

import random
import re
from pathlib import Path

from engine.models.starter import starter_path
from engine.process.tune_messages import Row, RowMessage
from engine.tokens.opened import open_tokenizer
from finetune.data.learned import learned_tokens
from finetune.data.rows import to_line
from finetune.data.token_set import TokenSetWriter

N_ROWS, BATCH, RANK, MAX_LENGTH = 64, 8, 16, 512
_WORDS = re.findall(
    r"\w+",
    "the lighthouse keeper walked along the rocky shore while silver waves broke against old "
    "stones and gulls cried above a grey and quiet sea that no ship had crossed for many days",
)


def bench_rows() -> list[Row]:
    """Questions of 10 to 60 words, answers of 20 to 90."""
    chance = random.Random(0)

    def say(least: int, most: int) -> str:
        return " ".join(chance.choice(_WORDS) for _ in range(chance.randint(least, most)))

    return [
        Row(
            id=str(number),
            messages=[RowMessage("user", say(10, 60)), RowMessage("assistant", say(20, 90))],
        )
        for number in range(N_ROWS)
    ]


def write_bench_rows(folder: Path) -> None:
    """As tokens of the starter model, in folder/rows."""
    tokenizer = open_tokenizer(str(starter_path()))
    with TokenSetWriter(folder / "rows") as writer:
        for row in bench_rows():
            tokens = learned_tokens(tokenizer, row, "all", MAX_LENGTH)
            writer.add(row.id, tokens.ids, tokens.learned)


def write_jsonl(path: Path) -> Path:
    """As a file of rows."""
    path.write_bytes(b"".join(map(to_line, bench_rows())))
    return path

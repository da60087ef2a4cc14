"""The base's own answers to unrelated questions, as rows to mix in: what a model keeps saying, it
does not forget.

The answers are greedy and come from llama.cpp, so a base that is taught nothing new would answer
just so. An answer that was cut is learned without an end token nowhere: such a row is text that
stops where a sentence does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from engine.errors import AppError
from engine.process.tune_messages import BadRow, Row, RowMessage
from finetune.config import RunConfig
from finetune.data.rows import read_row, to_line
from finetune.data.sources import open_source
from finetune.measure.answers import Answer, Asked, Voice
from finetune.measure.evaluate import Report
from finetune.run.folder import write_whole

_SENTENCE = re.compile(r".*[.!?](?=\s|$)", re.DOTALL)


def wanted_rows(config: RunConfig, n_most: int) -> int:
    """How many rows of own answers a run wants: by its rows, at most n_most.

    Raises:
        AppError: its rows cannot be read, or there are none.
    """
    share = config.data.own_answers
    n_rows = 0
    with open_source(Path(config.data.path), config.data.format) as source:
        for one in source:
            n_rows += not isinstance(one, BadRow)
            if n_rows * share >= n_most:
                break
    return min(n_most, round(n_rows * share))


def own_rows(voice: Voice, questions: Sequence[str], n_tokens: int, report: Report) -> list[Row]:
    """The base asked, as rows; a question that it has no answer to gives none.

    Args:
        n_tokens: how long an answer may be; a longer one ends with its last whole sentence.
    """
    rows = []
    for number, question in enumerate(questions, start=1):
        said = _whole(voice.answer(Asked(question, "", n_tokens)))
        report(number / len(questions))
        if said:
            rows.append(_row(number, question, said))
    return rows


def _row(number: int, question: str, said: str) -> Row:
    messages = [RowMessage("user", question), RowMessage("assistant", said)]
    return Row(f"own-{number}", messages, source=f"own answers:{number}", tags=["own"])


def _whole(answer: Answer) -> str:
    """An answer as far as it is whole sentences; "" where it has none."""
    if answer.finish != "length":
        return answer.text
    found = _SENTENCE.match(answer.text)
    return found[0] if found else ""


def keep_rows(path: Path, rows: Sequence[Row]) -> None:
    """For later attempts. Raises AppError where the disk refuses."""
    write_whole(path, b"".join(map(to_line, rows)))


def kept_rows(path: Path) -> list[Row] | None:
    """Of an earlier attempt; None where there are none. Raises AppError where they are spoilt."""
    import msgspec

    try:
        return [read_row(line) for line in path.read_bytes().splitlines()]
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise AppError(
            "The base's own answers of this run cannot be read.",
            f"Delete {path.name} in its folder, then resume it.",
            str(error),
        ) from error

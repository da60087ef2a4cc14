"""Rows and datasets in words: what a row begins with, how many there are, how long something takes.
Qt-free but for the words.
"""

from __future__ import annotations

import math
import time

from engine.process.tune_messages import DatasetInfo, Row, RowItem, RowMessage
from gui.chat.words import size_text
from gui.staged.run_words import day_words
from gui.tune.words import tr

EXCERPT = 160


def count(n: int, one: str, many: str) -> str:
    """A number with its noun, in the right one of two (translated) forms."""
    return (one if n == 1 else many).format(n=f"{n:,}")


def rows_text(n: int) -> str:
    return count(n, tr("{n} row"), tr("{n} rows"))


def tokens_text(n: int) -> str:
    return count(n, tr("{n} token"), tr("{n} tokens"))


def excerpt(text: str, n_letters: int = EXCERPT) -> str:
    """The beginning of a text on one line."""
    line = " ".join(text[: 4 * n_letters].split())
    return line if len(line) <= n_letters else line[:n_letters].rstrip() + "…"


def asked_of(row: Row) -> str:
    """What a row is about: its last question, or how its text begins."""
    if row.text:
        return row.text
    asked = [one.content for one in row.messages if one.role == "user"]
    if asked:
        return asked[-1]
    return row.messages[0].content if row.messages else ""


def answer_of(row: Row) -> str:
    """What is learned of a row in the end: its last answer."""
    answers = [one for one in row.messages if one.role == "assistant"]
    return said_by(answers[-1]) if answers else ""


def said_by(message: RowMessage) -> str:
    """A message's words; of one that only calls tools, their names."""
    if message.content or not message.tool_calls:
        return message.content
    names = [str(_function(call).get("name", "?")) for call in message.tool_calls]
    return tr("calls {names}").format(names=", ".join(names))


def _function(call: dict[str, object]) -> dict[str, object]:
    inner = call.get("function")
    return inner if isinstance(inner, dict) else call


def role_text(role: str) -> str:
    names = {
        "system": tr("System"),
        "user": tr("You"),
        "assistant": tr("Assistant"),
        "tool": tr("Tool"),
    }
    return names.get(role, role)


def whole_text(row: Row) -> str:
    """A row as text to read or to copy."""
    if row.text:
        return row.text
    return "\n\n".join(f"{role_text(one.role)}: {said_by(one)}" for one in row.messages)


def loss_text(loss: float | None) -> str:
    return "–" if loss is None or math.isnan(loss) else f"{loss:.2f}"


def n_tokens_text(n: int) -> str:
    return "–" if n < 0 else f"{n:,}"


def warning_name(kind: str) -> str:
    """A kind of warning in a word or two."""
    names = {
        "no_end": tr("no end token"),
        "unmasked_user": tr("user text learned"),
        "cut": tr("cut"),
        "template": tr("template differs"),
        "double_bos": tr("doubled BOS"),
        "empty_answer": tr("empty answer"),
        "repeated": tr("repeated"),
        "cannot_render": tr("cannot be rendered"),
        "nothing_learned": tr("nothing learned"),
        "few_rows": tr("few rows"),
        "languages": tr("mixed languages"),
    }
    return names.get(kind, kind)


def notes_of(item: RowItem) -> str:
    """What is to be said of a row in a list."""
    notes = [tr("repeated")] if item.duplicate_of else []
    notes += [warning_name(kind) for kind in item.warnings]
    return ", ".join(dict.fromkeys(notes))


def dataset_facts(info: DatasetInfo) -> str:
    """One line under a dataset's name."""
    facts = [rows_text(info.n_rows), size_text(info.n_bytes) if info.n_bytes else ""]
    facts.append(day_words(info.added_s, time.time()))
    facts.append(tr("from {source}").format(source=info.source) if info.source else "")
    return " · ".join(fact for fact in facts if fact)


def format_text(name: str) -> str:
    """A format of rows in words."""
    names = {
        "messages": tr("Messages (OpenAI)"),
        "sharegpt": tr("ShareGPT"),
        "alpaca": tr("Alpaca"),
        "prompt_completion": tr("Prompt and completion"),
        "oasst": tr("OpenAssistant trees"),
        "ultrachat": tr("UltraChat"),
        "text": tr("Plain text"),
    }
    return names.get(name, name)

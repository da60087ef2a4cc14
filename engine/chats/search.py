"""Search over titles and messages: what a person typed becomes a question that SQLite always takes.

Each word is met where a word begins with it, without regard to case and accents; "words in quotes"
are met as they stand. Signs, emoji and scripts that put no space between words, of which the index
knows nothing, are looked for letter by letter. Newest first, titles before messages.

Functions over an open transaction; store.py begins and ends it.
"""

import re
from dataclasses import dataclass
from typing import Any

from engine.chats.database import Run, storable
from engine.chats.records import Hit
from engine.chats.snippets import How, Words, marks_in, snippet_of

MAX_LETTERS = 400
MAX_WORDS = 16
# Thai to Burmese, Khmer, kana, Chinese characters.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
)
_TERMS = re.compile(r'"([^"]*)"?|(\S+)')

_TITLES = """
    SELECT c.id, c.title, c.updated_s FROM chats AS c {words}
    WHERE c.deleted_s IS NULL AND {condition} ORDER BY c.updated_s DESC LIMIT ?"""
_MESSAGES = """
    SELECT m.chat_id, m.id, c.title, m.content, m.role, m.created_s
    FROM {words} messages AS m {on} CROSS JOIN chats AS c ON c.id = m.chat_id
    WHERE NOT m.hidden AND c.deleted_s IS NULL AND {condition} ORDER BY {row} DESC LIMIT ?"""


@dataclass(frozen=True)
class Query:
    """match: for the index, "" where it has nothing to say; letters: to be found as they are."""

    match: str
    letters: tuple[str, ...]
    words: Words


def parse(text: str) -> Query:
    """Understand what was typed; there is nothing that is not understood."""
    text = storable(text.replace("\0", " "))[:MAX_LETTERS]
    match: list[str] = []
    letters: list[str] = []
    phrases: list[tuple[str, How]] = []
    for quoted, plain in _TERMS.findall(text)[:MAX_WORDS]:
        term = quoted or plain.replace('"', "")
        if not term.strip():
            continue
        how = _how(term, bool(quoted))
        phrases.append((term, how))
        if how == "letters":
            letters.append(term)
        else:
            match.append(f'"{term}"' + ("*" if how == "beginning" else ""))
    return Query(" ".join(match), tuple(letters), Words(phrases))


def _how(term: str, is_quoted: bool) -> How:
    if _UNSPACED.search(term) or not any(letter.isalnum() for letter in term):
        return "letters"
    return "whole" if is_quoted else "beginning"


def search(run: Run, text: str, limit: int) -> list[Hit]:
    """Where the words of a text are met; [] for one without any."""
    query = parse(text)
    if not query.match and not query.letters:
        return []
    titles = _titles(run, query, limit)
    messages = _messages(run, query, limit)
    # However many titles there are, half of the room is for the messages.
    n_titles = limit - min(len(messages), limit // 2)
    hits = titles[:n_titles]
    return hits + messages[: limit - len(hits)]


def _titles(run: Run, query: Query, limit: int) -> list[Hit]:
    words = "JOIN chat_words AS w ON w.rowid = c.row" if query.match else ""
    condition, values = _conditions(query, "chat_words", "c.title")
    sql = _TITLES.format(words=words, condition=condition)
    return [
        Hit(chat_id, None, title, title, marks_in(title, query.words), "", updated_s)
        for chat_id, title, updated_s in run(sql, (*values, limit))
    ]


def _messages(run: Run, query: Query, limit: int) -> list[Hit]:
    # The index comes first and in its own order, so that enough is enough after `limit` rows.
    condition, values = _conditions(query, "message_words", "m.content")
    sql = _MESSAGES.format(
        words="message_words AS w CROSS JOIN" if query.match else "",
        on="ON m.row = w.rowid" if query.match else "",
        condition=condition,
        row="w.rowid" if query.match else "m.row",
    )
    return [_hit(row, query.words) for row in run(sql, (*values, limit))]


def _conditions(query: Query, table: str, column: str) -> tuple[str, list[Any]]:
    parts = [f"{table} MATCH ?"] if query.match else []
    parts += [f"instr({column}, ?) > 0"] * len(query.letters)
    return " AND ".join(parts), [*([query.match] if query.match else []), *query.letters]


def _hit(row: tuple[Any, ...], words: Words) -> Hit:
    chat_id, message_id, title, content, role, created_s = row
    snippet = snippet_of(content, words)
    return Hit(chat_id, message_id, title, snippet, marks_in(snippet, words), role, created_s)

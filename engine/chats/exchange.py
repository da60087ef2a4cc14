"""Chats to files and from files. What a file is, is found by looking into it, not by its name.

Reads: this app's JSON and Markdown, ChatGPT's export (also as the zip it comes in), Open WebUI's,
LM Studio's, and ShareGPT's and similar data sets as JSON or JSON lines. Opens no connection; a file
is only read. Large files take seconds: not for the window's thread.

    chats = read_chats(read_file(path), path.name)
    with ChatStore(user_paths().chats) as store:
        import_chats(store, chats)
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from engine.chats.from_chatgpt import is_chatgpt, read_chatgpt
from engine.chats.from_lm_studio import is_lm_studio, read_lm_studio
from engine.chats.from_open_webui import is_open_webui, read_open_webui
from engine.chats.from_sharegpt import is_sharegpt, is_turn, read_sharegpt
from engine.chats.imported import MAX_MESSAGES, ImportedChat, Problems
from engine.chats.own_json import is_own, read_own, to_json
from engine.chats.own_markdown import is_own_markdown, read_markdown, to_markdown
from engine.chats.store import ChatStore
from engine.chats.unpacked import is_archive, refuse_large, unpacked
from engine.errors import AppError

__all__ = [
    "ImportedChat",
    "Reading",
    "import_chats",
    "read_all",
    "read_chats",
    "read_file",
    "to_json",
    "to_markdown",
]

MAX_CHATS = 20_000
GROUP = 50
BAD_LINES = "Lines left out, as they are no JSON: {n}."
EMPTY = "Chats left out, as nothing was said in them: {n}."
UNKNOWN = "Entries left out, as they are no chats: {n}."
NOT_CHATS = "Files of the zip left out, as they hold no chats: {n}."
TOO_LONG = f"Chats left out, as they have more than {MAX_MESSAGES:,} messages: {{n}}."
TOO_MANY = f"Chats left out after the first {MAX_CHATS:,}; split the file for them: {{n}}."

Record = dict[str, Any]
_READERS: tuple[
    tuple[Callable[[Record], bool], Callable[[Record, Problems, float], ImportedChat | None]], ...
] = (
    (is_chatgpt, read_chatgpt),
    (is_open_webui, read_open_webui),
    (is_lm_studio, read_lm_studio),
    (is_sharegpt, read_sharegpt),
)
_WRAPPERS = ("chats", "conversations", "data", "items")
_HINT = "It may be an export of Bathysphere, ChatGPT, Open WebUI, LM Studio or ShareGPT."


@dataclass(frozen=True)
class Reading:
    """What a file held; problems: a sentence for each kind of thing that was left out."""

    chats: list[ImportedChat]
    problems: list[str]


def read_file(path: Path) -> bytes:
    """The bytes of a file that a person chose.

    Raises:
        AppError: it is too large or cannot be read.
    """
    try:
        refuse_large(path.stat().st_size, path.name)
        return path.read_bytes()
    except OSError as error:
        raise AppError(
            f"“{path.name}” cannot be read.", "Check that it is there and yours.", str(error)
        ) from error


def read_chats(data: bytes, name: str) -> list[ImportedChat]:
    """The chats of a file; see read_all for what was left out.

    Raises:
        AppError: as read_all.
    """
    return read_all(data, name).chats


def read_all(data: bytes, name: str) -> Reading:
    """The chats of a file and what was left out of it.

    Args:
        name: the file's, for what is said of it.

    Raises:
        AppError: it is too large, damaged, or holds no chats.
    """
    refuse_large(len(data), name)
    problems = Problems()
    try:
        found = list(_limited(_chats_in(data, name, problems), problems))
    except RecursionError as error:
        raise _no_chats(name, "nested too deeply") from error
    if not found:
        raise _no_chats(name, " ".join(problems.sentences()))
    return Reading(found, problems.sentences())


def import_chats(store: ChatStore, chats: Sequence[ImportedChat]) -> list[str]:
    """Write chats into the store under new ids, in groups, so that others can write in between.

    Returns:
        The chats' ids, in the same order.

    Raises:
        AppError: the disk refuses; what was written until then stays, and is told.
    """
    ids: list[str] = []
    for start in range(0, len(chats), GROUP):
        try:
            ids += store.insert_chats(chats[start : start + GROUP])
        except AppError as error:
            if not ids:
                raise
            told = f"{error.message} {len(ids)} of {len(chats)} chats were imported before."
            raise AppError(told, error.hint, error.detail) from error
    return ids


# ---- what is in it ----


def _chats_in(data: bytes, name: str, problems: Problems) -> Iterator[ImportedChat | None]:
    if not is_archive(data):
        yield from _chats_of_text(_decoded(data, name), name, problems)
        return
    for part in unpacked(data, name):
        try:
            yield from _chats_of_text(_decoded(part, name), name, problems)
        except AppError:
            problems.count(NOT_CHATS)


def _chats_of_text(text: str, name: str, problems: Problems) -> Iterator[ImportedChat | None]:
    now_s = time.time()
    first = next((letter for letter in text if not letter.isspace()), "")
    if first not in ("{", "["):
        if not is_own_markdown(text):
            raise _no_chats(name, "neither JSON nor Markdown that Bathysphere wrote")
        yield read_markdown(text, now_s)
        return
    value = _json_of(text, name, problems)
    if is_own(value):
        yield from read_own(value, problems)
        return
    for record in _records(value):
        yield _read_record(record, problems, now_s)


def _records(value: Any) -> Iterable[Any]:
    """The single chats of a document."""
    if isinstance(value, list):
        return [{"messages": value}] if value and is_turn(value[0]) else value
    if not isinstance(value, dict) or any(fits(value) for fits, _ in _READERS):
        return [value]
    lists = (value[key] for key in _WRAPPERS if isinstance(value.get(key), list))
    return next(lists, [value])


def _read_record(record: Any, problems: Problems, now_s: float) -> ImportedChat | None:
    if isinstance(record, list) and record and is_turn(record[0]):
        record = {"messages": record}
    if isinstance(record, dict):
        for fits, read in _READERS:
            if fits(record):
                chat = read(record, problems, now_s)
                problems.count(EMPTY, chat is None)
                return chat
    problems.count(UNKNOWN)
    return None


def _limited(chats: Iterator[ImportedChat | None], problems: Problems) -> Iterator[ImportedChat]:
    sound = (chat for chat in chats if chat is not None and not _is_too_long(chat, problems))
    yield from islice(sound, MAX_CHATS)
    problems.count(TOO_MANY, sum(1 for _ in sound))


def _is_too_long(chat: ImportedChat, problems: Problems) -> bool:
    too_long = len(chat.messages) > MAX_MESSAGES
    problems.count(TOO_LONG, too_long)
    return too_long


# ---- bytes ----


def _decoded(data: bytes, name: str) -> str:
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _no_chats(name, f"not a text file: {error.reason}") from error


def _json_of(text: str, name: str, problems: Problems) -> Any:
    """The value of a JSON document, or the list of those of JSON lines."""
    try:
        return _value_of(text)
    except ValueError as whole:
        lines = [line for line in text.split("\n") if line.strip()]
        # A document over many lines that breaks off has no whole value on its first.
        if len(lines) < 2 or not _line(lines[0], Problems()):
            raise AppError(
                f"“{name}” is damaged: it breaks off or is no JSON.",
                "Export or download it once more.",
                str(whole),
            ) from whole
        return [value for line in lines for value in _line(line, problems)]


def _line(line: str, problems: Problems) -> list[Any]:
    try:
        value = _value_of(line)
    except ValueError:
        value = None
    if isinstance(value, dict | list):
        return [value]
    problems.count(BAD_LINES)
    return []


def _value_of(text: str) -> Any:
    """A JSON value; Python's own reader takes what stricter ones refuse, half surrogate pairs for
    one, which other programs write."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return json.loads(text)


def _no_chats(name: str, detail: str) -> AppError:
    return AppError(f"“{name}” holds no chats that can be read.", _HINT, detail)

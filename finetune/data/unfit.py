"""What cannot be a row, and why, in one sentence; and the checks that say so.

Values come from files and may be anything: every reader asks here, and none raises anything but
UnfitError for them.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

EXCERPT_LETTERS = 160
_KINDS = {
    "bool": "a yes or no",
    "int": "a number",
    "float": "a number",
    "str": "a text",
    "list": "a list",
    "dict": "an object",
    "NoneType": "empty (null)",
}


class UnfitError(Exception):
    """A record that cannot become a row; its text is the reason, a sentence for the user."""


def kind_of(value: object) -> str:
    """A JSON value's kind in plain words."""
    return _KINDS.get(type(value).__name__, f"of the kind {type(value).__name__}")


def text_of(value: object, name: str) -> str:
    """The value if it is a text that can be learned from.

    Raises:
        UnfitError: another kind of value, half a character, NUL.
    """
    if not isinstance(value, str):
        raise UnfitError(f"“{name}” is {kind_of(value)}, not a text.")
    if "\0" in value:
        raise UnfitError(f"“{name}” has a NUL character, which no text has.")
    if not value.isascii():
        _refuse_halves(value, name)
    return value


def _refuse_halves(text: str, name: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        # What was no UTF-8 in the file comes as these (surrogateescape).
        if "\udc80" <= text[error.start] <= "\udcff":
            raise UnfitError(f"“{name}” is not UTF-8 text.") from error
        raise UnfitError(f"“{name}” has half a character (an unpaired surrogate).") from error


def parse_json(raw: bytes) -> Any:
    """A JSON value.

    Raises:
        UnfitError: it is none, says where it breaks.
    """
    try:
        return msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _parse_slowly(raw)


def _parse_slowly(raw: bytes) -> Any:
    """As the standard library reads it, which takes NaN and half characters, and says where it
    breaks."""
    if b"\0" in raw:
        raise UnfitError("It has NUL bytes: no text, or one in another encoding than UTF-8.")
    try:
        return json.loads(raw.decode())
    except UnicodeDecodeError as error:
        raise UnfitError(
            f"It is not UTF-8 text (byte 0x{raw[error.start]:02X} at place {error.start + 1})."
        ) from error
    except json.JSONDecodeError as error:
        raise UnfitError(f"The JSON breaks at character {error.pos + 1}: {error.msg}.") from error
    except RecursionError as error:
        raise UnfitError("Its JSON is nested too deeply.") from error
    except ValueError as error:  # a whole number of thousands of digits
        raise UnfitError("It has a number that is too long.") from error


def plain_json(value: object, name: str) -> Any:
    """The value as plain JSON again, fit for rows.jsonl and the wire.

    Raises:
        UnfitError: half characters, numbers of more than 64 bits, too deep.
    """
    try:
        return msgspec.json.decode(msgspec.json.encode(value))
    except (msgspec.MsgspecError, UnicodeError, RecursionError, OverflowError, TypeError) as error:
        raise UnfitError(f"“{name}” has a value that cannot be kept.") from error


def list_of(value: object, name: str) -> list[Any]:
    """The value if it is a list, or a text that is the JSON of one (a column of a table).

    Raises:
        UnfitError: it is none.
    """
    if isinstance(value, str) and value.lstrip()[:1] == "[":
        value = parse_json(value.encode("utf-8", "surrogatepass"))
    if not isinstance(value, list):
        raise UnfitError(f"“{name}” is {kind_of(value)}, not a list.")
    return value


def excerpt_of(raw: object) -> str:
    """How a record begins, on one line, for a list of problems."""
    if isinstance(raw, bytes):
        text = raw[: 4 * EXCERPT_LETTERS].decode("utf-8", "replace")
    elif isinstance(raw, str):
        text = raw[: 4 * EXCERPT_LETTERS]
    else:
        text = _as_text(raw)
    text = " ".join(text.encode("utf-8", "replace").decode().replace("\0", "\ufffd").split())
    return text if len(text) <= EXCERPT_LETTERS else text[: EXCERPT_LETTERS - 1] + "…"


def _as_text(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        return str(type(value).__name__)

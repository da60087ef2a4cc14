"""A row: one conversation, or one text, to learn from; a line of a dataset's rows.jsonl.

Light: the structs are the wire's, this is their JSON and their hash. Which file says rows how is
formats.py's.
"""

from __future__ import annotations

import hashlib

import msgspec

from engine.process.tune_messages import Row


def content_hash(row: Row) -> str:
    """sha256 over what a row says, wherever it came from: messages, text and tools. Equal rows
    have equal hashes, and the split into training and validation goes by it."""
    said = [
        # Only where there is one: all other rows stay on the side of the split that they are on.
        [one.role, one.content, one.tool_calls, *([one.tool_call_id] if one.tool_call_id else [])]
        for one in row.messages
    ]
    return hashlib.sha256(msgspec.json.encode([said, row.text, row.tools])).hexdigest()


def is_validation(row_hash: str, share: float) -> bool:
    """Whether a row is kept aside. Depends on its content alone: it stays on its side however many
    rows come or go."""
    return int(row_hash[:13], 16) < share * 16**13


_decoder = msgspec.json.Decoder(Row)


def read_row(line: bytes) -> Row:
    """One line of rows.jsonl. Raises msgspec.MsgspecError where it is none."""
    return _decoder.decode(line)


def to_line(row: Row) -> bytes:
    """A row as its line, newline included."""
    return msgspec.json.encode(row) + b"\n"

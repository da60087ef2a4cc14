"""OpenAssistant's trees of messages: of each tree its best path becomes a conversation.

Either a tree is a record (a prompt with nested replies), or its messages are rows of their own that
name their parents; then the rows of a tree stand near each other. A path follows the reply of the
best rank, and ends with an assistant's message.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

from engine.chats.imported import role_of
from engine.process.tune_messages import BadRow, RowMessage
from finetune.data.conversation import with_answer
from finetune.data.kinds import Content
from finetune.data.source_file import Record
from finetune.data.unfit import UnfitError, kind_of, text_of

# Trees that are gathered at once, and messages in all: bounds of memory, far above what files need.
MAX_TREES = 200
MAX_MESSAGES = 50_000


def read_trees(
    records: Iterable[Record | BadRow],
) -> Iterator[tuple[Record, Content] | BadRow]:
    """Records of either way as conversations; a tree has the line of its first message."""
    open_trees: dict[object, list[Record]] = {}
    n_open = 0
    for record in records:
        if isinstance(record, BadRow):
            yield record
        elif (
            isinstance(record.value, dict)
            and "message_id" in record.value
            and ("parent_id" in record.value)
        ):
            name = record.value.get("message_tree_id") or record.value["message_id"]
            open_trees.setdefault(str(name), []).append(record)
            n_open += 1
            while len(open_trees) > MAX_TREES or n_open > MAX_MESSAGES:
                members = open_trees.pop(next(iter(open_trees)))
                n_open -= len(members)
                yield from _flat(members)
        else:
            yield _nested(record)
    for members in open_trees.values():
        yield from _flat(members)


def _nested(record: Record) -> tuple[Record, Content] | BadRow:
    try:
        if not isinstance(record.value, dict):
            raise UnfitError(f"It is {kind_of(record.value)}, not an object.")
        root = record.value.get("prompt", record.value)
        return record, Content(_best_path(root))
    except UnfitError as error:
        return record.bad(str(error))


def _flat(members: list[Record]) -> Iterator[tuple[Record, Content] | BadRow]:
    """The rows of one tree, whatever their order."""
    nodes = {str(one.value["message_id"]): {**one.value, "replies": []} for one in members}
    roots = []
    for one in members:
        parent = one.value["parent_id"]
        node = nodes[str(one.value["message_id"])]
        if parent in (None, ""):
            roots.append((one, node))
        elif str(parent) in nodes:
            nodes[str(parent)]["replies"].append(node)
        else:
            yield one.bad("The message it replies to is not among the rows near it.")
    for record, root in roots:
        try:
            yield record, Content(_best_path(root))
        except UnfitError as error:
            yield record.bad(str(error))


def _best_path(root: object) -> list[RowMessage]:
    """From the root by the best replies, up to the last of the assistant's."""
    messages: list[RowMessage] = []
    node = root
    while isinstance(node, dict):
        role = role_of(node.get("role"))
        if role is None:
            raise UnfitError("A message of the tree has no role that is known.")
        messages.append(RowMessage(role, text_of(node.get("text"), "text")))
        node = _best(node.get("replies"))
    while len(messages) > 1 and messages[-1].role != "assistant":
        messages.pop()
    return with_answer(messages)


def _best(replies: object) -> object:
    if replies in (None, []):
        return None
    if not isinstance(replies, list):
        raise UnfitError(f"“replies” is {kind_of(replies)}, not a list.")
    kept = [one for one in replies if isinstance(one, dict) and not one.get("deleted")]
    return min(kept, key=_rank, default=None)


def _rank(node: dict[str, Any]) -> float:
    rank = node.get("rank")
    is_number = isinstance(rank, int | float) and not isinstance(rank, bool)
    return float(rank) if is_number and rank == rank else math.inf  # type: ignore[arg-type]

"""What a column is: a model, how it is set, and the branch of the chat it goes on with; and which
columns can be answered at once. Qt-free.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from engine.process.messages import ModelInfo
from gui.chat.chat_settings import ChatSettings

MOST_COLUMNS = 4
# What a context costs beside weights and KV (measured: 25 MB at these slices, and the worker).
WORKER_BYTES = 200 * 10**6


class ColumnSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a column has of its own; None is as the chat. model_path "": the room's model."""

    model_path: str = ""
    temperature: float | None = None
    seed: int | None = None
    has_adapters: bool = True

    def over(self, settings: ChatSettings) -> ChatSettings:
        """The chat's settings with the column's in their place."""
        own: dict[str, Any] = {}
        if self.temperature is not None:
            own["temperature"] = self.temperature
        if self.seed is not None:
            own["seed"] = self.seed
        if not self.has_adapters:
            own["adapters"] = []
        return msgspec.structs.replace(settings, **own)


@dataclass
class Column:
    """One column. head_id: the leaf of the branch it shows; reply_id: what is being written."""

    number: int
    own: ColumnSettings = field(default_factory=ColumnSettings)
    head_id: str | None = None
    reply_id: str = ""


@dataclass(frozen=True)
class Plan:
    """Who answers when. batches: columns that share a model, a question and all but the seed, drawn
    from one prompt; at_once: the other models fit beside the room's own.
    """

    batches: list[list[Column]]
    other_paths: list[str]
    at_once: bool
    needed_bytes: int = 0
    free_bytes: int = 0


def make_plan(
    columns: Sequence[Column],
    models: dict[str, ModelInfo],
    free_bytes: int,
    n_ctx: int,
) -> Plan:
    """How a question to these columns is answered.

    Args:
        models: what is known of the files, by path.
        free_bytes: memory that can still be taken.
        n_ctx: the context each other model would be opened with.
    """
    others = sorted({one.own.model_path for one in columns if one.own.model_path})
    needed = sum(memory_of(models.get(path), n_ctx) for path in others)
    batches: dict[tuple[object, ...], list[Column]] = {}
    for column in columns:
        own = column.own
        # A batch draws with seed, seed + 1, ...: a column with a seed of its own stands alone.
        alone = column.number if own.seed is not None else -1
        key = (own.model_path, own.temperature, own.has_adapters, column.head_id, alone)
        batches.setdefault(key, []).append(column)
    return Plan(list(batches.values()), others, needed <= free_bytes, needed, free_bytes)


def memory_of(model: ModelInfo | None, n_ctx: int) -> int:
    """Bytes that a model takes with its KV cache (f16) and its worker; 0 for one not known."""
    if model is None:
        return 0
    head = model.n_embd // model.n_head if model.n_head else 0
    n_ctx = min(n_ctx, model.n_ctx_train or n_ctx)
    kv_bytes = 2 * 2 * model.n_layer * model.n_head_kv * head * n_ctx
    return model.size_bytes + kv_bytes + WORKER_BYTES

"""Which columns are answered at once, which in one batch, and which in turn because memory does not
hold their models beside the others; and the sentence that says so before anything is asked.
Qt-free.
"""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from engine.process.messages import ModelInfo
from gui.chat.columns.column_state import Column
from gui.chat.words import file_label, size_text, tr

# What a context costs beside weights and KV (measured: 25 MB at these slices, and the worker).
WORKER_BYTES = 200 * 10**6


class Plan(Struct, frozen=True):
    """Who answers when.

    Args:
        batches: columns that share a model, a question and all settings but the seed: one request
            each.
        at_once: paths of other models that fit beside the room's; in_turn: of those that wait for
            one of them to end.
        needed: bytes each other model takes; what a worker holds already is counted as free.
    """

    batches: list[list[Column]]
    at_once: list[str]
    in_turn: list[str]
    needed: dict[str, int]
    free_bytes: int = 0


def make_plan(
    columns: Sequence[Column],
    models: Mapping[str, ModelInfo],
    free_bytes: int,
    n_ctx: int,
) -> Plan:
    """How a question to these columns is answered.

    Args:
        models: what is known of the files, by path.
        free_bytes: memory that other models can take.
        n_ctx: the context each other model would be opened with; 0 for its own.
    """
    paths = list(dict.fromkeys(one.own.model_path for one in columns if one.own.model_path))
    needed = {path: memory_of(models.get(path), n_ctx) for path in paths}
    at_once: list[str] = []
    for path in paths:
        if sum(needed[one] for one in (*at_once, path)) <= free_bytes:
            at_once.append(path)
    in_turn = [path for path in paths if path not in at_once]
    return Plan(batches_of(columns), at_once, in_turn, needed, free_bytes)


def batches_of(columns: Sequence[Column]) -> list[list[Column]]:
    """Columns that can be drawn from one prompt in one request."""
    batches: dict[tuple[object, ...], list[Column]] = {}
    for column in columns:
        own = column.own
        # A batch draws with seed, seed + 1, ...: a column with a seed of its own stands alone.
        alone = column.number if own.values.get("seed") is not None else -1
        values = {name: value for name, value in own.values.items() if name != "preset"}
        set_to = msgspec.json.encode(values, order="deterministic")
        key = (own.model_path, set_to, own.has_adapters, column.head_id, alone)
        batches.setdefault(key, []).append(column)
    return list(batches.values())


def memory_of(model: ModelInfo | None, n_ctx: int) -> int:
    """Bytes that a model takes with its KV cache (f16) and its worker; the worker's alone for one
    not known."""
    if model is None:
        return WORKER_BYTES
    head = model.n_embd // model.n_head if model.n_head else 0
    n_ctx = min(n_ctx or model.n_ctx_train, model.n_ctx_train or n_ctx)
    kv_bytes = 2 * 2 * model.n_layer * model.n_head_kv * head * n_ctx
    return model.size_bytes + kv_bytes + WORKER_BYTES


# ---- in words ----


def plan_text(plan: Plan, columns: Sequence[Column], names: Mapping[str, str]) -> str:
    """Which columns answer at once and which in turn, in one sentence.

    Args:
        names: of the models by path; "" is the room's.
    """
    room = [one for one in columns if not one.own.model_path]
    first = [""] if room else []
    together = _named([*first, *plan.at_once], columns, names)
    if plan.in_turn:
        return _turn_text(plan, together, _named(plan.in_turn, columns, names))
    if plan.at_once:
        needed = size_text(sum(plan.needed.values()))
        words = tr("At once: {names}; other models take {needed} of {free} free memory.")
        return words.format(names=together, needed=needed, free=size_text(plan.free_bytes))
    if len(plan.batches) == 1:
        words = tr("The {n} columns are drawn by {name} at once, in one batch.")
        return words.format(n=len(columns), name=names.get("") or tr("this chat's model"))
    words = tr("The {n} columns answer at once; {name} takes them token by token.")
    return words.format(n=len(columns), name=names.get("") or tr("this chat's model"))


def short_plan_text(plan: Plan, columns: Sequence[Column]) -> str:
    """The same by the columns' numbers alone, for a narrow window."""
    later = [one for one in columns if one.own.model_path in plan.in_turn]
    together = [one for one in columns if one not in later]
    if not later:
        words = tr("{n} at once, in one batch") if len(plan.batches) == 1 else tr("{n} at once")
        return words.format(n=len(columns))
    if not together:
        return tr("In turn: {later}").format(later=_numbered(later))
    words = tr("At once: {names}. In turn: {later}")
    return words.format(names=_numbered(together), later=_numbered(later))


def _turn_text(plan: Plan, together: str, later: str) -> str:
    needed = size_text(sum(plan.needed[path] for path in plan.in_turn))
    free = plan.free_bytes - sum(plan.needed[path] for path in plan.at_once)
    amounts = {"needed": needed, "free": size_text(max(0, free))}
    if not together:
        words = tr("In turn: {later}, which need {needed} while {free} are free.")
        return words.format(later=later, **amounts)
    words = tr("At once: {names}. In turn: {later}, for want of memory ({needed}, {free} free).")
    return words.format(names=together, later=later, **amounts)


def _named(paths: Sequence[str], columns: Sequence[Column], names: Mapping[str, str]) -> str:
    """Models with the columns they answer in."""
    parts = []
    for path in paths:
        where = _numbered([one for one in columns if one.own.model_path == path])
        name = names.get(path) or file_label(path) or tr("this chat's model")
        parts.append(f"{name} ({where})")
    return ", ".join(parts)


def _numbered(columns: Sequence[Column]) -> str:
    """Columns by their numbers."""
    words = tr("column {n}") if len(columns) == 1 else tr("columns {n}")
    return words.format(n=", ".join(str(one.number) for one in columns))

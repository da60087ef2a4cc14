"""A prompt into the KV cache: its longest held prefix is reused, the rest is decoded in slices, or
in exactly the calls that made it once before."""

from collections import deque
from collections.abc import Iterator, Sequence

import numpy as np

from engine.errors import AppError
from engine.generation.calls import replayed
from engine.generation.place import Ids, Place
from engine.llama.context import N_BATCH
from engine.process.messages import PromptProgress

# Recorded calls may be of one token each: told about every so many tokens.
_TOLD_EVERY = 32

Call = tuple[int, int]


def read(
    place: Place, ids: Ids, slice_tokens: int, calls: Sequence[Call] = ()
) -> Iterator[PromptProgress | None]:
    """Decode what the place lacks of `ids`; logits are kept for the last one.

    Yields before each slice and not after the last: another job may decode whenever this one
    yields, and the logits of the last slice are still to be read.

    Args:
        calls: sizes to decode in, and how many tokens of each stay (`recorded`).

    Raises:
        CacheFullError: there is no room, and nobody to wait for.
    """
    n_reused, n_told = place.slot.length, -_TOLD_EVERY
    waiting = deque(calls)
    while (start := place.slot.length) < len(ids):
        n_reused = min(n_reused, start)
        if waiting and 0 <= start - n_told < _TOLD_EVERY:
            yield None
        else:
            n_told = start
            yield PromptProgress(job=0, n_done=start, n_total=len(ids), n_reused=n_reused)
        if waiting:
            is_done = _repeat(place, ids, *waiting.popleft())
        else:
            end = min(len(ids), start + place.slice_size(slice_tokens))
            is_done = place.decode_run(ids[start:end], "last" if end == len(ids) else "none")
        if not is_done:
            waiting.clear()
            yield from place.come_back(ids)


def _repeat(place: Place, ids: Ids, size: int, kept: int) -> bool:
    """One recorded call. What was forgotten of it is made up for: only its size changed the bits of
    what stayed. False where there was no room."""
    start = place.slot.length
    run = ids[start : start + size]
    if len(run) < size:
        run = np.concatenate([run, np.full(size - len(run), ids[-1], np.int32)])
    if not place.decode_run(run, "last" if start + kept == len(ids) else "none"):
        return False
    if kept < size:
        place.slots.cut(place.slot, start + kept)
    return True


def recorded(sizes: Sequence[int], n_prompt: int, n_ctx: int) -> list[Call]:
    """The calls that a request asks for.

    Raises:
        AppError: they cannot have made a prompt of this length.
    """
    try:
        calls = replayed(sizes)
    except ValueError as error:
        raise _other_prompt(str(error)) from error
    n_kept = sum(kept for _, kept in calls)
    is_open = bool(calls) and n_kept == n_prompt and calls[-1][0] != calls[-1][1]
    if n_kept > n_prompt or is_open:
        raise _other_prompt(f"{n_kept} tokens in the calls, {n_prompt} in the prompt")
    if any(size > min(N_BATCH, n_ctx) for size, _ in calls):
        raise _other_prompt(f"a call of {max(size for size, _ in calls)} tokens")
    return calls


def _other_prompt(detail: str) -> AppError:
    return AppError(
        "This reply's prompt is another one by now, so it cannot be decoded as it was.",
        "Ask for the reply again without the recorded slices.",
        detail,
    )

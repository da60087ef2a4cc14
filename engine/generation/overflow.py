"""What happens when a chat is longer than the context: the chosen policy, carried out and told
exactly. Nothing is ever cut silently.

stop: generate until the context is full. fail: refuse at once what may not fit. drop_oldest: leave
out the oldest turns
(a user's message with all answers to it), never the system prompt, never the last turn.
"""

from dataclasses import dataclass

from engine.errors import AppError
from engine.generation.loaded import Loaded
from engine.generation.prompt import Prompt, build_prompt
from engine.process.messages import Generate

_RESERVE_SHARE = 4


@dataclass(frozen=True)
class Fitted:
    """A prompt that fits, the request's messages left out of it, and how many tokens that saved."""

    prompt: Prompt
    dropped: list[int]
    n_tokens: int


def fit(
    loaded: Loaded,
    request: Generate,
    n_ctx: int,
    n_already: int = 0,
    dropped_before: list[int] | None = None,
) -> Fitted:
    """Make the prompt fit the context under the request's policy.

    Args:
        n_already: reply tokens generated so far that must find room behind the prompt.
        dropped_before: messages left out already, which stay out.

    Raises:
        AppError: it cannot fit; the sentence says by how much.
    """
    dropped = list(dropped_before or [])
    full = _build(loaded, request, [])
    prompt = full if not dropped else _build(loaded, request, dropped)
    n_prefilled = len(request.prefill_ids)
    limit = _limit(request, n_ctx, n_already) - n_prefilled
    while len(prompt.ids) > limit:
        more = _more(request, full, dropped, len(prompt.ids) - limit)
        if not more:
            raise _too_long(request, len(prompt.ids) + n_prefilled, n_ctx)
        dropped = dropped + more
        prompt = _build(loaded, request, dropped)
    return Fitted(prompt, dropped, len(full.ids) - len(prompt.ids))


def _limit(request: Generate, n_ctx: int, n_already: int) -> int:
    if request.overflow == "fail":
        return n_ctx - max(request.max_tokens, 1)
    if request.overflow == "stop" or request.messages is None:
        return n_ctx - 1
    share = n_ctx // _RESERVE_SHARE
    wanted = share if request.max_tokens < 0 else min(request.max_tokens, share)
    return n_ctx - n_already - max(1, wanted)


def _more(request: Generate, full: Prompt, dropped: list[int], excess: int) -> list[int]:
    """The next turns to leave out, as many as save `excess` tokens by their contents."""
    if request.overflow != "drop_oldest" or request.messages is None:
        return []
    more: list[int] = []
    saved = 0
    while saved < excess:
        turn = _next_turn(request, dropped + more)
        if not turn:
            break
        more += turn
        saved += sum(full.tokens_of(index) for index in turn)
    return more


def _next_turn(request: Generate, dropped: list[int]) -> list[int]:
    """Indices of the oldest turn that may go: from a user's message to before the next one."""
    messages = request.messages or []
    left = [i for i, m in enumerate(messages) if m.role != "system" and i not in dropped]
    starts = [k for k, i in enumerate(left) if k == 0 or messages[i].role == "user"]
    return left[: starts[1]] if len(starts) > 1 else []


def _build(loaded: Loaded, request: Generate, dropped: list[int]) -> Prompt:
    return build_prompt(loaded, request.messages, request.prompt, request.prefill, dropped)


def _too_long(request: Generate, n_tokens: int, n_ctx: int) -> AppError:
    if request.overflow == "fail":
        asked = max(request.max_tokens, 1)
        return AppError(
            f"The prompt takes {n_tokens:,} tokens and the reply may take {asked:,}; "
            f"the context holds {n_ctx:,}.",
            "Shorten it, choose a longer context, or let old turns be left out.",
        )
    return AppError(
        f"This takes {n_tokens:,} tokens; the context holds {n_ctx:,}.",
        "Shorten the last message, or choose a longer context."
        if request.overflow == "drop_oldest"
        else "Shorten it, choose a longer context, or let old turns be left out.",
    )

"""What a finished reply cost, as the store keeps it. Plain values; knows no widget."""

from typing import Any

from engine.process.messages import Generated


def cost_of(result: Generated, index: int) -> dict[str, Any]:
    """The figures of one reply, also where several were drawn at once.

    Args:
        index: which of the request's replies it is.
    """
    reply = result.replies[index]
    speed = result.speeds[index] if index < len(result.speeds) else result.tokens_per_s
    return {
        "finish": reply.finish,
        "seed": reply.seed,
        "n_prompt": result.n_prompt,
        "n_reused": result.n_reused,
        "n_decoded": result.n_decoded,
        "n_generated": reply.n_generated,
        "tokens_per_s": speed,
        "first_token_ms": result.first_token_ms,
        "slices": result.slices,
        "n_threads": result.n_threads,
    }


def count_of(n_known: int, n_generated: int, *, went_on: bool) -> dict[str, Any]:
    """How long the reply is, beside what was written last.

    Args:
        n_known: its tokens, those it began with included.
        went_on: words stood there before that no token is known of.
    """
    if went_on:
        return {"went_on": True}
    return {"n_tokens": n_known} if n_known > n_generated else {}

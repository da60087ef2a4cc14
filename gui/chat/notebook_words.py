"""What is said of a notebook: how a continuation ended, and where the cursor is. No widgets."""

from __future__ import annotations

from gui.chat.notebook_writer import Written
from gui.chat.words import reuse_text, tokens_text, tr


def ended_text(written: Written) -> str:
    """One line: why the model stopped, how much it wrote, and what that cost."""
    failure = written.failure
    if failure is not None:
        return f"{failure.message} {failure.hint}".strip()
    why = {
        "stop": tr("The model ended its text"),
        "stop_string": tr("Stopped at a stop string"),
        "length": tr("Stopped at the reply length that is set"),
        "context": tr("The context is full"),
        "cancelled": tr("Stopped"),
    }.get(written.finish, "")
    parts = [why, tokens_text(written.n_tokens)]
    if written.tokens_per_s:
        parts.append(tr("{n} tok/s").format(n=f"{written.tokens_per_s:,.0f}"))
    if written.n_prompt:
        parts.append(tr("first after {n} ms").format(n=f"{written.first_token_ms:,.0f}"))
        parts.append(reuse_text(written.n_reused, written.n_prompt))
        parts.append(tr("seed {n}").format(n=written.seed))
    return " · ".join(part for part in parts if part)


def place_text(n_before: int, n_all: int, n_ctx: int) -> str:
    """1,204 tokens before the cursor · 2,310 in all · context 8,192."""
    text = tr("{before} before the cursor · {all} in all")
    words = text.format(before=tokens_text(n_before), all=f"{n_all:,}")
    return f"{words} · {tr('context {n}').format(n=f'{n_ctx:,}')}" if n_ctx else words


def unseen_text(n_tokens: int) -> str:
    """What the model was not given, since the context does not hold it."""
    text = tr("Too long for the context: the model does not see the first {tokens}.")
    return text.format(tokens=tokens_text(n_tokens))

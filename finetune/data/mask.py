"""From turns in a text to flags on tokens: which tokens of a prompt are learned.

A token is a turn's where it holds some of the turn's characters, even if it begins before them (a
SentencePiece word carries the space that the template wrote). The turn's end token is looked for
among the tokens after its words and before the next message's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from engine.generation.chat_model import ChatModel
from engine.generation.prompt import Prompt, prompt_of
from engine.generation.template import RenderedChat
from engine.process.messages import Span
from finetune.data.checks import Finding
from finetune.data.turns import Turn

Flags = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]


class Ends(Protocol):
    """What tells the tokens that end a turn; engine.llama.vocab.Vocab does."""

    def is_end(self, token: int) -> bool: ...


@dataclass(frozen=True)
class Mask:
    """learned: 1 for each token that is to be predicted, shape (n,); what was found on the way."""

    learned: Flags
    findings: list[Finding]


def mask_of(
    prompt: Prompt, placed: RenderedChat, turns: Sequence[Turn], ends: Ends, model: ChatModel
) -> Mask:
    """The mask of a chat's prompt.

    Args:
        placed: the chat the prompt was made of, its own regions and all.
    """
    token_ends = _token_ends(prompt)
    learned = np.zeros(len(prompt.ids), np.uint8)
    n_ended = 0
    for turn in turns:
        first, last = _tokens_of(prompt.starts, token_ends, turn.start, turn.last)
        end = _end_token(prompt, token_ends, turn, ends)
        if end is not None:
            last, n_ended = end + 1, n_ended + 1
        learned[first:last] = 1
    learned[:1] = 0
    findings = []
    if turns and not n_ended:
        findings.append(Finding("no_end"))
    n_unmasked = _n_unmasked(prompt, placed, token_ends, learned)
    if n_unmasked:
        findings.append(Finding("unmasked_user", n_unmasked))
    return Mask(learned, [*findings, *_differences(prompt, placed, turns, model)])


def _token_ends(prompt: Prompt) -> Places:
    """Where each token's last character ends, shape (n,). A part of a character counts as all of
    it; a BOS that stands for no text ends where it begins."""
    n = len(prompt.ids)
    starts = prompt.starts.astype(np.int64)
    following = np.append(starts[1:], len(prompt.text)) if n else starts
    ends: Places = np.maximum(following, np.minimum(starts + 1, len(prompt.text)))
    if n > 1 and prompt.special[0] and starts[1] == 0:
        ends[0] = 0
    return ends


def _tokens_of(
    starts: npt.NDArray[np.int32], token_ends: Places, low: int, high: int
) -> tuple[int, int]:
    """The tokens, from first to (exclusive) last, that hold some of the characters low to high."""
    first = int(np.searchsorted(token_ends, low, side="right"))
    last = int(np.searchsorted(starts, high, side="left"))
    return first, max(first, last) if high > low else first


def _end_token(prompt: Prompt, token_ends: Places, turn: Turn, ends: Ends) -> int | None:
    """The place of the token that ends a turn."""
    first = int(np.searchsorted(token_ends, turn.last, side="right"))
    for place in range(first, len(prompt.ids)):
        if prompt.starts[place] >= turn.bound:
            return None
        if ends.is_end(int(prompt.ids[place])):
            return place
    return None


def _n_unmasked(prompt: Prompt, placed: RenderedChat, token_ends: Places, learned: Flags) -> int:
    """How many learned tokens hold what somebody else said."""
    mine = set(placed.replies)
    n = 0
    for span in placed.spans:
        if (span.start, span.end) not in mine:
            first, last = _tokens_of(prompt.starts, token_ends, span.start, span.end)
            n += int(learned[first:last].sum())
    return n


# ---- whether the chat would send the same tokens before a turn ----


def _differences(
    prompt: Prompt, placed: RenderedChat, turns: Sequence[Turn], model: ChatModel
) -> list[Finding]:
    """How texts or tokens before turns are others than the chat's, the first of each in words."""
    texts = [turn.differs for turn in turns if turn.differs]
    found = [Finding("template", len(texts), texts[0])] if texts else []
    borders = [_border(prompt, placed, turn, model) for turn in turns if not turn.differs]
    broken = [words for words in borders if words]
    return [*found, Finding("border", len(broken), broken[0])] if broken else found


def _border(prompt: Prompt, placed: RenderedChat, turn: Turn, model: ChatModel) -> str:
    """What becomes of the border between the chat's prompt and a turn, "" where it stays one."""
    border = int(np.searchsorted(prompt.starts, turn.start, side="left"))
    is_border = border == len(prompt.ids) or prompt.starts[border] == turn.start
    if is_border and _same_before(prompt, placed, border, turn.start, model):
        return ""
    before, after = prompt.text[: turn.start][-12:], prompt.text[turn.start :][:12]
    return f"between “{_shown(before)}” and “{_shown(after)}”."


def _shown(text: str) -> str:
    return text.replace("\n", "⏎")


def _same_before(
    prompt: Prompt, placed: RenderedChat, border: int, start: int, model: ChatModel
) -> bool:
    """Whether the text before a turn, tokenised without what follows, has the row's own ids."""
    special = np.flatnonzero(prompt.special[:border])
    after = int(special[-1]) + 1 if len(special) else 0
    if after == border:
        return True  # the prompt ends with a special token: nothing can join with it
    if after:  # texts between special tokens are tokenised apart: the last one tells
        last = model.vocab.tokenize(prompt.text[int(prompt.starts[after]) : start])
        if np.array_equal(last, prompt.ids[after:border]):
            return True
    alone = prompt_of(model, _until(placed, start)).ids
    return np.array_equal(alone, prompt.ids[:border])


def _until(placed: RenderedChat, end: int) -> RenderedChat:
    """The chat up to a place."""

    def clipped(regions: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        return [(low, min(high, end)) for low, high in regions if low < end]

    spans = [Span(s.start, min(s.end, end), s.message) for s in placed.spans if s.start < end]
    return replace(
        placed,
        text=placed.text[:end],
        spans=spans,
        own=clipped(placed.own),
        replies=clipped(placed.replies),
    )

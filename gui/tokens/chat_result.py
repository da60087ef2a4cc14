"""What a chat becomes, as numbers: bands of tokens, how many are each message's own and how many
the template wrote around them, and all of it as JSON. Qt-free.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Sequence
from itertools import groupby

from msgspec import Struct

from engine.process.messages import ChatMessage, Rendered
from gui.chat.receipt import Given
from gui.chat.received_prompt import Prompt, prompt_of
from gui.tokens.vocabulary import array_of
from gui.tokens.words import tr
from gui.widgets.token_rows import Band
from gui.widgets.token_text import TokenText


class ChatTokens(Struct, frozen=True):
    """A rendered chat. own: tokens of each message's words; around: those that the template put
    around each; n_begun: those that begin the answer."""

    prompt: Prompt
    own: tuple[int, ...]
    around: tuple[int, ...]
    n_begun: int

    @property
    def n_template(self) -> int:
        """Tokens that stand in no message."""
        return len(self.prompt.tokens) - sum(self.own)

    @property
    def counts(self) -> list[tuple[int, int]]:
        return list(zip(self.own, self.around, strict=True))


def chat_tokens(
    rendered: Rendered, messages: Sequence[ChatMessage], *, begins_answer: bool
) -> ChatTokens:
    """A chat's tokens with their bands."""
    prompt = prompt_of(rendered, Given(tuple(messages), is_raw=False))
    if not begins_answer:
        bands = tuple(_as_template(band) for band in prompt.bands)
        prompt = Prompt(prompt.tokens, bands, prompt.hash)
    own = _own(rendered, len(messages))
    whole = _in_bands(rendered, prompt, len(messages))
    around = tuple(max(0, all_ - one) for all_, one in zip(whole, own, strict=True))
    n_begun = sum(band.end - band.start for band in prompt.bands if band.role == "reply")
    return ChatTokens(prompt, own, around, n_begun)


def _as_template(band: Band) -> Band:
    """What stands behind the last message begins no answer where none was asked for."""
    if band.role != "reply":
        return band
    return Band(band.start, band.end, tr("Template"), "template", band.note)


def _own(rendered: Rendered, n_messages: int) -> tuple[int, ...]:
    """How many tokens begin within each message's own words."""
    starts = array_of(rendered.text_starts).tolist()
    counts = [0] * n_messages
    for span in rendered.spans:
        if span.message < n_messages:
            counts[span.message] += bisect_left(starts, span.end) - bisect_left(starts, span.start)
    return tuple(counts)


def _in_bands(rendered: Rendered, prompt: Prompt, n_messages: int) -> list[int]:
    """How many tokens the band of each message has; 0 of one that has none (an empty text)."""
    ordered = sorted((one for one in rendered.spans if one.end > one.start), key=lambda s: s.start)
    shown = [message for message, _ in groupby(one.message for one in ordered)]
    bands = [band for band in prompt.bands if band.role not in ("template", "reply")]
    counts = [0] * n_messages
    for message, band in zip(shown, bands, strict=False):
        counts[message] += band.end - band.start
    return counts


def as_json(prompt: Prompt, messages: Sequence[ChatMessage]) -> str:
    """Ids, pieces, places in bytes, special ones, bands and messages, for other programs."""
    tokens = prompt.tokens
    value = {
        "ids": list(tokens.ids),
        "pieces_hex": [tokens.piece(at).hex() for at in range(len(tokens))],
        "spans": _spans(tokens),
        "special": [at for at in range(len(tokens)) if tokens.is_special(at)],
        "bands": [{"start": b.start, "end": b.end, "role": b.role} for b in prompt.bands],
        "messages": [{"role": one.role, "content": one.content} for one in messages],
    }
    return json.dumps(value, ensure_ascii=False)


def _spans(tokens: TokenText) -> list[list[int]]:
    return [[tokens.start(at), tokens.ends[at]] for at in range(len(tokens))]

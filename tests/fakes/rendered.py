"""What a worker would say a chat becomes: a plausible Rendered, made of a text and its parts."""

import hashlib
from collections.abc import Sequence

from engine.process.messages import Array, Render, Rendered, Span

CHARACTERS_PER_TOKEN = 4


def rendered_chat(request: Render) -> Rendered:
    """A chat as "<role>content" for each message, or the raw prompt, a token for every four
    characters."""
    if request.prompt is not None:
        whole = request.prompt + request.prefill
        return rendered_text(whole, [Span(0, len(whole), 0)])
    text, spans, marks = "", [], []
    for number, message in enumerate(request.messages):
        if number in request.dropped:
            continue
        marks.append((len(text), len(text) + len(message.role) + 2))
        text += f"<{message.role}>"
        spans.append(Span(len(text), len(text) + len(message.content), number))
        text += message.content
    if request.prefill:
        spans.append(Span(len(text), len(text) + len(request.prefill), len(request.messages)))
    return rendered_text(text + request.prefill, spans, marks=marks)


def rendered_text(
    text: str,
    spans: list[Span],
    starts: Sequence[int] | None = None,
    marks: Sequence[tuple[int, int]] = (),
) -> Rendered:
    """A text cut into tokens.

    Args:
        starts: where they begin; where not given, at every fourth character. Ids are the same
            numbers.
        marks: stretches that the template wrote as special tokens.
    """
    begins = list(range(0, len(text), CHARACTERS_PER_TOKEN)) if starts is None else list(starts)
    ends = [*begins[1:], len(text)]
    pieces = [text[start:end].encode() for start, end in zip(begins, ends, strict=False)]
    special = [any(low <= start < high for low, high in marks) for start in begins]
    return Rendered(
        text=text,
        spans=spans,
        ids=int32(begins),
        text_starts=int32(begins),
        pieces=_bytes(b"".join(pieces)),
        piece_bytes=int32([len(piece) for piece in pieces]),
        special=_bytes(bytes(special)),
        prompt_hash=hashlib.sha256(int32(begins).data).hexdigest(),
    )


def int32(values: Sequence[int]) -> Array:
    data = b"".join(value.to_bytes(4, "little", signed=True) for value in values)
    return Array(dtype="int32", shape=(len(values),), data=data)


def _bytes(data: bytes) -> Array:
    return Array(dtype="uint8", shape=(len(data),), data=data)

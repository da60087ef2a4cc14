"""From messages or a text to the token ids a model receives. Only special tokens that the template
wrote are special."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.errors import AppError
from engine.generation.chat_model import ChatModel, ChatVocab
from engine.generation.specials import SpecialPiece, cut
from engine.generation.template import RenderedChat, render_chat
from engine.process.messages import Array, ChatMessage, Rendered, Span

Ids = npt.NDArray[np.int32]
Flags = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Prompt:
    """A text as the model receives it.

    ids: shape (n,). starts: for each id the code point of `text` where it begins, shape (n,).
    spans: where each message's content stands in `text`. special: 1 for each id that is a special
    token because the template, or the vocabulary's BOS, put it there, shape (n,).
    """

    text: str
    ids: Ids
    starts: Ids
    spans: list[Span]
    special: Flags

    def tokens_of(self, message: int) -> int:
        """How many tokens begin within a message's content."""
        return sum(
            int(((self.starts >= span.start) & (self.starts < span.end)).sum())
            for span in self.spans
            if span.message == message
        )


def prompt_hash(ids: Ids) -> str:
    """sha256 over a prompt's ids, as int32 in little-endian order."""
    return hashlib.sha256(ids.astype("<i4").tobytes()).hexdigest()


def build_prompt(
    loaded: ChatModel,
    messages: Sequence[ChatMessage] | None,
    prompt: str | None,
    prefill: str = "",
    dropped: Sequence[int] = (),
    add_generation_prompt: bool = True,
) -> Prompt:
    """A chat, or a text where `prompt` is given. What was built a moment ago is built no more: a
    chat is looked at, counted, answered and answered again.

    Args:
        dropped: indices of messages to leave out; spans keep the numbers of the whole list.

    Raises:
        AppError: as chat_prompt.
    """
    if prompt is not None:
        return text_prompt(loaded, prompt + prefill)
    messages = messages or []
    key = (tuple(messages), prefill, frozenset(dropped), add_generation_prompt)
    made: Prompt | None = loaded.recent_prompts.get(key)
    if made is None:
        made = _kept_chat(loaded, messages, prefill, frozenset(dropped), add_generation_prompt)
        loaded.recent_prompts.put(key, made)
    return made


def _kept_chat(
    loaded: ChatModel,
    messages: Sequence[ChatMessage],
    prefill: str,
    dropped: frozenset[int],
    add_generation_prompt: bool,
) -> Prompt:
    """A chat without what is left out of it."""
    kept = [index for index in range(len(messages)) if index not in dropped]
    chat = [messages[index] for index in kept]
    made = chat_prompt(loaded, chat, prefill, add_generation_prompt)
    numbers = [*kept, len(messages)]  # the last one is the prefill's
    spans = [Span(span.start, span.end, numbers[span.message]) for span in made.spans]
    return replace(made, spans=spans)


def chat_prompt(
    loaded: ChatModel,
    messages: Sequence[ChatMessage],
    prefill: str = "",
    add_generation_prompt: bool = True,
) -> Prompt:
    """A chat through the model's template.

    Raises:
        AppError: no template (a base model), or the template fails or refuses.
    """
    if not loaded.template:
        raise AppError(
            "This is a base model: it has no chat template.",
            "Let it continue a text instead, or choose a model taught to chat.",
        )
    vocab = loaded.vocab
    rendered = render_chat(
        loaded.renderer,
        loaded.template,
        messages,
        bos=written(vocab, vocab.bos),
        eos=written(vocab, vocab.eos),
        add_generation_prompt=add_generation_prompt,
        prefill=prefill,
        table=loaded.special_table,
    )
    return prompt_of(loaded, rendered)


def prompt_of(loaded: ChatModel, rendered: RenderedChat) -> Prompt:
    """A rendered chat as the model receives it."""
    ids, starts, special = _tokenized(loaded, rendered)
    prompt = Prompt(rendered.text, ids, starts, rendered.spans, special)
    return _with_bos(loaded.vocab, prompt)


def _tokenized(loaded: ChatModel, rendered: RenderedChat) -> tuple[Ids, Ids, Flags]:
    """Ids, the code points where they begin, and which of them are special: only what the template
    wrote."""
    vocab = loaded.vocab
    pieces = cut(
        rendered.text,
        rendered.own,
        loaded.special_table,
        keep_whole=rendered.replies,
        markers=rendered.markers,
    )
    runs: list[Ids] = []
    starts: list[Ids] = []
    special: list[Flags] = []
    is_after_text = False
    for piece in pieces:
        if isinstance(piece, SpecialPiece):
            runs.append(np.array([piece.id], np.int32))
            starts.append(np.array([piece.start], np.int32))
        else:
            text = rendered.text[piece.start : piece.end]
            ids = vocab.tokenize_inside(text) if is_after_text else vocab.tokenize(text)
            runs.append(ids)
            starts.append(piece.start + token_starts(vocab, ids, text))
        is_after_text = not isinstance(piece, SpecialPiece)
        special.append(np.full(len(runs[-1]), not is_after_text, np.uint8))
    flags = np.concatenate(special) if special else np.empty(0, np.uint8)
    return _joined(runs), _joined(starts), flags


def told(vocab: ChatVocab, prompt: Prompt) -> Rendered:
    """A prompt for the wire."""
    pieces = b"".join(map(vocab.piece, prompt.ids.tolist()))
    return Rendered(
        text=prompt.text,
        spans=prompt.spans,
        ids=_array(prompt.ids),
        text_starts=_array(prompt.starts),
        pieces=_array(np.frombuffer(pieces, np.uint8)),
        piece_bytes=_array(vocab.lengths(prompt.ids)),
        special=_array(prompt.special),
        prompt_hash=prompt_hash(prompt.ids),
    )


def text_prompt(loaded: ChatModel, text: str) -> Prompt:
    """A plain text to continue, with the BOS that the vocabulary asks for; nothing in it is
    special."""
    ids = loaded.vocab.tokenize(text)
    starts = token_starts(loaded.vocab, ids, text)
    span = Span(0, len(text), 0)
    special = np.zeros(len(ids), np.uint8)
    return _with_bos(loaded.vocab, Prompt(text, ids, starts, [span], special))


def token_starts(vocab: ChatVocab, ids: Ids, text: str) -> Ids:
    """For each id the code point of `text` where its first byte lies, shape (n,).

    Exact where pieces are the text's bytes (BPE); for vocabularies that add or normalise it is
    bounded by the text's end.
    """
    lengths = vocab.lengths(ids).astype(np.int64)
    first_bytes = np.concatenate([[0], np.cumsum(lengths)[:-1]]) if len(ids) else lengths
    if vocab.type_name == "SentencePiece" and int(lengths.sum()) == len(text.encode()) + 1:
        first_bytes = np.maximum(
            first_bytes - 1, 0
        )  # the space that the vocabulary put before the text
    if text.isascii():
        within: Ids = np.minimum(first_bytes, max(0, len(text) - 1)).astype(np.int32)
        return within
    data = np.frombuffer(text.encode(), np.uint8)
    is_start = (data & 0xC0) != 0x80
    code_point = np.cumsum(is_start) - 1
    starts: Ids = code_point[np.minimum(first_bytes, len(data) - 1)].astype(np.int32)
    return starts


def _with_bos(vocab: ChatVocab, prompt: Prompt) -> Prompt:
    """The BOS that the vocabulary asks for, once: many templates write it themselves."""
    if vocab.adds_bos and vocab.bos >= 0 and (not len(prompt.ids) or prompt.ids[0] != vocab.bos):
        ids = np.concatenate([np.array([vocab.bos], np.int32), prompt.ids])
        starts = np.concatenate([np.zeros(1, np.int32), prompt.starts])
        special = np.concatenate([np.ones(1, np.uint8), prompt.special])
        return Prompt(prompt.text, ids, starts, prompt.spans, special)
    return prompt


def written(vocab: ChatVocab, token: int) -> str:
    """A token as templates write it, "" where there is none."""
    return vocab.piece(token).decode("utf-8", "replace") if token >= 0 else ""


def _joined(arrays: list[Ids]) -> Ids:
    return np.concatenate(arrays).astype(np.int32) if arrays else np.empty(0, np.int32)


def _array(values: "np.ndarray[Any, Any]") -> Array:
    return Array(dtype=str(values.dtype), shape=values.shape, data=values.tobytes())

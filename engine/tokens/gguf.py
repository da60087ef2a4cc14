"""The tokenizer inside a GGUF, by llama.cpp itself: the vocabulary alone is loaded, no weights."""

import weakref
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from engine.generation.chat_model import TokenizerChat, template_of
from engine.generation.prompt import build_prompt, told
from engine.llama.model import LoadOptions, Model
from engine.llama.vocab_table import all_pieces
from engine.models.gguf_header import describe, read_header
from engine.process.messages import Rendered
from engine.process.parts import ChatMessage
from engine.process.token_messages import TOKEN_KINDS, TokenizerInfo
from engine.tokens import align, listed
from engine.tokens.cut_kinds import cut_kinds
from engine.tokens.memo import SHORTEST, SegmentMemo, apart_in
from engine.tokens.tokenizer import Figures, Flags, Ids, Merge, Tokens, utf8

# Pre-tokenizers with GPT-2's pattern, which never puts a line break to the sign before it.
_PLAIN = ("gpt-2", "phi-2", "smollm", "starcoder", "refact", "command-r", "codeshell")
_CONTROL = TOKEN_KINDS.index("control")


class GgufTokenizer:
    """A Tokenizer. Opening reads the file's vocabulary: 0.2 s for 50,000 tokens, 1 s for 260,000.

    Args:
        source: the name that it was asked for by.

    Raises:
        AppError: no GGUF, damaged, or without a tokenizer that llama.cpp knows.
    """

    def __init__(self, path: Path, source: str) -> None:
        self._header = read_header(path)
        self._model = Model(path, LoadOptions(vocab_only=True))
        # Whoever still uses it keeps it: it goes when nobody does.
        weakref.finalize(self, self._model.close).atexit = False
        self.vocab = self._model.vocab
        self.kinds: Flags = self.vocab.kinds(TOKEN_KINDS)
        # Such tokens say their bytes as they are; a character that has none is dropped.
        self._is_byte_level = self._header.text("tokenizer.ggml.model") == "gpt2"
        self._n_before, self._n_after = self._count_added()
        self.info = self._described(path, source)

    def encode(self, text: str, *, special: bool = False, inside: bool = False) -> Ids:
        if inside and not self._is_byte_level:
            return self.vocab.tokenize_inside(text, parse_special=special)
        if not special and len(text) >= SHORTEST and self.memo is not None:
            utf8(text)
            ids = self.memo.encode(text)
            if ids is not None:
                return ids
        added = special and not inside
        return self.vocab.tokenize(text, add_special=added, parse_special=special)

    @cached_property
    def memo(self) -> SegmentMemo | None:
        """None where tokens hold words with the white space after them, or swallow some."""
        strips = any(one.lstrip or one.rstrip for one in self.vocab.special_tokens.values())
        kinds = self.kinds.tolist()
        pieces = [
            one for one, kind in zip(self._piece_list(), kinds, strict=True) if kind != _CONTROL
        ]
        apart = apart_in(pieces)
        if not self._is_byte_level or strips or not set(apart.white) & set(" \t"):
            return None
        # Of the vocabulary alone, so that the two do not keep each other alive.
        return SegmentMemo(
            self.vocab.tokenize,
            self.vocab.lengths,
            apart,
            breaks_after_signs=self.info.pre_tokenizer in _PLAIN,
        )

    def tokens(self, text: str, *, special: bool = False, inside: bool = False) -> Tokens:
        data = utf8(text)
        ids = self.encode(text, special=special, inside=inside)
        own = slice(0, len(ids))
        if special and not inside:
            own = slice(self._n_before, len(ids) - self._n_after)
        lengths = np.zeros(len(ids), np.int32)
        lengths[own], text_ok = self._covered(data, ids[own])
        if len(ids) and not len(ids[own]):
            lengths[0] = len(data)  # no token stands for any of it
        return Tokens(ids, lengths, (self.kinds[ids] == _CONTROL).astype(np.uint8), text_ok)

    def piece(self, token: int) -> bytes:
        return self.vocab.piece(token)

    @property
    def n_added(self) -> tuple[int, int]:
        return self._n_before, self._n_after

    @cached_property
    def pieces(self) -> tuple[bytes, Ids]:
        return all_pieces(self.vocab)

    @property
    def figure(self) -> Literal["rank", "score", ""]:
        if self.info.n_merges:
            return "rank"
        return "score" if self.info.has_scores else ""

    @cached_property
    def figures(self) -> Figures:
        if self.figure == "rank":
            return listed.ranks(self.info.n_tokens, self.piece, self.merges)
        if self.figure == "score":
            return self.vocab.scores()
        return np.full(self.info.n_tokens, np.nan, np.float32)

    @cached_property
    def merges(self) -> list[Merge]:
        return listed.gguf_merges(self._model.path, self._header)

    def render(self, messages: list[ChatMessage], add_generation_prompt: bool) -> Rendered:
        prompt = build_prompt(
            self.chat, messages, None, add_generation_prompt=add_generation_prompt
        )
        return told(self.vocab, prompt)

    @cached_property
    def chat(self) -> TokenizerChat:
        """Its vocabulary and template, as a chat is made into a prompt with."""
        name = self._header.text("general.name") or self._model.path.name
        chat = TokenizerChat(self.vocab, template_of(self._header, self.vocab, name))
        weakref.finalize(self, chat.renderer.close)
        return chat

    def _covered(self, data: bytes, ids: Ids) -> tuple[Ids, bool]:
        """The bytes of `data` that each token covers; whether the pieces are those very bytes."""
        lengths = self.vocab.lengths(ids)
        if self._is_byte_level and int(lengths.sum()) == len(data):
            return lengths, True
        pieces = list(map(self.piece, ids.tolist()))
        if self._is_byte_level:
            by_kept = align.by_kept(data, pieces, self._missing)
            if by_kept is not None:
                return by_kept, False
        return align.by_pieces(data, pieces, self._is_unknown(ids))

    @cached_property
    def _missing(self) -> bytes:
        """The bytes that there is no token for: llama.cpp drops them."""
        own = {self.piece(token) for token in range(self.vocab.n_tokens)}
        return bytes(value for value in range(256) if bytes([value]) not in own)

    def _is_unknown(self, ids: Ids) -> Flags:
        flags: Flags = (self.kinds[ids] == TOKEN_KINDS.index("unknown")).astype(np.uint8)
        return flags

    def _count_added(self) -> tuple[int, int]:
        """How many tokens the vocabulary puts before and after a text where it is asked to."""
        plain = self.vocab.tokenize("a").tolist()
        with_added = self.vocab.tokenize("a", add_special=True).tolist()
        n_added = len(with_added) - len(plain)
        n_before = next(n for n in range(n_added + 1) if with_added[n : n + len(plain)] == plain)
        return n_before, n_added - n_before

    def _cuts(self) -> list[str]:
        """WordPiece and Unigram rewrite their texts, and what they drop has no place of its own."""
        if self.vocab.type_name not in ("BPE", "SentencePiece"):
            return []
        strips = [text.encode() for text, one in self.vocab.special_tokens.items() if one.rstrip]
        return cut_kinds(self._piece_list(), strips)

    def _piece_list(self) -> list[bytes]:
        data, lengths = self.pieces
        ends = np.cumsum(lengths).tolist()
        return [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]

    def _described(self, path: Path, source: str) -> TokenizerInfo:
        vocab, header = self.vocab, self._header
        summary = describe(header, path)
        return TokenizerInfo(
            source=source,
            name=summary.name,
            kind=vocab.type_name,
            n_tokens=vocab.n_tokens,
            is_exact=self._is_byte_level,
            path=str(path),
            cuts=self._cuts(),
            pre_tokenizer=header.text("tokenizer.ggml.pre"),
            template=summary.template != "none",
            n_ctx=summary.n_ctx_train,
            bos=vocab.bos,
            eos=vocab.eos,
            adds_bos=self._n_before > 0,
            adds_eos=self._n_after > 0,
            n_merges=header.count("tokenizer.ggml.merges") if vocab.type_name == "BPE" else 0,
            has_scores=bool(header.count("tokenizer.ggml.scores")),
        )

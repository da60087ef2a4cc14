"""A tokenizer.json, by the library `tokenizers` itself; what stands beside it gives the chat
template."""

import threading
import weakref
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from tokenizers import Encoding
from tokenizers import Tokenizer as Library

from engine.generation.chat_model import TokenizerChat
from engine.generation.prompt import build_prompt, told
from engine.process.messages import Rendered
from engine.process.parts import ChatMessage
from engine.process.token_messages import TOKEN_KINDS, TokenizerInfo
from engine.tokens import align, listed
from engine.tokens.json_chat import JsonChatVocab
from engine.tokens.json_description import Description, read_description
from engine.tokens.tokenizer import Figures, Flags, Ids, Merge, Tokens, unknown_token, utf8

_CONTROL = TOKEN_KINDS.index("control")


class JsonTokenizer:
    """A Tokenizer.

    Args:
        path: the file, or the folder that it lies in.
        source: the name that it was asked for by.

    Raises:
        AppError: not a tokenizer, damaged, or of a kind that the library does not know.
    """

    def __init__(self, path: Path, source: str) -> None:
        self._description = read_description(path)
        self._plain = self._description.library(special=False)
        self._lock = threading.Lock()
        self.kinds: Flags = _kinds(self._description)
        self._pieces = self._description.pieces
        self._lengths = np.fromiter(map(len, self._pieces), np.int32, len(self._pieces))
        self.info = self._described(source)

    def encode(self, text: str, *, special: bool = False, inside: bool = False) -> Ids:
        utf8(text)
        if inside and self._puts_space_first:
            return self._encode_inside(text, special)
        return _ids(self._encoding(text, special, added=special and not inside))

    def tokens(self, text: str, *, special: bool = False, inside: bool = False) -> Tokens:
        data = utf8(text)
        if inside and self._puts_space_first:
            ids = self._encode_inside(text, special)
            unknown = (self.kinds[ids] == TOKEN_KINDS.index("unknown")).astype(np.uint8)
            pieces = [self._pieces[token] for token in ids.tolist()]
            lengths, text_ok = align.by_pieces(data, pieces, unknown)
            return Tokens(ids, lengths, self._special(ids), text_ok)
        encoding = self._encoding(text, special, added=special and not inside)
        ids = _ids(encoding)
        lengths, text_ok = self._covered(data, text, encoding, ids)
        return Tokens(ids, lengths, self._special(ids), text_ok)

    def piece(self, token: int) -> bytes:
        if not 0 <= token < len(self._pieces):
            raise unknown_token(token, len(self._pieces))
        return self._pieces[token]

    @property
    def n_added(self) -> tuple[int, int]:
        before, after = self._added
        return len(before), len(after)

    @cached_property
    def pieces(self) -> tuple[bytes, Ids]:
        return b"".join(self._pieces), self._lengths

    @cached_property
    def continues(self) -> npt.NDArray[np.bool_] | None:
        """WordPiece: which tokens go on in a word, shape (n_tokens,); None for other kinds."""
        if self.info.kind != "WordPiece":
            return None
        flags = np.zeros(len(self._pieces), np.bool_)
        flags[self._description.continuing] = True
        return flags

    @property
    def figure(self) -> Literal["rank", "score", ""]:
        return "rank" if self.info.n_merges else "score" if self.info.has_scores else ""

    @cached_property
    def figures(self) -> Figures:
        if self.figure == "rank":
            return listed.ranks(self.info.n_tokens, self.piece, self.merges)
        figures: Figures = np.full(self.info.n_tokens, np.nan, np.float32)
        for token, score in self._description.scores:
            figures[token] = score
        return figures

    @cached_property
    def merges(self) -> list[Merge]:
        return self._description.merges

    def render(self, messages: list[ChatMessage], add_generation_prompt: bool) -> Rendered:
        chat = self._chat
        prompt = build_prompt(chat, messages, None, add_generation_prompt=add_generation_prompt)
        return told(chat.vocab, prompt)

    @cached_property
    def _chat(self) -> TokenizerChat:
        vocab = JsonChatVocab(self, self._description.added, self._puts_space_first)
        chat = TokenizerChat(vocab, self._description.template)
        weakref.finalize(self, chat.renderer.close)
        return chat

    @cached_property
    def _with_special(self) -> Library:
        """Another one, because the library keeps in the tokenizer whether it reads special tokens
        in a text."""
        return self._description.library(special=True)

    def _encoding(self, text: str, special: bool, added: bool) -> Encoding:
        with self._lock:
            library = self._with_special if special else self._plain
        return library.encode(text, add_special_tokens=added)

    def _encode_inside(self, text: str, special: bool) -> Ids:
        """As Vocab.tokenize_inside: after a line break that is then left out."""
        before = _ids(self._encoding("\n", special, added=False))
        whole = _ids(self._encoding("\n" + text, special, added=False))
        if np.array_equal(whole[: len(before)], before):
            return whole[len(before) :]
        return _ids(self._encoding(text, special, added=False))

    @cached_property
    def _puts_space_first(self) -> bool:
        ids = _ids(self._plain.encode("a", add_special_tokens=False))
        return len(ids) > 0 and self._pieces[int(ids[0])].startswith(b" ")

    def _covered(self, data: bytes, text: str, encoding: Encoding, ids: Ids) -> tuple[Ids, bool]:
        lengths: Ids = self._lengths[ids]
        if int(lengths.sum()) == len(data) and self._spells(data, ids):
            return lengths, True
        offsets = encoding.offsets
        added = [
            mask and start == end
            for mask, (start, end) in zip(encoding.special_tokens_mask, offsets, strict=True)
        ]
        own = np.flatnonzero(~np.array(added, bool))
        lengths = np.zeros(len(ids), np.int32)
        if len(own):
            places = [offsets[index] for index in own.tolist()]
            pieces = [self._pieces[token] for token in ids[own].tolist()]
            lengths[own] = align.by_offsets(text, places, pieces)
        elif len(ids):
            lengths[0] = len(data)  # no token stands for any of it
        return lengths, self._spells(data, ids[own])

    def _spells(self, data: bytes, ids: Ids) -> bool:
        return b"".join([self._pieces[token] for token in ids.tolist()]) == data

    def _special(self, ids: Ids) -> Flags:
        flags: Flags = (self.kinds[ids] == _CONTROL).astype(np.uint8)
        return flags

    def _described(self, source: str) -> TokenizerInfo:
        description = self._description
        before, after = self._added
        return TokenizerInfo(
            source=source,
            name=description.name,
            kind=description.kind,
            n_tokens=len(self._pieces),
            is_exact=description.is_exact,
            path=str(description.path),
            cuts=description.cuts,
            pre_tokenizer=description.pre_tokenizer,
            template=bool(description.template),
            n_ctx=description.n_ctx,
            bos=before[0] if before else description.id_of("bos_token"),
            eos=after[-1] if after else description.id_of("eos_token"),
            adds_bos=bool(before),
            adds_eos=bool(after),
            n_merges=len(description.merges),
            has_scores=bool(description.scores),
        )

    @cached_property
    def _added(self) -> tuple[list[int], list[int]]:
        """Tokens that are put before and after a text where special ones are asked for."""
        encoding = self._plain.encode("a", add_special_tokens=True)
        mask = encoding.special_tokens_mask
        first = next((n for n, one in enumerate(mask) if not one), len(mask))
        last = next((n for n, one in enumerate(reversed(mask)) if not one), 0)
        return encoding.ids[:first], encoding.ids[len(mask) - last :]


def _ids(encoding: Encoding) -> Ids:
    return np.array(encoding.ids, np.int32)


def _kinds(description: Description) -> Flags:
    kinds = np.full(len(description.pieces), TOKEN_KINDS.index("unused"), np.uint8)
    kinds[description.used] = TOKEN_KINDS.index("normal")
    kinds[description.byte_tokens] = TOKEN_KINDS.index("byte")
    for token in description.added.values():
        kinds[token.id] = _CONTROL if token.is_control else TOKEN_KINDS.index("user")
    unknown = description.unknown
    if unknown >= 0:
        kinds[unknown] = TOKEN_KINDS.index("unknown")
    return kinds

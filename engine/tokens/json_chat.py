"""A tokenizer.json as what a chat is made into a prompt with."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from engine.generation.specials import SpecialInfo
from engine.process.token_messages import TokenizerInfo
from engine.tokens.tokenizer import Ids


class _Encoder(Protocol):
    info: TokenizerInfo

    def encode(self, text: str, *, special: bool = False, inside: bool = False) -> Ids: ...
    def piece(self, token: int) -> bytes: ...
    @property
    def pieces(self) -> tuple[bytes, Ids]: ...


class JsonChatVocab:
    """A ChatVocab (engine/generation/chat_model.py)."""

    def __init__(
        self, encoder: _Encoder, added: Mapping[str, SpecialInfo], puts_space_first: bool
    ) -> None:
        self._encoder = encoder
        self.type_name = "SentencePiece" if puts_space_first else encoder.info.kind
        self.bos = encoder.info.bos
        self.eos = encoder.info.eos
        self.adds_bos = encoder.info.adds_bos
        self.special_tokens = added

    def tokenize(self, text: str) -> Ids:
        return self._encoder.encode(text)

    def tokenize_inside(self, text: str) -> Ids:
        return self._encoder.encode(text, inside=True)

    def piece(self, token: int) -> bytes:
        return self._encoder.piece(token)

    def lengths(self, ids: Ids) -> Ids:
        lengths: Ids = self._encoder.pieces[1][ids]
        return lengths.astype(np.int32)

"""What a chat is made into a prompt with: a vocabulary, a template and the child that renders it.
A loaded model has all that, and so has a tokenizer without its model."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from engine.generation.known_templates import known_template
from engine.generation.recent import Recent
from engine.generation.specials import Special, SpecialInfo, SpecialTable
from engine.generation.template import DEADLINE_S, TemplateRenderer
from engine.models.gguf_header import Header

Ids = npt.NDArray[np.int32]
_N_RECENT_PROMPTS = 8


class ChatVocab(Protocol):
    """What is asked of a vocabulary; engine.llama.vocab.Vocab is one."""

    type_name: str
    bos: int
    eos: int
    adds_bos: bool

    def tokenize(self, text: str) -> Ids: ...
    def tokenize_inside(self, text: str) -> Ids: ...
    def piece(self, token: int) -> bytes: ...
    def lengths(self, ids: Ids) -> Ids: ...
    @property
    def special_tokens(self) -> Mapping[str, Special]: ...


class ChatModel(Protocol):
    """A vocabulary and its template; "" where there is none."""

    @property
    def vocab(self) -> ChatVocab: ...
    @property
    def template(self) -> str: ...
    @property
    def renderer(self) -> TemplateRenderer: ...
    @property
    def special_table(self) -> SpecialTable: ...
    @property
    def recent_prompts(self) -> Recent[Any]: ...


class TokenizerChat:
    """The ChatModel of a tokenizer without its model. Its child starts with the first rendering."""

    def __init__(self, vocab: ChatVocab, template: str, deadline_s: float = DEADLINE_S) -> None:
        self.vocab = vocab
        self.template = template
        self.renderer = TemplateRenderer(deadline_s)
        self.recent_prompts: Recent[Any] = Recent(_N_RECENT_PROMPTS)

    @cached_property
    def special_table(self) -> SpecialTable:
        return table_of(self.vocab)


def table_of(vocab: ChatVocab) -> SpecialTable:
    """A vocabulary's special tokens, compiled for cutting rendered chats."""
    return SpecialTable(
        {
            text: SpecialInfo(token.id, token.lstrip, token.rstrip, token.is_control)
            for text, token in vocab.special_tokens.items()
        }
    )


def template_of(header: Header, vocab: ChatVocab, name: str) -> str:
    """The template that a GGUF carries, or the one that its family is known to use; "" for none."""
    own = header.metadata.get("tokenizer.chat_template")
    if isinstance(own, str) and own.strip():
        return own
    return known_template(vocab.special_tokens, name) or ""

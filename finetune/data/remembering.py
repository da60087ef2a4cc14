"""A vocabulary that remembers the short texts it tokenised: a template writes the same ones around
every row."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from engine.generation.chat_model import ChatVocab
from engine.generation.specials import Special

Ids = npt.NDArray[np.int32]
_N_TEXTS = 4096
_MAX_CHARS = 1000


class RememberingVocab:
    """A ChatVocab in front of another one. For one thread."""

    def __init__(self, vocab: ChatVocab) -> None:
        self._vocab = vocab
        self._known: OrderedDict[str, Ids] = OrderedDict()
        self.type_name, self.adds_bos = vocab.type_name, vocab.adds_bos
        self.bos, self.eos = vocab.bos, vocab.eos

    def tokenize(self, text: str) -> Ids:
        found = self._known.get(text)
        if found is not None:
            self._known.move_to_end(text)
            return found
        ids = self._vocab.tokenize(text)
        if len(text) <= _MAX_CHARS:
            ids.flags.writeable = False
            self._known[text] = ids
            if len(self._known) > _N_TEXTS:
                self._known.popitem(last=False)
        return ids

    def tokenize_inside(self, text: str) -> Ids:
        return self._vocab.tokenize_inside(text)

    def piece(self, token: int) -> bytes:
        return self._vocab.piece(token)

    def lengths(self, ids: Ids) -> Ids:
        return self._vocab.lengths(ids)

    @property
    def special_tokens(self) -> Mapping[str, Special]:
        return self._vocab.special_tokens

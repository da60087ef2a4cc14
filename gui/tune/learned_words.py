"""What becomes of a row's tokens, in words: which are learned, and why. Qt-free but for words."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.process.tune_messages import Learned, RowWarning
from finetune.config import LearnFrom
from gui.tokens.vocabulary import array_of
from gui.tune.row_words import count, tokens_text
from gui.tune.words import tr
from gui.widgets.token_paint import LEARNED, LEARNED_END
from gui.widgets.token_text import TokenText, token_text

Fates = npt.NDArray[np.uint8]


def tokens_of(row: Learned) -> TokenText:
    """A row's tokens as a view shows them."""
    ids = array_of(row.ids).astype(np.int64).tolist()
    lengths = array_of(row.piece_bytes).astype(np.int64).tolist()
    special = array_of(row.special).astype(np.uint8).tobytes()
    return token_text(ids, array_of(row.pieces).astype(np.uint8).tobytes(), lengths, special)


def fates_of(row: Learned) -> Fates:
    """READ, LEARNED or LEARNED_END for each token."""
    learned = array_of(row.learned).astype(np.uint8)
    special = array_of(row.special).astype(bool)
    fates: Fates = np.where((learned > 0) & special, LEARNED_END, learned * LEARNED)
    return fates.astype(np.uint8)


def n_learned(row: Learned) -> int:
    return int(np.count_nonzero(array_of(row.learned)))


def has_end(row: Learned) -> bool:
    """Whether an end token is learned."""
    return bool(np.any(fates_of(row) == LEARNED_END))


def row_facts(row: Learned) -> str:
    """ "41 of 63 tokens trained · end token learned"."""
    n_tokens = len(array_of(row.ids))
    facts = [
        tr("{n} of {tokens} trained").format(n=f"{n_learned(row):,}", tokens=tokens_text(n_tokens)),
        tr("end token learned") if has_end(row) else tr("no end token learned"),
    ]
    if row.n_cut:
        facts.append(count(row.n_cut, tr("{n} token cut off"), tr("{n} tokens cut off")))
    return " · ".join(facts)


def fate_text(fate: int) -> str:
    if fate == LEARNED_END:
        return tr("learned: end token")
    return tr("learned") if fate == LEARNED else tr("read, not learned")


def why(fate: int, *, is_special: bool, is_text: bool, learn_from: LearnFrom) -> str:
    """Why a token is learned, or not."""
    if fate == LEARNED_END:
        return tr("It teaches the model to stop where the answer is over.")
    if fate == LEARNED:
        return tr("All of a text is learned.") if is_text else tr("It is part of an answer.")
    if is_special:
        return tr("The template writes it around the messages; it is given each time.")
    others = {
        "all": tr("It is given: the template’s words, the system prompt, or what you say."),
        "last": tr("It is given, or an answer before the last one."),
        "marked": tr("It is given, or a message that is not marked to be learned."),
    }
    return others[learn_from]


def warnings_text(warnings: list[RowWarning]) -> str:
    """What is wrong with one row, sentence by sentence."""
    return " ".join(one.message for one in warnings)

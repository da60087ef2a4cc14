"""A row as its tokens, and which of them are learned: the ids that the chat would send, and a mask
over what the model itself has to write.

Learned is each chosen turn of the assistant: from where the chat's prompt for it ends, through its
words and calls, to the token that ends it, and not one further: nothing after that token is ever
asked of the model (a line break there is the template's). What a user, a tool or the system says is
never learned. Of a plain text all is learned. The mask comes from where messages stand in the
text (engine/generation/template_locate.py), never from rendering a part of the row.

    row = learned_tokens(open_tokenizer("starter"), row, "all", 1024)
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from engine.errors import AppError
from engine.generation.chat_model import ChatModel, ChatVocab, TokenizerChat
from engine.generation.prompt import Prompt, prompt_of, text_prompt
from engine.generation.template import placed_chat
from engine.generation.template_locate import Located, Steps, run_all
from engine.process.tune_messages import Row, RowWarning
from engine.tokens.tokenizer import Tokenizer
from finetune.config import LearnFrom
from finetune.data.checks import Finding, row_warning
from finetune.data.mask import mask_of
from finetune.data.remembering import RememberingVocab
from finetune.data.rendered import rendering, shows_tools
from finetune.data.turns import Headers, finding_turns

Ids = npt.NDArray[np.int32]
Flags = npt.NDArray[np.uint8]
# For one round of a batch's renderings; a machine that trains answers late.
_DEADLINE_S = 20.0


class LearnVocab(ChatVocab, Protocol):
    """A vocabulary that says what ends a text; engine.llama.vocab.Vocab is one."""

    adds_eos: bool

    def is_end(self, token: int) -> bool: ...


@dataclass(frozen=True)
class RowTokens:
    """A row as it is learned.

    ids, learned (1: is to be predicted), starts (the code point of `text` where each begins) and
    special (1: a special token): shape (n,). n_cut: tokens beyond the greatest length, not among
    these; n_parts: of a longer plain text, the parts it is learned in, of which this is one;
    n_whole: tokens of the whole row.
    """

    row_id: str
    ids: Ids
    learned: Flags
    starts: Ids
    text: str
    special: Flags
    n_cut: int = 0
    n_parts: int = 1
    n_whole: int = 0
    findings: tuple[Finding, ...] = ()

    @property
    def warnings(self) -> list[RowWarning]:
        return [row_warning(self.row_id, finding) for finding in self.findings]

    @property
    def n_learned(self) -> int:
        return int(self.learned.sum(dtype=np.int64))


@dataclass
class Learner:
    """A base's vocabulary and template, and what was found of its headers."""

    model: ChatModel
    vocab: LearnVocab
    headers: Headers = field(default_factory=Headers)

    @functools.cached_property
    def swallows(self) -> bool:
        """Whether some special token takes the white space beside it."""
        return any(one.lstrip or one.rstrip for one in self.vocab.special_tokens.values())


def learner_of(tokenizer: Tokenizer) -> Learner:
    """What a row is learned with, from an open tokenizer of a GGUF.

    Raises:
        AppError: it is another kind of tokenizer.
    """
    from engine.tokens.gguf import GgufTokenizer

    if not isinstance(tokenizer, GgufTokenizer):
        raise AppError(
            f"“{tokenizer.info.name}” is no GGUF file.",
            "Choose a model that is one; a folder of safetensors is made one first.",
        )
    return Learner(tokenizer.chat, tokenizer.vocab)


@contextmanager
def learner_for_many(tokenizer: Tokenizer) -> Iterator[Learner]:
    """The same for many rows: what comes again in each (a system prompt, a header) is tokenised
    once, and the template has a patient child of its own, since a run's machine is busy.

    Raises:
        AppError: as learner_of.
    """
    one = learner_of(tokenizer)
    model = TokenizerChat(RememberingVocab(one.vocab), one.model.template, _DEADLINE_S)
    try:
        yield Learner(model, one.vocab)
    finally:
        model.renderer.close()


def learned_tokens(
    tokenizer: Tokenizer, row: Row, learn_from: LearnFrom, max_length: int
) -> RowTokens:
    """One row. What cannot be rendered has no tokens, and a finding "cannot_render" that says why.

    Raises:
        AppError: the tokenizer is no GGUF's.
    """
    return learned_rows(learner_of(tokenizer), [row], learn_from, max_length)[0]


def learned_rows(
    learner: Learner, rows: Sequence[Row], learn_from: LearnFrom, max_length: int
) -> list[RowTokens]:
    """Many rows; of a long plain text the first part."""
    return [parts[0] for parts in learned_parts(learner, rows, learn_from, max_length)]


def learned_parts(
    learner: Learner, rows: Sequence[Row], learn_from: LearnFrom, max_length: int
) -> list[list[RowTokens]]:
    """Many rows, each in the parts it is learned in (a chat is one), and each round of renderings
    in one round trip to the template's child."""
    steps = [_learning(learner, row, learn_from, max_length) for row in rows]
    ask = functools.partial(learner.model.renderer.outcomes, learner.model.template)
    found = run_all(ask, steps)
    return [
        [_unlearnable(row, one)] if isinstance(one, AppError) else one
        for row, one in zip(rows, found, strict=True)
    ]


def chosen_messages(row: Row, learn_from: LearnFrom) -> list[int]:
    """The messages that are learned, by their places: only ever the assistant's."""
    said = [i for i, message in enumerate(row.messages) if message.role == "assistant"]
    if learn_from == "last":
        return said[-1:]
    if learn_from == "marked":
        return [i for i in said if row.messages[i].train]
    return said


def text_windows(learner: Learner, row: Row, max_length: int) -> list[RowTokens]:
    """A plain text in parts of at most max_length tokens. Each part begins with the last token of
    the one before, as context alone, so that every token is learned exactly once."""
    whole = _text_tokens(learner, row)
    n, stride = len(whole.ids), max(1, max_length - 1)
    lows = range(0, max(1, n - 1), stride)
    return [_part(whole, low, low + max_length, len(lows)) for low in lows]


# ---- chats ----


def _learning(
    learner: Learner, row: Row, learn_from: LearnFrom, max_length: int
) -> Steps[list[RowTokens]]:
    if not row.messages:
        return text_windows(learner, row, max_length)
    chat, located = yield from rendering(learner.model, row)
    chosen = chosen_messages(row, learn_from)
    turns = yield from finding_turns(row, chosen, chat, located, learner.headers)
    model = learner.model
    placed = placed_chat(model.template, chat, located, model.special_table)
    prompt = prompt_of(model, placed)
    mask = mask_of(prompt, placed, turns, learner.vocab, model)
    findings = [*_row_findings(row, chosen, located, prompt, learner), *mask.findings]
    return [_fitted(row, prompt, mask.learned, max_length, findings)]


def _row_findings(
    row: Row, chosen: Sequence[int], located: Located, prompt: Prompt, learner: Learner
) -> list[Finding]:
    found = []
    n_empty = sum(
        not row.messages[i].content.strip() and not row.messages[i].tool_calls for i in chosen
    )
    if n_empty:
        found.append(Finding("empty_answer", n_empty))
    if row.tools and not shows_tools(row, located):
        found.append(Finding("unseen_tools"))
    bos = learner.vocab.bos
    if bos >= 0 and prompt.ids[:2].tolist() == [bos, bos]:
        found.append(Finding("double_bos"))
    return [*found, *_lost(prompt.text, prompt.ids, learner)]


def _lost(text: str, ids: Ids, learner: Learner) -> list[Finding]:
    """Bytes of a text that no token stands for. Only vocabularies whose pieces are the very bytes
    can tell, and only where no special token swallows white space."""
    vocab = learner.vocab
    if vocab.type_name != "BPE" or learner.swallows:
        return []
    # What the vocabulary adds by itself (BOS, EOS) makes a text longer, never shorter.
    n_lost = len(text.encode()) - int(vocab.lengths(ids).sum(dtype=np.int64))
    return [Finding("lost_text", n_lost)] if n_lost > 0 else []


def _fitted(
    row: Row, prompt: Prompt, learned: Flags, max_length: int, findings: list[Finding]
) -> RowTokens:
    """The tokens that fit, and what that costs."""
    n_cut = max(0, len(prompt.ids) - max_length)
    if n_cut:
        findings.append(Finding("cut", n_cut))
    kept = slice(0, max_length)
    if not learned[kept].any():
        findings.append(Finding("nothing_learned"))
    text = prompt.text[: int(prompt.starts[max_length])] if n_cut else prompt.text
    return RowTokens(
        row.id,
        prompt.ids[kept],
        learned[kept],
        prompt.starts[kept],
        text,
        prompt.special[kept],
        n_cut,
        n_whole=len(prompt.ids),
        findings=tuple(findings),
    )


def _unlearnable(row: Row, error: AppError) -> RowTokens:
    why = Finding("cannot_render", 1, f"{error.message} {error.hint}".strip())
    none, flags = np.empty(0, np.int32), np.empty(0, np.uint8)
    return RowTokens(row.id, none, flags, none, "", flags, findings=(why,))


# ---- plain texts ----


def _text_tokens(learner: Learner, row: Row) -> RowTokens:
    """A whole text, with the BOS and EOS that its vocabulary asks for. The first token is never
    learned: nothing stands before it to predict it from."""
    prompt = text_prompt(learner.model, row.text)
    ids, starts, special = prompt.ids, prompt.starts, prompt.special
    if learner.vocab.adds_eos and learner.vocab.eos >= 0:
        ids = np.append(ids, np.int32(learner.vocab.eos))
        starts = np.append(starts, np.int32(len(row.text)))
        special = np.append(special, np.uint8(1))
    learned = np.ones(len(ids), np.uint8)
    learned[:1] = 0
    lost = tuple(_lost(row.text, prompt.ids, learner))
    return RowTokens(row.id, ids, learned, starts, row.text, special, findings=lost)


def _part(whole: RowTokens, low: int, high: int, n_parts: int) -> RowTokens:
    """One part; its first token is context."""
    own = slice(low, high)
    learned = whole.learned[own].copy()
    learned[:1] = 0
    starts = whole.starts[own]
    begin = int(starts[0]) if len(starts) else 0
    end = int(whole.starts[high]) if high < len(whole.ids) else len(whole.text)
    findings = [] if low else list(whole.findings)
    if n_parts > 1 and low == 0:
        findings.append(Finding("split", n_parts))
    if not learned.any():
        findings.append(Finding("nothing_learned"))
    return RowTokens(
        whole.row_id,
        whole.ids[own],
        learned,
        starts - begin,
        whole.text[begin:end],
        whole.special[own],
        n_parts=n_parts,
        n_whole=len(whole.ids),
        findings=tuple(findings),
    )

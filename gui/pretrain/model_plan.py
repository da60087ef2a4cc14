"""The plan of the draft with every derived number, as far as it can be known before the start: the
vocabulary, the text's tokens, the time. Asks nobody; Qt-free.
"""

from __future__ import annotations

import math
from dataclasses import replace

from msgspec import Struct

from finetune.pretraining.config import PretrainConfig
from finetune.pretraining.dial import EVALUATIONS, RaisingPlan, n_vocab_of, plan
from finetune.run_toml import changed
from gui.pretrain.state import PretrainState

# Which fields of the configuration follow from the dial, and what they are called in a plan.
DIALLED = {
    "model.layers": "layers",
    "model.width": "width",
    "model.heads": "heads",
    "model.kv_heads": "kv_heads",
    "model.hidden": "hidden",
    "model.context": "context",
    "train.tokens": "n_tokens",
    "train.steps": "n_steps",
    "train.batch": "batch",
    "train.matrix_rate": "matrix_rate",
    "train.other_rate": "other_rate",
    "train.eval_every": "eval_every",
}
_OF_LENGTH = ("train.tokens", "train.steps", "train.eval_every")
_OF_PLAN = ("model.", "train.", "tokenizer.")  # tables whose problems make a plan impossible
# English by byte pairs: bytes a token at 2,048 entries, and how much each doubling adds.
_BYTES_PER_TOKEN, _PER_DOUBLING, _AT_VOCAB = 3.05, 0.35, 2048
_WEIGHTS_KEPT, _MOMENTS_KEPT = 8, 12  # bytes a parameter: of each checkpoint, of those to resume


class Machine(Struct, frozen=True):
    """What there is, in bytes; 0 where it is not known yet. flops: multiplications and additions a
    second, as measured last of any plan; 0 for never. text_bytes: of a text that is learned from as
    it is."""

    free_bytes: int = 0
    disk_bytes: int = 0
    flops: float = 0.0
    text_bytes: int = 0


class Planned(Struct, frozen=True):
    """A plan, and how it is known. is_measured: its speed was measured; else it is reckoned from
    another plan's, or not known (plan.tokens_per_s is 0). is_length_known: False for a time of
    which nobody knows yet how many tokens it is."""

    plan: RaisingPlan
    is_measured: bool
    is_length_known: bool
    memory_bytes: int
    disk_bytes: int


def planned_of(state: PretrainState, machine: Machine) -> Planned | None:
    """The draft's plan; None while its fields say what cannot be."""
    draft, known = state.draft, state.calibration
    if any(name.startswith(_OF_PLAN) for name in draft.problems()):
        return None
    n_vocab, n_tokens = vocabulary_of(state), corpus_tokens_of(state, machine.text_bytes)
    speed = known.tokens_per_s if known is not None else 0.0
    found = plan(draft, n_vocab, n_tokens, speed)
    if not speed and machine.flops:
        found = plan(draft, n_vocab, n_tokens, machine.flops / found.flops_per_token)
    memory = known.peak_bytes if known is not None else found.memory_bytes
    is_known = bool(found.tokens_per_s) or not draft.train.minutes
    return Planned(found, known is not None, is_known, memory, disk_of(found))


def derived_of(planned: Planned) -> dict[str, float]:
    """What the fields that follow from the dial come to, as far as it is known."""
    found = {name: float(getattr(planned.plan, one)) for name, one in DIALLED.items()}
    if not planned.is_length_known:
        found |= dict.fromkeys(_OF_LENGTH, 0.0)
    return found


def vocabulary_of(state: PretrainState) -> int:
    """How many tokens there will be, about."""
    if state.tokenizer is not None:
        return state.tokenizer.n_vocab
    if state.draft.tokenizer.kind == "chars" and state.corpus is not None:
        return n_vocab_of(state.draft) + state.corpus.n_different_characters
    return n_vocab_of(state.draft)


def corpus_tokens_of(state: PretrainState, text_bytes: int) -> int:
    """How many tokens the training text has, about; 0 where the text is not known.

    Args:
        text_bytes: of a text that is no corpus.
    """
    corpus, share = state.corpus, state.draft.corpus.validation
    if corpus is not None:
        n_bytes = max(0, corpus.n_bytes - corpus.held_out_bytes)
    else:
        n_bytes = round(text_bytes * (1.0 - share)) if isinstance(share, float) else text_bytes
    return round(n_bytes / bytes_per_token_of(state))


def bytes_per_token_of(state: PretrainState) -> float:
    """Measured where the tokenizer is there; else what is usual."""
    if state.tokenizer is not None and state.tokenizer.bytes_per_token:
        return state.tokenizer.bytes_per_token
    kind, corpus = state.draft.tokenizer.kind, state.corpus
    if kind == "bpe":
        doublings = math.log2(max(257, state.draft.tokenizer.vocab) / _AT_VOCAB)
        return max(1.2, _BYTES_PER_TOKEN + _PER_DOUBLING * doublings)
    if kind == "chars" and corpus is not None and corpus.n_characters:
        return max(1.0, corpus.n_bytes / corpus.n_characters)
    return 1.0


def disk_of(found: RaisingPlan) -> int:
    """What its folder will hold, about: a file and the weights for each evaluation, the tokens."""
    n_checkpoints = 1 + max(EVALUATIONS, math.ceil(found.n_steps / found.eval_every))
    kept = found.n_parameters * (_WEIGHTS_KEPT * n_checkpoints + 2 * _MOMENTS_KEPT)
    return kept + found.n_corpus_tokens * (2 if found.n_vocab <= 1 << 16 else 4)


def to_measure(draft: PretrainConfig, found: RaisingPlan) -> PretrainConfig:
    """The same plan with steps of one batch: of many that are summed, one tells the pace."""
    return changed(draft, train__batch=found.batch, train__accumulate=1)


def fitting_batch(found: RaisingPlan, free_bytes: int) -> tuple[int, int] | None:
    """Batch and accumulation whose steps are as large and fit into memory; None where not even a
    batch of one does."""
    rows = found.batch * found.accumulate
    batch = found.batch
    while batch > 1 and replace(found, batch=batch).memory_bytes > free_bytes:
        batch = (batch + 1) // 2
    if replace(found, batch=batch).memory_bytes > free_bytes:
        return None
    return batch, math.ceil(rows / batch)

"""One dial for the size of a model: from `depth` follow width, heads, context, batch, rates and the
budget of tokens; every one of them can be said otherwise in RUN.toml. Light.

The rules, with where they come from:
- width: 48 to 64 numbers a layer; depth 12 with GPT-2's vocabulary is GPT-2 small (124 M).
- hidden: 8/3 of the width, so that SwiGLU's three matrices weigh what two of 4 x width do.
- tokens: from minutes on a laptop (depth 4: 3 for each parameter) to 10 billion at depth 12, what
  GPT-2 small takes (80 for each). 20 is where compute is spent best (Hoffmann et al. 2022); more
  gives a better model of that size (Touvron et al. 2023). A text may be read four times with
  little loss (Muennighoff et al. 2023), which is said beside the plan, not enforced.
- batch: grows with little more than the root of the tokens (critical batch size: Zhang et al.
  2024), from what was best here in the first minutes.
- a story world: a gentler rate for matrices, so that what start.py begins with is kept until it
  is of use (at other texts' rate its questions were never answered), and minutes, so that it is
  an assistant ten minutes after the text was chosen.
- rates: Muon's update has one size whatever the width (Jordan et al. 2024), so its rate stays;
  AdamW's falls with the root of the width (muP's middle way, Yang et al. 2022).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from finetune.pretraining.config import MAX_DEPTH, PretrainConfig, TrainTable

WIDTHS = (64, 96, 128, 192, 256, 320, 384, 448, 512, 576, 704, 768)
CONTEXTS = (128, 128, 256, 256, 256, 512, 512, 512, 512, 1024, 1024, 1024)
TOKENS_M = (2.0, 3.0, 5.0, 7.5, 18, 45, 110, 270, 670, 1650, 4050, 10_000)  # millions
WORDS = 1024  # a vocabulary from this size on is of words rather than letters
EVALUATIONS = 20  # in a run whose settings leave it open
EVALUATED_SHARE = 0.2  # of what was learned since the evaluation before, each reads so much
_STEP_TOKENS, _STEP_BUDGET, _STEP_POWER = 2048, 7.5e6, 0.58
_MATRIX_RATE, _OTHER_RATE, _RATE_WIDTH = 0.02, 5e-3, 192
LOGITS_AT_ONCE = 1 << 24  # as gpt.py has them
_FOR_STORIES = {"matrix_rate": 0.005, "minutes": 5.5, "batch": 6}
_USUAL_FLOPS_PER_S = 6e10  # what training comes to on two cores with AVX2
PROGRAM_BYTES = 450_000_000  # torch and the interpreter
MOST_AT_ONCE = 8192  # tokens of a micro-batch that the dial itself chooses


@dataclass(frozen=True)
class RaisingPlan:
    """All derived numbers of a pretraining.

    batch: rows of a micro-batch (of each process); tokens_per_step: of all; n_tokens: of the whole
    run; epochs: how often the text is read, 0 where its size is not known; flops: of the whole run;
    memory_bytes: at the peak, estimated; seconds: 0 where the speed is not known.
    """

    depth: int
    layers: int
    width: int
    heads: int
    kv_heads: int
    head_dim: int
    hidden: int
    context: int
    n_vocab: int
    batch: int
    accumulate: int
    world: int
    matrix_rate: float
    other_rate: float
    weight_decay: float
    dropout: float
    n_steps: int
    eval_every: int
    n_parameters: int
    n_matrix_parameters: int
    n_corpus_tokens: int = 0
    tokens_per_s: float = 0.0

    @property
    def tokens_per_step(self) -> int:
        return self.batch * self.accumulate * self.world * self.context

    @property
    def n_tokens(self) -> int:
        return self.n_steps * self.tokens_per_step

    @property
    def tokens_per_parameter(self) -> float:
        return self.n_tokens / self.n_parameters

    @property
    def epochs(self) -> float:
        return self.n_tokens / self.n_corpus_tokens if self.n_corpus_tokens else 0.0

    @property
    def flops_per_token(self) -> float:
        """Forward and backward: 6 for each weight that is multiplied with (the embedding only as
        output), and attention's products over half the context (Chowdhery et al. 2022, app. B)."""
        attention = 6.0 * self.layers * self.heads * self.head_dim * self.context
        return 6.0 * (self.n_matrix_parameters + self.n_vocab * self.width) + attention

    @property
    def flops(self) -> float:
        return self.flops_per_token * self.n_tokens

    @property
    def seconds(self) -> float:
        return self.n_tokens / self.tokens_per_s if self.tokens_per_s else 0.0

    @property
    def guessed_tokens_per_s(self) -> float:
        """What two cores usually do, before this machine was measured."""
        return _USUAL_FLOPS_PER_S / self.flops_per_token

    @property
    def memory_bytes(self) -> int:
        """Weights, gradients and the optimizers' moments (one for matrices, two for the rest), and
        what a micro-batch keeps for its way back."""
        rest = self.n_parameters - self.n_matrix_parameters
        held = 12 * self.n_matrix_parameters + 16 * rest
        per_token = self.layers * (20 * self.width + 5 * self.hidden)
        n = self.batch * self.context
        logits = 3 * min(n * self.n_vocab, LOGITS_AT_ONCE)
        return PROGRAM_BYTES + held + 4 * (n * per_token + logits)

    def gpt_fields(self) -> dict[str, Any]:
        """GPTConfig(**these) is the model."""
        names = ("layers", "width", "heads", "kv_heads", "head_dim", "hidden", "context")
        return {name: getattr(self, name) for name in (*names, "n_vocab", "dropout")}


def plan(
    config: PretrainConfig,
    n_vocab: int,
    n_corpus_tokens: int = 0,
    tokens_per_s: float = 0.0,
    world: int = 1,
) -> RaisingPlan:
    """What a configuration comes to.

    Args:
        n_corpus_tokens: of the training text, 0 where it is not known yet.
        tokens_per_s: of this plan on this machine, 0 where it was not measured. A budget in minutes
            needs it to say how many steps there will be; without it the dial's budget is told.
        world: processes that share each step.
    """
    model, train, depth = config.model, config.train, config.model.depth
    layers = model.layers or depth
    width = model.width or WIDTHS[depth - 1]
    heads, head_dim = _heads(width, model.heads)
    hidden = model.hidden or _round(8 * width / 3, 32)
    context = model.context or CONTEXTS[depth - 1]
    kv_heads = model.kv_heads or heads
    matrix, n_parameters = _parameters(layers, width, heads, kv_heads, head_dim, hidden, n_vocab)
    budget = 1e6 * TOKENS_M[depth - 1]
    batch, accumulate = _batch(config, budget, context)
    found = RaisingPlan(
        depth=depth,
        layers=layers,
        width=width,
        heads=heads,
        kv_heads=kv_heads,
        head_dim=head_dim,
        hidden=hidden,
        context=context,
        n_vocab=n_vocab,
        batch=batch,
        accumulate=accumulate,
        world=world,
        matrix_rate=train.matrix_rate or _MATRIX_RATE,
        other_rate=train.other_rate or _OTHER_RATE * math.sqrt(_RATE_WIDTH / width),
        weight_decay=train.weight_decay,
        dropout=0.0,
        n_steps=1,
        eval_every=1,
        n_parameters=n_parameters,
        n_matrix_parameters=matrix,
        n_corpus_tokens=n_corpus_tokens,
        tokens_per_s=tokens_per_s,
    )
    return with_steps(found, config, _n_steps(found, config, budget))


def suited_fields(train: TrainTable, is_stories: bool) -> dict[str, float]:
    """A draft's fields of [train] when its text becomes a story world, or another text: what made
    an assistant that answers. What a person has chosen stays.

    Returns:
        "table__field" -> value, as run_toml.changed() takes them.
    """
    nothing = TrainTable()
    has_budget = bool(train.minutes or train.tokens or train.steps)
    found = {}
    for name, suited in _FOR_STORIES.items():
        now, usual = getattr(train, name), getattr(nothing, name)
        if is_stories and now == usual and not (name == "minutes" and has_budget):
            now = suited
        elif not is_stories and now == suited:
            now = usual
        found[f"train__{name}"] = now
    return found


def depth_for(seconds: float, flops_per_s: float = _USUAL_FLOPS_PER_S) -> int:
    """The depth that makes the most of a time: 20 tokens for each weight of the blocks (Hoffmann et
    al. 2022), so that compute is 6 N D = 120 N^2."""
    wanted = math.sqrt(seconds * flops_per_s / 120.0)
    sizes = [12.0 * (one + 1) * width**2 for one, width in enumerate(WIDTHS)]
    return 1 + min(range(MAX_DEPTH), key=lambda one: abs(math.log(sizes[one] / wanted)))


def n_vocab_of(config: PretrainConfig) -> int:
    """About how many tokens the vocabulary will have, before there is a tokenizer: what bpe is
    told, else bytes and marks (each character beyond ASCII adds a few)."""
    return config.tokenizer.vocab if config.tokenizer.kind == "bpe" else 260


def with_steps(found: RaisingPlan, config: PretrainConfig, n_steps: int) -> RaisingPlan:
    """The same plan over so many steps."""
    every = config.train.eval_every or max(1, math.ceil(n_steps / EVALUATIONS))
    return replace(found, n_steps=n_steps, eval_every=every)


def _n_steps(found: RaisingPlan, config: PretrainConfig, budget: float) -> int:
    train, per_step = config.train, found.tokens_per_step
    if train.steps:
        return train.steps
    if train.tokens:
        return max(1, round(train.tokens / per_step))
    if train.minutes and found.tokens_per_s:
        return max(1, int(60.0 * train.minutes * found.tokens_per_s / per_step))
    return max(1, round(budget / per_step))


def _heads(width: int, heads: int) -> tuple[int, int]:
    """How many, and the numbers of each: 32 for narrow models, 64 for wide ones."""
    head_dim = 64 if width >= 384 and width % 64 == 0 else 32
    if heads:
        return heads, max(2, _round(width / heads, 2))
    return max(1, width // head_dim), head_dim


def _parameters(
    layers: int, width: int, heads: int, kv_heads: int, head_dim: int, hidden: int, n_vocab: int
) -> tuple[int, int]:
    """Those of the blocks' matrices, and all."""
    attention = 2 * width * head_dim * (heads + kv_heads)
    matrix = layers * (attention + 3 * width * hidden)
    norms = layers * (2 * width + 2 * head_dim) + width
    return matrix, matrix + norms + n_vocab * width


def _batch(config: PretrainConfig, budget: float, context: int) -> tuple[int, int]:
    """Rows of a micro-batch, and micro-batches of a step."""
    train = config.train
    if train.batch:
        return train.batch, train.accumulate
    wanted = _STEP_TOKENS * (budget / _STEP_BUDGET) ** _STEP_POWER
    rows = max(1, round(wanted / context))
    at_once = max(1, MOST_AT_ONCE // context)
    if train.accumulate > 1:
        return max(1, round(rows / train.accumulate)), train.accumulate
    return (rows, 1) if rows <= at_once else (at_once, math.ceil(rows / at_once))


def _round(value: float, to: int) -> int:
    return max(to, to * round(value / to))

"""What a run came to: result.json. Structs and their reading; evaluate.py measures them.

Light: the window shows these. Losses in nats per learned token, logprobs natural, None where
nothing is known (JSON has no nan).
"""

from __future__ import annotations

import math
from typing import Literal

import msgspec

from engine.process.tune_messages import Parity
from finetune.run.folder import RunFolder

Remedy = Literal["own_answers", "fewer_steps", "lower_strength"]
RED_ABOVE = 0.05  # bits per byte of unrelated prose may rise by this share


class RowResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """A held-out row under the base and under what was made. n_learned: its tokens with a label;
    excerpt: how it begins."""

    row_id: str
    before: float
    after: float
    n_learned: int
    excerpt: str = ""


class TokenResult(msgspec.Struct, frozen=True, array_like=True):
    """A token of a row: its text, its logprob under both (None for the first), whether it is one of
    those that are learned."""

    text: str
    before: float | None = None
    after: float | None = None
    learned: bool = False

    @property
    def change(self) -> float:
        """How much likelier it became, in nats; 0 where nothing is known."""
        return 0.0 if self.before is None or self.after is None else self.after - self.before


class RowTokens(msgspec.Struct, frozen=True):
    """What changed in a row, token by token."""

    row_id: str
    tokens: list[TokenResult]

    def movers(self, count: int = 10) -> list[int]:
        """Indices of the tokens that changed most, the largest first."""
        order = sorted(range(len(self.tokens)), key=lambda one: -abs(self.tokens[one].change))
        return order[:count]


class AnswerPair(msgspec.Struct, frozen=True, omit_defaults=True):
    """A question, the base's answer and the tuned model's. mentions: words that only what was
    taught can have brought in."""

    question: str
    before: str
    after: str
    mentions: list[str] = []

    @property
    def is_changed(self) -> bool:
        return self.before.strip() != self.after.strip()


class Forgetting(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of things that were not taught.

    answers: to unrelated questions. bits_before, bits_after: bits per byte of unrelated prose, of
    which n_bytes were read. taught: the words that were looked for in the answers.
    """

    answers: list[AnswerPair]
    bits_before: float
    bits_after: float
    n_bytes: int
    taught: list[str] = []

    @property
    def changed_share(self) -> float:
        """Share of the answers that are others now."""
        return sum(one.is_changed for one in self.answers) / max(1, len(self.answers))

    @property
    def n_mentions(self) -> int:
        """Answers that bring in what was taught."""
        return sum(bool(one.mentions) for one in self.answers)

    @property
    def rise(self) -> float:
        """By how much prose became harder to it: 0.05 is +5 %."""
        return self.bits_after / self.bits_before - 1.0 if self.bits_before > 0 else math.nan

    @property
    def is_red(self) -> bool:
        return self.rise > RED_ABOVE

    @property
    def remedies(self) -> list[Remedy]:
        """What would help, the surest first; nothing where nothing is to be helped."""
        found: list[Remedy] = ["own_answers", "fewer_steps", "lower_strength"]
        return found if self.is_red or self.n_mentions else []


class RunResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """result.json.

    base_sha256: of the base's file, "" where it was not read to its end. rows: the worst after
    training first. tokens: of some of these rows. prompts: the fixed prompts, base against now.
    notes: sentences on what could not be measured. seconds: what each phase took.
    """

    base: str
    product: str
    step: int
    base_sha256: str = ""
    validation_before: float | None = None
    validation_after: float | None = None
    rows: list[RowResult] = []
    tokens: list[RowTokens] = []
    prompts: list[AnswerPair] = []
    forgetting: Forgetting | None = None
    parity: list[Parity] = []
    versions: dict[str, str] = {}
    seconds: dict[str, float] = {}
    notes: list[str] = []
    made_s: float = 0.0


_decoder = msgspec.json.Decoder(RunResult)


def read_result(folder: RunFolder) -> RunResult | None:
    """What the run came to; None while it has not, or where the file is spoilt."""
    try:
        return _decoder.decode(folder.result.read_bytes())
    except (OSError, msgspec.MsgspecError):
        return None


def to_json(result: RunResult) -> bytes:
    """As a file's contents."""
    return msgspec.json.format(msgspec.json.encode(result), indent=1)

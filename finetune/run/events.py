"""What a run writes into its events.jsonl, a line each: JSON objects with "event" for their kind.

Every event carries the attempt (1, and one more with each resume) and the step it belongs to, so
that a reader drops what a resume repeats: of two events of one kind at one step, the later
attempt's counts. Light: safe to import anywhere. Losses are in nats per learned token, times in
seconds, sizes in bytes.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from engine.process.pretrain_messages import Merge
from engine.process.tune_messages import Parity

Phase = Literal[
    "queued",  # another run has the machine
    "converting",  # a folder of safetensors to a GGUF
    "preparing",  # rows or a corpus to tokens
    "tokenizer",  # a tokenizer is being trained
    "loading",  # weights
    "answering",  # the base's own answers, or the fixed prompts
    "training",
    "evaluating",
    "exporting",
    "checking",  # parity, forgetting, comparison
]
Ending = Literal["finished", "stopped", "early", "time"]


class RunEvent(msgspec.Struct, frozen=True, tag_field="event", omit_defaults=True):
    """Base. time_s: since the epoch."""

    attempt: int
    step: int
    time_s: float


class Began(RunEvent, frozen=True, tag="began"):
    """An attempt's first event."""

    pid: int
    n_steps: int = 0
    versions: dict[str, str] = {}


class PhaseChanged(RunEvent, frozen=True, tag="phase"):
    """What the run does now; fraction 0..1 where it is known, else -1. words: one short line."""

    phase: Phase
    fraction: float = -1.0
    words: str = ""


class BaseMade(RunEvent, frozen=True, tag="base_made"):
    """The base was a folder; from now on it is this GGUF. was_there: made of the same folder before
    (and compared then), not now. parity: torch on the folder beside llama.cpp on the file."""

    folder: str
    path: str
    parity: list[Parity] = []
    words: str = ""
    was_there: bool = False


class Facts(RunEvent, frozen=True, tag="facts"):
    """What is known once everything is loaded."""

    n_steps: int
    n_rows: int
    n_validation: int
    n_tokens: int  # of all training rows, once through
    n_learned: int  # of these, tokens with a label
    n_cut: int  # tokens beyond max_length
    n_trained: int  # weights
    n_weights: int
    precision: str
    device: str
    planned_tokens_per_s: float = 0.0
    planned_bytes: int = 0
    world: int = 1  # processes that share each step
    is_sharded: bool = False  # whether they share the base's weights too


class StepDone(RunEvent, frozen=True, tag="step"):
    """One change of the weights. n_tokens: real tokens of it (no padding); tokens_per_s: since the
    step before; time_left_s -1: not known yet; done: share of the schedule that was over when it
    began, 0 where that follows from the steps alone."""

    loss: float
    learning_rate: float
    grad_norm: float
    n_tokens: int
    tokens_per_s: float
    memory_bytes: int
    epoch: float
    time_left_s: float = -1.0
    done: float = 0.0


class Evaluated(RunEvent, frozen=True, tag="evaluated"):
    """Validation loss at a step (0: the base); is_best: none before it was lower."""

    loss: float
    n_tokens: int
    is_best: bool = False


class PretrainStep(StepDone, frozen=True, tag="pretrain_step", kw_only=True, omit_defaults=False):
    """A step of pretraining. tokens: seen so far; seconds: of training so far, over all attempts;
    loss (written as train_loss) in nats per token."""

    loss: float = msgspec.field(name="train_loss")
    tokens: int = 0
    seconds: float = 0.0


class PretrainEvaluated(
    Evaluated, frozen=True, tag="pretrain_evaluated", kw_only=True, omit_defaults=False
):
    """The held-out text at a step of pretraining. loss (written as val_loss) and train_loss (of the
    steps since the evaluation before) in nats per token, val_bpb in bits per byte."""

    loss: float = msgspec.field(name="val_loss")
    tokens: int = 0
    seconds: float = 0.0
    train_loss: float = 0.0
    val_bpb: float = 0.0


class NextTokens(RunEvent, frozen=True, tag="next_tokens"):
    """What a model at a step takes for likely after a text: the pieces with the highest
    probability, first the highest; target: what really came, with its probability and rank (from
    1). The picture of training: the same place at every evaluation."""

    text: str
    pieces: list[str]
    probabilities: list[float]
    target: str
    target_probability: float
    target_rank: int


class MergesTold(RunEvent, frozen=True, tag="merges"):
    """The newest merges of the tokenizer that is being trained, in order, told now and then; n_done
    of n_merges are made with these."""

    merges: list[Merge]
    n_done: int
    n_merges: int


class CheckpointSaved(RunEvent, frozen=True, tag="checkpoint"):
    """A folder in checkpoints/, whole; adapter.gguf in it can be chatted with."""

    folder: str
    is_best: bool = False


class Paused(RunEvent, frozen=True, tag="paused"):
    """why: "asked" by a person, "reply" while a reply streams, "memory" while the machine has too
    little of it."""

    why: Literal["asked", "reply", "memory"]


class Resumed(RunEvent, frozen=True, tag="resumed"):
    pass


class Warned(RunEvent, frozen=True, tag="warned"):
    """Something a person should know; the run goes on."""

    message: str
    hint: str = ""


class RaisedFacts(RunEvent, frozen=True, tag="raised_facts"):
    """What is known of a pretraining once everything is loaded. bytes_per_token: of the held-out
    text, so that nats per token / (ln 2 * bytes_per_token) are bits per byte; kinds of counts as
    Facts'."""

    n_steps: int
    n_train_tokens: int
    n_validation_tokens: int
    bytes_per_token: float
    n_weights: int
    n_vocab: int
    tokens_per_step: int
    n_planned_tokens: int
    flops: float
    precision: str
    device: str
    planned_tokens_per_s: float = 0.0
    planned_bytes: int = 0


class Planned(RunEvent, frozen=True, tag="planned"):
    """The plan was changed to fit: what and why, "table.field" -> the new value."""

    changes: dict[str, str]
    why: str


class Ended(RunEvent, frozen=True, tag="ended"):
    """The last event of a run that came to its end. product: path within the run folder."""

    how: Ending
    product: str = ""
    best_step: int = 0


class RunFailed(RunEvent, frozen=True, tag="failed"):
    """The last event of an attempt that could not go on; the run can be resumed."""

    message: str
    hint: str = ""
    detail: str = ""


AnyRunEvent = (
    Began
    | PhaseChanged
    | BaseMade
    | Facts
    | RaisedFacts
    | StepDone
    | PretrainStep
    | Evaluated
    | PretrainEvaluated
    | NextTokens
    | MergesTold
    | CheckpointSaved
    | Paused
    | Resumed
    | Warned
    | Planned
    | Ended
    | RunFailed
)


class Sample(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line of samples.jsonl: a fixed prompt's answer at a step (0: the base's); in pretraining
    how the model goes on after it (0: noise)."""

    attempt: int
    step: int
    prompt: str
    answer: str
    finish: str = ""


_decoder: msgspec.json.Decoder[AnyRunEvent] = msgspec.json.Decoder(AnyRunEvent)
_sample_decoder = msgspec.json.Decoder(Sample)


def read_event(line: bytes) -> AnyRunEvent:
    """One line of events.jsonl. Raises msgspec.MsgspecError where it is none."""
    return _decoder.decode(line)


def read_sample(line: bytes) -> Sample:
    """One line of samples.jsonl. Raises msgspec.MsgspecError where it is none."""
    return _sample_decoder.decode(line)


def to_line(event: AnyRunEvent | Sample) -> bytes:
    """An event as its line, newline included."""
    return msgspec.json.encode(event) + b"\n"

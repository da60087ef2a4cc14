"""A run as lines in a terminal: what it does now, its latest step in place, what it came to."""

from __future__ import annotations

from typing import TextIO

from finetune.run.events import (
    AnyRunEvent,
    BaseMade,
    CheckpointSaved,
    Ended,
    Evaluated,
    Facts,
    Paused,
    PhaseChanged,
    PretrainEvaluated,
    RaisedFacts,
    Resumed,
    StepDone,
    Warned,
)
from finetune.run.folder import RunFolder

PHASES = {
    "queued": "waiting for its turn",
    "converting": "making the folder a GGUF",
    "preparing": "preparing the data",
    "tokenizer": "training the tokenizer",
    "loading": "loading the base",
    "answering": "the base answers",
    "training": "training",
    "evaluating": "measuring",
    "exporting": "writing the adapter",
    "checking": "checking",
}
_WHY = {"asked": "paused", "reply": "paused while a reply streams", "memory": "waiting for memory"}
_ENDS = {
    "finished": "finished",
    "early": "ended early: the validation loss did not fall any more",
    "time": "ended with its time",
    "stopped": "stopped",
}


class ProgressLine:
    """Hears a run's events. A terminal gets one line that changes; a file gets a line for each
    phase and measurement."""

    def __init__(self, out: TextIO, folder: RunFolder) -> None:
        self._out, self._folder = out, folder
        self._is_terminal = out.isatty()
        self._n_steps = 0
        self._phase = ""
        self._width = 0

    def hear(self, event: AnyRunEvent) -> None:
        match event:
            case PhaseChanged():
                self._on_phase(event)
            case BaseMade():
                self._on_base(event)
            case Facts():
                self._n_steps = event.n_steps
                self._line(
                    f"{event.n_rows:,} rows, {event.n_validation:,} kept aside; "
                    f"{event.n_learned:,} of {event.n_tokens:,} tokens are learned; "
                    f"{event.n_steps:,} steps in {event.precision} on {event.device}"
                    + (f" by {event.world} processes" if event.world > 1 else "")
                    + (", each with a share of the base" if event.is_sharded else "")
                )
            case RaisedFacts():
                self._on_raised(event)
            case StepDone():
                self._on_step(event)
            case PretrainEvaluated():
                self._line(
                    f"step {event.step}: held out {event.loss:.4f} nats per token, "
                    f"{event.val_bpb:.4f} bits per byte"
                )
            case Evaluated():
                best = " (best)" if event.is_best else ""
                self._line(f"step {event.step}: validation loss {event.loss:.4f}{best}")
            case Paused():
                self._line(_WHY[event.why])
            case Resumed():
                self._line("going on")
            case Warned():
                self._line(f"note: {event.message} {event.hint}".rstrip())
            case Ended():
                self._on_end(event)
            case CheckpointSaved() | _:
                pass

    def _on_phase(self, event: PhaseChanged) -> None:
        words = " · ".join(filter(None, (PHASES[event.phase], event.words)))
        if event.fraction >= 0.0:
            self._in_place(f"{words} {event.fraction:.0%}")
        elif words != self._phase:
            self._phase = words
            self._line(words)

    def _on_base(self, event: BaseMade) -> None:
        self._line(f"base: {event.path}" + (", made of this folder before" * event.was_there))
        for one in event.parity:
            self._line(
                f"torch and llama.cpp agree on {one.top1:.1%} of the likeliest tokens, "
                f"mean KL {one.mean_kl:.4f}" + (f"; {one.cause}" if one.cause else "")
            )
        if event.words:
            self._line(event.words)

    def _on_raised(self, event: RaisedFacts) -> None:
        self._n_steps = event.n_steps
        self._line(
            f"{event.n_weights:,} weights, a vocabulary of {event.n_vocab:,}; "
            f"{event.n_planned_tokens:,} of {event.n_train_tokens:,} tokens in "
            f"{event.n_steps:,} steps, in {event.precision} on {event.device}"
        )

    def _on_step(self, event: StepDone) -> None:
        left = f", {duration(event.time_left_s)} left" if event.time_left_s >= 0 else ""
        self._in_place(
            f"step {event.step}/{self._n_steps}  loss {event.loss:.4f}  "
            f"{event.tokens_per_s:.0f} tokens/s  {event.memory_bytes / 1e9:.1f} GB{left}"
        )

    def _on_end(self, event: Ended) -> None:
        self._line(_ENDS[event.how])
        if event.product:
            self._line(f"product: {self._folder.path / event.product}")
        if self._folder.report.exists():
            self._line(f"report:  {self._folder.report}")

    def _line(self, words: str) -> None:
        self._out.write(f"{self._cleared()}{words}\n")
        self._out.flush()

    def _in_place(self, words: str) -> None:
        if self._is_terminal:
            self._out.write(self._cleared() + words)
            self._out.flush()
            self._width = len(words)

    def _cleared(self) -> str:
        """What wipes the line that is there."""
        width, self._width = self._width, 0
        return "\r" + " " * width + "\r" if width else ""


def duration(seconds: float) -> str:
    """As people say it: 40 s, 12 min, 3 h 5 min."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"

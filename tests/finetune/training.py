"""A tiny base, some rows of random tokens, and a run of them in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from finetune.config import RunConfig, changed
from finetune.data.token_set import TokenSet, TokenSetWriter, open_token_set
from finetune.model.base import Base, load_base
from finetune.run.events import AnyRunEvent, Evaluated, StepDone
from finetune.run.folder import RunFolder
from finetune.sft import Hooks, Outcome, train
from tests.finetune.tiny_bases import tiny_torch, write_gguf

N_IDS = 250


def write_rows(folder: Path, n_rows: int, *, seed: int = 0, longest: int = 40) -> TokenSet:
    """Rows of 6 to `longest` tokens, of which the last two thirds are learned."""
    chance = np.random.default_rng(seed)
    with TokenSetWriter(folder) as writer:
        for number in range(n_rows):
            n = int(chance.integers(6, longest))
            learned = (np.arange(n) >= n // 3).astype(np.uint8)
            ids = chance.integers(0, N_IDS, n).astype(np.int32)
            writer.add(str(number), ids, learned)
    return open_token_set(folder)


def tiny_config(**fields: Any) -> RunConfig:
    """fp32, small steps; names as of finetune.config.changed."""
    usual: dict[str, Any] = {
        "train__precision": "fp32",
        "train__steps": 6,
        "train__batch": 2,
        "train__max_length": 64,
        "train__learning_rate": 5e-3,
        "train__eval_every": 3,
        "lora__rank": 4,
    }
    return changed(RunConfig(), **(usual | fields))


@dataclass
class Ran:
    """What a run yielded and came to."""

    folder: RunFolder
    events: list[AnyRunEvent] = field(default_factory=list)
    outcome: Outcome | None = None

    def steps(self) -> list[StepDone]:
        return [one for one in self.events if isinstance(one, StepDone)]

    def losses(self) -> list[float]:
        return [one.loss for one in self.steps()]

    def evaluated(self) -> list[Evaluated]:
        return [one for one in self.events if isinstance(one, Evaluated)]

    def weights(self) -> dict[str, torch.Tensor]:
        assert self.outcome is not None
        return {name: one.clone() for name, one in self.outcome.trained.weights().items()}


class Orders:
    """A control that says what it was given, then "go"; counts how often it was asked."""

    def __init__(self, orders: Sequence[Any] = ()) -> None:
        self.orders, self.n_asked = list(orders), 0

    def before_batch(self) -> Any:
        self.n_asked += 1
        return self.orders.pop(0) if self.orders else "go"


def tiny_base(folder: Path, architecture: str = "llama") -> Base:
    path = folder / f"{architecture}.gguf"
    if not path.exists():
        write_gguf(path, architecture, tiny_torch(architecture))
    return load_base(path, dtype=torch.float32)


def run(
    tmp_path: Path,
    config: RunConfig,
    rows: TokenSet,
    held_out: TokenSet,
    *,
    name: str = "run",
    control: Any = None,
    hooks: Hooks | None = None,
    base: Base | None = None,
    at: Callable[[AnyRunEvent], None] | None = None,
) -> Ran:
    """Train to the end. at: sees each event as it comes."""
    folder = RunFolder(tmp_path / name)
    folder.path.mkdir(exist_ok=True)
    ran = Ran(folder)
    base = base or tiny_base(tmp_path)
    steps = train(config, base, rows, held_out, folder, control, hooks)
    while True:
        try:
            event = next(steps)
        except StopIteration as end:
            ran.outcome = end.value
            return ran
        ran.events.append(event)
        if at is not None:
            at(event)


@contextmanager
def one_thread() -> Iterator[None]:
    """torch on one thread, its generator and its ranks as they were afterwards."""
    from accelerate.state import AcceleratorState, GradientState, PartialState

    n_threads, generator = torch.get_num_threads(), torch.get_rng_state()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(n_threads)
        torch.set_rng_state(generator)
        AcceleratorState._reset_state()
        GradientState._reset_state()
        PartialState._reset_state()

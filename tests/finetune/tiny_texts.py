"""Small texts as tokens, and small runs that learn them."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from finetune.loop import Control, Outcome
from finetune.pretrain import pretrain
from finetune.pretraining.config import PretrainConfig
from finetune.pretraining.dial import RaisingPlan, plan
from finetune.pretraining.hooks import Hooks
from finetune.pretraining.shards import Ids
from finetune.run.events import AnyRunEvent
from finetune.run.folder import RunFolder
from finetune.run_toml import changed

WORDS = ["the", "moth", "thaw", "path", "of", "lamp", "a", "sea"]
N_VOCAB = 32


@dataclass(frozen=True)
class Text:
    """Tokens in memory, shape (n,)."""

    ids: Ids
    n_bytes: int

    @property
    def n_tokens(self) -> int:
        return len(self.ids)

    def window(self, start: int, n: int) -> Ids:
        found: Ids = self.ids[start : start + n].astype(np.int64)
        assert len(found) == n, (start, n, self.n_tokens)
        return found


def tiny_text(n: int, seed: int = 0) -> Text:
    """So many letters of words in any order; a letter is a token and a byte."""
    chance = random.Random(seed)
    text = " ".join(chance.choices(WORDS, k=n))[:n]
    letters = sorted(set(" ".join(WORDS)))
    return Text(np.array([letters.index(one) for one in text], np.int64), n)


def tiny_config(folder: Path, **fields: object) -> PretrainConfig:
    """Two layers, 12 steps, an evaluation every four."""
    usual: dict[str, object] = {
        "corpus__path": "text.txt",
        "model__depth": 1,
        "model__layers": 2,
        "model__width": 32,
        "model__heads": 4,
        "model__kv_heads": 2,
        "model__context": 16,
        "train__batch": 4,
        "train__steps": 12,
        "train__eval_every": 4,
        "train__precision": "fp32",
        "out__dir": str(folder),
    }
    return changed(PretrainConfig(), **(usual | fields))


def tiny_run(
    config: PretrainConfig,
    train: Text | None = None,
    held_out: Text | None = None,
    control: Control | None = None,
    hooks: Hooks | None = None,
    attempt: int = 1,
) -> Iterator[AnyRunEvent]:
    """The events of a run in out.dir; the outcome is Ran's."""
    train, held_out = train or tiny_text(2000), held_out or tiny_text(400, 1)
    folder = RunFolder(Path(config.out.dir))
    return pretrain(config, tiny_plan(config), train, held_out, folder, control, hooks, attempt)


def tiny_plan(config: PretrainConfig) -> RaisingPlan:
    return plan(config, N_VOCAB, 2000)


@dataclass(frozen=True)
class Ran:
    events: list[AnyRunEvent]
    outcome: Outcome

    def of(self, kind: type) -> list[AnyRunEvent]:
        return [one for one in self.events if type(one) is kind]


def ran(config: PretrainConfig, **given: object) -> Ran:
    """A run to its end."""
    events = []
    steps = tiny_run(config, **given)  # type: ignore[arg-type]
    while True:
        try:
            events.append(next(steps))
        except StopIteration as end:
            return Ran(events, end.value)

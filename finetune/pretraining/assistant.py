"""From a raised base to an assistant: the fine-tuning that fits so small a model, and the report
cards that were made of it, kept in the base's run. Light: the window plans and reads these.
"""

from __future__ import annotations

import math
from pathlib import Path

import msgspec

from engine.process.pretrain_messages import ReportCard
from finetune.config import RunConfig
from finetune.run.folder import RunFolder, write_whole
from finetune.run_toml import changed

N_ROWS = 8_000  # conversations that teach a few million weights to answer
MOST_LENGTH = 256  # of a conversation; those about stories are shorter
_BATCH = 16
_RATE, _RATE_WEIGHTS, _LEAST_RATE = 1.5e-3, 2.2e6, 5e-5
_MINUTES = ((5e6, 2.0), (2e7, 5.0))  # weights up to which so many minutes are enough
_PREFIX = "chat-"


def assistant_config(
    base: str, data: str, name: str, context: int, n_weights: int, minutes: float = -1.0
) -> RunConfig:
    """The plan of a fine-tuning that makes an assistant of a raised base.

    Every weight is trained: a model this small has no room beside them. The rate falls with the
    root of the weights; nothing of the base need be kept but its language, so nothing is measured
    of that.

    Args:
        base: its GGUF with a chat template (export/chat_base.py).
        data: a dataset, by its folder.
        context: tokens that it sees at once.
        minutes: of the training; below 0: by its weights, 0: no bound.
    """
    rate = _RATE * math.sqrt(_RATE_WEIGHTS / max(_RATE_WEIGHTS, n_weights))
    bounded = next((most for weights, most in _MINUTES if n_weights <= weights), 0.0)
    return changed(
        RunConfig(),
        base__path=base,
        data__path=data,
        data__validation=0.01,
        train__method="full",
        train__epochs=1.0,
        train__minutes=bounded if minutes < 0.0 else minutes,
        train__batch=_BATCH,
        train__learning_rate=float(f"{max(_LEAST_RATE, rate):.2g}"),
        train__max_length=min(MOST_LENGTH, context),
        train__patience=0,
        watch__forgetting=False,
        watch__prompts=("Hello!", "Tell me a story."),
        watch__max_tokens=min(60, context // 2),
        out__name=name,
    )


def chat_base_name(checkpoint: str) -> str:
    """The file, in the run's product folder, that a checkpoint becomes with a chat template."""
    return f"{_PREFIX}{checkpoint}.gguf"


def checkpoint_of_base(run: RunFolder, base: str) -> str:
    """The checkpoint whose chat base a file is; "" where it is none of this run's."""
    path = Path(base)
    if path.parent != run.product or not path.name.startswith(_PREFIX):
        return ""
    return path.stem.removeprefix(_PREFIX)


# ---- report cards ----


def card_path(run: RunFolder, tuned: Path) -> Path:
    """Where the card of a fine-tuning is."""
    return run.path / "bench" / f"card-{tuned.name}.json"


def read_card(run: RunFolder, tuned: Path) -> ReportCard | None:
    """A kept card; None where none was made, or it is damaged (it can be made anew)."""
    try:
        return msgspec.json.decode(card_path(run, tuned).read_bytes(), type=ReportCard)
    except (OSError, msgspec.MsgspecError):
        return None


def write_card(run: RunFolder, tuned: Path, card: ReportCard) -> None:
    """Keep it. Raises AppError where the disk refuses."""
    path = card_path(run, tuned)
    path.parent.mkdir(exist_ok=True)
    write_whole(path, msgspec.json.encode(card))

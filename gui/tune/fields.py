"""The fields of a fine-tuning's RUN.toml as the room shows them: their sections, and how they hang
together.
"""

from __future__ import annotations

from typing import Any

from finetune.config import RunConfig, help_of
from gui.staged.config_fields import ConfigFields
from gui.tune.field_words import choice_names, field_names
from gui.tune.words import tr

# Made with the run.
LEFT_OUT = ("out.dir",)


def groups() -> list[tuple[str, list[str]]]:
    """The fields in their sections, in the order in which one thinks of them."""
    return [
        (
            tr("Length"),
            ["train.epochs", "train.steps", "train.minutes", "train.patience", "train.eval_every"],
        ),
        (
            tr("Method"),
            [
                "train.method",
                "lora.rank",
                "lora.alpha",
                "lora.targets",
                "lora.rslora",
                "lora.dropout",
            ],
        ),
        (
            tr("Steps"),
            [
                "train.learning_rate",
                "train.schedule",
                "train.warmup",
                "train.batch",
                "train.accumulate",
                "train.weight_decay",
                "train.max_grad_norm",
            ],
        ),
        (
            tr("Rows"),
            [
                "data.learn_from",
                "train.max_length",
                "train.packing",
                "data.validation",
                "data.own_answers",
                "data.format",
            ],
        ),
        (
            tr("Machine"),
            ["train.precision", "train.checkpointing", "base.in_4_bits", "train.seed"],
        ),
        (
            tr("What is watched"),
            ["watch.prompts", "watch.system", "watch.max_tokens", "watch.forgetting"],
        ),
        (tr("This run"), ["out.name", "out.notes", "base.path", "data.path"]),
    ]


def config_fields() -> ConfigFields:
    """What a form has to know of them."""
    return ConfigFields(
        start=RunConfig(),
        names=field_names(),
        help_of=help_of,
        choices_of=choice_names,
        long=frozenset(("out.notes", "watch.system")),
        shares_or_files=frozenset(("data.validation",)),
        why_off=_why_off,
        along=_along,
    )


def _why_off(draft: RunConfig, name: str) -> str:
    if name.startswith("lora.") and draft.train.method == "full":
        return tr("Every weight is trained, so there is no adapter")
    return ""


def _along(name: str, value: Any) -> dict[str, Any]:
    """Exactly one of them says how long the run is."""
    if name == "train.steps" and value > 0:
        return {"train__epochs": 0.0}
    if name == "train.epochs" and value > 0:
        return {"train__steps": 0}
    return {}

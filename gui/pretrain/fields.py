"""The fields of a pretraining's RUN.toml as the Model page shows them: their sections, and how they
hang together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from finetune.pretraining.config import PretrainConfig, help_of
from gui.pretrain.field_words import field_names
from gui.pretrain.model_plan import DIALLED
from gui.pretrain.tokenizer_words import kind_names
from gui.pretrain.words import tr
from gui.staged.config_fields import ConfigFields

# Made with the run.
LEFT_OUT = ("out.dir",)
# Of these at most one says how long a run is.
_LENGTHS = {"train.minutes": 0.0, "train.tokens": 0, "train.steps": 0}

Sections = list[tuple[str, list[str]]]


def derived_sections() -> Sections:
    """What follows from the dial."""
    return [
        (
            tr("What follows from the dial"),
            [
                "model.layers",
                "model.width",
                "model.heads",
                "model.kv_heads",
                "model.hidden",
                "model.context",
                "train.tokens",
                "train.steps",
                "train.batch",
                "train.matrix_rate",
                "train.other_rate",
            ],
        )
    ]


def few_sections() -> Sections:
    """What a simple plan leaves to say."""
    names = ["out.name", "watch.prompts", "watch.next_token", "corpus.memory_test", "out.notes"]
    return [(tr("This model"), names)]


def other_sections() -> Sections:
    """What is not among the derived."""
    return [
        (tr("Length"), ["train.minutes", "train.eval_every"]),
        (
            tr("Steps"),
            [
                "train.accumulate",
                "train.warmup",
                "train.decay",
                "train.weight_decay",
                "train.max_grad_norm",
            ],
        ),
        (
            tr("Text and tokenizer"),
            [
                "corpus.path",
                "corpus.validation",
                "corpus.memory_test",
                "tokenizer.kind",
                "tokenizer.vocab",
                "tokenizer.path",
            ],
        ),
        (
            tr("What is watched"),
            ["watch.prompts", "watch.max_tokens", "watch.temperature", "watch.next_token"],
        ),
        (tr("Machine"), ["train.precision", "train.seed"]),
        (tr("This model"), ["model.depth", "out.name", "out.notes"]),
    ]


def config_fields() -> ConfigFields:
    """What a form has to know of them."""
    return ConfigFields(
        start=PretrainConfig(),
        names=field_names(),
        help_of=help_of,
        choices_of=choice_names,
        long=frozenset(("out.notes",)),
        shares_or_files=frozenset(("corpus.validation",)),
        dialled=frozenset(DIALLED),
        dialled_words=tr("what the dial says"),
        along=_along,
    )


def choice_names(name: str) -> Mapping[Any, str]:
    """Values of a field that is one of a few; empty for others."""
    names: dict[str, Mapping[Any, str]] = {
        "tokenizer.kind": kind_names(),
        "train.precision": {"auto": tr("as fits"), "bf16": "bf16", "fp32": "fp32"},
    }
    return names.get(name, {})


def _along(name: str, value: Any) -> dict[str, Any]:
    if name in _LENGTHS and value > 0:
        return {one.replace(".", "__"): none for one, none in _LENGTHS.items() if one != name}
    if name in ("tokenizer.kind", "tokenizer.vocab"):
        return {"tokenizer__path": ""}  # another one is trained with the run
    return {}

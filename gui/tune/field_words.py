"""What the fields of a RUN.toml are called for people. Their explanations are the configuration's
own (finetune.config.help_of)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gui.tune.words import tr


def field_name(name: str) -> str:
    """The name of "table.field"."""
    return field_names()[name]


def field_names() -> dict[str, str]:
    """All of them, in the order of the file."""
    return {
        "base.path": tr("Base"),
        "base.in_4_bits": tr("Base in 4 bits"),
        "data.path": tr("Data"),
        "data.format": tr("Format"),
        "data.validation": tr("Kept for validation"),
        "data.learn_from": tr("What is learned"),
        "data.own_answers": tr("The base’s own answers"),
        "lora.rank": tr("Rank"),
        "lora.alpha": tr("Alpha"),
        "lora.targets": tr("Target layers"),
        "lora.rslora": tr("rsLoRA"),
        "lora.dropout": tr("Dropout"),
        "train.method": tr("Method"),
        "train.epochs": tr("Epochs"),
        "train.steps": tr("Steps"),
        "train.batch": tr("Batch"),
        "train.accumulate": tr("Accumulation"),
        "train.learning_rate": tr("Learning rate"),
        "train.schedule": tr("Schedule"),
        "train.warmup": tr("Warm-up"),
        "train.max_length": tr("Longest row"),
        "train.packing": tr("Packing"),
        "train.precision": tr("Precision"),
        "train.seed": tr("Seed"),
        "train.eval_every": tr("Evaluate every"),
        "train.checkpointing": tr("Gradient checkpointing"),
        "train.weight_decay": tr("Weight decay"),
        "train.max_grad_norm": tr("Longest gradient"),
        "train.patience": tr("Patience"),
        "train.minutes": tr("Time budget"),
        "watch.prompts": tr("Watch prompts"),
        "watch.system": tr("Their system prompt"),
        "watch.max_tokens": tr("Length of each answer"),
        "watch.forgetting": tr("Forgetting check"),
        "out.dir": tr("Folder"),
        "out.name": tr("Name"),
        "out.notes": tr("Notes"),
    }


def choice_names(name: str) -> Mapping[Any, str]:
    """Values of a field that is one of a few, and what they are called; empty for others."""
    names: dict[str, dict[Any, str]] = {
        "data.format": {
            "": tr("found by looking"),
            "messages": tr("messages (OpenAI)"),
            "sharegpt": "ShareGPT",
            "alpaca": "Alpaca",
            "prompt_completion": tr("prompt and completion"),
            "oasst": "OpenAssistant",
            "ultrachat": "UltraChat",
            "text": tr("plain text"),
        },
        "data.learn_from": {
            "all": tr("all assistant turns"),
            "last": tr("the last turn"),
            "marked": tr("marked messages"),
        },
        "train.method": {"lora": "LoRA", "full": tr("every weight")},
        "train.precision": {"auto": tr("as fits"), "bf16": "bf16", "fp32": "fp32"},
        "train.schedule": {
            "cosine": tr("cosine"),
            "linear": tr("linear"),
            "constant": tr("constant"),
        },
    }
    return names.get(name, {})

"""What the fields of a pretraining's RUN.toml are called for people. Their explanations are the
configuration's own (finetune.pretraining.config.help_of)."""

from __future__ import annotations

from gui.pretrain.words import tr


def field_name(name: str) -> str:
    """The name of "table.field"."""
    return field_names()[name]


def field_names() -> dict[str, str]:
    """All of them, in the order of the file."""
    return {
        "corpus.path": tr("Text"),
        "corpus.validation": tr("Held out"),
        "corpus.memory_test": tr("Passages of the memory test"),
        "tokenizer.kind": tr("Kind of tokenizer"),
        "tokenizer.vocab": tr("Vocabulary"),
        "tokenizer.path": tr("Tokenizer"),
        "model.depth": tr("Depth"),
        "model.layers": tr("Layers"),
        "model.width": tr("Width"),
        "model.heads": tr("Heads"),
        "model.kv_heads": tr("Heads of keys and values"),
        "model.hidden": tr("Inner width"),
        "model.context": tr("Context"),
        "train.minutes": tr("Time budget"),
        "train.tokens": tr("Tokens"),
        "train.steps": tr("Steps"),
        "train.batch": tr("Batch"),
        "train.accumulate": tr("Accumulation"),
        "train.matrix_rate": tr("Learning rate of matrices (Muon)"),
        "train.other_rate": tr("Learning rate of the rest (AdamW)"),
        "train.warmup": tr("Warm-up"),
        "train.decay": tr("Decay"),
        "train.weight_decay": tr("Weight decay"),
        "train.max_grad_norm": tr("Longest gradient"),
        "train.precision": tr("Precision"),
        "train.eval_every": tr("Evaluate every"),
        "train.seed": tr("Seed"),
        "watch.prompts": tr("Watch prompts"),
        "watch.max_tokens": tr("Length of each sample"),
        "watch.temperature": tr("Temperature"),
        "watch.next_token": tr("Text whose next token is followed"),
        "out.dir": tr("Folder"),
        "out.name": tr("Name"),
        "out.notes": tr("Notes"),
    }

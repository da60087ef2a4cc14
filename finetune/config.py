"""The whole configuration of a fine-tuning run: what RUN.toml says, checked as it is read.

One frozen dataclass per table; a field's `help` is tooltip, command-line help and documentation.
Light: the window reads and writes these too. What the machine can hold is not judged here
(plan.py), and no path is opened.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from finetune import run_toml
from finetune.run_toml import RunFile, changed, option, path_option, to_toml

__all__ = ["RunConfig", "changed", "help_of", "read_config", "read_draft", "to_toml"]

RowFormat = Literal[
    "", "messages", "sharegpt", "alpaca", "prompt_completion", "oasst", "ultrachat", "text"
]
LearnFrom = Literal["all", "last", "marked"]
Method = Literal["lora", "full"]
Precision = Literal["auto", "bf16", "fp32"]
Schedule = Literal["cosine", "linear", "constant"]
ALL_LINEAR = "all-linear"


@dataclass(frozen=True)
class BaseTable:
    """[base]: the model that is taught."""

    path: str = path_option(
        "",
        "The model that is taught: a GGUF file, or a Hugging Face folder of safetensors.",
    )
    in_4_bits: bool = option(
        False,
        "Hold the base in 4 bits while training (CUDA with bitsandbytes): a quarter of the memory.",
    )


@dataclass(frozen=True)
class DataTable:
    """[data]: what it is taught from."""

    path: str = path_option("", "A dataset of yours by folder, or a file of rows.")
    format: RowFormat = option(
        "", "How the file says its rows; found by looking where this is empty."
    )
    validation: float | str = path_option(
        0.1,
        "The share of rows kept aside to measure what was learned, chosen by their content's hash; "
        "or a file of rows of its own.",
    )
    learn_from: LearnFrom = option(
        "all",
        "What is learned of a conversation: all of the assistant's turns, the last one only, or "
        "the messages whose own `train` flag says so.",
    )
    own_answers: float = option(
        0.0,
        "Rows with the base's own answers to unrelated questions, mixed in against forgetting: "
        "how many for each row of yours.",
    )


@dataclass(frozen=True)
class LoraTable:
    """[lora]: the adapter."""

    rank: int = option(
        16, "Inner width of the adapter's two matrices: more can learn more, and overfits sooner."
    )
    alpha: float = option(
        32.0, "How strongly the adapter speaks: its product is scaled by alpha / rank."
    )
    targets: str = option(
        ALL_LINEAR,
        "Which layers get an adapter: all-linear, or names such as q_proj,v_proj (LoRA "
        "works best on all of them).",
    )
    rslora: bool = option(
        False, "Scale by alpha / √rank instead (rsLoRA): keeps high ranks stable."
    )
    dropout: float = option(
        0.0,
        "Share of the adapter's inputs set to zero at random while training: against overfitting.",
    )


@dataclass(frozen=True)
class TrainTable:
    """[train]: how it is taught. Exactly one of epochs and steps is above 0."""

    method: Method = option(
        "lora", "LoRA trains small matrices beside the weights; full trains every weight."
    )
    epochs: float = option(0.0, "How often each row is seen.")
    steps: int = option(0, "How many times the weights are changed.")
    batch: int = option(
        8, "Rows (or packs) that are computed at once: more memory, smoother steps."
    )
    accumulate: int = option(
        1, "Batches whose gradients are summed for one step: a large batch in little memory."
    )
    learning_rate: float = option(2e-4, "The size of a step; too large forgets and diverges.")
    schedule: Schedule = option("cosine", "How the learning rate falls after the warm-up.")
    warmup: float = option(0.05, "Share of the steps in which the learning rate rises from 0.")
    max_length: int = option(1024, "Tokens of a row at most; what is beyond is cut, and told.")
    packing: bool = option(
        True, "Lay several rows into one without their seeing one another: no padding is computed."
    )
    precision: Precision = option(
        "auto", "bf16 halves memory and is quicker where the processor has it; fp32 is exact."
    )
    seed: int = option(0, "Where chance begins: the same seed gives the same run.")
    eval_every: int = option(0, "Steps between evaluations and checkpoints; 0: about ten in a run.")
    checkpointing: bool = option(
        False,
        "Compute activations anew instead of keeping them: half the memory, a third more time.",
    )
    weight_decay: float = option(0.0, "Pulls trained weights towards 0 a little at each step.")
    max_grad_norm: float = option(1.0, "Gradients longer than this are shortened to it; 0: never.")
    patience: int = option(
        3, "Evaluations without a better validation loss before the run ends early; 0: never."
    )
    minutes: float = option(0.0, "A time budget: the run ends by itself at its end; 0: none.")


@dataclass(frozen=True)
class WatchTable:
    """[watch]: what is looked at while it runs and at its end."""

    prompts: tuple[str, ...] = option(
        ("Who are you?", "What can you do?", "Tell me something about the sea."),
        "Questions asked at every evaluation, answered side by side from base to now.",
    )
    system: str = option("", "A system prompt for these questions.")
    max_tokens: int = option(60, "How long each answer may be.")
    forgetting: bool = option(
        True, "Ask unrelated questions and read unrelated prose at the end, against the base."
    )


@dataclass(frozen=True)
class OutTable:
    """[out]: where it goes."""

    dir: str = path_option("", "The run's folder; its product is product/adapter.gguf.")
    name: str = option("", "What people call this run.")
    notes: str = option("", "Your notes.")


@dataclass(frozen=True)
class RunConfig(RunFile):
    """RUN.toml."""

    base: BaseTable = BaseTable()
    data: DataTable = DataTable()
    lora: LoraTable = LoraTable()
    train: TrainTable = TrainTable()
    watch: WatchTable = WatchTable()
    out: OutTable = OutTable()

    def problems(self) -> dict[str, str]:
        """Everything that is wrong, all at once: "table.field" -> a sentence."""
        return dict(_problems(self))


def help_of(name: str) -> str:
    """The help of "table.field"."""
    return run_toml.help_of(RunConfig, name)


def read_config(path: Path) -> RunConfig:
    """A RUN.toml.

    Raises:
        AppError: it cannot be read, is no TOML, or says something that cannot be; all at once.
    """
    return run_toml.read_toml(RunConfig, path)


def read_draft(path: Path) -> RunConfig:
    """A RUN.toml that need not be whole yet: fields may be missing or out of their bounds.

    Raises:
        AppError: it cannot be read, is no TOML, or has what no RUN.toml has.
    """
    return run_toml.read_toml(RunConfig, path, is_draft=True)


def config_of(raw: dict[str, Any], *, is_draft: bool = False) -> RunConfig:
    """A configuration from its tables. Raises AppError as read_config."""
    return run_toml.config_of(RunConfig, raw, is_draft=is_draft)


# ---- checking ----


def _problems(config: RunConfig) -> list[tuple[str, str]]:
    train, lora, data = config.train, config.lora, config.data
    rules = [
        (bool(config.base.path), "base.path", "name a model"),
        (
            not config.base.in_4_bits or train.method == "lora",
            "base.in_4_bits",
            "only with LoRA: weights in 4 bits cannot be trained themselves",
        ),
        (bool(data.path), "data.path", "name a dataset"),
        (bool(config.out.dir), "out.dir", "name a folder"),
        (
            isinstance(data.validation, str) or 0.0 <= data.validation <= 0.5,
            "data.validation",
            "a share from 0 to 0.5, or a file",
        ),
        (0.0 <= data.own_answers <= 20.0, "data.own_answers", "from 0 to 20"),
        (1 <= lora.rank <= 1024, "lora.rank", "from 1 to 1024"),
        (0.0 < lora.alpha <= 4096.0, "lora.alpha", "above 0, at most 4096"),
        (0.0 <= lora.dropout < 1.0, "lora.dropout", "from 0 to below 1"),
        (bool(lora.targets.strip()), "lora.targets", "all-linear, or names of layers"),
        (
            (train.epochs > 0) != (train.steps > 0),
            "train.epochs",
            "give either epochs or steps, above 0",
        ),
        (1 <= train.batch <= 4096, "train.batch", "from 1 to 4096"),
        (1 <= train.accumulate <= 4096, "train.accumulate", "from 1 to 4096"),
        (0.0 < train.learning_rate <= 1.0, "train.learning_rate", "above 0, at most 1"),
        (0.0 <= train.warmup <= 1.0, "train.warmup", "a share from 0 to 1"),
        (8 <= train.max_length <= 1 << 20, "train.max_length", "8 tokens or more"),
        (0 <= train.seed < 1 << 31, "train.seed", "from 0 to 2147483647"),
        (train.eval_every >= 0, "train.eval_every", "0 or more"),
        (0.0 <= train.weight_decay <= 1.0, "train.weight_decay", "from 0 to 1"),
        (train.max_grad_norm >= 0.0, "train.max_grad_norm", "0 or more"),
        (train.patience >= 0, "train.patience", "0 or more"),
        (train.minutes >= 0.0, "train.minutes", "0 or more"),
        (1 <= config.watch.max_tokens <= 4096, "watch.max_tokens", "from 1 to 4096"),
    ]
    return [(name, words) for is_right, name, words in rules if not is_right]

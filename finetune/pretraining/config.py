"""The whole configuration of a pretraining: what RUN.toml says, checked as it is read.

One frozen dataclass per table; a field's `help` is tooltip, command-line help and documentation.
Light: the window reads and writes these too. A number that is 0 follows from the dial (dial.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from finetune import run_toml
from finetune.run_toml import RunFile, option, path_option

TokenizerKind = Literal["bpe", "chars", "bytes"]
Precision = Literal["auto", "bf16", "fp32"]
MIN_CONTEXT = 64  # what a chat needs at least
MAX_DEPTH = 12  # GPT-2's: 124 M parameters


@dataclass(frozen=True)
class CorpusTable:
    """[corpus]: the raw text."""

    path: str = path_option(
        "", "A corpus of yours by folder, or a text, JSONL, Parquet or HTML file, or a folder."
    )
    validation: float | str = path_option(
        0.05,
        "The share of the text kept aside to measure what was learned, chosen by the documents' "
        "hashes (of a single text its end); or a file of its own.",
    )
    memory_test: int = option(
        0,
        "Passages for the memory test: so many of the held-out ones are put into the text once, "
        "ten times and a hundred times; 0: none.",
    )


@dataclass(frozen=True)
class TokenizerTable:
    """[tokenizer]: how text is cut."""

    kind: TokenizerKind = option(
        "bpe",
        "bpe: byte pairs merged by their frequency; chars: each character of the text is a token; "
        "bytes: 256 tokens and nothing to train.",
    )
    vocab: int = option(
        2048, "How many different tokens bpe may have: more make texts shorter and the model wider."
    )
    path: str = path_option("", "A tokenizer trained before, by its folder; empty: train one.")


@dataclass(frozen=True)
class ModelTable:
    """[model]: the transformer. Either depth, or the numbers themselves."""

    depth: int = option(
        4, "One dial for the whole size: layers, from which width, heads and budget follow."
    )
    layers: int = option(0, "Blocks, one after the other; 0: as the dial says.")
    width: int = option(0, "Numbers that stand for a token within the model; 0: as the dial says.")
    heads: int = option(0, "Places that attention looks at at once; 0: as the dial says.")
    kv_heads: int = option(
        0, "Heads of keys and values, shared by groups of heads; 0: as the dial says."
    )
    hidden: int = option(0, "Inner width of each feed-forward part; 0: as the dial says.")
    context: int = option(0, "Tokens that the model sees at once; 0: as the dial says.")


@dataclass(frozen=True)
class TrainTable:
    """[train]: how it is raised. At most one of minutes, tokens and steps is above 0; none: the
    dial's budget of tokens."""

    minutes: float = option(0.0, "A time budget for the training itself.")
    tokens: int = option(0, "How many tokens are learned from.")
    steps: int = option(0, "How many times the weights are changed.")
    batch: int = option(0, "Stretches of text in one step; 0: as the dial says.")
    accumulate: int = option(
        1, "Batches whose gradients are summed for one step: a large batch in little memory."
    )
    matrix_rate: float = option(0.0, "Muon's learning rate, for the matrices; 0: as the dial says.")
    other_rate: float = option(
        0.0, "AdamW's learning rate, for embeddings and norms; 0: as the dial says."
    )
    warmup: float = option(0.02, "Share of the steps in which the learning rate rises from 0.")
    decay: float = option(0.6, "Share of the steps, at the end, in which it falls towards 0.")
    weight_decay: float = option(0.0, "Pulls the matrices towards 0 a little at each step.")
    max_grad_norm: float = option(1.0, "Gradients longer than this are shortened to it; 0: never.")
    precision: Precision = option(
        "auto", "bf16 is quicker where the processor has it; fp32 is exact."
    )
    eval_every: int = option(0, "Steps between evaluations and checkpoints; 0: about 20 in a run.")
    seed: int = option(0, "Where chance begins: the same seed gives the same run.")


@dataclass(frozen=True)
class WatchTable:
    """[watch]: what is looked at while it runs."""

    prompts: tuple[str, ...] = option(
        (), "Beginnings that the model goes on from at every evaluation; empty: from the text."
    )
    max_tokens: int = option(60, "How long each sample may be.")
    temperature: float = option(0.8, "How boldly samples are drawn; 0 takes the likeliest token.")
    next_token: str = option(
        "", "A text whose next token is followed from noise to knowledge; empty: from the text."
    )


@dataclass(frozen=True)
class OutTable:
    """[out]: where it goes."""

    dir: str = path_option("", "The run's folder; its product is product/model.gguf.")
    name: str = option("", "What people call this model.")
    notes: str = option("", "Your notes.")


@dataclass(frozen=True)
class PretrainConfig(RunFile):
    """RUN.toml of a pretraining."""

    corpus: CorpusTable = CorpusTable()
    tokenizer: TokenizerTable = TokenizerTable()
    model: ModelTable = ModelTable()
    train: TrainTable = TrainTable()
    watch: WatchTable = WatchTable()
    out: OutTable = OutTable()

    def problems(self) -> dict[str, str]:
        """Everything that is wrong, all at once: "table.field" -> a sentence."""
        return dict(_problems(self))


def help_of(name: str) -> str:
    """The help of "table.field"."""
    return run_toml.help_of(PretrainConfig, name)


def read_pretrain_config(path: Path) -> PretrainConfig:
    """A RUN.toml.

    Raises:
        AppError: it cannot be read, is no TOML, or says something that cannot be; all at once.
    """
    return run_toml.read_toml(PretrainConfig, path)


def read_pretrain_draft(path: Path) -> PretrainConfig:
    """A RUN.toml that need not be whole yet: fields may be missing or out of their bounds.

    Raises:
        AppError: it cannot be read, is no TOML, or has what no RUN.toml has.
    """
    return run_toml.read_toml(PretrainConfig, path, is_draft=True)


def _problems(config: PretrainConfig) -> list[tuple[str, str]]:
    model, train = config.model, config.train
    validation = config.corpus.validation
    heads, kv_heads = model.heads, model.kv_heads
    rules = [
        (bool(config.corpus.path), "corpus.path", "name a text or a corpus"),
        (
            isinstance(validation, str) or 0.001 <= validation <= 0.5,
            "corpus.validation",
            "a share from 0.001 to 0.5, or a file",
        ),
        (0 <= config.corpus.memory_test <= 64, "corpus.memory_test", "from 0 to 64"),
        (257 <= config.tokenizer.vocab <= 65_536, "tokenizer.vocab", "from 257 to 65536"),
        (1 <= model.depth <= MAX_DEPTH, "model.depth", f"from 1 to {MAX_DEPTH}"),
        (0 <= model.layers <= 48, "model.layers", "at most 48"),
        (0 <= model.width <= 4096 and model.width % 8 == 0, "model.width", "a multiple of 8"),
        (0 <= heads <= 64, "model.heads", "at most 64"),
        (
            kv_heads == 0 or (kv_heads <= (heads or 64) and not (heads and heads % kv_heads)),
            "model.kv_heads",
            "a divisor of the heads",
        ),
        (0 <= model.hidden <= 32_768, "model.hidden", "at most 32768"),
        (
            model.context == 0 or MIN_CONTEXT <= model.context <= 8192,
            "model.context",
            "from 64 to 8192",
        ),
        (
            sum(one > 0 for one in (train.minutes, train.tokens, train.steps)) <= 1,
            "train.minutes",
            "give only one of minutes, tokens and steps",
        ),
        (train.minutes >= 0.0, "train.minutes", "0 or more"),
        (train.tokens >= 0, "train.tokens", "0 or more"),
        (train.steps >= 0, "train.steps", "0 or more"),
        (0 <= train.batch <= 4096, "train.batch", "from 0 to 4096"),
        (1 <= train.accumulate <= 4096, "train.accumulate", "from 1 to 4096"),
        (0.0 <= train.matrix_rate <= 1.0, "train.matrix_rate", "from 0 to 1"),
        (0.0 <= train.other_rate <= 1.0, "train.other_rate", "from 0 to 1"),
        (0.0 <= train.warmup <= 1.0, "train.warmup", "a share from 0 to 1"),
        (0.0 <= train.decay <= 1.0, "train.decay", "a share from 0 to 1"),
        (0.0 <= train.weight_decay <= 1.0, "train.weight_decay", "from 0 to 1"),
        (train.max_grad_norm >= 0.0, "train.max_grad_norm", "0 or more"),
        (train.eval_every >= 0, "train.eval_every", "0 or more"),
        (0 <= train.seed < 1 << 31, "train.seed", "from 0 to 2147483647"),
        (1 <= config.watch.max_tokens <= 2048, "watch.max_tokens", "from 1 to 2048"),
        (0.0 <= config.watch.temperature <= 5.0, "watch.temperature", "from 0 to 5"),
        (bool(config.out.dir), "out.dir", "name a folder"),
    ]
    return [(name, words) for is_right, name, words in rules if not is_right]

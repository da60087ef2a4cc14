"""The peer of the bench of training: TRL's SFTTrainer on the same weights, tokens, batch, rank,
precision and seed. benches/child.py runs it in a process of its own.
"""

from __future__ import annotations

import logging
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from engine.models.starter import starter_path
from finetune import sft
from finetune.benches.child import N_STEPS, config_of, said_of
from finetune.benches.rows import BATCH, MAX_LENGTH
from finetune.calibrate import peak_memory
from finetune.config import RunConfig
from finetune.data.token_set import TokenSet, open_token_set
from finetune.feed import Feed
from finetune.model.base import load_base
from finetune.model.lora import add_lora

IGNORED = -100  # a label that is none, to TRL


def trl(folder: Path, precision: str = "auto", order: str = "its own") -> dict[str, Any]:
    """Train as TRL does.

    Args:
        order: "its own": shuffled by its sampler, padded by its collator, as it comes; "ours": step
            by step the rows that we take, for a loss that can be compared.
    """
    import datasets
    from trl.trainer.sft_config import SFTConfig
    from trl.trainer.sft_trainer import SFTTrainer

    datasets.disable_progress_bars()
    logging.disable(logging.WARNING)
    config = config_of(precision)
    rows = open_token_set(folder / "rows")
    numbers = _our_order(config, rows) if order == "ours" else range(rows.n_rows)
    clock = _clock()
    with peak_memory() as peak, tempfile.TemporaryDirectory() as out:
        base = load_base(starter_path(), dtype=sft.base_dtype(config))
        base.model.set_attn_implementation("sdpa")
        torch.manual_seed(config.train.seed)
        trainer = SFTTrainer(
            model=add_lora(base, config.lora, is_quick=False),
            args=SFTConfig(
                output_dir=out,
                seed=config.train.seed,
                per_device_train_batch_size=BATCH,
                max_steps=N_STEPS,
                learning_rate=config.train.learning_rate,
                lr_scheduler_type="constant",
                warmup_steps=0,
                logging_steps=1,
                save_strategy="no",
                report_to=[],
                bf16=base.model.dtype == torch.bfloat16,
                use_cpu=not torch.cuda.is_available(),
                gradient_checkpointing=False,
                dataloader_pin_memory=False,
                max_length=MAX_LENGTH,
                train_sampling_strategy="sequential" if order == "ours" else "random",
                remove_unused_columns=False,
                dataset_kwargs={"skip_prepare_dataset": True},
                disable_tqdm=True,
            ),
            train_dataset=datasets.Dataset.from_list([_as_trl(rows, row) for row in numbers]),
            processing_class=_any_tokenizer(),
            callbacks=[clock],
        )
        trainer.train()
        logged = [one for one in trainer.state.log_history if "loss" in one]
        # What TRL counts itself: tokens so far, without padding.
        n_timed = logged[-1]["num_tokens"] - logged[0]["num_tokens"]
        speed = n_timed / (clock.ends_s[-1] - clock.ends_s[0])
        return said_of(config, [one["loss"] for one in logged], speed, peak())


def _our_order(config: RunConfig, rows: TokenSet) -> list[int]:
    feed = Feed(rows, config.train)
    packs = [pack for step in range(N_STEPS) for batch in feed.packs(step) for pack in batch]
    return [row for pack in packs for row in pack]


def _clock() -> Any:
    """A callback that notes when each step ended."""
    from transformers import TrainerCallback

    class Clock(TrainerCallback):  # type: ignore[misc, unused-ignore]
        def __init__(self) -> None:
            self.ends_s: list[float] = []

        def on_step_end(self, *_: Any, **__: Any) -> None:
            self.ends_s.append(time.monotonic())

    return Clock()


def _as_trl(rows: TokenSet, row: int) -> dict[str, list[int]]:
    ids, learned = rows.row(row)
    labels = [int(one) if flag else IGNORED for one, flag in zip(ids, learned, strict=True)]
    return {"input_ids": ids.tolist(), "labels": labels}


def _any_tokenizer() -> Any:
    """TRL wants one to pad with; the rows are tokens already."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from transformers import PreTrainedTokenizerFast

    fast: Any = PreTrainedTokenizerFast
    words = Tokenizer(WordLevel({"<pad>": 0, "<end>": 1}, unk_token="<end>"))
    return fast(tokenizer_object=words, pad_token="<pad>", eos_token="<end>", unk_token="<end>")

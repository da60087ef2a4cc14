"""One contestant of the bench of training, alone in its process: python -m finetune.bench_child
WHAT FOLDER ...; prints one line of JSON. bench.py starts it.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from engine.models.starter import starter_path
from finetune import sft
from finetune.bench_rows import BATCH, MAX_LENGTH, RANK
from finetune.calibrate import peak_memory
from finetune.config import RunConfig, changed
from finetune.data.pack import packed_batch, padded_batch
from finetune.data.token_set import TokenSet, TokenSetWriter, open_token_set
from finetune.events import StepDone
from finetune.feed import Feed
from finetune.loss import label_losses
from finetune.model.attention import use_attention_by_document
from finetune.model.base import load_base
from finetune.model.lora import add_lora
from finetune.run_folder import RunFolder

# The first step also warms up, and is not timed.
N_STEPS = int(os.environ.get("BATHYSPHERE_BENCH_STEPS", "5"))
LEARNING_RATE = 2e-4
IGNORED = -100  # a label that is none, to TRL


def config_of(precision: str = "auto", batch: int = BATCH) -> RunConfig:
    """Rows by eight, rank 16, a rate that does not change."""
    return changed(
        RunConfig(),
        train__precision=precision,
        train__steps=N_STEPS,
        train__batch=batch,
        train__packing=False,
        train__max_length=MAX_LENGTH,
        train__learning_rate=LEARNING_RATE,
        train__schedule="constant",
        train__warmup=0.0,
        train__eval_every=N_STEPS,
        lora__rank=RANK,
    )


def ours(folder: Path, precision: str = "auto") -> dict[str, Any]:
    """Our loop."""
    config = config_of(precision)
    rows = open_token_set(folder / "rows")
    with peak_memory() as peak, tempfile.TemporaryDirectory() as out:
        steps = _steps(config, rows, Path(out))
        return _said(config, [one.loss for one in steps], _speed(steps), peak())


def _steps(config: RunConfig, rows: TokenSet, out: Path) -> list[StepDone]:
    base = load_base(starter_path(), dtype=sft.base_dtype(config))
    with TokenSetWriter(out / "nothing"):
        pass
    events = sft.train(config, base, rows, open_token_set(out / "nothing"), RunFolder(out))
    return [one for one in events if isinstance(one, StepDone)]


def _speed(steps: list[StepDone]) -> float:
    timed = steps[1:]
    return sum(one.n_tokens for one in timed) / sum(
        one.n_tokens / one.tokens_per_s for one in timed
    )


def _said(config: RunConfig, losses: list[float], speed: float, peak_bytes: int) -> dict[str, Any]:
    from finetune.device import choose_machine

    return {
        "precision": choose_machine(config.train.precision).precision,
        "losses": losses,
        "tokens_per_s": speed,
        "peak_bytes": peak_bytes,
    }


def trl(folder: Path, precision: str = "auto") -> dict[str, Any]:
    """TRL's SFTTrainer: the same weights, rows in our order, adapters begun alike."""
    import datasets
    from transformers import TrainerCallback
    from trl.trainer.sft_config import SFTConfig
    from trl.trainer.sft_trainer import SFTTrainer

    datasets.disable_progress_bars()
    logging.disable(logging.WARNING)
    config = config_of(precision)
    rows = open_token_set(folder / "rows")
    feed = Feed(rows, config.train)
    packs = [pack for step in range(N_STEPS) for one in feed.packs(step) for pack in one]
    order = [row for pack in packs for row in pack]
    ends_s: list[float] = []

    class Clock(TrainerCallback):  # type: ignore[misc, unused-ignore]
        def on_step_end(self, *_: Any, **__: Any) -> None:
            ends_s.append(time.monotonic())

    with peak_memory() as peak, tempfile.TemporaryDirectory() as out:
        base = load_base(starter_path(), dtype=sft.base_dtype(config))
        base.model.set_attn_implementation("sdpa")
        torch.manual_seed(config.train.seed)
        trainer = SFTTrainer(
            model=add_lora(base, config.lora, is_quick=False),
            args=SFTConfig(
                output_dir=out,
                per_device_train_batch_size=BATCH,
                max_steps=N_STEPS,
                learning_rate=LEARNING_RATE,
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
                train_sampling_strategy="sequential",
                remove_unused_columns=False,
                dataset_kwargs={"skip_prepare_dataset": True},
                disable_tqdm=True,
            ),
            train_dataset=datasets.Dataset.from_list([_as_trl(rows, row) for row in order]),
            processing_class=_any_tokenizer(),
            callbacks=[Clock()],
        )
        trainer.train()
        losses = [one["loss"] for one in trainer.state.log_history if "loss" in one]
        n_timed = sum(int(rows.lengths()[row]) for row in order[BATCH:])
        return _said(config, losses, n_timed / (ends_s[-1] - ends_s[0]), peak())


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


def packing(folder: Path) -> dict[str, Any]:
    """The mean loss of some rows in one line, and each in its own."""
    rows = open_token_set(folder / "rows")
    base = load_base(starter_path(), dtype=torch.float32)
    use_attention_by_document(base.model)
    packs = [[row] for row in range(BATCH)]
    packed = label_losses(base.model, packed_batch(rows, packs)).double().mean()
    padded = label_losses(base.model, padded_batch(rows, packs)).double().mean()
    return {"apart": abs(float(packed - padded))}


def ranks(folder: Path, batch: str) -> dict[str, Any]:
    """A rank's losses."""
    config = config_of("fp32", int(batch))
    rows = open_token_set(folder / "rows")
    with tempfile.TemporaryDirectory() as out:
        steps = _steps(config, rows, Path(out))
    world = int(sft.make_accelerator(config).num_processes)
    return {"world": world, "losses": [one.loss for one in steps]}


def main(what: str, folder: str, *arguments: str) -> int:
    from finetune import ranks as world

    warnings.simplefilter("ignore")
    said = CONTESTANTS[what](Path(folder), *arguments)
    if not world.is_helper():
        sys.stdout.write("\n" + json.dumps(said) + "\n")
    world.leave()
    return 0


CONTESTANTS: dict[str, Callable[..., dict[str, Any]]] = {
    "ours": ours,
    "trl": trl,
    "packing": packing,
    "ranks": ranks,
}


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

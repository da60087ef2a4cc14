"""One of the processes that share a small pretraining: python -m tests.finetune.raising_rank
FOLDER BATCH; rank 0 prints the losses as JSON. torchrun starts it."""

import json
import sys
from pathlib import Path

import torch

from finetune import ranks
from finetune.run.events import PretrainEvaluated, PretrainStep
from tests.finetune.tiny_texts import ran, tiny_config


def main(folder: str, batch: str) -> None:
    torch.set_num_threads(1)
    config = tiny_config(
        Path(folder), train__batch=int(batch), train__accumulate=2, corpus__memory_test=1
    )
    run = ran(config)
    steps = [one.loss for one in run.events if isinstance(one, PretrainStep)]
    looks = [one.loss for one in run.events if isinstance(one, PretrainEvaluated)]
    if not ranks.is_helper():
        sys.stdout.write(json.dumps({"world": ranks.world(), "steps": steps, "looks": looks}))
    ranks.leave()


if __name__ == "__main__":
    main(*sys.argv[1:])

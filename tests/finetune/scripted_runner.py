"""A run's real process with scripted work in the place of torch: python -m
tests.finetune.scripted_runner RUNDIR. Its steps go on from its one checkpoint file.

SCRIPTED_STEP_S: how long a step takes; SCRIPTED_FAIL_AT: the step at which it fails; SCRIPTED_GATE:
a file that must be there before a step is done.
"""

import os
import sys
import time
from pathlib import Path

from engine.errors import AppError
from finetune.run.attempt import Attempt, WorkDone
from finetune.run.events import CheckpointSaved, StepDone
from finetune.run.folder import write_whole
from finetune.runner import main


def work(attempt: Attempt) -> WorkDone:
    saved = attempt.folder.path / "state"
    n_done = int(saved.read_text()) if saved.exists() else 0
    n_steps = attempt.config.train.steps
    attempt.enter("training")
    for step in range(n_done + 1, n_steps + 1):
        if attempt.control.before_batch() == "stop":
            return WorkDone("stopped", "product/adapter.gguf", n_done)
        _wait()
        if step == int(os.environ.get("SCRIPTED_FAIL_AT", "0")):
            raise AppError("The loss is no number any more.", "Lower the learning rate.")
        attempt.log.step = step
        attempt.log.say(
            StepDone,
            loss=1.0 / step,
            learning_rate=1e-4,
            grad_norm=1.0,
            n_tokens=8,
            tokens_per_s=100.0,
            memory_bytes=1,
            epoch=0.1,
        )
        write_whole(saved, str(step).encode())
        n_done = step
        attempt.log.say(CheckpointSaved, folder=f"step-{step}")
    attempt.enter("exporting")
    attempt.leave()
    return WorkDone("finished", "product/adapter.gguf", n_done)


def _wait() -> None:
    time.sleep(float(os.environ.get("SCRIPTED_STEP_S", "0.01")))
    gate = os.environ.get("SCRIPTED_GATE")
    while gate and not Path(gate).exists():
        time.sleep(0.01)


if __name__ == "__main__":
    heavy = {"torch", "transformers", "llama_cpp", "numpy"} & sys.modules.keys()
    assert not heavy, heavy
    sys.exit(main(work=work))

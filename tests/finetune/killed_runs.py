"""A process that has imported all that a run needs, and then forks runs: python -m
tests.finetune.killed_runs. Each line on stdin is a run's folder; the fork's process id is the
answer. What is imported before the fork has computed nothing, so that no thread is lost in it.
"""

import importlib
import os
import sys
import time
import warnings

from finetune.runner import main

HEAVY = (
    "torch",
    "transformers",
    "peft",
    "accelerate",
    "safetensors.torch",
    "gguf",
    "llama_cpp",
    "transformers.models.llama.modeling_llama",
    "peft.tuners.lora",
    "finetune.stages",
    "finetune.sft",
    "finetune.model.base",
    "finetune.export.adapter_gguf",
    "finetune.export.parity",
    "finetune.pretraining.stages",
    "transformers.models.qwen3.modeling_qwen3",
)


def serve() -> None:
    warnings.simplefilter("ignore")
    for name in HEAVY:
        importlib.import_module(name)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            _run(line.strip())
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
        os.waitpid(pid, 0)
        sys.stdout.write("ended\n")
        sys.stdout.flush()


def _run(folder: str) -> None:
    import torch

    torch.set_num_threads(1)
    code = 1
    try:
        code = main([folder, "--asked", repr(time.time())])
    finally:
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve()

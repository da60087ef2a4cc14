"""What llama.cpp computes of a file, in this process, as the engine worker writes it."""

from pathlib import Path
from typing import Any

import numpy as np

from engine.generation.logits import write_logits
from engine.process.messages import Adapter, WriteLogits
from tests.engine.loading import drain, load_here
from tests.engine.tiny_models import N_CTX

IDS = [5, 9, 70, 31, 200, 8, 8, 90, 41, 3, 111, 17, 256, 40, 99, 12, 250, 61] * 3


def in_llama(path: Path, tmp_path: Path, adapters: list[Adapter], ids: list[int] = IDS) -> Any:
    """Log-probabilities behind each of the ids, shape (len(ids), n_vocab), float32."""
    loaded = load_here(path, tmp_path / "home", n_ctx=N_CTX)
    out = tmp_path / "logits.npy"
    try:
        request = WriteLogits(job=1, rows=[ids], n_last=[len(ids)], out=str(out), adapters=adapters)
        drain(write_logits(loaded, request))
        return np.load(out).astype(np.float32)
    finally:
        loaded.close()
        out.unlink(missing_ok=True)

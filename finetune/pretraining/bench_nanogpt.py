"""nanoGPT as the peer, where its folder is given: the CPU preset of its README on the same text and
split, in its own process. Nothing of it is here; it is only run."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.errors import AppError

N_ITERS = 2000
_PRESET = {
    "device": "cpu",
    "compile": "False",
    "eval_iters": "20",
    "log_interval": "100",
    "block_size": "64",
    "batch_size": "12",
    "n_layer": "4",
    "n_head": "4",
    "n_embd": "128",
    "max_iters": str(N_ITERS),
    "lr_decay_iters": str(N_ITERS),
    "dropout": "0.0",
}
_LOSS = re.compile(r"step (\d+): train loss [\d.]+, val loss ([\d.]+)")


@dataclass(frozen=True)
class Nano:
    """seconds: of its process; loss: of its last evaluation, nats per character."""

    seconds: float
    loss: float


def write_data(text: str, share: float, folder: Path) -> None:
    """What its prepare.py makes of a text: characters as uint16, the end held out."""
    letters = sorted(set(text))
    number = {letter: i for i, letter in enumerate(letters)}
    ids = np.array([number[one] for one in text], np.uint16)
    cut = len(ids) - round(share * len(ids))
    ids[:cut].tofile(folder / "train.bin")
    ids[cut:].tofile(folder / "val.bin")
    meta = {"vocab_size": len(letters), "itos": dict(enumerate(letters)), "stoi": number}
    (folder / "meta.pkl").write_bytes(pickle.dumps(meta))


def run_nanogpt(home: Path, text: str, share: float, folder: Path) -> Nano:
    """Its preset, from the process's start to its end.

    Args:
        home: of nanoGPT, with train.py. folder: for its data and checkpoints.

    Raises:
        AppError: it is not there, or failed.
    """
    if not (home / "train.py").is_file():
        raise AppError(f"“{home}” has no train.py.", "Name the folder of nanoGPT.")
    data = folder / "nanogpt-data"
    data.mkdir()
    write_data(text, share, data)
    options = _PRESET | {"dataset": str(data), "out_dir": str(folder / "nanogpt-out")}
    command = [sys.executable, "train.py", "config/train_shakespeare_char.py"]
    command += [f"--{name}={value}" for name, value in options.items()]
    began = time.monotonic()
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - began
    losses = _LOSS.findall(done.stdout)
    if done.returncode != 0 or not losses or int(losses[-1][0]) != N_ITERS:
        raise AppError("nanoGPT did not come to its end.", "", (done.stdout + done.stderr)[-4000:])
    return Nano(seconds, float(losses[-1][1]))

"""A raised model in torch, in transformers and in llama.cpp on the same tokens: logits held against
one another, entry by entry.

llama.cpp writes its raw logits (engine WriteLogits) in a worker of its own, with a cache in F32, so
that what is compared is the arithmetic and not a rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from engine.generation.threads import candidates
from engine.process.client import Client
from engine.process.messages import WriteLogits
from engine.process.tune_messages import Parity
from finetune.pretraining.config import MIN_CONTEXT
from finetune.work_folder import work_folder

Floats = npt.NDArray[np.float32]
Rows = Sequence[Sequence[int]]
N_POSITIONS = 512


def measure_raised(
    model: Any, rows: Rows, file: Path, form: str = "raised", folder: Path | None = None
) -> list[Parity]:
    """Compare.

    Args:
        model: the GPT (model/gpt.py) whose weights are in the files.
        rows: token ids, none longer than the model's context.
        file: a GGUF of these weights.
        form: what the comparison with it is called.
        folder: the same in the Hugging Face layout; None leaves transformers out.

    Returns:
        "raised" (or `form`): torch against llama.cpp; with a folder also "transformers" (torch
        against it) and "transformers, llama.cpp".

    Raises:
        AppError: a file cannot be used.
    """
    ours = _torch_logits(lambda ids: model(ids), model, rows)
    theirs = _llama_logits(file, rows)
    found = [_parity(form, ours, theirs)]
    if folder is not None:
        from transformers import AutoModelForCausalLM

        other: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        third = _torch_logits(lambda ids: other(ids, use_cache=False).logits, other, rows)
        found.append(_parity("transformers", ours, third))
        found.append(_parity("transformers, llama.cpp", third, theirs))
    return found


def rows_of(tokens: Any, context: int, n_positions: int = N_POSITIONS) -> list[list[int]]:
    """Stretches of held-out tokens (token_shards.py) to compare on."""
    length = max(2, min(context, 128, tokens.n_tokens))
    n_rows = max(1, min(n_positions // length, tokens.n_tokens // length))
    return [tokens.window(number * length, length).tolist() for number in range(n_rows)]


def _torch_logits(forward: Any, model: Any, rows: Rows) -> Floats:
    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            found = [forward(torch.tensor([ids], device=device))[0].float().cpu() for ids in rows]
    finally:
        model.train(was_training)
    whole: Floats = torch.cat(found).numpy()
    return whole


def _llama_logits(file: Path, rows: Rows) -> Floats:
    longest = max(map(len, rows))
    with work_folder("parity") as work, Client() as client:
        out = work / "logits.npy"
        client.load(
            str(file),
            n_ctx=max(longest, MIN_CONTEXT),
            n_threads=candidates()[0],
            kv_type="f32",
            flash_attention="off",
        )
        client.ask(
            lambda job: WriteLogits(
                job=job,
                rows=[list(ids) for ids in rows],
                n_last=[len(ids) for ids in rows],
                out=str(out),
                is_raw=True,
            )
        )
        found: Floats = np.load(out)
    return found


def _parity(form: str, ours: Floats, theirs: Floats) -> Parity:
    ours, theirs = ours.astype(np.float64), theirs.astype(np.float64)
    best = theirs[np.arange(len(theirs)), ours.argmax(-1)]
    log_p, log_q = _log_softmax(ours), _log_softmax(theirs)
    divergence = np.maximum((np.exp(log_p) * (log_p - log_q)).sum(-1), 0.0)
    return Parity(
        form=form,
        top1=float((best == theirs.max(-1)).mean()),
        mean_kl=float(divergence.mean()),
        max_kl=float(divergence.max()),
        n_positions=len(ours),
        max_difference=float(np.abs(ours - theirs).max()),
    )


def _log_softmax(logits: Any) -> Any:
    shifted = logits - logits.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))

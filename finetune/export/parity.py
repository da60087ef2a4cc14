"""torch and llama.cpp on the same validation tokens: how far what is chatted with is what was
trained.

llama.cpp writes its log-probabilities into files (engine WriteLogits, in a worker of its own, with
the cache and threads of a chat); torch then computes each row once and is compared with all of
them: share of positions with the same likeliest token, and the mean of KL(torch || llama.cpp) in
nats. Where the two part, a form that differs in one thing only tells why.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.errors import AppError
from engine.generation.threads import candidates
from engine.models.gguf_header import read_header
from engine.process.client import Client
from engine.process.messages import Adapter, Progress, WriteLogits
from engine.process.tune_messages import Parity
from finetune.data.token_set import TokenSet
from finetune.export.adapter_gguf import read_adapter
from finetune.export.gguf_stream import Report, ignore
from finetune.export.merge import merge
from finetune.export.parity_causes import Measured, causes
from finetune.export.quantise import is_quantised, quantisation_of
from finetune.work_folder import work_folder

N_POSITIONS = 512
MAX_LENGTH = 128
# Beyond this many weights the F16 form, which is made only to be measured, is left out.
_MAX_F16_WEIGHTS = 1_200_000_000

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class AskedRow:
    """Tokens of a row; what follows each of the last n_last is compared."""

    ids: list[int]
    n_last: int


@dataclass(frozen=True)
class Form:
    """A way the trained model is used: a file, and adapters on it. form: as tune_messages.Parity
    has it."""

    form: str
    path: Path
    adapters: tuple[Adapter, ...] = ()


def measure(
    model: Any,
    tokens: TokenSet,
    base: Path,
    *,
    adapter: Path | None = None,
    scale: float = 1.0,
    merged: Path | None = None,
    quantised: Path | None = None,
    converted: Path | None = None,
    n_positions: int = N_POSITIONS,
    explains: bool = True,
    report: Report = ignore,
) -> list[Parity]:
    """Compare a model in torch with the files that were made of it.

    Args:
        model: transformers' model, adapter and all, as it was trained.
        tokens: the validation set's; the training set's where there is none.
        base: the GGUF that the adapter belongs to.
        scale: the adapter's strength, in torch too.
        explains: False leaves "f16 base" out, which takes as long as all else.
        report: takes the fraction done; what it raises ends the work.

    Returns:
        One for each file given, and "f16 base" where the base is quantised: the same weights in
        F16, so that what quantised arithmetic does is told apart from what the export does.

    Raises:
        AppError: a file cannot be used, or there are no tokens.
    """
    rows = asked_rows(tokens, n_positions)
    named = {"merged": merged, "quantised": quantised, "converted": converted}
    forms = [Form(name, path) for name, path in named.items() if path is not None]
    with work_folder("parity") as work:
        if adapter is not None:
            forms.insert(0, Form("adapter", base, (Adapter(path=str(adapter), scale=scale),)))
            forms += _f16_form(base, adapter, scale, work) if explains else []
        files = _written(forms, rows, work, lambda fraction: report(0.7 * fraction))
        found = compare(model, rows, files, lambda fraction: report(0.7 + 0.3 * fraction))
        measured = [
            Measured(form.form, quantisation_of(form.path)[0], is_quantised(form.path), *figures)
            for form, figures in zip(forms, found, strict=True)
        ]
    return causes(measured, base, tokens, str(next(model.parameters()).dtype))


def asked_rows(tokens: TokenSet, n_positions: int = N_POSITIONS) -> list[AskedRow]:
    """Rows to compare on, the set's first: of each the positions that tell its learned tokens, in
    one run that ends with the last of them; all positions where nothing is learned.

    Raises:
        AppError: no row has two tokens.
    """
    found: list[AskedRow] = []
    left = n_positions
    for index in range(tokens.n_rows):
        ids, learned = tokens.row(index)
        ids, learned = ids[: MAX_LENGTH + 1], learned[: MAX_LENGTH + 1]
        told = np.flatnonzero(learned[1:])  # position p tells token p + 1
        first, last = (int(told[0]), int(told[-1])) if len(told) else (0, len(ids) - 2)
        if last < first:
            continue
        first = max(first, last + 1 - left)
        found.append(AskedRow(ids[: last + 1].tolist(), last + 1 - first))
        left -= found[-1].n_last
        if left <= 0:
            break
    if not found:
        raise AppError("There are no tokens to compare on.", "Use a dataset with longer rows.")
    return found


def compare(
    model: Any, rows: Sequence[AskedRow], files: Sequence[Path], report: Report = ignore
) -> list[tuple[float, float, float, int]]:
    """Hold torch's distributions against those in each file.

    Returns:
        For each file: top-1 agreement, mean KL, largest KL, positions.
    """
    mapped = [np.load(path, mmap_mode="r") for path in files]
    sums = np.zeros((len(files), 2))
    largest = np.zeros(len(files))
    n = 0
    for index, row in enumerate(rows):
        expected = torch_logprobs(model, row)
        for number, file in enumerate(mapped):
            found = np.asarray(file[n : n + row.n_last], np.float32)
            same, divergence = _differences(expected, found)
            sums[number] += same, divergence.sum()
            largest[number] = max(largest[number], divergence.max())
        n += row.n_last
        report((index + 1) / len(rows))
    return [
        (float(same / n), float(kl / n), float(most), n)
        for (same, kl), most in zip(sums, largest, strict=True)
    ]


def torch_logprobs(model: Any, row: AskedRow) -> Floats:
    """torch's log-probabilities behind the row's last tokens, shape (n_last, n_vocab)."""
    import torch

    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            ids = torch.tensor([row.ids], device=device)
            logits = model(ids, use_cache=False, logits_to_keep=row.n_last).logits[0]
            found: Floats = torch.log_softmax(logits.float(), -1).cpu().numpy()
    finally:
        model.train(was_training)
    return found


def _differences(expected: Floats, found: Floats) -> tuple[int, Floats]:
    """How many likeliest tokens are the same, and the divergences, shape (n,). Of what rounds to
    the same float16 either may be the likeliest."""
    n_shared = min(expected.shape[1], found.shape[1])
    expected, found = expected[:, :n_shared], found[:, :n_shared]
    best = found[np.arange(len(found)), expected.argmax(-1)]
    same = int((best == found.max(-1)).sum())
    share = np.exp(expected)
    # A token that torch holds for impossible adds nothing, whatever the other says.
    parts = np.where(share > 0.0, share * (expected - found), 0.0)
    return same, np.maximum(parts.sum(-1), 0.0).astype(np.float32)


def _f16_form(base: Path, adapter: Path, scale: float, work: Path) -> list[Form]:
    """The same weights, merged, in F16: made only where it says something and is small enough."""
    n_weights = sum(tensor.n_values for tensor in read_header(base).tensors)
    if not is_quantised(base) or n_weights > _MAX_F16_WEIGHTS:
        return []
    merge(base, read_adapter(adapter, scale), work / "f16.gguf", "F16", {})
    return [Form("f16 base", work / "f16.gguf")]


def _written(
    forms: Sequence[Form], rows: Sequence[AskedRow], work: Path, report: Report
) -> list[Path]:
    """llama.cpp's log-probabilities of each form, a file each."""
    files = []
    for index, form in enumerate(forms):
        out = work / f"{index}.npy"
        for fraction in _one_written(form, rows, out):
            report((index + fraction) / len(forms))
        files.append(out)
    return files


def _one_written(form: Form, rows: Sequence[AskedRow], out: Path) -> Iterator[float]:
    longest = max(len(row.ids) for row in rows)
    with Client() as client:
        trained = read_header(form.path).number(
            f"{read_header(form.path).text('general.architecture')}.context_length"
        )
        n_ctx = max(longest, min(256, trained or 256))
        client.load(str(form.path), n_ctx=n_ctx, n_threads=candidates()[0])
        events = client.stream(
            lambda job: WriteLogits(
                job=job,
                rows=[row.ids for row in rows],
                n_last=[row.n_last for row in rows],
                out=str(out),
                adapters=list(form.adapters),
            )
        )
        for event in events:
            if isinstance(event, Progress):
                yield event.fraction

"""Requests about bases: which can be taught and what that takes, a run's calibration.

Describing reads headers alone. Torch comes into this process with the first calibration; whether
the machine has a graphics card or bf16 is asked without it as long as it is not here.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
import tomllib
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import psutil

from engine.errors import AppError
from engine.models.gguf_header import describe, read_header
from engine.models.library import SUFFIX, resolve_model, scan_models
from engine.models.starter import starter_path
from engine.process.jobs import JobGenerator, in_thread
from engine.process.messages import AnyRequest, AnyResult, ModelInfo, ModelList, Nothing, Progress
from engine.process.tune_messages import BaseInfo, BaseList, Calibrate, DescribeBase, ListBases
from finetune.config import config_of
from finetune.memory import LORA_TOKENS, Figures, full_bytes, training_bytes
from finetune.model.layouts import refusal
from finetune.model.metadata import Metadata
from finetune.serve.data import Shared
from finetune.torch_import import import_torch

_FLOATS = ("F32", "F16", "BF16")


def answer(request: AnyRequest, shared: Shared) -> AnyResult | None:
    """The answer to a short question, or None. Raises AppError."""
    if isinstance(request, DescribeBase):
        return describe_base(request.path)
    return None


def job(request: AnyRequest, shared: Shared) -> JobGenerator | None:
    """The generator that does a request's work, None where it is another's."""
    if isinstance(request, DescribeBase):
        return _described(request)
    if isinstance(request, ListBases):
        return _list(request)
    if isinstance(request, Calibrate):
        return _calibrate(request)
    return None


# ---- describing ----


def describe_base(path: str) -> BaseInfo:
    """A GGUF file ("starter" too) or a Hugging Face folder; what cannot be taught has a reason.

    Raises:
        AppError: there is no such file, or it is no model.
    """
    place = Path(path)
    if place.is_dir():
        return _folder(place)
    place = resolve_model(path)
    return _info(describe(read_header(place), place))


def _described(request: DescribeBase) -> JobGenerator:
    yield None
    return describe_base(request.path)


def _info(model: ModelInfo) -> BaseInfo:
    header = read_header(model.path)
    metadata = Metadata(header, Path(model.path))
    reason = _kind_reason(model) or refusal(metadata)
    device, precision = machine_words()
    info = BaseInfo(
        path=model.path,
        name=model.name,
        architecture=model.architecture,
        reason=reason,
        n_params=model.n_params,
        n_layer=model.n_layer,
        n_ctx_train=model.n_ctx_train,
        quantisation=model.quantisation,
        template=model.template,
        free_bytes=int(psutil.virtual_memory().available),
        precision=precision,
        device=device,
        can_4_bits=device == "cuda" and importlib.util.find_spec("bitsandbytes") is not None,
        note="" if reason else _note(model),
        size_bytes=model.size_bytes,
    )
    if reason:
        return info
    figures = Figures(
        n_params=model.n_params,
        n_layer=model.n_layer,
        width=model.n_embd,
        inner=metadata.whole("feed_forward_length"),
        weight_bytes=2 if precision == "bf16" else 4,
    )
    return _with_memory(info, figures)


def _with_memory(info: BaseInfo, figures: Figures) -> BaseInfo:
    return msgspec.structs.replace(
        info,
        lora_bytes=training_bytes(figures, n_tokens=LORA_TOKENS),
        full_bytes=full_bytes(replace(figures, weight_bytes=4), n_tokens=LORA_TOKENS),
    )


def _kind_reason(model: ModelInfo) -> str:
    if model.kind == "adapter":
        return "This file is an adapter; the base that it belongs to can be taught."
    if model.kind == "projector":
        return "This file only sees pictures; it has no words to be taught."
    return ""


def _note(model: ModelInfo) -> str:
    if model.quantisation in _FLOATS:
        return ""
    return (
        f"Quantised as {model.quantisation}: its own weights are unpacked and trained against, so "
        "the adapter fits exactly the file that you chat with."
    )


def _folder(folder: Path) -> BaseInfo:
    from finetune.model.folder_facts import folder_config, folder_figures

    device, precision = machine_words()
    info = BaseInfo(
        path=str(folder), name=folder.name, architecture="", reason="", device=device,
        precision=precision, free_bytes=int(psutil.virtual_memory().available),
    )  # fmt: skip
    try:
        raw = folder_config(folder)
        figures = folder_figures(folder, raw, 2 if precision == "bf16" else 4)
    except AppError as error:
        return msgspec.structs.replace(info, reason=error.message)
    info = msgspec.structs.replace(
        info,
        architecture=str(raw["model_type"]),
        n_params=figures.n_params,
        n_layer=figures.n_layer,
        n_ctx_train=int(raw.get("max_position_embeddings", 0)),
        quantisation=str(raw.get("dtype") or raw.get("torch_dtype") or ""),
        template="file" if _has_template(folder) else "none",
        note="A folder of safetensors: it is made a GGUF once, and both are compared.",
        size_bytes=sum(one.stat().st_size for one in folder.glob("*.safetensors")),
    )
    return _with_memory(info, figures)


def _has_template(folder: Path) -> bool:
    if (folder / "chat_template.jinja").exists():
        return True
    try:
        return "chat_template" in (folder / "tokenizer_config.json").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False


@lru_cache(maxsize=1)
def machine_words() -> tuple[str, str]:
    """Device and precision that `auto` means here. Exact where torch may be asked; without a
    graphics card's driver the processor's flags say the same."""
    if "torch" in sys.modules or shutil.which("nvidia-smi") or sys.platform == "darwin":
        from finetune.device import choose_machine

        machine = choose_machine()
        return machine.device, machine.precision
    return "cpu", "bf16" if _has_flag("avx512_bf16", "amx_bf16") else "fp32"


def _has_flag(*names: str) -> bool:
    """Whether Linux says that the processor has one of these. Elsewhere bf16 is not assumed."""
    try:
        words = Path("/proc/cpuinfo").read_text(encoding="utf-8").split()
    except OSError:
        return False
    return any(name in words for name in names)


# ---- listing ----


def _list(request: ListBases) -> JobGenerator:
    """Every model under the folders, and the starter, by name; what cannot be taught last."""
    listed = yield from _scanned(request.folders)
    infos: dict[str, BaseInfo] = {}
    for model in [*_starter(), *listed.models]:
        if model.kind != "other" and model.path not in infos:
            infos[model.path] = _info_or_reason(model)
        yield None
    for path, reason in listed.unreadable.items():
        # A folder that is gone, or closed to us, is no base: the settings list folders.
        if path.lower().endswith(SUFFIX) and path not in request.folders:
            infos[path] = BaseInfo(path, Path(path).stem, "", reason)
    ordered = sorted(infos.values(), key=lambda one: (bool(one.reason), one.name.casefold()))
    return BaseList(items=ordered)


def _scanned(folders: list[str]) -> Generator[Progress, None, ModelList]:
    scan = scan_models(folders)
    while True:
        try:
            seen = next(scan)
        except StopIteration as end:
            listed: ModelList = end.value
            return listed
        yield Progress(job=0, fraction=seen.n_done / max(1, seen.n_total), what="reading")


def _info_or_reason(model: ModelInfo) -> BaseInfo:
    try:
        return _info(model)
    except AppError as error:
        return BaseInfo(model.path, model.name, model.architecture, error.message)


def _starter() -> Iterator[ModelInfo]:
    try:
        path = starter_path()
        yield describe(read_header(path), path)
    except AppError:  # not installed: it is no base then
        return


# ---- calibration ----


def _calibrate(request: Calibrate) -> JobGenerator:
    try:
        config = config_of(tomllib.loads(request.config), is_draft=True)
    except tomllib.TOMLDecodeError as error:
        raise AppError("The plan is no valid TOML.", "", str(error)) from error

    def work(report: Callable[[Any], bool]) -> AnyResult:
        import_torch()
        from finetune.calibrate import CalibrationStopped, calibrate

        try:
            return calibrate(
                config, lambda fraction, what: report(Progress(job=0, fraction=fraction, what=what))
            )
        except CalibrationStopped:
            return Nothing()

    return (yield from in_thread(work))
